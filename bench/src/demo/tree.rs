//! Processes as a tree, put together from published events.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use vaectl_publisher::{Kin, forest};
use vaectl_schemas::{Event, ProcessRef};

/// More lines than these are counted instead of printed.
const LINES: usize = 24;

#[derive(Debug, Default)]
struct Node {
    pid: Option<u32>,
    /// What it is, or the command lines that it was, one after the other.
    label: Option<String>,
    executed: bool,
    parent: Option<String>,
    /// How often it did what.
    actions: BTreeMap<String, u64>,
}

/// The tree of the processes that acted, with their ancestors up to the container's entry process; oldest first.
pub(super) fn draw(events: &[Event<'_>], entry: Option<u32>) -> String {
    let nodes = gather(events, entry);
    let processes: Vec<_> =
        nodes.iter().map(|(id, node)| Kin { id, pid: node.pid, parent: node.parent.as_deref() }).collect();
    let mut lines: Vec<_> = forest(&processes)
        .into_iter()
        .map(|(id, depth)| format!("{}{}", "  ".repeat(depth), nodes[id].line()))
        .collect();
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    if more > 0 {
        lines.push(format!("... and {more} more processes"));
    }
    lines.join("\n")
}

/// The host's first process is no part of any container.
const INIT: u32 = 1;

fn gather(events: &[Event<'_>], entry: Option<u32>) -> BTreeMap<String, Node> {
    let leader = |event: &Event<'_>| event.process.as_ref()?.entry_leader.as_ref()?.pid;
    let leaders: BTreeSet<u32> = events.iter().filter_map(leader).chain(entry).collect();
    let ends = |pid: Option<u32>| pid.is_some_and(|pid| leaders.contains(&pid));
    let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
    for event in events {
        let Some(process) = &event.process else { continue };
        let Some(id) = process.entity_id.as_deref() else { continue };
        let mut line = process.parent.iter().chain(process.ancestors.iter().flatten());
        let mut child = id.to_owned();
        let mut over = ends(process.pid);
        let node = nodes.entry(child.clone()).or_default();
        node.pid = node.pid.or(process.pid);
        let merged = event.vaectl.merged.unwrap_or(1);
        *node.actions.entry(event.event.action.as_deref().unwrap_or("?").to_owned()).or_default() += merged;
        if let Some(args) = process.args.as_ref().filter(|args| !args.is_empty()) {
            let earlier = node.label.take().filter(|_| node.executed).map(|label| label + " => ");
            node.label = Some(earlier.unwrap_or_default() + &args.join(" "));
            node.executed = true;
        } else if node.label.is_none() {
            node.label = process.executable.as_ref().or(process.name.as_ref()).map(|name| name.clone().into_owned());
        }
        while let Some((reference, parent)) = line.next().and_then(|r| Some((r, r.entity_id.as_deref()?))) {
            if over || parent == child || reference.pid == Some(INIT) {
                break;
            }
            over = ends(reference.pid);
            nodes.entry(child).or_default().parent.get_or_insert_with(|| parent.to_owned());
            let node = nodes.entry(parent.to_owned()).or_default();
            node.pid = node.pid.or(reference.pid);
            if node.label.is_none() {
                node.label = name(reference);
            }
            child = String::from(parent);
        }
    }
    for node in nodes.values_mut().filter(|node| node.label.is_none() && ends(node.pid)) {
        node.label = Some("entry process".to_owned());
    }
    nodes
}

fn name(reference: &ProcessRef<'_>) -> Option<String> {
    reference.executable.as_ref().or(reference.name.as_ref()).map(|name: &Cow<'_, str>| name.clone().into_owned())
}

impl Node {
    /// What it is, and what it did.
    fn line(&self) -> String {
        let mut line = self.label.clone().unwrap_or_else(|| "process".to_owned());
        if let Some(pid) = self.pid {
            let _ = write!(line, " [{pid}]");
        }
        if !self.actions.is_empty() {
            let actions: Vec<_> = self.actions.iter().map(|(action, times)| format!("{action} {times}")).collect();
            let _ = write!(line, ": {}", actions.join(", "));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Event, EventInfo, Process, ProcessRef, Timestamp};

    use super::draw;

    fn event(action: &'static str, id: &'static str, args: &[&'static str], parent: &'static str) -> Event<'static> {
        let mut event = Event::new(Timestamp::default(), EventInfo::default());
        event.event.action = Some(action.into());
        event.process = Some(Process {
            entity_id: Some(id.into()),
            pid: id.strip_prefix('p').and_then(|pid| pid.parse().ok()),
            args: (!args.is_empty()).then(|| args.iter().map(|&arg| arg.into()).collect()),
            parent: Some(ProcessRef {
                entity_id: Some(parent.into()),
                name: Some("sh".into()),
                ..ProcessRef::default()
            }),
            ..Process::default()
        });
        event
    }

    #[test]
    fn children_stand_below_their_parents_with_what_they_did() {
        let events = [
            event("exec", "p7", &["/tmp/miner", "20"], "p5"),
            event("exec", "p5", &["sh", "-c", "miner"], "p1"),
            event("open", "p7", &[], "p5"),
            event("exec", "p7", &["kworkerd"], "p5"),
        ];
        let tree = "sh\n  sh -c miner [5]: exec 1\n    /tmp/miner 20 => kworkerd [7]: exec 2, open 1";
        assert_eq!(draw(&events, None), tree);
    }

    #[test]
    fn the_tree_begins_with_the_entry_process_of_the_container() {
        let mut grandchild = event("exec", "p7", &["/tmp/miner"], "p5");
        let process = grandchild.process.as_mut().unwrap();
        let reference = |id: &'static str| ProcessRef {
            entity_id: Some(id.into()),
            pid: id[1..].parse().ok(),
            name: Some(format!("is {id}").into()),
            ..ProcessRef::default()
        };
        process.ancestors = Some(vec![reference("p3"), reference("p1")]);
        process.entry_leader = Some(reference("p3"));
        let tree = "is p3 [3]\n  sh\n    /tmp/miner [7]: exec 1";
        assert_eq!(draw(&[grandchild.clone()], None), tree);
        assert_eq!(
            draw(&[event("accept", "p3", &["srv"], "p2")], Some(3)),
            "srv [3]: accept 1",
            "named by the harness"
        );
        let process = grandchild.process.as_mut().unwrap();
        process.entry_leader = None;
        assert_eq!(draw(&[grandchild], None), tree, "the host's first process stands on no tree");
    }
}
