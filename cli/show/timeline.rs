use vaectl_schemas::{Endpoint, Event, Timestamp};

use super::story::Story;
use crate::printable::{columns, text};

/// What happened, in order; what a process did again and again in a row is one line with a number.
pub(super) fn draw(story: &Story) -> String {
    let verdicts = story.verdicts.iter().map(|verdict| {
        let reason = verdict.event.reason.as_deref().unwrap_or_default();
        (
            verdict.timestamp,
            Entry { action: format!("-> {}", verdict.vaectl.state), detail: text(reason), ..Entry::default() },
        )
    });
    let events = story.events.iter().map(|event| (event.timestamp, Entry::of(event)));
    let mut entries: Vec<(Timestamp, Entry)> = verdicts.chain(events).collect();
    entries.sort_by_key(|(time, _)| *time);
    let mut rows: Vec<(Timestamp, Entry, u64)> = Vec::new();
    for (time, entry) in entries {
        match rows.last_mut() {
            Some((_, last, times)) if *last == entry => *times += 1,
            _ => rows.push((time, entry, 1)),
        }
    }
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(time, entry, times)| {
            let times = if times > 1 { format!(" ({times} times)") } else { String::new() };
            vec![time.to_string()[11..23].to_owned(), entry.action, entry.who, entry.detail + &times]
        })
        .collect();
    columns(&rows)
}

#[derive(Default, PartialEq, Eq)]
struct Entry {
    action: String,
    who: String,
    detail: String,
}

impl Entry {
    fn of(event: &Event<'_>) -> Self {
        let process = event.process.as_ref();
        let who = process.map(|process| {
            let name = process.name.as_deref().or(process.executable.as_deref()).unwrap_or("?");
            process.pid.map_or_else(|| name.to_owned(), |pid| format!("{name} [{pid}]"))
        });
        let action = event.event.action.as_deref().unwrap_or("?");
        let failed = event.event.outcome.as_deref() == Some("failure");
        let errno = event.vaectl.errno.as_deref().or(failed.then_some("failed"));
        let detail = [detail(event), errno.map(|errno| format!("({errno})"))];
        Self {
            action: text(action),
            who: text(&who.unwrap_or_default()),
            detail: text(&detail.into_iter().flatten().collect::<Vec<_>>().join(" ")),
        }
    }
}

fn detail(event: &Event<'_>) -> Option<String> {
    if let Some(file) = &event.file {
        let path = file.path.as_deref().unwrap_or("?");
        return Some(file.target_path.as_ref().map_or_else(|| path.to_owned(), |to| format!("{path} -> {to}")));
    }
    if let Some(network) = &event.network {
        let peer = peer(event)?;
        let times = event.vaectl.connections.filter(|&n| n > 1).map(|n| format!(", {n} connections"));
        let direction = if network.direction.as_deref() == Some("inbound") { "from" } else { "to" };
        return Some(format!("{direction} {peer}{}", times.unwrap_or_default()));
    }
    let process = event.process.as_ref()?;
    let exit = process.exit_code.map(|code| format!("exit {code}"));
    let args = process.args.as_ref().map(|args| args.join(" "));
    match (args, exit) {
        (Some(args), Some(exit)) => Some(format!("{args}  ({exit})")),
        (args, exit) => args.or(exit).or_else(|| event.vaectl.call.clone()),
    }
}

/// The other side: who called, or who was called; the port of a caller means nothing.
pub(super) fn peer(event: &Event<'_>) -> Option<String> {
    let address = |end: &Endpoint<'_>| Some(end.ip.as_deref().or(end.address.as_deref())?.to_owned());
    if event.network.as_ref()?.direction.as_deref() == Some("inbound") {
        return address(event.source.as_ref()?);
    }
    let destination = event.destination.as_ref()?;
    let port = destination.port.filter(|&port| port > 0).map(|port| format!(" port {port}"));
    Some(address(destination)? + &port.unwrap_or_default())
}
