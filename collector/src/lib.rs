//! From the kernel to windows and events.
//!
//! [`Recorder`] is the door: it loads the programs of `vaectl-bpf`, follows containers as they come and go, and writes
//! the lines of `vaectl-schemas`. [`check`] says what this host can and cannot do.
//!
//! Two loss domains are kept apart. The census is counted in the kernel, a row per container, and loses nothing.
//! Events come through a bounded ring; what is lost of them is counted for each container, in the kernel and here.

mod backlog;
mod cgroup;
mod clock;
mod config;
mod container;
mod control;
mod duty;
mod error;
mod event;
mod facts;
mod flight;
mod lease;
mod load;
mod names;
mod naming;
mod privileges;
mod process;
mod recorder;
mod reserve;
mod runtime;
mod window;
mod writer;

pub use config::Config;
pub use error::RecordError;
pub use facts::{Facts, check};
pub use load::Runs;
pub use recorder::{Recorder, Totals};
