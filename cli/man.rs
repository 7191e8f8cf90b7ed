use std::io::Write;

use clap::Command;
use clap_mangen::Man;

use crate::context::Context;
use crate::error::{Exit, Failure};
use crate::settings;

/// Print a manual page.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The verb; without one, the page of vaectl itself.
    verb: Option<String>,
}

pub(crate) fn execute(args: &Args, context: Context) -> Result<Exit, Failure> {
    let name = args.verb.as_ref().map_or("vaectl".to_owned(), |verb| format!("vaectl-{verb}"));
    let page = pages()?.into_iter().find(|(page, _)| *page == name);
    let (_, page) = page.ok_or_else(|| Failure::usage(format!("there is no manual page {name}")))?;
    context.into_stdout().write_all(&page)?;
    Ok(Exit::Done)
}

/// Every page by its name.
pub(crate) fn pages() -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut command = settings::command().disable_help_subcommand(true);
    command.build();
    let mut all = Vec::new();
    collect("vaectl", &command, &mut all);
    all.into_iter()
        .map(|(name, command)| {
            let mut page = Vec::new();
            Man::new(command.display_name(&name).name(name.clone())).manual("vaectl").render(&mut page)?;
            Ok((name, page))
        })
        .collect()
}

/// A command under this name, and all that are below it.
fn collect(name: &str, command: &Command, pages: &mut Vec<(String, Command)>) {
    pages.push((name.to_owned(), command.clone()));
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        collect(&format!("{name}-{}", verb.get_name()), verb, pages);
    }
}
