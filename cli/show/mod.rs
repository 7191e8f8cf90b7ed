//! One incident, told: when, why, what ran, whom it talked to, what it touched.

mod story;
mod timeline;
mod touched;
mod tree;

use std::io::Write;

use clap::builder::BoolishValueParser;
use vaectl_publisher::Target;
use vaectl_schemas::Image;

use self::story::Story;
use crate::context::Context;
use crate::error::{Exit, Failure};
use crate::incidents::repository;
use crate::printable;
use crate::server::ServerArgs;

/// Print one incident: its timeline, process tree, reasons, peers and files.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The incident's id, or the beginning of it.
    incident: String,
    /// The repository: `dir:PATH`, or the URL of an Elasticsearch server.
    #[arg(long, value_name = "TARGET")]
    from: Option<Target>,
    /// The most events that are read.
    #[arg(long, value_name = "N", default_value = "10000")]
    limit: usize,
    /// Print the lines as they were published, in the order of their time.
    #[arg(long, value_parser = BoolishValueParser::new())]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) fn execute(args: Args, context: Context) -> Result<Exit, Failure> {
    let repository = repository(args.from.as_ref(), args.server)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let lines = runtime.block_on(repository.lines(&args.incident, args.limit))?;
    let story = Story::of(&lines, args.limit);
    let listed = "vaectl incidents lists those that there are";
    match story.ids().as_slice() {
        [] => return Err(Failure::usage(format!("there is no incident {:?}", args.incident)).hint(listed)),
        [_] => {}
        several => {
            let message = format!("{:?} is the beginning of {} incidents", args.incident, several.len());
            return Err(Failure::usage(message).hint(format!("give more of one of {}", several.join(", "))));
        }
    }
    let mut out = context.into_stdout();
    if args.json {
        lines.iter().try_for_each(|line| writeln!(out, "{}", printable::json(line)))?;
    } else {
        write!(out, "{story}")?;
    }
    Ok(Exit::Done)
}

/// An image as people name it.
pub(crate) fn image(image: &Image<'_>) -> String {
    let name = image.name.as_deref().unwrap_or("?");
    image.tag.as_deref().map_or_else(|| name.to_owned(), |tag| format!("{name}:{tag}"))
}
