use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use vaectl_evaluator::{Bar, Config, EvalError, Evaluation, Truth, evaluate};

use crate::context::{Context, Streams};
use crate::error::{Exit, Failure};
use crate::io::sources;
use crate::printable::{self, Format};

/// Compare verdicts with the truth: what was found, how soon, why, and at what price.
///
/// The truth is a CSV file `id,label,event,group` of windows (1 attacked, 0 calm, -1 left out), or JSON lines with
/// `container`, `began`, `ends` and `event`. Windows are ranked without a threshold; attacks and false episodes are counted
/// at the one that was in use.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files of verdicts, as `score` writes them, plain or zstd, or folders of such; standard input where there are none.
    files: Vec<PathBuf>,
    /// The truth.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Compare with densities that need no network, on the windows that `score --pass-windows` leaves beside its verdicts.
    #[arg(long, value_parser = BoolishValueParser::new())]
    baselines: bool,
    /// The folder of the models that judged, for the baselines.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// What the models were trained on, files or folders, for the baselines.
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    train: Vec<PathBuf>,
    /// How the figures look.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write pictures into this folder: ROC curves, and the score over time of every container that was attacked.
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
    /// The most windows that are compared with baselines, by which memory is bounded; of more, so many are drawn evenly.
    #[arg(long, value_name = "N", default_value = "50000")]
    sample: usize,
    /// How often runs are drawn anew for an interval.
    #[arg(long, value_name = "N", default_value = "1000")]
    resamples: usize,
    /// The seed of all draws.
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
}

pub(crate) fn execute(args: Args, context: Context) -> Result<Exit, Failure> {
    let truth = args.truth.as_ref().ok_or_else(|| {
        Failure::usage("no truth to compare with").hint("give --truth FILE: CSV `id,label,event,group`, or JSON lines")
    })?;
    let unreadable = |error| Failure::usage(format!("cannot read {}: {error}", truth.display()));
    let truth = Truth::read(&fs::read_to_string(truth).map_err(unreadable)?)?;
    let files = sources::with_folders(args.files)?;
    let strict = context.shared.strict;
    let max_line_bytes = context.shared.max_line_bytes;
    let config = Config { resamples: args.resamples, seed: args.seed, sample: args.sample, max_line_bytes };
    let Streams { input, mut output, signals: _signals, .. } = context.streams()?;
    let inputs = sources::open(&files, input)?.into_iter().map(|source| source.reader);
    let bar = match args.models.filter(|_| args.baselines) {
        None if args.baselines => return Err(incomplete()),
        Some(_) if args.train.is_empty() => return Err(incomplete()),
        None => None,
        Some(models) => {
            let files = sources::with_folders(args.train)?;
            let inputs = files.iter().map(|file| vaectl_schemas::open(file)).collect::<Result<Vec<_>, _>>();
            let inputs = inputs.map_err(|error| Failure::caused(Exit::Usage, &error))?;
            let training = vaectl_trainer::groups(inputs, config.max_line_bytes).map_err(EvalError::from)?;
            Some(Bar { models, training })
        }
    };
    let evaluation = evaluate(&config, inputs, &truth, bar.as_ref())?;
    if let Some(folder) = &args.pictures {
        write_pictures(&evaluation, folder)?;
    }
    let report = &evaluation.report;
    match args.format {
        Format::Table => write!(output, "{}", printable::lines(&report.to_string()))?,
        Format::Json => writeln!(output, "{}", printable::object(report)?)?,
    }
    output.finish()?;
    match report.malformed {
        0 => Ok(Exit::Done),
        bad if strict => Err(Failure::new(Exit::Partial, format!("{bad} lines could not be read"))),
        _ => Ok(Exit::Partial),
    }
}

fn incomplete() -> Failure {
    Failure::usage("baselines take the models that judged and what these were trained on")
        .hint("give --models DIR and --train PATH")
}

fn write_pictures(evaluation: &Evaluation, folder: &std::path::Path) -> Result<(), Failure> {
    let fail = |error| Failure::new(Exit::Host, format!("cannot write to {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(fail)?;
    for (name, text) in evaluation.pictures()? {
        fs::write(folder.join(name), text).map_err(fail)?;
    }
    Ok(())
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        let exit = match error {
            EvalError::Input(_) | EvalError::Picture { .. } => Exit::Host,
            EvalError::Truth { .. } | EvalError::Nothing(_) | EvalError::Training { .. } | EvalError::Train(_) => {
                Exit::Usage
            }
            EvalError::Model(_) => Exit::Model,
        };
        Self::caused(exit, &error)
    }
}
