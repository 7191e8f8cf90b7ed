//! Windows into model files.
//!
//! Lines are joined with their metadata and grouped by model key and run. Whole runs teach, other whole runs calibrate.
//! Features, networks and the file are the scorer's own, so that training and scoring cannot disagree.

mod ahead;
mod autoencoder;
mod baseline;
mod columns;
mod config;
mod contest;
mod disturbance;
mod error;
mod fit;
mod intake;
mod model;
mod plausible;
mod promotion;
mod random;
mod ranking;
mod rare;
mod report;
mod split;
mod structure;
mod train;
mod trim;
mod views;

pub use baseline::Baseline;
pub use config::{Config, Without};
pub use contest::{Contest, Marks};
pub use error::TrainError;
pub use intake::{Group, Run, Training, groups};
pub use random::Random;
pub use ranking::{Areas, Ranked, Ranking};
pub use report::{KeyReport, Outcome, Report, Trained};
pub use split::Split;
pub use train::{Progress, train};
