//! The little of a line that the gate reads, borrowed from it.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use vaectl_schemas::{Timestamp, is_telling};

/// What every line may have, of any type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Peek<'a> {
    #[serde(rename = "@timestamp")]
    pub(crate) timestamp: Option<Timestamp>,
    vaectl: Marks,
    #[serde(borrow)]
    event: Names<'a>,
    #[serde(borrow)]
    container: Option<Id<'a>>,
    #[serde(borrow)]
    process: Option<Entry<'a>>,
    #[serde(borrow)]
    destination: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Marks {
    history: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    dataset: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Id<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    entry_meta: Option<IgnoredAny>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
}

impl Peek<'_> {
    /// The container, if it names one.
    pub(crate) fn container(&self) -> Option<&str> {
        self.container.as_ref().map(|c| c.id.as_ref()).filter(|id| !id.is_empty())
    }

    pub(crate) fn dataset(&self) -> &str {
        if self.event.dataset.is_empty() { "event" } else { &self.event.dataset }
    }

    pub(crate) fn history(&self) -> bool {
        self.vaectl.history
    }

    /// The command, as the line has it, of a process that entered the container from outside: an operator's exec, or a
    /// health check.
    pub(crate) fn entry(&self) -> Option<&str> {
        let process = self.process.as_ref().filter(|process| process.entry_meta.is_some())?;
        Some(process.args.map_or("", RawValue::get))
    }

    /// Who was called, as the line has it.
    pub(crate) fn called(&self) -> Option<&str> {
        self.destination.filter(|_| self.event.action == "connect").map(RawValue::get)
    }

    /// It may be the cause of an incident.
    pub(crate) fn telling(&self) -> bool {
        is_telling(&self.event.dataset, &self.event.action)
    }
}

#[cfg(test)]
mod tests {
    use super::Peek;

    fn peek(json: &str) -> Peek<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn programs_and_rare_events_tell_and_forks_do_not() {
        let of = |action: &str, dataset: &str| {
            peek(&format!(r#"{{"event":{{"action":"{action}","dataset":"{dataset}"}}}}"#)).telling()
        };
        assert!(of("exec", "vaectl.process") && of("ptrace", "vaectl.process"));
        assert!(!of("fork", "vaectl.process") && !of("exit", "vaectl.process") && !of("connect", "vaectl.network"));
    }

    #[test]
    fn a_bare_line_is_nobodys() {
        let bare = peek(r#"{"type":"event"}"#);
        assert_eq!((bare.container(), bare.dataset(), bare.entry(), bare.history()), (None, "event", None, false));
    }

    #[test]
    fn an_entered_process_is_seen() {
        let entry = |process| peek(&format!(r#"{{"process":{process}}}"#)).entry().map(str::to_owned);
        assert_eq!(entry(r#"{"pid":7,"entry_meta":{"type":"container"},"args":["sh"]}"#).as_deref(), Some(r#"["sh"]"#));
        assert_eq!(entry(r#"{"pid":7,"entry_meta":{"type":"container"}}"#).as_deref(), Some(""));
        assert_eq!(entry(r#"{"pid":7,"args":["sh"]}"#), None);
    }
}
