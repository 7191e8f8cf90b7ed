use std::collections::BTreeMap;

use vaectl_publisher::{Kin, forest};
use vaectl_schemas::{Event, ProcessRef};

use crate::printable::text;

/// More lines than these are counted instead of printed.
const LINES: usize = 60;
/// The host's first process is in no container.
const INIT: u32 = 1;

#[derive(Default)]
struct Node {
    pid: Option<u32>,
    /// The command lines that it was, one after the other; its name where it executed nothing here.
    commands: Vec<String>,
    name: Option<String>,
    exit: Option<i64>,
    parent: Option<String>,
}

/// The processes that acted below those that started them, oldest first.
pub(super) fn draw(events: &[Event<'_>]) -> String {
    let nodes = gather(events);
    let processes: Vec<_> =
        nodes.iter().map(|(id, node)| Kin { id, pid: node.pid, parent: node.parent.as_deref() }).collect();
    let mut lines: Vec<_> = forest(&processes)
        .into_iter()
        .map(|(id, depth)| format!("{}{}\n", "  ".repeat(depth), nodes[id].label()))
        .collect();
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    if more > 0 {
        lines.push(format!("... and {more} more processes\n"));
    }
    lines.concat()
}

impl Node {
    fn label(&self) -> String {
        let what =
            if self.commands.is_empty() { self.name.clone().unwrap_or("?".into()) } else { self.commands.join(" => ") };
        let pid = self.pid.map(|pid| format!(" [{pid}]"));
        let exit = self.exit.map(|code| format!(" exit {code}"));
        text(&(what + &pid.unwrap_or_default() + &exit.unwrap_or_default()))
    }
}

fn gather(events: &[Event<'_>]) -> BTreeMap<String, Node> {
    let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
    for event in events {
        let Some(process) = &event.process else { continue };
        let Some(id) = process.entity_id.as_deref() else { continue };
        let node = nodes.entry(id.to_owned()).or_default();
        node.pid = node.pid.or(process.pid);
        node.exit = node.exit.or(process.exit_code);
        if let Some(args) = process.args.as_ref().filter(|args| !args.is_empty()) {
            node.commands.push(args.join(" "));
        }
        let name = process.executable.as_ref().or(process.name.as_ref());
        node.name = node.name.take().or_else(|| name.map(|name| name.clone().into_owned()));
        let mut child = id.to_owned();
        for reference in process.parent.iter().chain(process.ancestors.iter().flatten()) {
            let Some(parent) = reference.entity_id.as_deref().filter(|parent| *parent != child) else { break };
            if reference.pid == Some(INIT) {
                break;
            }
            nodes.entry(child.clone()).or_default().parent.get_or_insert_with(|| parent.to_owned());
            let node = nodes.entry(parent.to_owned()).or_default();
            node.pid = node.pid.or(reference.pid);
            node.name = node.name.take().or_else(|| name_of(reference));
            parent.clone_into(&mut child);
        }
    }
    nodes
}

fn name_of(reference: &ProcessRef<'_>) -> Option<String> {
    reference.executable.as_ref().or(reference.name.as_ref()).map(|name| name.clone().into_owned())
}
