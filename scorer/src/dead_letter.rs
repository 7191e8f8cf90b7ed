//! Lines that could not be taken.

use vaectl_schemas::{DeadLetter, DeadLetterInfo, EventFields, RawLine, VERSION, escape};

use crate::context::Context;

/// How much of a line is quoted.
const QUOTED: usize = 1024;

/// Quotes `raw` with its number, and why it was refused.
pub(crate) fn write(raw: &RawLine<'_>, reason: String, context: &mut Context, out: &mut Vec<u8>) {
    let quoted = quoted(raw.bytes);
    let (original, escaped) = escape(quoted);
    let info = DeadLetterInfo {
        v: VERSION,
        stage: "score".into(),
        reason,
        line: Some(raw.number),
        file: None,
        status: None,
        original: original.into_owned(),
        truncated: raw.oversized.is_some() || quoted.len() < raw.bytes.len(),
        escaped,
    };
    let mut line = DeadLetter::new(context.now, info);
    line.event = EventFields {
        kind: Some("pipeline_error".into()),
        dataset: Some("vaectl.dead_letter".into()),
        id: Some(context.stream_id("dead letter", &raw.number.to_string()).into()),
        ..EventFields::default()
    };
    context.write(&line, out);
}

/// The first part of a line, not cut within a character.
fn quoted(bytes: &[u8]) -> &[u8] {
    if bytes.len() <= QUOTED {
        return bytes;
    }
    let continued = |&at: &usize| bytes[at] & 0xc0 == 0x80;
    let back = (QUOTED - 3..=QUOTED).rev().find(|at| !continued(at));
    &bytes[..back.unwrap_or(QUOTED)]
}

#[cfg(test)]
mod tests {
    use super::{QUOTED, quoted};

    #[test]
    fn a_quote_is_never_cut_within_a_character() {
        for pad in 0..4 {
            let text = "x".repeat(pad) + &"é€𝄞".repeat(400);
            let part = std::str::from_utf8(quoted(text.as_bytes())).unwrap();
            assert!(part.len() <= QUOTED && part.len() > QUOTED - 4);
        }
        assert_eq!(quoted(&[0x80; 2000]).len(), QUOTED);
    }
}
