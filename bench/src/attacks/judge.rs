//! An archive through training, scoring and evaluation, in this process.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use vaectl_evaluator::{Bar, EventReport, FalseEpisodes, Found, Method, Report, Truth, evaluate};
use vaectl_schemas::{DEFAULT_MAX_LINE_BYTES, LineReader, open};
use vaectl_scorer::Scorer;
use vaectl_trainer::Outcome;

use super::catalog;
use super::part::{LINES, NOT_MADE, TRUTH, is_apart};
use super::plan::LEARN;

/// The figures of an archive.
#[derive(Debug)]
pub struct Judged {
    /// All of them.
    pub report: Report,
    /// Attacks and changes that could not be made.
    pub not_made: usize,
    /// What became of images that have no model.
    pub untrained: Vec<String>,
}

/// The parts of an archive that models are made of, and those that are tests.
fn parts(archive: &Path) -> std::io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let folders = fs::read_dir(archive)?.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path());
    let mut whole: Vec<PathBuf> =
        folders.filter(|folder| folder.join(LINES).exists() && folder.extension().is_none()).collect();
    whole.sort();
    Ok(whole
        .into_iter()
        .partition(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(LEARN))))
}

/// Trains on an archive into `models`, scores what was attacked, and compares with the truth and with densities that
/// need no network.
pub fn judge(archive: &Path, models: &Path) -> Result<Judged, Box<dyn Error>> {
    Recorded::read(archive, LINES)?.judge(&vaectl_trainer::Config::new(models))
}

/// The lines of an archive.
#[derive(Clone)]
pub(super) struct Recorded {
    /// What models are made of.
    pub(super) learn: Vec<Vec<u8>>,
    /// What they are tried on, with its truth.
    pub(super) tests: Vec<(Vec<u8>, String)>,
}

impl Recorded {
    /// Reads this file of every part.
    pub(super) fn read(archive: &Path, file: &str) -> Result<Self, Box<dyn Error>> {
        Self::of(archive, archive, file)
    }

    /// Reads this file of the parts of one archive that models are made of, and of those of another that are tests.
    pub(super) fn of(learn: &Path, tests: &Path, file: &str) -> Result<Self, Box<dyn Error>> {
        let lines = |folder: &PathBuf| -> Result<Vec<u8>, Box<dyn Error>> {
            let mut lines = Vec::new();
            open(&folder.join(file))?.read_to_end(&mut lines)?;
            Ok(lines)
        };
        let test =
            |folder: &PathBuf| Ok::<_, Box<dyn Error>>((lines(folder)?, fs::read_to_string(folder.join(TRUTH))?));
        Ok(Self {
            learn: parts(learn)?.0.iter().map(lines).collect::<Result<_, _>>()?,
            tests: parts(tests)?.1.iter().map(test).collect::<Result<_, _>>()?,
        })
    }

    /// Trains, scores and evaluates, with other densities beside.
    pub(super) fn judge(&self, config: &vaectl_trainer::Config) -> Result<Judged, Box<dyn Error>> {
        let training = || self.learn.iter().map(Vec::as_slice);
        let trained = vaectl_trainer::train(config, training(), &mut |_| {})?;
        let untrained = trained.keys.iter().filter(|key| !matches!(key.outcome, Outcome::Trained(_)));
        let untrained = untrained.map(|key| key.name.clone()).collect();
        let verdicts =
            self.tests.iter().map(|(lines, _)| scored(lines, &config.models)).collect::<Result<Vec<_>, _>>()?;
        let truth = Truth::read(&self.tests.iter().map(|(_, truth)| truth.as_str()).collect::<String>())?;
        let training = vaectl_trainer::groups(training(), DEFAULT_MAX_LINE_BYTES)?;
        let bar = Bar { models: config.models.clone(), training };
        let config = vaectl_evaluator::Config::default();
        let evaluation = evaluate(&config, verdicts.iter().map(Vec::as_slice), &truth, Some(&bar))?;
        let not_made = self.tests.iter().map(|(_, truth)| truth.matches(NOT_MADE).count()).sum();
        Ok(Judged { report: evaluation.report, not_made, untrained })
    }
}

/// Verdicts with their windows beside them.
fn scored(lines: &[u8], models: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let config = vaectl_scorer::Config { pass_windows: true, ..vaectl_scorer::Config::new(models) };
    let (mut scorer, errors) = Scorer::new(config);
    if let Some(error) = errors.into_iter().next() {
        return Err(error.into());
    }
    let mut lines = LineReader::new(lines, DEFAULT_MAX_LINE_BYTES);
    let mut out = Vec::new();
    while let Some(line) = lines.next_line()? {
        scorer.line(&line, &mut out)?;
    }
    scorer.finish("eof", &mut out)?;
    Ok(out)
}

/// What became of an attack that has to be found within so many windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Kept,
    Broken,
    /// An incident about an earlier one was open throughout.
    Masked,
}

