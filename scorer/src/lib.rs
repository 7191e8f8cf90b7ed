//! Windows into verdicts: the model, the state of every instance, and the gate that holds events back.
//!
//! [`Scorer`] is the door of the stage; [`model`] is what it shares with training.

mod archive;
mod batch;
mod bookend;
mod budget;
mod config;
mod context;
mod dead_letter;
mod decision;
mod depth;
mod entries;
mod error;
mod evidence;
mod gate;
mod hold;
mod incident;
mod instance;
mod judge;
mod ledger;
mod mark;
mod memory;
pub mod model;
mod peek;
mod peers;
mod publication;
mod recent;
mod registry;
mod rehearsal;
mod replace;
mod runs;
mod scorer;
mod settlement;
mod state;
mod summary;
#[cfg(test)]
mod tests;
mod tuning;
mod verdict;

pub use archive::{ArchiveConfig, archived_before};
pub use config::Config;
pub use depth::Watch;
pub use error::ScoreError;
pub use model::{Judgement, Keys, Model, ModelError, ModelFolder, Novelty, Unscorable};
pub use rehearsal::{Rehearsal, Step};
pub use runs::RUN_NS;
pub use scorer::Scorer;
pub use settlement::window_id;
