//! Fewer documents that say the same.
//!
//! Within one batch the exit of a program joins its exec, and the connections of one process to one peer become one
//! flow, with their number and their bytes. A merged document stands alone and says in `vaectl.merged` for how many
//! lines; it has the identity of the first of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Write;

use serde::Deserialize;

use crate::account::Account;
use crate::document::{Document, Tier};
use crate::object::Object;

/// What is read of an event to see what it belongs to.
#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(rename = "@timestamp")]
    time: &'a str,
    event: Act<'a>,
    process: Actor<'a>,
    vaectl: Case<'a>,
    #[serde(default)]
    network: Way<'a>,
    #[serde(default)]
    source: End<'a>,
    #[serde(default)]
    destination: End<'a>,
}

#[derive(Deserialize)]
struct Act<'a> {
    action: &'a str,
    #[serde(default)]
    outcome: Option<&'a str>,
}

#[derive(Deserialize)]
struct Actor<'a> {
    entity_id: &'a str,
}

#[derive(Deserialize)]
struct Case<'a> {
    #[serde(default)]
    incident: Option<&'a str>,
    #[serde(default)]
    history: bool,
}

#[derive(Default, Deserialize)]
struct Way<'a> {
    #[serde(default)]
    direction: Option<&'a str>,
    #[serde(default)]
    transport: Option<&'a str>,
}

#[derive(Default, Deserialize)]
struct End<'a> {
    #[serde(default)]
    ip: Option<&'a str>,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    bytes: Option<u64>,
}

/// Documents with the same one say the same thing of the same process.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Program { process: Box<str>, incident: Box<str>, history: bool },
    Flow { process: Box<str>, incident: Box<str>, history: bool, way: Box<str>, peer: Box<str>, outcome: Box<str> },
}

/// What a document gathers of those that join it.
struct Group {
    /// Where its document is.
    at: usize,
    /// Lines that it stands for.
    lines: u64,
    connections: u64,
    sent: u64,
    received: u64,
    last: String,
}

/// Merges within a batch; what joined another document is counted as merged.
pub(crate) fn merge(documents: &mut Vec<Document>, account: &mut Account<impl Write>) {
    let mut groups: HashMap<Key, Group> = HashMap::new();
    let mut gone = vec![false; documents.len()];
    for at in 0..documents.len() {
        let document = &documents[at];
        if !matches!(document.tier, Tier::Process | Tier::Network) {
            continue;
        }
        let Ok(outline) = serde_json::from_str::<Outline<'_>>(&document.line) else { continue };
        match outline.event.action {
            "exec" => {
                // A process that executes twice in a batch is two programs: the exit belongs to the later one.
                groups.insert(outline.program(), Group::new(at));
            }
            "exit" => {
                let Some(exec) = groups.get(&outline.program()).map(|group| group.at) else { continue };
                if let Some(line) = ended(&documents[exec].line, &document.line) {
                    groups.remove(&outline.program());
                    gone[at] = true;
                    account.merged(&documents[at].dataset);
                    documents[exec].line = line;
                }
            }
            "connect" | "accept" | "close" => {
                let Some(key) = outline.flow() else { continue };
                match groups.entry(key) {
                    Entry::Vacant(place) => place.insert(Group::new(at)).gather(&outline),
                    Entry::Occupied(group) => {
                        group.into_mut().gather(&outline);
                        gone[at] = true;
                        account.merged(&document.dataset);
                    }
                }
            }
            _ => {}
        }
    }
    for group in groups.values().filter(|group| group.lines > 1) {
        let document = &mut documents[group.at];
        if let Some(line) = group.flow(&document.line) {
            document.line = line;
        }
    }
    let mut gone = gone.into_iter();
    documents.retain(|_| gone.next() != Some(true));
}