fn promise(event: &EventReport) -> Option<Promise> {
    let limit = catalog::by_name(&event.event)?.limit?;
    Some(match event.outcome {
        Found::Masked => Promise::Masked,
        _ if event.delay_windows.is_some_and(|windows| windows <= limit) => Promise::Kept,
        _ => Promise::Broken,
    })
}

impl Judged {
    /// Attacks that have a limit, and came to this.
    fn count(&self, promised: Promise) -> usize {
        self.report.events.iter().filter(|event| promise(event) == Some(promised)).count()
    }

    /// The share of attacks that were found within their limit, of those that have one and could be.
    #[must_use]
    pub fn recall(&self) -> f64 {
        let kept = self.count(Promise::Kept);
        kept as f64 / (kept + self.count(Promise::Broken)).max(1) as f64
    }

    /// Area under the ROC curve of the model's density alone, and the best of the other densities with its name.
    #[must_use]
    pub fn areas(&self) -> (f64, f64, &str) {
        let auroc = |method: &Method| method.density.map_or(0.0, |figures| figures.auroc);
        let mut methods = self.report.methods.iter();
        let own = methods.next().map_or(0.0, auroc);
        let best = methods.max_by(|a, b| auroc(a).total_cmp(&auroc(b)));
        best.map_or((own, 0.0, "none"), |best| (own, auroc(best), &best.name))
    }

    /// How often the benign change that alarms most did; what an operator does is counted apart.
    #[must_use]
    pub fn benign_alarms(&self) -> usize {
        let changes = self.report.changes.iter().filter(|change| !is_apart(&change.event));
        changes.map(|change| change.alarms).max().unwrap_or(0)
    }

    /// Found attacks of which one of the first three reasons is touched, as a share of those found.
    #[must_use]
    pub fn hit_at_3(&self) -> Option<f64> {
        self.report.hit_at_3.map(|hits| hits.hits as f64 / hits.of as f64)
    }

    /// The figures that the bench is for are reached, by nineteen of twenty attacks at least, since one that was masked, or
    /// could not be made, says nothing, and in so many hours at least in which nothing happened.
    #[must_use]
    pub fn is_reached(&self, steady_hours: f64) -> bool {
        let (kept, out) = (self.count(Promise::Kept), self.count(Promise::Masked) + self.not_made);
        let all = self.untrained.is_empty() && self.count(Promise::Broken) == 0 && kept >= (19 * out).max(1);
        let quiet = self.report.false_episodes.count == 0 && self.benign_alarms() <= 1;
        let steady = self.report.false_episodes.container_days * 24.0 >= steady_hours;
        let plain = self.report.methods.iter().skip(1).find_map(|method| method.hit_at_3).unwrap_or(0.0);
        all && quiet && steady && self.hit_at_3().is_some_and(|share| share >= plain.max(0.9))
    }

    /// There is at most one false episode a container and day, by the upper bound of their rate.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.untrained.is_empty() && self.report.false_episodes.upper_per_container_day.is_some_and(|most| most <= 1.0)
    }

    /// The last line of a soak.
    #[must_use]
    pub fn soak_line(&self) -> String {
        let FalseEpisodes { count, container_days, per_container_day, upper_per_container_day } =
            &self.report.false_episodes;
        format!(
            "bench soak: false_episodes={count} container_hours={:.2} false_a_day={:.2} false_a_day_at_most={:.2}",
            container_days * 24.0,
            per_container_day.unwrap_or(f64::NAN),
            upper_per_container_day.unwrap_or(f64::NAN),
        )
    }

    /// The last line of the bench.
    #[must_use]
    pub fn line(&self) -> String {
        let report = &self.report;
        let (own, best, name) = self.areas();
        let delays =
            report.events.iter().filter(|event| promise(event).is_some()).filter_map(|event| event.delay_windows);
        format!(
            "bench attacks: recall={:.2} delay_windows_max={} false_episodes={} steady_hours={:.2} benign_alarms_max={} \
             hit3={} auroc_vae={own:.4} auroc_best_baseline={best:.4} best_baseline={} kept={} broken={} masked={} \
             not_made={}",
            self.recall(),
            delays.max().unwrap_or(0),
            report.false_episodes.count,
            report.false_episodes.container_days * 24.0,
            self.benign_alarms(),
            self.hit_at_3().map_or("-".to_owned(), |share| format!("{share:.2}")),
            name.replace(' ', "_"),
            self.count(Promise::Kept),
            self.count(Promise::Broken),
            self.count(Promise::Masked),
            self.not_made,
        )
    }
}

impl fmt::Display for Judged {
    /// The report, and what was promised and not kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.report)?;
        for name in &self.untrained {
            writeln!(f, "no model of {name} could be made")?;
        }
        for event in self.report.events.iter().filter(|event| promise(event) == Some(Promise::Broken)) {
            let limit = catalog::by_name(&event.event).and_then(|attack| attack.limit).unwrap_or_default();
            let windows = event.delay_windows.map_or("never".to_owned(), |windows| format!("after {windows} windows"));
            writeln!(f, "late: {} on {}: {windows}, and {limit} were promised", event.event, event.container)?;
        }
        Ok(())
    }
}
