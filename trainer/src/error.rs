//! Why training could not go on.

use vaectl_scorer::ModelError;

/// What ends a training run; data that cannot be used is reported, not an error.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// An input could not be read on.
    #[error("cannot read the windows: {0}")]
    Input(#[from] std::io::Error),
    /// A model could not be written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The settings do not make sense.
    #[error("{0}")]
    Config(&'static str),
}
