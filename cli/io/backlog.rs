//! Output that never holds its writer back for what can be spared.
//!
//! What a slow reader costs goes in this order: summaries of stable containers; events of the fullest container, of all
//! containers last those that may be the cause of an incident; all but the last of a container's verdicts that change
//! nothing. Everything else stays, and what went is counted in the stream itself.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use serde::Deserialize;
use vaectl_schemas::{
    Container, EventFields, Gap, GapCause, GapInfo, Kind, Ledger, LedgerInfo, Timestamp, VERSION, derived_id,
    is_telling, peek,
};

use super::output::{BLOCK, Pending};

/// Lines that wait for a slow reader, at most `limit` bytes of them.
pub(crate) struct Backlog {
    lines: VecDeque<Line>,
    bytes: usize,
    limit: usize,
    lost: BTreeMap<String, Lost>,
    spared: Spared,
}

struct Line {
    class: Class,
    bytes: Box<[u8]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Summary,
    Event,
    Steady,
    Kept,
}

/// Events of one container that were dropped and not yet told of.
#[derive(Default)]
struct Lost {
    events: u64,
    from: Option<Timestamp>,
    last: Timestamp,
}

/// Lines that went without leaving a gap, since the stage began.
#[derive(Default)]
struct Spared {
    summaries: u64,
    verdicts: u64,
    untold: bool,
    last: Timestamp,
}

impl Spared {
    fn note(&mut self, time: Timestamp) {
        self.untold = true;
        self.last = self.last.max(time);
    }
}

/// What is known of a line without reading all of it.
#[derive(Deserialize, Default)]
struct Outline<'a> {
    #[serde(rename = "@timestamp", default)]
    timestamp: Timestamp,
    #[serde(borrow, default)]
    container: Option<Container<'a>>,
    #[serde(borrow, default)]
    event: Option<EventFields<'a>>,
}

impl Outline<'_> {
    fn id(&self) -> &str {
        self.container.as_ref().and_then(|container| container.id.as_deref()).unwrap_or_default()
    }

    /// It may be the cause of an incident.
    fn tells(&self) -> bool {
        let event = self.event.as_ref();
        event.is_some_and(|event| {
            is_telling(event.dataset.as_deref().unwrap_or_default(), event.action.as_deref().unwrap_or_default())
        })
    }
}

impl Line {
    fn new(bytes: &[u8]) -> Self {
        let class = match peek(bytes) {
            Ok(Kind::Summary) => Class::Summary,
            Ok(Kind::Event) => Class::Event,
            Ok(Kind::Verdict) if memchr::memmem::find(bytes, br#""transition":true"#).is_none() => Class::Steady,
            _ => Class::Kept,
        };
        Self { class, bytes: bytes.into() }
    }

    fn outline(&self) -> Outline<'_> {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }
}

impl Backlog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { lines: VecDeque::new(), bytes: 0, limit, lost: BTreeMap::new(), spared: Spared::default() }
    }

    /// Makes room down to three quarters of the limit, as far as there is anything to spare.
    fn shed(&mut self) {
        let mut excess = self.bytes.saturating_sub(self.limit / 4 * 3);
        let mut dropped = vec![false; self.lines.len()];
        for (line, dropped) in self.lines.iter().zip(&mut dropped).filter(|(line, _)| line.class == Class::Summary) {
            if excess == 0 {
                break;
            }
            *dropped = true;
            excess = excess.saturating_sub(line.bytes.len());
            self.spared.summaries += 1;
            self.spared.note(line.outline().timestamp);
        }
        for telling in [false, true] {
            self.shed_events(telling, &mut excess, &mut dropped);
        }
        if excess > 0 {
            self.coalesce(&mut dropped);
        }
        let mut at = 0;
        let bytes = &mut self.bytes;
        self.lines.retain(|line| {
            let stays = !dropped[at];
            at += 1;
            *bytes -= if stays { 0 } else { line.bytes.len() };
            stays
        });
    }

    /// Drops events of one of the two kinds, of whichever container has most of them here, oldest first.
    fn shed_events(&mut self, telling: bool, excess: &mut usize, dropped: &mut [bool]) {
        if *excess == 0 {
            return;
        }
        let mut queues: HashMap<String, (usize, VecDeque<(usize, Timestamp)>)> = HashMap::new();
        for (at, line) in self.lines.iter().enumerate().filter(|(_, line)| line.class == Class::Event) {
            let outline = line.outline();
            if outline.tells() == telling {
                let (bytes, queue) = queues.entry(outline.id().to_owned()).or_default();
                *bytes += line.bytes.len();
                queue.push_back((at, outline.timestamp));
            }
        }
        while *excess > 0 {
            let Some((container, (bytes, queue))) = queues.iter_mut().max_by_key(|(_, (bytes, _))| *bytes) else {
                break;
            };
            let Some((at, time)) = queue.pop_front() else { break };
            let length = self.lines[at].bytes.len();
            *bytes -= length;
            *excess = excess.saturating_sub(length);
            dropped[at] = true;
            let lost = self.lost.entry(container.clone()).or_default();
            lost.events += 1;
            lost.from = Some(lost.from.map_or(time, |from| from.min(time)));
            lost.last = lost.last.max(time);
        }
    }

    /// Drops each container's verdicts that change nothing, but for the last.
    fn coalesce(&mut self, dropped: &mut [bool]) {
        let mut seen = HashSet::new();
        for (at, line) in self.lines.iter().enumerate().rev().filter(|(_, line)| line.class == Class::Steady) {
            let outline = line.outline();
            if !seen.insert(outline.id().to_owned()) {
                dropped[at] = true;
                self.spared.verdicts += 1;
                self.spared.note(outline.timestamp);
            }
        }
    }

    /// Tells of what went since it was last told.
    fn account(&mut self, out: &mut Vec<u8>) {
        for (container, lost) in std::mem::take(&mut self.lost) {
            let info = GapInfo { v: VERSION, cause: GapCause::Backlog, lost: lost.events, from: lost.from };
            let mut gap = Gap::new(lost.last, info);
            gap.event = identified("gap", lost.last, &container);
            gap.container = Some(Container { id: Some(container.into()), ..Container::default() });
            append(out, &gap);
        }
        if std::mem::take(&mut self.spared.untold) {
            let count = |dataset: &str, column: &str, count| (dataset.to_owned(), [(column.to_owned(), count)].into());
            let datasets = [
                count("vaectl.summary", "dropped", self.spared.summaries),
                count("vaectl.verdict", "merged", self.spared.verdicts),
            ];
            let info =
                LedgerInfo { v: VERSION, stage: "stdout".into(), datasets: datasets.into(), ..LedgerInfo::default() };
            let mut ledger = Ledger::new(self.spared.last, info);
            ledger.event = identified("ledger", self.spared.last, "stdout");
            append(out, &ledger);
        }
    }
}

