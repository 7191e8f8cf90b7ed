use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use tracing::info;
use vaectl_schemas::Timestamp;
use vaectl_scorer::{ModelError, archived_before};
use vaectl_trainer::{Config, Progress, TrainError};

use crate::context::{Context, Streams};
use crate::error::{Exit, Failure};
use crate::io::signals::Cause;
use crate::io::sources;
use crate::{printable, units};

/// Learn a model for every image from its containers' windows.
///
/// Reads recordings, or an archive of `score`, from files, folders of files or standard input. At least one run of a
/// container teaches and one calibrates; what is left out is reported with its reason.
///
/// From cron: `vaectl train --archive DIR --since 7d --models DIR --promote --log-level warn`. It prints one line, ends
/// with 6 where another run has the lock of the models, and a running `score` reads what is new on SIGHUP.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files of lines, plain or zstd, or folders of such; standard input where there are none.
    files: Vec<PathBuf>,
    /// The archive of `score`: a folder of files.
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// Leave out windows before then: a time such as `2026-11-24T03:00:00Z`, or how long ago, such as `7d`. Files of an
    /// archive that are older are not read.
    #[arg(long, value_name = "TIME", value_parser = units::moment)]
    since: Option<Timestamp>,
    /// Make models of these keys alone; the windows of others still tell whether they are good.
    #[arg(long = "key", value_name = "KEY", value_delimiter = ',')]
    key: Vec<String>,
    /// Learn from windows of incidents too, of the keys that are named: what changed is here to stay. Give `--since` its beginning.
    #[arg(long, value_parser = BoolishValueParser::new())]
    accept: bool,
    /// Where a model is in use already, put the new one in use only where it is at least as good: no more false positives
    /// on the newest runs, which neither has seen, and no fewer true ones at that rate.
    #[arg(long, value_parser = BoolishValueParser::new())]
    promote: bool,
    /// How many versions of a model are kept, beside the one in use and the one before.
    #[arg(long, value_name = "N", default_value = "5")]
    keep: usize,
    /// The folder that models are written to.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// The seeds: one network is trained for each.
    #[arg(long, alias = "seed", value_name = "LIST", value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// How many samples of the latent space are decoded for one window.
    #[arg(long, value_name = "N", default_value = "16")]
    draws: usize,
    /// The most passes over the data; as many as help where absent.
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// The weight of the latent part of the loss.
    #[arg(long, value_name = "NUMBER", default_value = "0.5")]
    beta: f32,
    /// Keep a model that learned no more than a distance from the mean, though its windows have more to learn.
    #[arg(long, value_parser = BoolishValueParser::new())]
    allow_collapsed: bool,
    /// How the report looks; one line with --promote, else a table.
    #[arg(long, value_name = "FORMAT")]
    report: Option<ReportFormat>,
}

/// How a report looks.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReportFormat {
    /// A table.
    Text,
    /// One line.
    Line,
    /// One JSON object.
    Json,
}

impl Args {
    /// From when on windows are read, where that was said.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.since
    }

    fn resolve(self, max_line_bytes: usize) -> Result<Config, Failure> {
        if self.accept && self.key.is_empty() {
            return Err(Failure::usage("incidents of every image would be learned").hint("give --key with --accept"));
        }
        let models = self.models.ok_or_else(|| Failure::usage("no folder for models").hint("give --models DIR"))?;
        let mut config = Config::new(models);
        config.seeds = self.seeds;
        config.draws = self.draws;
        config.epochs = self.epochs;
        config.beta = self.beta;
        config.allow_collapsed = self.allow_collapsed;
        config.max_line_bytes = max_line_bytes;
        config.keys = self.key;
        config.since = self.since;
        config.accept = self.accept;
        config.promote = self.promote;
        config.keep = self.keep;
        Ok(config)
    }
}

pub(crate) fn execute(mut args: Args, context: Context) -> Result<Exit, Failure> {
    let is_archive = args.archive.is_some() && args.files.is_empty();
    args.files.extend(args.archive.take());
    let files = sources::with_folders(std::mem::take(&mut args.files))?;
    let from_stdin = files.is_empty();
    let files = args.since.map_or_else(|| files.clone(), |since| not_before(since, &files));
    let usual = if args.promote { ReportFormat::Line } else { ReportFormat::Text };
    let (format, strict) = (args.report.unwrap_or(usual), context.shared.strict);
    let config = args.resolve(context.shared.max_line_bytes)?;
    let Streams { input, mut output, requests, signals: _signals, .. } = context.streams()?;
    let sources = if files.is_empty() && !from_stdin { Vec::new() } else { sources::open(&files, input)? };
    let inputs = sources.into_iter().map(|source| source.reader);
    let report = vaectl_trainer::train(&config, inputs, &mut |progress| {
        if matches!(requests.cause(), Some((Cause::Signal, _))) {
            // Half of the windows are no model; files are renamed into place, so none is left half written.
            std::process::exit(Exit::Partial as i32);
        }
        tell(progress);
    })?;
    match format {
        ReportFormat::Text => write!(output, "{}", printable::lines(&report.to_string()))?,
        ReportFormat::Line => writeln!(output, "vaectl train: {}", printable::text(&report.summary()))?,
        ReportFormat::Json => writeln!(output, "{}", printable::object(&report)?)?,
    }
    output.finish()?;
    if report.trained() + report.kept() == 0 || report.refused() > 0 {
        let what = match report.refused() {
            0 => "no model was trained".to_owned(),
            refused => format!("{refused} models were refused"),
        };
        return Err(Failure::new(Exit::Model, what).hint("the report says why of every image"));
    }
    // The newest file of an archive is being written.
    let expected = if is_archive { report.cut_lines() } else { 0 };
    Ok(match report.bad_lines() - expected {
        0 => Exit::Done,
        bad if strict => return Err(Failure::new(Exit::Partial, format!("{bad} lines could not be read"))),
        _ => Exit::Partial,
    })
}

/// The files without those of an archive that hold nothing but older windows.
fn not_before(since: Timestamp, files: &[PathBuf]) -> Vec<PathBuf> {
    let old = |file: &PathBuf| archived_before(file).is_some_and(|end| end <= since);
    let (old, files): (Vec<PathBuf>, _) = files.iter().cloned().partition(old);
    if !old.is_empty() {
        info!(files = old.len(), "Older files of the archive are not read.");
    }
    files
}

fn tell(progress: Progress) {
    match progress {
        Progress::Read { inputs } => info!(inputs, "Read an input."),
        // A line for every pass would hide the rest.
        Progress::Fit { epoch, .. } if epoch % 10 != 0 => {}
        Progress::Fit { name, seed, epoch, epochs } => info!(name, seed, epoch, epochs, "Fitting a network."),
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        let exit = match error {
            TrainError::Input(_) => Exit::Host,
            TrainError::Model(ModelError::Busy { .. }) => Exit::Busy,
            TrainError::Model(_) => Exit::Model,
            TrainError::Config(_) => Exit::Usage,
        };
        Self::caused(exit, &error)
    }
}
