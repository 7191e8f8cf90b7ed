//! Lines that could not be taken.

use vaectl_schemas::{DeadLetter, DeadLetterInfo, RawLine};

use crate::context::Context;

/// Quotes `raw` with its number, and why it was refused.
pub(crate) fn write(raw: &RawLine<'_>, reason: String, context: &mut Context, out: &mut Vec<u8>) {
    let info = DeadLetterInfo {
        line: Some(raw.number),
        ..DeadLetterInfo::quoting("score", reason, raw.bytes, raw.oversized.is_some())
    };
    let mut letter = DeadLetter::of(context.now, info);
    letter.event.id = Some(context.stream_id("dead letter", &raw.number.to_string()).into());
    context.write(&letter, out);
}
