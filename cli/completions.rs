use std::io::Write;

use clap::ValueEnum;
use clap_complete::{Generator, Shell};

use crate::context::Context;
use crate::error::{Exit, Failure};
use crate::settings;

/// Print the completions for a shell.
#[derive(clap::Args)]
pub(crate) struct Args {
    shell: Shell,
}

pub(crate) fn execute(args: &Args, context: Context) -> Result<Exit, Failure> {
    context.into_stdout().write_all(&script(args.shell))?;
    Ok(Exit::Done)
}

pub(crate) fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut settings::command(), "vaectl", &mut script);
    script
}

/// The script of every shell, by the name that the shell looks for.
pub(crate) fn files() -> Vec<(String, Vec<u8>)> {
    Shell::value_variants().iter().map(|&shell| (shell.file_name("vaectl"), script(shell))).collect()
}
