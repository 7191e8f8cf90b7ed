//! The options that all verbs share, and the list of verbs.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};

use crate::logging::{LogFormat, LogLevel};
use crate::{check, completions, eval, incidents, man, model, publish, record, run, schema, score, show, train, units};

/// Container forensics without the flood.
///
/// Stages are joined by pipes: `vaectl record | vaectl score --models DIR | vaectl publish --to dir:OUT`. One JSON
/// object a line crosses each pipe; logs go to standard error.
#[derive(Parser)]
#[command(name = "vaectl", version, max_term_width = 100, after_help = SOURCES, after_long_help = LONG)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const SOURCES: &str = "An option may also stand in a TOML file (--config) or in the environment: \
`--max-line-bytes` is `max-line-bytes` there, VAECTL_MAX_LINE_BYTES here. Flags win over the environment, the \
environment over the file.";

const LONG: &str = "Configuration: every option with a long name may also stand in a TOML file (`--config FILE`), under \
the verb's own table (`[record]`, `[score]`, ...) or, where it holds for every verb, at the top; and in the environment \
as VAECTL_ and its name in capitals (`--max-line-bytes` is VAECTL_MAX_LINE_BYTES). Flags win over the environment, the \
environment over the file.

Exit codes: 0 done, or nobody reads standard output any more; 1 done, but some lines or documents failed; 2 wrong usage \
or configuration; 3 this host cannot, and the message names what is missing; 4 the peer refused; 5 a model could not be \
made or used; 6 another run is changing the models. Where standard output is a pipe, a failing stage waits one second before it leaves, because shippers \
restart it at once.

Signals: SIGTERM and SIGINT write what is whole, then drain and end within four seconds; a second one ends at once. \
SIGHUP makes `score` read its models again.";

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every verb")]
pub(crate) struct Shared {
    /// TOML file with options; `[record]`, `[score]` and so on hold those of one verb.
    #[arg(long, short = 'c', global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How log lines on standard error look.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// The least severe line that is logged.
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: LogLevel,
    /// The longest line that is written, and accepted.
    #[arg(long, global = true, value_name = "SIZE", default_value = "64K", value_parser = units::size)]
    pub(crate) max_line_bytes: usize,
    /// Make a malformed line fatal instead of quoting it in a dead letter.
    #[arg(long, global = true, value_parser = BoolishValueParser::new())]
    pub(crate) strict: bool,
    /// How long a failing exit waits where standard output is a pipe.
    #[arg(long, global = true, hide = true, default_value = "1s", value_parser = units::duration)]
    pub(crate) exit_wait: Duration,
    /// End as by SIGTERM when the process that started this one is gone.
    #[arg(long, global = true, hide = true)]
    pub(crate) with_parent: bool,
    /// Begin the output with a line end: the process that this one replaces may have left half a line.
    #[arg(long, global = true, hide = true)]
    pub(crate) resumed: bool,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    Record(record::Args),
    Train(train::Args),
    Score(score::Args),
    Eval(eval::Args),
    Model(model::Args),
    Publish(Box<publish::Args>),
    Run(run::Args),
    Incidents(incidents::Args),
    Show(show::Args),
    Check(check::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
}
