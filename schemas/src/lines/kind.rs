//! What a line is, found without parsing it whole.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The type of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A stage began.
    Hello,
    /// A container began, was named, or ended.
    Container,
    /// What a container did in a span of time, in numbers.
    Window,
    /// One thing that a process did.
    Event,
    /// Something was lost.
    Gap,
    /// What a window was judged to be.
    Verdict,
    /// An episode opened or closed.
    Incident,
    /// A container's hour.
    Summary,
    /// A stage's account of what it took and where it went.
    Ledger,
    /// A line that could not be taken.
    DeadLetter,
    /// The wall clock was stepped.
    Clock,
    /// A stage is alive.
    Heartbeat,
    /// A stage ended.
    End,
}

/// Why a line could not be told apart.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// It is not a JSON object with a `type` and a version.
    #[error("not a vaectl line: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Its type is not known here; a filter passes it on.
    #[error("unknown line type {0:?}")]
    Unknown(String),
    /// Its version is not one that is read here.
    #[error("line version {found} is not supported: this vaectl reads versions up to {}", crate::VERSION)]
    Version {
        /// The version on the line.
        found: u32,
    },
}

/// The first part of a line.
#[derive(Debug, Deserialize)]
pub struct Header<'a> {
    /// The type, as text.
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    /// The block that has the version.
    pub vaectl: HeaderVersion,
}

/// The version in [`Header`].
#[derive(Debug, Deserialize)]
pub struct HeaderVersion {
    /// The version.
    pub v: u32,
}

/// Tells what a line is.
///
/// A line that begins as every line of this project does costs a few comparisons; any other order of keys costs a
/// parse. The rest of the line is not validated.
pub fn peek(line: &[u8]) -> Result<Kind, KindError> {
    if let Some(kind) = quick(line) {
        return Ok(kind);
    }
    let header: Header<'_> = serde_json::from_slice(line)?;
    if header.vaectl.v == 0 || header.vaectl.v > crate::VERSION {
        return Err(KindError::Version { found: header.vaectl.v });
    }
    let name = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(&header.kind);
    Kind::deserialize(name).map_err(|_| KindError::Unknown(header.kind.into_owned()))
}

fn quick(line: &[u8]) -> Option<Kind> {
    const KINDS: [(&[u8], Kind); 5] = [
        (b"event", Kind::Event),
        (b"window", Kind::Window),
        (b"verdict", Kind::Verdict),
        (b"container", Kind::Container),
        (b"summary", Kind::Summary),
    ];
    let rest = line.strip_prefix(br#"{"type":""#)?;
    let (name, kind) = KINDS.into_iter().find(|(name, _)| rest.starts_with(name))?;
    let rest = rest[name.len()..].strip_prefix(br#"","vaectl":{"v":1"#)?;
    matches!(rest.first(), Some(b',' | b'}')).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::{Kind, KindError, peek};

    #[test]
    fn any_order_of_keys_is_the_same_line() {
        assert_eq!(peek(br#"{"type":"event","vaectl":{"v":1}}"#).unwrap(), Kind::Event);
        assert_eq!(peek(br#"{"vaectl":{"v":1}, "type" : "event"}"#).unwrap(), Kind::Event);
    }

    #[test]
    fn a_later_version_is_named() {
        let error = peek(br#"{"type":"event","vaectl":{"v":12}}"#).unwrap_err();
        assert!(matches!(error, KindError::Version { found: 12 }), "{error}");
    }

    #[test]
    fn an_unknown_type_is_not_malformed() {
        assert!(
            matches!(peek(br#"{"type":"poem","vaectl":{"v":1}}"#), Err(KindError::Unknown(name)) if name == "poem")
        );
        assert!(matches!(peek(b"{"), Err(KindError::Malformed(_))));
    }
}
