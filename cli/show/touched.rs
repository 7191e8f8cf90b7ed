//! Whom the processes talked to, and what files they touched.

use std::collections::{BTreeMap, BTreeSet};

use vaectl_schemas::Event;

use super::timeline::peer;
use crate::printable::{columns, text};
use crate::units;

/// More of a kind than these are counted instead of printed.
const ROWS: usize = 40;

#[derive(Default)]
struct Talk {
    connections: u64,
    out: u64,
    back: u64,
    programs: BTreeSet<String>,
}

/// A row for each peer: connections, bytes from who called and back, and who talked.
pub(super) fn peers(events: &[Event<'_>]) -> String {
    let mut talks: BTreeMap<(String, String), Talk> = BTreeMap::new();
    for event in events {
        let (Some(network), Some(peer)) = (&event.network, peer(event)) else { continue };
        let direction = network.direction.as_deref().unwrap_or("?").to_owned();
        let talk = talks.entry((direction, peer)).or_default();
        let begins = matches!(event.event.action.as_deref(), Some("connect" | "accept"));
        talk.connections += event.vaectl.connections.unwrap_or(u64::from(begins));
        talk.out += event.source.as_ref().and_then(|source| source.bytes).unwrap_or_default();
        talk.back += event.destination.as_ref().and_then(|destination| destination.bytes).unwrap_or_default();
        talk.programs.insert(program(event));
    }
    let rows = talks.into_iter().map(|((direction, peer), talk)| {
        let bytes = format!("{} there, {} back", units::bytes(talk.out as f64), units::bytes(talk.back as f64));
        let programs: Vec<_> = talk.programs.into_iter().collect();
        vec![text(&direction), text(&peer), format!("{} connections", talk.connections), bytes, programs.join(", ")]
    });
    table(rows.collect())
}

/// A row for each file: what was done to it, and by whom.
pub(super) fn files(events: &[Event<'_>]) -> String {
    let mut files: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for event in events {
        // An exec names its program's file too.
        let Some(file) = event.file.as_ref().filter(|_| event.event.action.as_deref() != Some("exec")) else {
            continue;
        };
        let action = event.event.action.as_deref().unwrap_or("?");
        for path in [&file.path, &file.target_path].into_iter().flatten() {
            let (actions, programs) = files.entry(text(path)).or_default();
            actions.insert(text(action));
            programs.insert(program(event));
        }
    }
    let joined = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(", ");
    table(files.into_iter().map(|(path, (actions, programs))| vec![path, joined(actions), joined(programs)]).collect())
}

fn program(event: &Event<'_>) -> String {
    let process = event.process.as_ref();
    text(process.and_then(|process| process.executable.as_deref().or(process.name.as_deref())).unwrap_or("?"))
}

fn table(mut rows: Vec<Vec<String>>) -> String {
    let more = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    let more = if more > 0 { format!("... and {more} more\n") } else { String::new() };
    columns(&rows) + &more
}
