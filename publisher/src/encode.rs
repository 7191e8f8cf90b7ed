//! From a line to a document: what it is, who it is, and where it belongs.
//!
//! The line goes out as it came in, but for secrets.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};
use vaectl_schemas::{Kind, KindError, Timestamp, derived_id};

use crate::document::{Document, Origin, Tier};
use crate::ledger::Ledger;
use crate::line::Line;
use crate::merge::Part;
use crate::peek::Peek;
use crate::redact::Redactor;

/// The longest `_id` that Elasticsearch takes, in bytes.
const MAX_ID: usize = 512;

/// What becomes of a line.
#[derive(Debug)]
pub(crate) enum Fate {
    Document(Document),
    /// Something else stands for it.
    Merged(Arc<str>),
    /// The stream's own bookkeeping.
    Control,
    Malformed {
        line: Line,
        reason: String,
    },
}

/// Makes documents of lines.
#[derive(Default)]
pub(crate) struct Encoder {
    /// Whether windows are documents too.
    pub(crate) windows: bool,
    /// Takes secrets out; absent where they are out already, and where they shall stay.
    pub(crate) redactor: Option<Redactor>,
}

enum Reading {
    Document {
        id: String,
        dataset: Arc<str>,
        tier: Tier,
        time: Timestamp,
        part: Option<Part>,
        /// The line without its secrets, where it had any.
        redacted: Option<String>,
    },
    Merged(Arc<str>),
    Control,
}

impl Encoder {
    /// Says what becomes of `line`; its dataset is entered into `ledger`, its count is not.
    pub(crate) fn encode(&self, mut line: Line, ledger: &mut Ledger) -> Fate {
        if let Some(length) = line.oversized {
            return Fate::Malformed {
                line,
                reason: format!("the line has {length} bytes, more than --max-line-bytes"),
            };
        }
        let text = match String::from_utf8(std::mem::take(&mut line.bytes)) {
            Ok(text) => text,
            Err(error) => {
                let reason = format!("the line is not UTF-8: {}", error.utf8_error());
                return Fate::Malformed { line: Line { bytes: error.into_bytes(), ..line }, reason };
            }
        };
        match self.read(&text, line.unterminated, ledger) {
            Ok(Reading::Document { id, dataset, tier, time, part, redacted }) => {
                let origin = Origin { number: line.number, file: line.file };
                let line = redacted.unwrap_or(text);
                Fate::Document(Document { line, id, dataset, tier, time, part, origin, spooled: false })
            }
            Ok(Reading::Merged(dataset)) => Fate::Merged(dataset),
            Ok(Reading::Control) => Fate::Control,
            Err(reason) => Fate::Malformed { line: Line { bytes: text.into_bytes(), ..line }, reason },
        }
    }

    fn read(&self, text: &str, unterminated: bool, ledger: &mut Ledger) -> Result<Reading, String> {
        let peek: Peek<'_> = serde_json::from_str(text).map_err(|error| {
            let cut = if unterminated { "the input ends within the line: " } else { "" };
            format!("{cut}{}", KindError::from(error))
        })?;
        if peek.vaectl.v == 0 || peek.vaectl.v > vaectl_schemas::VERSION {
            return Err(KindError::Version { found: peek.vaectl.v }.to_string());
        }
        let name: StrDeserializer<'_, ValueError> = peek.kind.as_ref().into_deserializer();
        let kind = Kind::deserialize(name).ok();
        if matches!(kind, Some(Kind::Hello | Kind::Heartbeat | Kind::Ledger | Kind::End)) {
            return Ok(Reading::Control);
        }
        let dataset = dataset(&peek, kind, ledger);
        if matches!(kind, Some(Kind::Window)) && !self.windows
            || matches!(kind, Some(Kind::Verdict)) && (!peek.vaectl.transition || peek.vaectl.passing)
        {
            return Ok(Reading::Merged(dataset));
        }
        let time =
            peek.timestamp.parse().map_err(|_| format!("@timestamp is no RFC 3339 time: {:?}", peek.timestamp))?;
        let tier = tier(kind, &peek.event.dataset);
        let redacted = self.redactor.as_ref().map(|redactor| redactor.redact(text, &peek)).transpose();
        let redacted = redacted.map_err(|error| format!("its secrets cannot be taken out: {error}"))?.flatten();
        Ok(Reading::Document {
            // That of the line as it goes out: a hash would tell of a secret, and differ when the line is read again.
            id: identity(&peek.event.id, redacted.as_deref().unwrap_or(text)),
            dataset,
            tier,
            time,
            part: Part::of(&peek, tier).filter(|_| is_identity(&peek.event.id)),
            redacted,
        })
    }
}

