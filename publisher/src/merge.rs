//! Fewer documents that say the same.
//!
//! Within one batch the exit of a program joins its exec, and the connections of one process to one peer become one
//! flow, with their number and their bytes. A merged document stands alone and says in `vaectl.merged` for how many
//! lines; it has the identity of the first of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Write;

use serde::Deserialize;
use serde_json::value::RawValue;
use vaectl_schemas::Timestamp;

use crate::account::Account;
use crate::document::{Document, Tier};
use crate::fingerprint::fingerprint;
use crate::object::Object;
use crate::peek::Peek;

/// What an event may be merged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    act: Act,
    /// Parts with the same one are of one program, or of one process's connections to one peer.
    whose: u128,
    sent: u64,
    received: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Exec,
    Exit,
    Open,
    Close,
}

/// What a flow gathers of the connections that join it.
struct Flow {
    /// Where its document is.
    at: usize,
    /// Lines that it stands for.
    lines: u64,
    connections: u64,
    sent: u64,
    received: u64,
    last: Timestamp,
}

impl Part {
    /// That of an event of a process; none of what stands alone.
    pub(crate) fn of(peek: &Peek<'_>, tier: Tier) -> Option<Self> {
        if !matches!(tier, Tier::Process | Tier::Network) {
            return None;
        }
        let act = match peek.event.action.text() {
            "exec" => Act::Exec,
            "exit" => Act::Exit,
            "connect" | "accept" => Act::Open,
            "close" => Act::Close,
            _ => return None,
        };
        let process = Some(peek.process.as_ref()?.entity_id.text()).filter(|id| !id.is_empty())?;
        let (incident, history) = (peek.vaectl.incident.text(), peek.vaectl.history.0);
        if matches!(act, Act::Exec | Act::Exit) {
            return Some(Self { act, whose: fingerprint(&(process, incident, history)), sent: 0, received: 0 });
        }
        let (network, source, destination) =
            (peek.network.as_ref()?, peek.source.as_ref()?, peek.destination.as_ref()?);
        let direction = network.direction.text();
        // The peer of an accepted connection is who called, from whatever port; that of another is who was called. The
        // port is that of the service either way.
        let other = match direction {
            "inbound" => source.ip.text(),
            "" => return None,
            _ => destination.ip.text(),
        };
        if other.is_empty() {
            return None;
        }
        let way = (direction, network.transport.text(), peek.event.outcome.text(), peek.vaectl.errno.text());
        let whose = fingerprint(&(process, incident, history, way, other, destination.port.0));
        Some(Self { act, whose, sent: source.bytes.0, received: destination.bytes.0 })
    }
}

/// Merges within a batch; what joined another document is counted as merged.
pub(crate) fn merge(documents: &mut Vec<Document>, account: &mut Account<impl Write>) {
    let mut programs: HashMap<u128, usize> = HashMap::new();
    let mut flows: HashMap<u128, Flow> = HashMap::new();
    let mut gone = vec![false; documents.len()];
    for at in 0..documents.len() {
        let document = &documents[at];
        let Some(part) = document.part else { continue };
        match part.act {
            // A process that executes twice in a batch is two programs: the exit belongs to the later one.
            Act::Exec => {
                programs.insert(part.whose, at);
            }
            Act::Exit => {
                if let Some(&exec) = programs.get(&part.whose)
                    && let Some(line) = ended(&documents[exec].line, &document.line)
                {
                    programs.remove(&part.whose);
                    documents[exec].line = line;
                    gone[at] = true;
                }
            }
            Act::Open | Act::Close => match flows.entry(part.whose) {
                Entry::Vacant(place) => place.insert(Flow::new(at)).gather(part, document.time),
                Entry::Occupied(flow) => {
                    flow.into_mut().gather(part, document.time);
                    gone[at] = true;
                }
            },
        }
        if gone[at] {
            account.merged(&documents[at].dataset);
        }
    }
    for flow in flows.values().filter(|flow| flow.lines > 1) {
        let document = &mut documents[flow.at];
        if let Some(line) = flow.of(document) {
            document.line = line;
        }
    }
    let mut gone = gone.into_iter();
    documents.retain(|_| gone.next() != Some(true));
}

impl Flow {
    fn new(at: usize) -> Self {
        Self { at, lines: 0, connections: 0, sent: 0, received: 0, last: Timestamp::default() }
    }

    fn gather(&mut self, part: Part, time: Timestamp) {
        self.lines += 1;
        self.connections += u64::from(part.act == Act::Open);
        self.sent += part.sent;
        self.received += part.received;
        self.last = time;
    }

