//! The program as its users meet it: one file a promise.

mod bad_input;
mod examples;
mod generated;
mod golden;
mod invariants;
mod pipe;
mod pipeline;
mod readme;
mod settings;
mod support;
mod usage;
