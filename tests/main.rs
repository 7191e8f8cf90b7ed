//! The program as its users meet it: one file a promise.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test itself may")]

mod bad_input;
mod eval;
mod examples;
mod first_models;
mod generated;
mod golden;
mod invariants;
mod model;
mod pipe;
mod pipeline;
mod publish;
mod reading;
mod readme;
mod record_root;
mod retraining;
mod run;
mod service_manager;
mod settings;
mod support;
mod training;
mod usage;
