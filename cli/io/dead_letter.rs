//! Quotes a line that cannot be taken.

use std::sync::Arc;

use vaectl_schemas::{DeadLetter, DeadLetterInfo, EventFields, RawLine, Timestamp, VERSION, escape};

/// How much of a line is quoted.
const QUOTED: usize = 1024;

/// The dead letter of `line`, without a line end.
pub(crate) fn quote(stage: &str, line: &RawLine<'_>, file: Option<&Arc<str>>, reason: String) -> Vec<u8> {
    let (original, escaped) = escape(&line.bytes[..line.bytes.len().min(QUOTED)]);
    let info = DeadLetterInfo {
        v: VERSION,
        stage: stage.into(),
        reason,
        line: Some(line.number),
        file: file.map(ToString::to_string),
        status: None,
        truncated: line.oversized.is_some() || line.bytes.len() > QUOTED,
        original: original.into_owned(),
        escaped,
    };
    let mut letter = DeadLetter::new(Timestamp::now(), info);
    letter.event = EventFields {
        kind: Some("pipeline_error".into()),
        dataset: Some("vaectl.dead_letter".into()),
        ..EventFields::default()
    };
    serde_json::to_vec(&letter).expect("a line of strings and numbers always has a text")
}
