//! The command line of `vaectl`: arguments, configuration, standard streams, signals and exit codes.
//!
//! The stages themselves are library crates that know none of these. One file a verb; what all verbs share is in
//! `settings` (what was asked for), `io` (the pipe) and `error` (how a failure leaves).

mod args;
mod check;
mod completions;
mod context;
mod error;
mod eval;
mod incidents;
mod io;
mod logging;
mod man;
mod model;
mod printable;
mod publish;
mod reconcile;
mod record;
mod run;
mod schema;
mod score;
mod server;
mod settings;
mod show;
mod train;
mod units;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::fs::FileType;

use crate::args::{Cli, Verb};
use crate::context::Context;
pub use crate::error::Exit;
use crate::error::Failure;
use crate::settings::Refusal;

/// How long a failing exit waits that came before the settings were known: as by default.
const EXIT_WAIT: Duration = Duration::from_secs(1);

/// Runs one command, as the program does, and returns how it ends. Can be called any number of times.
///
/// `args` begin with the program's name. A stage takes over the process's signals while it runs.
pub fn run(args: impl IntoIterator<Item = OsString>, stdin: OwnedFd, stdout: OwnedFd) -> Exit {
    let args: Vec<_> = args.into_iter().collect();
    let Ok(kept) = stdout.as_fd().try_clone_to_owned() else { return Exit::Host };
    let (wait, exit) = match settings::resolve(&args) {
        Ok(cli) => (cli.shared.exit_wait, start(cli, stdin, stdout)),
        Err(refusal) => (EXIT_WAIT, refuse(&refusal, stdout)),
    };
    if exit != Exit::Done && is_pipe(kept.as_fd()) {
        // Shippers restart a stage at once; a host that cannot would be asked without end.
        std::thread::sleep(wait);
    }
    exit
}

fn start(cli: Cli, stdin: OwnedFd, stdout: OwnedFd) -> Exit {
    let Cli { shared, verb } = cli;
    let format = shared.log_format;
    logging::start(format, shared.log_level);
    if shared.with_parent {
        // Where the kernel refuses, the stage still ends with its pipe.
        let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
    }
    execute(verb, Context { shared, stdin, stdout }).unwrap_or_else(|failure| {
        logging::fail(format, &failure);
        failure.exit()
    })
}

fn execute(verb: Verb, context: Context) -> Result<Exit, Failure> {
    match verb {
        Verb::Record(args) => record::execute(args, context),
        Verb::Train(args) => train::execute(args, context),
        Verb::Score(args) => score::execute(args, context),
        Verb::Eval(args) => eval::execute(args, context),
        Verb::Model(args) => model::execute(args, context),
        Verb::Publish(args) => publish::execute(args, context),
        Verb::Run(args) => run::execute(&args, context),
        Verb::Incidents(args) => incidents::execute(args, context),
        Verb::Show(args) => show::execute(args, context),
        Verb::Check(args) => check::execute(&args, context),
        Verb::Schema(args) => schema::execute(&args, context),
        Verb::Completions(args) => completions::execute(&args, context),
        Verb::Man(args) => man::execute(&args, context),
    }
}

/// Help and version on standard output, what is wrong on standard error.
fn refuse(refusal: &Refusal, stdout: OwnedFd) -> Exit {
    match refusal {
        Refusal::Failure(failure) => {
            logging::say(format_args!("{failure}\n"));
            failure.exit()
        }
        Refusal::Clap(answer) if answer.use_stderr() => {
            logging::say(format_args!("{answer}"));
            Exit::Usage
        }
        Refusal::Clap(answer) => {
            let written = write!(File::from(stdout), "{answer}").map_err(Failure::from);
            written.err().map_or(Exit::Done, |failure| failure.exit())
        }
    }
}

fn is_pipe(fd: BorrowedFd<'_>) -> bool {
    rustix::fs::fstat(fd)
        .is_ok_and(|stat| matches!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo | FileType::Socket))
}

/// Every generated file of the repository: its path below the root, and what it has to contain.
///
/// The checked-in copies are compared with these by a test.
#[must_use]
pub fn generated() -> Vec<(String, Vec<u8>)> {
    let schemas = schema::all()
        .into_iter()
        .map(|(name, schema)| (format!("schemas/{name}.schema.json"), format!("{schema:#}\n").into_bytes()));
    let pages = man::pages().unwrap_or_default().into_iter().map(|(name, page)| (format!("man/{name}.1"), page));
    let completions = completions::files().into_iter().map(|(name, script)| (format!("completions/{name}"), script));
    schemas.chain(pages).chain(completions).collect()
}
