use std::io;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use tracing::warn;
use vaectl_schemas::LineReader;
use vaectl_scorer::{ArchiveConfig, Config, ModelError, ScoreError, Scorer};

use crate::context::{Context, Streams};
use crate::error::{Exit, Failure};
use crate::io::backlog::Backlog;
use crate::io::leases::Leases;
use crate::io::manager::{LEARNABLE, Manager};
use crate::io::output::{BLOCK, Output};
use crate::io::signals::Cause;
use crate::units;

/// Judge windows by their models, and let through the events that a verdict calls for.
///
/// Reads lines from standard input. A container without a model stays `unknown`; with an empty folder of models this
/// only fills the archive that `train` reads. SIGHUP reads the models again.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder of models; it may be empty or missing.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Keep windows with their states in this folder, for `train`.
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// The most that the archive may hold; the oldest goes first.
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = units::size)]
    archive_bytes: usize,
    /// Keep in this folder what was learned of each container, over a restart.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Ask the recorder that listens on this socket to watch each container as deep as its state calls for.
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,
    /// Score what runs outside containers as one more container.
    #[arg(long, value_parser = BoolishValueParser::new())]
    host: bool,
    /// Pass windows on beside their verdicts.
    #[arg(long, value_parser = BoolishValueParser::new())]
    pass_windows: bool,
    /// How much of events all containers together may have held back.
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = units::size)]
    hold_bytes: usize,
    /// How many containers are told apart.
    #[arg(long, value_name = "N", default_value = "4096")]
    max_containers: usize,
    /// How many events a second are published of all containers without an exact model.
    #[arg(long, value_name = "N", default_value = "50")]
    events_per_second: u32,
    /// The room for lines that wait for a slow reader.
    #[arg(long, value_name = "SIZE", default_value = "16M", value_parser = units::size)]
    backlog_bytes: usize,
}

impl Args {
    /// The archive and the models, where both were named: what training takes and makes.
    pub(crate) fn archive_and_models(&self) -> Option<(&Path, &Path)> {
        self.archive.as_deref().zip(self.models.as_deref())
    }

    /// The control socket that was asked for.
    pub(crate) fn control(&self) -> Option<&Path> {
        self.control.as_deref()
    }

    fn resolve(self, strict: bool, max_line_bytes: usize) -> Result<Config, Failure> {
        let models = self
            .models
            .ok_or_else(|| Failure::usage("no folder of models").hint("give --models DIR; it may be empty"))?;
        let mut config = Config::new(models);
        config.archive =
            self.archive.map(|dir| ArchiveConfig { max_bytes: self.archive_bytes as u64, ..ArchiveConfig::new(dir) });
        config.state = self.state;
        config.host = self.host;
        config.pass_windows = self.pass_windows;
        config.strict = strict;
        config.max_line_bytes = max_line_bytes;
        config.hold_bytes = self.hold_bytes;
        config.max_containers = self.max_containers;
        config.events_per_second = self.events_per_second;
        Ok(config)
    }
}

pub(crate) fn execute(args: Args, context: Context) -> Result<Exit, Failure> {
    let backlog = Backlog::new(args.backlog_bytes);
    let mut leases = args.control.clone().map(Leases::to);
    let max_line_bytes = context.shared.max_line_bytes;
    let config = args.resolve(context.shared.strict, max_line_bytes)?;
    let streams = context.streams_with(backlog)?;
    let (mut scorer, errors) = Scorer::new(config);
    let mut bad_models = report(&errors);
    score(&mut scorer, streams, max_line_bytes, &mut leases, &mut bad_models)?;
    Ok(match (bad_models, scorer.malformed()) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::Partial,
        _ => Exit::Model,
    })
}

/// Scores until the input ends. Whatever is at hand is judged together, and nothing waits once the input pauses.
fn score(
    scorer: &mut Scorer,
    streams: Streams<Backlog>,
    max_line_bytes: usize,
    leases: &mut Option<Leases>,
    bad_models: &mut usize,
) -> Result<(), Failure> {
    let Streams { input, output, requests, signals: _signals, watchdog } = streams;
    let mut lines = LineReader::new(input, max_line_bytes);
    let mut out = Vec::with_capacity(2 * BLOCK);
    let ended = loop {
        let mut due = watchdog.feed();
        if requests.take_reload() {
            *bad_models = report(&scorer.reload());
        }
        match lines.next_line() {
            // A line that the stage itself cut by ending is nobody's mistake.
            Ok(Some(line)) if line.unterminated && requests.cause().is_some() => break Ok(()),
            Ok(Some(line)) => {
                if let Err(error) = scorer.line(&line, &mut out) {
                    break Err(error);
                }
                // Input that never pauses would keep the recorder waiting for its leases.
                if let Some(leases) = leases.as_mut().filter(|leases| leases.is_pressing()) {
                    if let Err(error) = scorer.flush(&mut out) {
                        break Err(error);
                    }
                    leases.send(scorer.watches());
                }
                if out.len() >= BLOCK {
                    hand_over(&output, &mut out)?;
                }
            }
            Ok(None) => break Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if let Err(error) = scorer.flush(&mut out) {
                    break Err(error);
                }
                if let Some(leases) = leases {
                    leases.send(scorer.watches());
                    due = Some(due.map_or(leases.due(), |due| due.min(leases.due())));
                }
                *bad_models += report(&scorer.take_complaints());
                tell_learnable(&scorer.take_learnable());
                hand_over(&output, &mut out)?;
                output.flusher().flush();
                lines.input_mut().wait(due)?;
            }
            Err(error) => return Err(error.into()),
        }
    };
    let cause = match (&ended, requests.cause()) {
        (Err(_), _) => "error",
        (_, Some((Cause::Signal, _))) => "signal",
        _ => "eof",
    };
    // A line that ends everything ends it here too: what was gathered with it is gone through once.
    let finished = scorer.finish(cause, &mut out);
    *bad_models += report(&scorer.take_complaints());
    hand_over(&output, &mut out)?;
    output.finish()?;
    Ok(ended.and(finished)?)
}

fn hand_over(output: &Output<Backlog>, out: &mut Vec<u8>) -> io::Result<()> {
    if !out.is_empty() {
        output.push(out)?;
        out.clear();
    }
    Ok(())
}

/// Tells `run`, where it started this stage, what there is to learn from.
fn tell_learnable(keys: &[String]) {
    if !keys.is_empty() {
        let manager = Manager::from_environment();
        for key in keys {
            manager.tell(&format!("{LEARNABLE}{key}"));
        }
    }
}

fn report(errors: &[ModelError]) -> usize {
    for error in errors {
        warn!(%error, "A model is not used.");
    }
    errors.len()
}

impl From<ScoreError> for Failure {
    fn from(error: ScoreError) -> Self {
        Self::caused(Exit::Partial, &error)
    }
}
