//! Why a model could not be loaded or kept.

use std::io;
use std::path::PathBuf;

use super::judge::Unscorable;

/// A model file or folder that cannot be used; each message is one line that names the file and the cure.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file has no byte.
    #[error("model file {} is empty: remove it and train again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The content is not what was written: cut, tampered with, or renamed.
    #[error("model file {} is not what its name says (content hash {found}): it was cut, changed or renamed; restore it or train again", path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// The hash of what is there.
        found: String,
    },
    /// It is whole, but not a model that this version reads.
    #[error("model file {} cannot be used: {why}; train again with this version", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// `current` names no model file.
    #[error("{} does not name a model file of its folder: write a hash of one there, or train again", path.display())]
    Current {
        /// The `current` file.
        path: PathBuf,
    },
    /// Another one trains into the folder, or exchanges its models.
    #[error("the models in {} are being changed by another run, which has their lock: nothing was done", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Windows of another length came than those that it was trained on.
    #[error("the model of {name} (key {key}): {why}")]
    Unfit {
        /// What a person calls it.
        name: String,
        /// Its folder.
        key: String,
        /// Both lengths, and the cure.
        why: Unscorable,
    },
}

impl ModelError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
