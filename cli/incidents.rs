use std::collections::BTreeMap;
use std::io::Write;

use clap::builder::BoolishValueParser;
use vaectl_publisher::{Repository, Target};
use vaectl_schemas::{Incident, Timestamp};

use crate::context::Context;
use crate::error::{Exit, Failure};
use crate::server::ServerArgs;
use crate::{printable, units};

/// List the incidents in a repository.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The repository: `dir:PATH`, or the URL of an Elasticsearch server.
    #[arg(long, value_name = "TARGET")]
    from: Option<Target>,
    /// Those since then: a time such as `2026-11-24T03:00:00Z`, or how long ago, such as `12h`.
    #[arg(long, value_name = "TIME", value_parser = units::moment)]
    since: Option<Timestamp>,
    /// Print the last line of each incident as it was published, instead of a table.
    #[arg(long, value_parser = BoolishValueParser::new())]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Opens a repository for reading.
pub(crate) fn repository(from: Option<&Target>, server: ServerArgs) -> Result<Repository, Failure> {
    let target = from.ok_or_else(|| {
        Failure::usage("no repository to read").hint("give --from dir:PATH or --from https://HOST:9200")
    })?;
    Ok(Repository::open(target, &server.resolve()?)?)
}

pub(crate) fn execute(args: Args, context: Context) -> Result<Exit, Failure> {
    let repository = repository(args.from.as_ref(), args.server)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let lines = runtime.block_on(repository.incidents(args.since))?;
    let mut incidents: BTreeMap<(Timestamp, String), (String, Option<String>)> = BTreeMap::new();
    for line in lines {
        // What is no incident of this version is not listed.
        let Ok(incident) = serde_json::from_str::<Incident<'_>>(&line) else { continue };
        let reason = incident.event.reason.as_deref().map(str::to_owned);
        let closed = incident.vaectl.closed.is_some();
        let entry = incidents.entry((incident.vaectl.opened, incident.vaectl.incident)).or_default();
        // The opening says why, the closing how it went on.
        if !closed || entry.1.is_none() {
            entry.1 = reason;
        }
        if closed || entry.0.is_empty() {
            entry.0 = line;
        }
    }
    let mut out = context.into_stdout();
    if args.json {
        incidents.values().try_for_each(|(line, _)| writeln!(out, "{}", printable::json(line)))?;
        return Ok(Exit::Done);
    }
    let heads = ["OPENED", "LASTED", "CONTAINER", "IMAGE", "EVENTS", "INCIDENT", "REASON"];
    let mut rows = vec![heads.map(str::to_owned).into()];
    for (line, reason) in incidents.values() {
        if let Ok(incident) = serde_json::from_str::<Incident<'_>>(line) {
            rows.push(row(&incident, reason.as_deref()));
        }
    }
    write!(out, "{}", printable::columns(&rows))?;
    Ok(Exit::Done)
}

fn row(incident: &Incident<'_>, reason: Option<&str>) -> Vec<String> {
    let info = &incident.vaectl;
    let container = incident.container.as_ref();
    let image = container.and_then(|container| container.image.as_ref());
    let name = container.and_then(|container| container.name.as_deref().or(container.id.as_deref()));
    vec![
        units::seconds(info.opened),
        info.closed.map_or("open".into(), |closed| units::span(info.opened, closed)),
        printable::text(name.unwrap_or("?")),
        image.map_or("?".into(), |image| printable::text(&crate::show::image(image))),
        info.events.to_string(),
        printable::text(&info.incident),
        printable::text(reason.unwrap_or_default()),
    ]
}