/// The line's own identity, or a hash of the line where it has none that a server takes.
fn identity(id: &str, line: &str) -> String {
    if is_identity(id) { id.to_owned() } else { derived_id("line", [line]) }
}

fn is_identity(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len())
}

/// The identity of a line that was published; none where it is not one.
pub(crate) fn identity_of(line: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(line).ok()?;
    let peek: Peek<'_> = serde_json::from_str(text).ok()?;
    Some(identity(&peek.event.id, text))
}

/// The dataset names files and ledger rows, so that only plain names are taken over.
fn dataset(peek: &Peek<'_>, kind: Option<Kind>, ledger: &mut Ledger) -> Arc<str> {
    let plain = |name: &str| {
        (1..=64).contains(&name.len())
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
    };
    if plain(&peek.event.dataset) {
        ledger.name(&peek.event.dataset)
    } else if kind.is_some() {
        ledger.name(&format!("vaectl.{}", peek.kind))
    } else {
        ledger.name("other")
    }
}

fn tier(kind: Option<Kind>, dataset: &str) -> Tier {
    match (kind, dataset) {
        (Some(Kind::Event), "vaectl.network") => Tier::Network,
        (Some(Kind::Event), "vaectl.file") => Tier::File,
        (Some(Kind::Event), _) => Tier::Process,
        (Some(Kind::Verdict | Kind::Incident), _) => Tier::Incident,
        (Some(Kind::Window), _) => Tier::Window,
        _ => Tier::Stable,
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoder, Fate};
    use crate::document::{Document, Tier};
    use crate::redact::Redactor;
    use crate::{Ledger, Line};

    fn encode(line: Line, windows: bool) -> Fate {
        Encoder { windows, redactor: None }.encode(line, &mut Ledger::default())
    }

    fn fate(line: &str, windows: bool) -> Fate {
        encode(Line { number: 7, bytes: line.into(), ..Line::default() }, windows)
    }

    fn document(line: &str) -> Document {
        match fate(line, true) {
            Fate::Document(document) => document,
            other => panic!("{other:?}"),
        }
    }

    fn reason(line: &str) -> String {
        match fate(line, false) {
            Fate::Malformed { reason, line } if line.number == 7 => reason,
            other => panic!("{other:?}"),
        }
    }

    fn of(kind: &str, vaectl: &str, dataset: &str) -> String {
        format!(
            r#"{{"type":"{kind}","vaectl":{{"v":1{vaectl}}},"@timestamp":"2026-11-24T23:59:59.999999999Z","event":{{"id":"x-1","dataset":"{dataset}"}}}}"#
        )
    }

    #[test]
    fn each_kind_of_event_has_its_tier() {
        for (dataset, tier) in [
            ("vaectl.process", Tier::Process),
            ("vaectl.network", Tier::Network),
            ("vaectl.file", Tier::File),
            ("vaectl.rare", Tier::Process),
        ] {
            let document = document(&of("event", "", dataset));
            assert_eq!((document.tier, document.dataset.as_ref()), (tier, dataset));
            assert_eq!((document.id.as_str(), document.time.day().as_str()), ("x-1", "2026-11-24"));
        }
        assert_eq!(document(&of("incident", "", "vaectl.incident")).tier, Tier::Incident);
        assert_eq!(document(&of("summary", "", "vaectl.summary")).tier, Tier::Stable);
    }

    #[test]
    fn a_verdict_is_stored_only_where_the_state_changed_for_longer_than_a_suspicion() {
        assert!(
            matches!(fate(&of("verdict", r#","transition":false"#, ""), false), Fate::Merged(d) if &*d == "vaectl.verdict")
        );
        assert!(
            matches!(fate(&of("verdict", r#","transition":true"#, ""), false), Fate::Document(d) if d.tier == Tier::Incident)
        );
        assert!(matches!(fate(&of("verdict", r#","transition":true,"passing":true"#, ""), false), Fate::Merged(_)));
    }

    #[test]
    fn windows_are_stored_only_where_they_are_asked_for() {
        assert!(matches!(fate(&of("window", "", ""), false), Fate::Merged(_)));
        assert!(matches!(fate(&of("window", "", ""), true), Fate::Document(d) if d.tier == Tier::Window));
    }

    #[test]
    fn bookkeeping_is_no_document() {
        for kind in ["hello", "heartbeat", "ledger", "end"] {
            assert!(matches!(fate(&of(kind, "", ""), true), Fate::Control), "{kind}");
        }
    }

    #[test]
    fn an_unknown_type_is_passed_on() {
        let document = document(&of("poem", "", ""));
        assert_eq!((document.tier, document.dataset.as_ref()), (Tier::Stable, "other"));
    }

    #[test]
    fn a_dataset_never_leaves_its_folder() {
        for name in ["../../etc", ".hidden", "a/b", "A", "", &"x".repeat(65)] {
            assert_eq!(&*document(&of("event", "", name)).dataset, "vaectl.event", "{name}");
        }
    }

    #[test]
    fn the_same_line_without_an_identity_gets_the_same_one() {
        let line = r#"{"type":"gap","vaectl":{"v":1},"@timestamp":"2026-11-24T00:00:00Z"}"#;
        assert_eq!(document(line).id, document(line).id);
        let long = of("event", "", "").replace("x-1", &"x".repeat(513));
        assert!(document(&long).id.len() < 513);
    }

    #[test]
    fn a_line_without_an_identity_has_that_of_what_goes_out() {
        let encoder = Encoder { windows: false, redactor: Some(Redactor::new(&[]).unwrap()) };
        let line = r#"{"type":"gap","vaectl":{"v":1,"command":["--token=abc"]},"@timestamp":"2026-11-24T00:00:00Z"}"#;
        let line = Line { bytes: line.into(), ..Line::default() };
        let Fate::Document(document) = encoder.encode(line, &mut Ledger::default()) else { panic!("no document") };
        assert!(document.line.contains("[redacted]"), "{}", document.line);
        assert_eq!(super::identity_of(document.line.as_bytes()), Some(document.id));
    }

    #[test]
    fn any_order_of_keys_and_any_time_zone_will_do() {
        let line = r#"{"@timestamp":"2026-11-25T00:30:00+01:00","event":{"dataset":"vaectl.file","id":"\u0061"},"vaectl":{"v":1},"type":"event"}"#;
        let document = document(line);
        assert_eq!(
            (document.id.as_str(), document.time.day(), document.line.as_str()),
            ("a", "2026-11-24".into(), line)
        );
    }

    #[test]
    fn a_malformed_line_says_what_is_wrong_with_it() {
        assert!(reason("{").contains("not a vaectl line"));
        assert!(reason(r#"{"type":"event","vaectl":{"v":9}}"#).contains("version 9 is not supported"));
        assert!(reason(r#"{"type":"event","vaectl":{"v":1}}"#).contains("@timestamp"));
        let cut = Line { bytes: b"{\"type\":\"ev".to_vec(), unterminated: true, ..Line::default() };
        assert!(matches!(encode(cut, false), Fate::Malformed { reason, .. } if reason.contains("input ends")));
        let long = Line { bytes: b"{}".to_vec(), oversized: Some(70_000), ..Line::default() };
        assert!(matches!(encode(long, false), Fate::Malformed { reason, .. } if reason.contains("70000")));
        let bytes = Line { bytes: b"{\"type\":\"\xff\"}".to_vec(), ..Line::default() };
        assert!(matches!(encode(bytes, false), Fate::Malformed { reason, .. } if reason.contains("UTF-8")));
    }
}
