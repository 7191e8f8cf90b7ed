//! The truth: what each window is, by its id, or what was done to a container, by time.

use std::collections::HashMap;

use serde::Deserialize;
use vaectl_schemas::Timestamp;

use crate::error::EvalError;

/// What a window ought to be judged as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Within the pattern.
    Calm,
    /// Under attack.
    Attacked,
    /// Neither: it is left out of every figure.
    LeftOut,
}

/// What is known of one window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Label {
    pub(crate) class: Class,
    /// The attack, or the benign change, that it belongs to.
    pub(crate) event: Option<String>,
    /// The run that is drawn as one in a bootstrap.
    pub(crate) group: Option<String>,
    /// Features that the attack touches; one that ends in `*` stands for all that begin so.
    pub(crate) features: Vec<String>,
}

/// What was done to a container.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    /// Its id, the first part of it, or its name.
    pub(crate) container: String,
    pub(crate) began: Timestamp,
    pub(crate) ends: Timestamp,
    pub(crate) label: Label,
}

/// Labels of windows, or spans of time in which something was done to a container.
#[derive(Clone, Debug)]
pub struct Truth(pub(crate) Kind);

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// By the id of a window. What is not listed is left out.
    Labels(HashMap<String, Label>),
    /// What is in no span is calm.
    Spans(Vec<Span>),
}

/// One row of a CSV file.
#[derive(Deserialize)]
struct Row {
    id: String,
    label: i64,
    #[serde(default)]
    event: String,
    #[serde(default)]
    group: String,
    /// Separated by blanks.
    #[serde(default)]
    features: String,
}

/// One line of a JSON lines file.
#[derive(Deserialize)]
struct Line {
    container: String,
    #[serde(alias = "from", alias = "start")]
    began: Timestamp,
    #[serde(alias = "to", alias = "end")]
    ends: Timestamp,
    #[serde(alias = "attack")]
    event: String,
    #[serde(default = "attacked")]
    label: i64,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    features: Vec<String>,
}

fn attacked() -> i64 {
    1
}

impl Truth {
    /// Reads `id,label,event,group` (and `features`, separated by blanks) as CSV with a header, or JSON lines with
    /// `container`, `began`, `ends` and `event` (and `label`, `group`, `features`).
    ///
    /// Where there is no line, nothing was done to any container. A label is 1 (attacked), 0 (calm, or a benign change where an event is named) or -1 (left out).
    ///
    /// # Errors
    /// Names the line that cannot be read.
    pub fn read(text: &str) -> Result<Self, EvalError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let start = text.trim_start();
        // Nothing at all: nothing was done.
        let kind = if start.is_empty() || start.starts_with('{') { spans(text)? } else { labels(text)? };
        Ok(Self(kind))
    }
}

fn labels(text: &str) -> Result<Kind, EvalError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut labels = HashMap::new();
    let fail = |error: csv::Error| EvalError::Truth {
        line: error.position().map_or(1, csv::Position::line),
        why: error.to_string(),
    };
    let names = reader.headers().map_err(fail)?.clone();
    for record in reader.records() {
        let record = record.map_err(fail)?;
        let row: Row = record.deserialize(Some(&names)).map_err(fail)?;
        let some = |text: String| (!text.is_empty()).then_some(text);
        let label = Label {
            class: class(row.label).ok_or_else(|| EvalError::Truth {
                line: record.position().map_or(1, csv::Position::line),
                why: format!("label {} of {} is neither 1, 0 nor -1", row.label, row.id),
            })?,
            event: some(row.event),
            group: some(row.group),
            features: row.features.split_whitespace().map(str::to_owned).collect(),
        };
        labels.insert(row.id, label);
    }
    Ok(Kind::Labels(labels))
}

fn spans(text: &str) -> Result<Kind, EvalError> {
    let mut spans = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let fail = |why: String| EvalError::Truth { line: at as u64 + 1, why };
        let line: Line = serde_json::from_str(line).map_err(|error| fail(error.to_string()))?;
        if line.ends < line.began {
            return Err(fail("it ends before it began".into()));
        }
        let class = class(line.label).ok_or_else(|| fail(format!("label {} is neither 1, 0 nor -1", line.label)))?;
        let Line { container, began, ends, event, group, features, .. } = line;
        let label = Label { class, event: Some(event), group, features };
        spans.push(Span { container, began, ends, label });
    }
    spans.sort_by_key(|span| span.began);
    Ok(Kind::Spans(spans))
}

fn class(label: i64) -> Option<Class> {
    match label {
        1 => Some(Class::Attacked),
        0 => Some(Class::Calm),
        -1 => Some(Class::LeftOut),
        _ => None,
    }
}

impl Label {
    /// Whether the attack touches this feature, which may be a call's share.
    pub(crate) fn touches(&self, feature: &str) -> bool {
        let feature = feature.strip_prefix("share.").unwrap_or(feature);
        self.features.iter().any(|touched| match touched.strip_suffix('*') {
            Some(beginning) => feature.starts_with(beginning),
            None => feature == touched,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Kind, Truth};

    #[test]
    fn labels_are_read_by_their_header() {
        let text = "group,id,label,event\nrun-1,w1,1,miner\nrun-1,w2,0,\n,\"w,3\",-1,\n";
        let Kind::Labels(labels) = Truth::read(text).unwrap().0 else { panic!("CSV") };
        assert_eq!(labels["w1"].event.as_deref(), Some("miner"));
        assert_eq!((labels["w2"].class, labels["w2"].group.as_deref()), (Class::Calm, Some("run-1")));
        assert_eq!((labels["w,3"].class, labels["w,3"].group.as_deref()), (Class::LeftOut, None));
    }

    #[test]
    fn spans_are_read_and_say_what_they_touch() {
        let text = r#"{"container":"web-1","began":"2026-11-24T03:00:00Z","ends":"2026-11-24T03:01:00Z","attack":"miner","features":["cpu.user_ns","exec:*"]}"#;
        let Kind::Spans(spans) = Truth::read(text).unwrap().0 else { panic!("JSON lines") };
        let label = &spans[0].label;
        assert_eq!((label.class, label.event.as_deref()), (Class::Attacked, Some("miner")));
        assert!(label.touches("exec:/tmp/x") && label.touches("cpu.user_ns") && !label.touches("cpu.user_ns2"));
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line() {
        for (text, line) in [
            ("id,label\nw1,1\nw2,7\n", "line 3: label 7 of w2"),
            ("id,label\nw1,yes\n", "line 2"),
            ("id,lable\nw1,1\n", "label"),
            ("{\"container\":\"x\"}", "line 1: missing field"),
            (
                "{\"container\":\"x\",\"event\":\"e\",\"from\":\"2026-11-24T03:00:01Z\",\"to\":\"2026-11-24T03:00:00Z\"}",
                "line 1: it ends before",
            ),
        ] {
            let error = Truth::read(text).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }
}