    /// The line of its first connection made to stand for all of them.
    fn of(&self, first: &Document) -> Option<String> {
        let change = || -> serde_json::Result<Object<'_>> {
            let mut object = Object::parse(&first.line)?;
            object.within("vaectl", |vaectl| {
                vaectl.set("merged", &self.lines)?;
                vaectl.set("connections", &self.connections)
            })?;
            object.within("event", |event| {
                event.set("action", &"flow")?;
                event.set("type", &["connection"])?;
                event.set("start", &first.time)?;
                event.set("end", &self.last)?;
                event.remove("duration");
                Ok(())
            })?;
            object.within("source", |source| {
                // The port of whoever called was another one each time.
                source.remove("port");
                source.set("bytes", &self.sent)
            })?;
            object.within("destination", |destination| {
                // No port is number 0.
                if destination.get("port") == Some("0") {
                    destination.remove("port");
                }
                destination.set("bytes", &self.received)
            })?;
            Ok(object)
        };
        Some(change().ok()?.to_string())
    }
}

/// What the exit of a program says beyond its exec.
#[derive(Deserialize)]
struct Exit<'a> {
    #[serde(borrow)]
    process: Outcome<'a>,
    #[serde(borrow)]
    event: Lifetime<'a>,
}

#[derive(Deserialize)]
struct Outcome<'a> {
    #[serde(borrow, default)]
    exit_code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    end: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Lifetime<'a> {
    #[serde(borrow, default)]
    duration: Option<&'a RawValue>,
}

/// The line of an exec with the end of the program in it.
fn ended(exec: &str, exit: &str) -> Option<String> {
    let change = || -> serde_json::Result<Object<'_>> {
        let mut object = Object::parse(exec)?;
        let exit: Exit<'_> = serde_json::from_str(exit)?;
        let take = |object: &mut Object<'_>, name: &'static str, value: Option<&RawValue>| {
            if let Some(value) = value {
                object.put(name, Cow::Owned(value.to_owned()));
            }
        };
        object.within("process", |process| {
            take(process, "exit_code", exit.process.exit_code);
            take(process, "end", exit.process.end);
            Ok(())
        })?;
        object.within("event", |event| {
            take(event, "duration", exit.event.duration);
            event.set("type", &["start", "end"])
        })?;
        object.within("vaectl", |vaectl| vaectl.set("merged", &2))?;
        Ok(object)
    };
    Some(change().ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::account::Account;
    use crate::dead_letter::DeadLetters;
    use crate::document::Document;
    use crate::encode::{Encoder, Fate};
    use crate::{Ledger, Line};
    use serde_json::{Value, json};

    fn line(n: usize, action: &str, process: &str, more: &Value) -> String {
        let dataset = if matches!(action, "exec" | "exit" | "fork") { "vaectl.process" } else { "vaectl.network" };
        let mut line = json!({
            "type": "event", "vaectl": {"v": 1}, "@timestamp": format!("2026-11-24T00:00:{n:02}.000000000Z"),
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
            .map(|line| {
                let line = Line { bytes: line.clone().into(), ..Line::default() };
                match Encoder::default().encode(line, &mut ledger) {
                    Fate::Document(document) => document,
                    other => panic!("{other:?}"),
                }
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
            (&flow["@timestamp"], &json!("2026-11-24T00:00:09.000000000Z"))
        );
        assert_eq!((&flow["source"]["port"], &flow["source"]["ip"]), (&Value::Null, &json!("10.0.0.9")));
        assert_eq!(left[1]["event"]["action"], "accept");
    }

    #[test]
    fn what_belongs_to_different_incidents_or_ended_differently_stays_apart() {
        let case = |incident: &str| json!({"vaectl": {"incident": incident}});
        let failed = |errno: &str| {
            let mut failed = socket("outbound", "10.0.0.9", 443, 0);
            failed["event"] = json!({"outcome": "failure"});
            failed["vaectl"] = json!({"errno": errno});
            failed
        };
        let lines = [
            line(1, "exec", "a", &case("i-1")),
            line(2, "exit", "a", &case("i-2")),
            line(3, "connect", "a", &failed("ECONNREFUSED")),
            line(4, "connect", "a", &failed("EACCES")),
            line(5, "connect", "a", &socket("outbound", "10.0.0.9", 443, 0)),
            line(6, "fork", "a", &json!({})),
        ];
        let (left, merged) = merged(&lines);
        assert_eq!((left.len(), merged), (6, 0));
    }

    #[test]
    fn callers_of_another_service_of_the_same_process_stay_apart() {
        let lines = [80, 9000, 80].map(|port| {
            let mut socket = socket("inbound", "10.0.0.9", 50_000, 1);
            socket["destination"]["port"] = json!(port);
            line(1, "accept", "nginx", &socket)
        });
        let (left, merged) = merged(&lines);
        let ports = left.iter().map(|flow| flow["destination"]["port"].clone());
        assert_eq!((ports.collect::<Vec<_>>(), merged), (vec![json!(80), json!(9000)], 1));
    }
}