fn identified(kind: &'static str, time: Timestamp, of: &str) -> EventFields<'static> {
    EventFields {
        kind: Some("pipeline_error".into()),
        dataset: Some(format!("vaectl.{kind}").into()),
        id: Some(derived_id(kind, ["backlog", of, &time.to_string()]).into()),
        ..EventFields::default()
    }
}

fn append(out: &mut Vec<u8>, line: &impl serde::Serialize) {
    serde_json::to_writer(&mut *out, line).expect("a line of strings and numbers always has a text");
    out.push(b'\n');
}

impl Pending for Backlog {
    fn push(&mut self, lines: &[u8]) {
        for bytes in lines.split_inclusive(|&byte| byte == b'\n') {
            self.bytes += bytes.len();
            self.lines.push_back(Line::new(bytes));
        }
        if self.bytes > self.limit {
            self.shed();
        }
    }

    fn full(&self) -> bool {
        self.bytes > self.limit
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn take(&mut self, out: &mut Vec<u8>, _last: bool) {
        self.account(out);
        while out.len() < BLOCK
            && let Some(line) = self.lines.pop_front()
        {
            self.bytes -= line.bytes.len();
            out.extend_from_slice(&line.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Backlog, Pending};

    fn line(kind: &str, container: &str, second: u32, rest: &str) -> String {
        format!(
            "{{\"type\":\"{kind}\",\"vaectl\":{{\"v\":1{rest}}},\"@timestamp\":\"2026-11-24T00:00:{second:02}Z\",\"container\":{{\"id\":\"{container}\"}}}}\n"
        )
    }

    fn through(limit: usize, lines: &[String]) -> String {
        let mut backlog = Backlog::new(limit);
        for line in lines {
            backlog.push(line.as_bytes());
        }
        let mut out = Vec::new();
        while backlog.bytes() > 0 {
            backlog.take(&mut out, false);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_goes_while_there_is_room() {
        let lines = [line("event", "a", 1, ""), line("summary", "a", 2, ""), line("verdict", "a", 3, "")];
        assert_eq!(through(10_000, &lines), lines.concat());
    }

    #[test]
    fn summaries_go_first_and_the_ledger_says_so() {
        let lines = [line("summary", "a", 1, ""), line("event", "a", 2, ""), line("event", "b", 3, "")];
        let out = through(lines.concat().len() - 1, &lines);
        assert!(!out.contains("\"summary\"") && out.ends_with(&lines[1..].concat()), "{out}");
        assert!(out.contains(r#""vaectl.summary":{"dropped":1}"#), "{out}");
    }

    #[test]
    fn events_of_the_fullest_container_go_and_leave_a_gap() {
        let mut lines: Vec<_> = (0..20).map(|second| line("event", "flood", second, "")).collect();
        lines.push(line("event", "calm", 30, ""));
        let out = through(lines.concat().len() - 1, &lines);
        let left = out.matches("\"id\":\"flood\"").count() - 1;
        assert!(out.contains("\"id\":\"calm\"") && left < 20, "{out}");
        assert!(
            out.contains(&format!(r#""cause":"backlog","lost":{},"from":"2026-11-24T00:00:00"#, 20 - left)),
            "{out}"
        );
    }

    #[test]
    fn the_program_that_is_the_cause_outlives_what_followed() {
        let of = |second, action: &str| {
            let event = format!(r#""event":{{"action":"{action}","dataset":"vaectl.process"}},"container""#);
            line("event", "a", second, "").replace(r#""container""#, &event)
        };
        let lines: Vec<_> = (0..20).map(|second| of(second, if second == 3 { "exec" } else { "fork" })).collect();
        let out = through(lines.concat().len() / 3, &lines);
        assert!(out.contains(&lines[3]) && !out.contains(&lines[4]), "{out}");
    }

    #[test]
    fn verdicts_coalesce_to_the_last_and_transitions_never_go() {
        let mut lines = vec![line("verdict", "a", 0, ",\"transition\":true"), line("incident", "a", 0, "")];
        lines.extend((1..10).map(|second| line("verdict", "a", second, ",\"transition\":false")));
        let out = through(lines[0].len() * 3, &lines);
        assert!(out.contains(&lines[0]) && out.contains(&lines[1]) && out.contains(&lines[10]), "{out}");
        assert!(out.contains(r#""vaectl.verdict":{"merged":"#), "{out}");
    }

    #[test]
    fn what_may_not_go_holds_the_writer_back() {
        let mut backlog = Backlog::new(100);
        (0..3).for_each(|second| backlog.push(line("incident", "a", second, "").as_bytes()));
        assert!(backlog.full());
    }
}
