use std::sync::Arc;

use vaectl_schemas::RawLine;

/// One line of the input, as it is fed to [`publish`](crate::publish).
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its number in the input, from 1.
    pub number: u64,
    /// The file it stands in; absent for standard input.
    pub file: Option<Arc<str>>,
    /// Its bytes without the line end; the first part of it where it is too long.
    pub bytes: Vec<u8>,
    /// Its length where it is longer than is accepted.
    pub oversized: Option<u64>,
    /// The input ended within it.
    pub unterminated: bool,
}

impl Line {
    /// Copies a line that was read.
    #[must_use]
    pub fn new(raw: &RawLine<'_>, file: Option<Arc<str>>) -> Self {
        Self {
            number: raw.number,
            file,
            bytes: raw.bytes.to_vec(),
            oversized: raw.oversized,
            unterminated: raw.unterminated,
        }
    }
}