impl Outline<'_> {
    fn program(&self) -> Key {
        let (process, incident, history) = self.whose();
        Key::Program { process, incident, history }
    }

    /// The peer of an accepted connection is who called, from whatever port; that of another is who was called.
    fn flow(&self) -> Option<Key> {
        let direction = self.network.direction?;
        let peer = match direction {
            "inbound" => self.source.ip?.to_owned(),
            _ => format!("{}:{}", self.destination.ip?, self.destination.port.unwrap_or_default()),
        };
        let (process, incident, history) = self.whose();
        let way = format!("{direction} {}", self.network.transport.unwrap_or_default());
        let outcome = self.event.outcome.unwrap_or_default().into();
        Some(Key::Flow { process, incident, history, way: way.into(), peer: peer.into(), outcome })
    }

    fn whose(&self) -> (Box<str>, Box<str>, bool) {
        (self.process.entity_id.into(), self.vaectl.incident.unwrap_or_default().into(), self.vaectl.history)
    }
}

impl Group {
    fn new(at: usize) -> Self {
        Self { at, lines: 0, connections: 0, sent: 0, received: 0, last: String::new() }
    }

    fn gather(&mut self, outline: &Outline<'_>) {
        self.lines += 1;
        self.connections += u64::from(outline.event.action != "close");
        self.sent += outline.source.bytes.unwrap_or_default();
        self.received += outline.destination.bytes.unwrap_or_default();
        outline.time.clone_into(&mut self.last);
    }

    /// The first line of a flow made to stand for all of them.
    fn flow(&self, line: &str) -> Option<String> {
        let mut object = Object::parse(line).ok()?;
        let first: String = object.get(&["@timestamp"])?;
        let inbound = object.get::<String>(&["network", "direction"]).as_deref() == Some("inbound");
        let change = |object: &mut Object| -> serde_json::Result<()> {
            object.set(&["vaectl", "merged"], &self.lines)?;
            object.set(&["vaectl", "connections"], &self.connections)?;
            object.set(&["event", "action"], &"flow")?;
            object.set(&["event", "type"], &["connection"])?;
            object.set(&["event", "start"], &first)?;
            object.set(&["event", "end"], &self.last)?;
            object.remove(&["event", "duration"])?;
            // The port of whoever called was another one each time.
            object.remove(&["source", "port"])?;
            object.set(&["source", "bytes"], &self.sent)?;
            object.set(&["destination", "bytes"], &self.received)?;
            if inbound && object.get::<u16>(&["destination", "port"]) == Some(0) {
                object.remove(&["destination", "port"])?;
            }
            Ok(())
        };
        change(&mut object).ok()?;
        Some(object.to_string())
    }
}

