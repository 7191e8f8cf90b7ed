//! The model: features, networks, calibration, and the file that holds them.

mod attribution;
mod calibration;
mod card;
mod ensemble;
mod error;
mod family;
mod feature;
mod featuriser;
mod file;
mod folder;
mod judge;
mod keys;
mod likelihood;
mod matrix;
mod network;
mod novelty;
mod reason;
mod wording;

pub use calibration::{Calibration, median_and_spread, p_value, quantile};
pub use card::{Card, FORMAT, Figures, Fit};
pub use ensemble::Ensemble;
pub use error::ModelError;
pub use family::{coverage, family};
pub use feature::{CALLS, Feature, PRIOR_CALLS, View};
pub use featuriser::Featuriser;
pub use file::{CURRENT, Content, EXTENSION, content_hash};
pub use folder::ModelFolder;
pub use judge::{Judgement, Model, Unscorable, excess};
pub use keys::Keys;
pub use likelihood::{divergence, gaussian};
pub use matrix::{Dense, Matrix};
pub use network::{Bound, CLIP, Network, POSTERIOR_LOG_VARIANCE};
pub use novelty::{Novelty, Seen};
pub use reason::phrase;
