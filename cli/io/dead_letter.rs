//! Quotes a line that cannot be taken.

use std::sync::Arc;

use vaectl_schemas::{DeadLetter, DeadLetterInfo, RawLine, Timestamp};

/// The dead letter of `line`, without a line end.
pub(crate) fn quote(stage: &str, line: &RawLine<'_>, file: Option<&Arc<str>>, reason: String) -> Vec<u8> {
    let info = DeadLetterInfo {
        line: Some(line.number),
        file: file.map(ToString::to_string),
        ..DeadLetterInfo::quoting(stage, reason, line.bytes, line.oversized.is_some())
    };
    let letter = DeadLetter::of(Timestamp::now(), info);
    serde_json::to_vec(&letter).expect("a line of strings and numbers always has a text")
}