/// The line of an exec with the end of the program in it.
fn ended(exec: &str, exit: &str) -> Option<String> {
    let mut object = Object::parse(exec).ok()?;
    let exit = Object::parse(exit).ok()?;
    let change = |object: &mut Object| -> serde_json::Result<()> {
        for path in [&["process", "exit_code"][..], &["process", "end"], &["event", "duration"]] {
            if let Some(value) = exit.get::<serde_json::Value>(path) {
                object.set(path, &value)?;
            }
        }
        object.set(&["event", "type"], &["start", "end"])?;
        object.set(&["vaectl", "merged"], &2)
    };
    change(&mut object).ok()?;
    Some(object.to_string())
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::account::Account;
    use crate::dead_letter::DeadLetters;
    use crate::document::Document;
    use crate::encode::{Fate, encode};
    use crate::{Ledger, Line};
    use serde_json::{Value, json};

    fn line(n: usize, action: &str, process: &str, more: &Value) -> String {
        let dataset = if matches!(action, "exec" | "exit" | "fork") { "vaectl.process" } else { "vaectl.network" };
        let mut line = json!({
            "type": "event", "vaectl": {"v": 1}, "@timestamp": format!("2026-11-24T00:00:{n:02}Z"),
            "event": {"action": action, "dataset": dataset, "id": format!("e{n}")}, "process": {"entity_id": process},
        });
        for (key, value) in more.as_object().unwrap() {
            for (name, value) in value.as_object().unwrap() {
                line[key][name] = value.clone();
            }
        }
        line.to_string()
    }

    fn socket(direction: &str, peer: &str, port: u16, bytes: u64) -> Value {
        let (source, destination) = match direction {
            "inbound" => (json!({"ip": peer, "port": port, "bytes": bytes}), json!({"ip": "10.0.0.1", "port": 80})),
            _ => (json!({"ip": "10.0.0.1", "port": 40_000}), json!({"ip": peer, "port": port, "bytes": bytes})),
        };
        json!({"network": {"direction": direction, "transport": "tcp"}, "source": source, "destination": destination})
    }

    fn merged(lines: &[String]) -> (Vec<Value>, u64) {
        let mut ledger = Ledger::default();
        let mut documents: Vec<Document> = lines
            .iter()
            .map(|line| match encode(Line { bytes: line.clone().into(), ..Line::default() }, true, &mut ledger) {
                Fate::Document(document) => document,
                other => panic!("{other:?}"),
            })
            .collect();
        let mut account = Account::new(DeadLetters::output(), Vec::new());
        merge(&mut documents, &mut account);
        let left = documents.iter().map(|document| serde_json::from_str(&document.line).unwrap()).collect();
        (left, account.ledger.total().merged)
    }

    #[test]
    fn a_program_that_ends_is_one_document_with_both_ends() {
        let exit = json!({"process": {"exit_code": 3, "end": "2026-11-24T00:00:02Z"}, "event": {"duration": 7}});
        let none = json!({});
        let (left, merged) =
            merged(&[line(1, "exec", "a", &none), line(2, "exec", "b", &none), line(3, "exit", "a", &exit)]);
        assert_eq!((left.len(), merged), (2, 1));
        assert_eq!((&left[0]["process"]["exit_code"], &left[0]["event"]["duration"]), (&json!(3), &json!(7)));
        assert_eq!((&left[0]["vaectl"]["merged"], &left[0]["event"]["id"]), (&json!(2), &json!("e1")));
        assert_eq!(left[1]["vaectl"]["merged"], Value::Null);
    }

    #[test]
    fn connections_of_a_process_to_a_peer_are_one_flow_with_their_sums() {
        let mut lines: Vec<_> =
            (0..5).map(|n| line(n, "accept", "nginx", &socket("inbound", "10.0.0.9", 50_000 + n as u16, 0))).collect();
        lines.extend((5..10).map(|n| line(n, "close", "nginx", &socket("inbound", "10.0.0.9", 50_000, 61))));
        lines.push(line(10, "accept", "nginx", &socket("inbound", "10.0.0.8", 1, 0)));
        lines.push(line(11, "connect", "nginx", &socket("outbound", "10.0.0.9", 443, 5)));
        let (left, merged) = merged(&lines);
        assert_eq!((left.len(), merged), (3, 9));
        let flow = &left[0];
        assert_eq!((&flow["event"]["action"], &flow["vaectl"]["connections"]), (&json!("flow"), &json!(5)));
        assert_eq!((&flow["source"]["bytes"], &flow["vaectl"]["merged"]), (&json!(305), &json!(10)));
        assert_eq!(
            (&flow["event"]["start"], &flow["event"]["end"]),
            (&flow["@timestamp"], &json!("2026-11-24T00:00:09Z"))
        );
        assert_eq!((&flow["source"]["port"], &flow["source"]["ip"]), (&Value::Null, &json!("10.0.0.9")));
        assert_eq!(left[1]["event"]["action"], "accept");
    }

    #[test]
    fn what_belongs_to_different_incidents_or_ended_differently_stays_apart() {
        let case = |incident: &str| json!({"vaectl": {"incident": incident}});
        let mut failed = socket("outbound", "10.0.0.9", 443, 0);
        failed["event"] = json!({"outcome": "failure"});
        let lines = [
            line(1, "exec", "a", &case("i-1")),
            line(2, "exit", "a", &case("i-2")),
            line(3, "connect", "a", &failed),
            line(4, "connect", "a", &socket("outbound", "10.0.0.9", 443, 0)),
            line(5, "fork", "a", &json!({})),
        ];
        let (left, merged) = merged(&lines);
        assert_eq!((left.len(), merged), (5, 0));
    }
}
