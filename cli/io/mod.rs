//! The pipe: standard input, standard output and signals, as a shipper's exec plugin expects them.
//!
//! A stage has up to three threads here. [`signals::Signals`] watches for signals and for a reader that is gone, even
//! while the stage is silent. [`output::Output`] writes whole lines in blocks, so that a slow reader does not stop the
//! stage at once. [`input::Input`] never blocks in `read`, so that a signal gets through while nothing arrives.

pub(crate) mod backlog;
pub(crate) mod dead_letter;
pub(crate) mod input;
pub(crate) mod leases;
pub(crate) mod manager;
pub(crate) mod output;
pub(crate) mod plain;
pub(crate) mod reports;
pub(crate) mod signals;
pub(crate) mod sources;
pub(crate) mod wake;
pub(crate) mod watchdog;
