//! Why there are no figures.

use std::io;

use vaectl_scorer::ModelError;
use vaectl_trainer::TrainError;

/// What ends an evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// An input could not be read on.
    #[error("cannot read the verdicts: {0}")]
    Input(#[from] io::Error),
    /// The truth is not one.
    #[error("the truth, line {line}: {why}")]
    Truth {
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// There is nothing to compare with the truth.
    #[error("{0}")]
    Nothing(&'static str),
    /// A model that judged is not there any more, or is broken.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The training windows of the baselines cannot be used.
    #[error("baselines of {name}: {why}")]
    Training {
        /// What a person calls the model.
        name: String,
        /// What is missing.
        why: String,
    },
    /// They cannot be read.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A picture could not be drawn.
    #[error("cannot draw {name}: {why}")]
    Picture {
        /// The file.
        name: String,
        /// What the backend said.
        why: String,
    },
}
