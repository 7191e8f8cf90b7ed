//! What can go wrong.

use vaectl_schemas::KindError;

/// Why scoring cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// Strict mode, and a line cannot be read.
    #[error("line {number}: {reason}; without strict mode it would be set aside as a dead letter")]
    Line {
        /// Its number, from 1.
        number: u64,
        /// Why.
        reason: String,
    },
}

/// Why a line is set aside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it has {len} bytes, more than the {max} that are accepted")]
    Oversized { len: u64, max: usize },
    #[error("it is not UTF-8: {0}")]
    Encoding(#[from] std::str::Utf8Error),
    #[error(transparent)]
    Kind(#[from] KindError),
    #[error("it is not a {kind} line: {source}")]
    Content { kind: &'static str, source: serde_json::Error },
    #[error("it is cut off: the input ended within it")]
    Cut,
    #[error("it is a {0} line without container.id")]
    Container(&'static str),
}
