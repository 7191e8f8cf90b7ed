//! Windows into verdicts: the model, the state of every instance, and the gate that holds events back.

pub mod model;

pub use model::{Judgement, Keys, Model, ModelError, ModelFolder, Novelty, Unscorable};
