use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;
use crate::{Timestamp, VERSION, derived_id, escape};

/// How much of a line that nobody can read is quoted.
const QUOTED: usize = 1024;

line! {
    /// A line that could not be taken, quoted, with the reason.
    DeadLetter, DeadLetter, DeadLetterInfo,
}

/// The `vaectl` block of a dead letter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterInfo {
    /// The version of the line format.
    pub v: u32,
    /// Which stage refused it.
    pub stage: String,
    /// Why.
    pub reason: String,
    /// Its number in the input, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The file it stood in; absent for standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The server's status, where a server refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The line: whole where a server refused it, so that it can be sent again; otherwise its first 1024 bytes.
    pub original: String,
    /// `original` is not the whole line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// `original` was not UTF-8 and is escaped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub escaped: bool,
}

impl DeadLetterInfo {
    /// Quotes the first bytes of a line, of which `bytes` may be a part alone.
    #[must_use]
    pub fn quoting(stage: &str, reason: String, bytes: &[u8], is_part: bool) -> Self {
        let truncated = is_part || bytes.len() > QUOTED;
        let quoted = &bytes[..bytes.len().min(QUOTED)];
        // A cut in the middle of a character is no reason to escape all of it.
        let whole = match std::str::from_utf8(quoted) {
            Err(error) if truncated && error.error_len().is_none() => &quoted[..error.valid_up_to()],
            _ => quoted,
        };
        let (original, escaped) = escape(whole);
        let (stage, original) = (stage.to_owned(), original.into_owned());
        Self { v: VERSION, stage, reason, original, truncated, escaped, ..Self::default() }
    }
}

impl DeadLetter<'_> {
    /// A dead letter under the identity of what it quotes, where that stood, and why it was refused.
    #[must_use]
    pub fn of(timestamp: Timestamp, info: DeadLetterInfo) -> Self {
        let number = info.line.map(|number| number.to_string()).unwrap_or_default();
        let from = [info.file.as_deref().unwrap_or_default(), &number, &info.reason, &info.original];
        let id = derived_id("dead_letter", from);
        let mut letter = Self::new(timestamp, info);
        letter.event.kind = Some("pipeline_error".into());
        letter.event.dataset = Some("vaectl.dead_letter".into());
        letter.event.id = Some(id.into());
        letter
    }
}

#[cfg(test)]
mod tests {
    use super::{DeadLetterInfo, QUOTED};

    fn quoted(bytes: &[u8]) -> DeadLetterInfo {
        DeadLetterInfo::quoting("score", "why".into(), bytes, false)
    }

    #[test]
    fn a_quote_is_never_cut_within_a_character() {
        for pad in 0..4 {
            let text = "x".repeat(pad) + &"é€𝄞".repeat(400);
            let info = quoted(text.as_bytes());
            assert!(info.original.len() <= QUOTED && info.original.len() > QUOTED - 4);
            assert!(text.starts_with(&info.original) && info.truncated && !info.escaped);
        }
    }

    #[test]
    fn bytes_that_are_not_text_come_back() {
        let info = quoted(b"\xff\\{");
        assert!(info.escaped && !info.truncated);
        assert_eq!(crate::unescape(&info.original).unwrap(), b"\xff\\{");
    }
}
