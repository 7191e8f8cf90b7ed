//! An archive through training, scoring and evaluation, in this process.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use vaectl_evaluator::{Bar, EventReport, Found, Method, Report, Truth, evaluate};
use vaectl_schemas::{DEFAULT_MAX_LINE_BYTES, LineReader, open};
use vaectl_scorer::Scorer;

use super::catalog;
use super::part::{LINES, TRUTH, is_apart};
use super::plan::LEARN;

/// The figures of an archive.
#[derive(Debug)]
pub struct Judged {
    /// All of them.
    pub report: Report,
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
        let (learn, tests) = parts(archive)?;
        let lines = |folder: &PathBuf| -> Result<Vec<u8>, Box<dyn Error>> {
            let mut lines = Vec::new();
            open(&folder.join(file))?.read_to_end(&mut lines)?;
            Ok(lines)
        };
        let test =
            |folder: &PathBuf| Ok::<_, Box<dyn Error>>((lines(folder)?, fs::read_to_string(folder.join(TRUTH))?));
        Ok(Self {
            learn: learn.iter().map(lines).collect::<Result<_, _>>()?,
            tests: tests.iter().map(test).collect::<Result<_, _>>()?,
        })
    }

    /// Trains, scores and evaluates, with other densities beside.
    pub(super) fn judge(&self, config: &vaectl_trainer::Config) -> Result<Judged, Box<dyn Error>> {
        let training = || self.learn.iter().map(Vec::as_slice);
        vaectl_trainer::train(config, training(), &mut |_| {})?;
        let verdicts =
            self.tests.iter().map(|(lines, _)| scored(lines, &config.models)).collect::<Result<Vec<_>, _>>()?;
        let truth = Truth::read(&self.tests.iter().map(|(_, truth)| truth.as_str()).collect::<String>())?;
        let training = vaectl_trainer::groups(training(), DEFAULT_MAX_LINE_BYTES)?;
        let bar = Bar { models: config.models.clone(), training };
        let config = vaectl_evaluator::Config::default();
        let evaluation = evaluate(&config, verdicts.iter().map(Vec::as_slice), &truth, Some(&bar))?;
        Ok(Judged { report: evaluation.report })
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

/// An attack that has to be found within so many windows, and whether it was.
fn promised(event: &EventReport) -> Option<bool> {
    let limit = catalog::by_name(&event.event)?.limit?;
    match event.outcome {
        Found::Masked => None,
        _ => Some(event.delay_windows.is_some_and(|windows| windows <= limit)),
    }
}

impl Judged {
    /// The share of attacks that were found within their limit, of those that have one.
    #[must_use]
    pub fn recall(&self) -> f64 {
        let promised: Vec<bool> = self.report.events.iter().filter_map(promised).collect();
        promised.iter().filter(|kept| **kept).count() as f64 / promised.len().max(1) as f64
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

    /// The figures that the bench is for are reached.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        let all = self.report.events.iter().filter_map(promised).all(|kept| kept);
        let quiet = self.report.false_episodes.count == 0 && self.benign_alarms() <= 1;
        all && quiet && self.hit_at_3().is_none_or(|share| share >= 0.9)
    }

    /// The last line of the bench.
    #[must_use]
    pub fn line(&self) -> String {
        let report = &self.report;
        let (own, best, name) = self.areas();
        let delays =
            report.events.iter().filter(|event| promised(event).is_some()).filter_map(|event| event.delay_windows);
        format!(
            "bench attacks: recall={:.2} delay_windows_max={} false_episodes={} steady_hours={:.2} benign_alarms_max={} \
             hit3={} auroc_vae={own:.4} auroc_best_baseline={best:.4} best_baseline={}",
            self.recall(),
            delays.max().unwrap_or(0),
            report.false_episodes.count,
            report.false_episodes.container_days * 24.0,
            self.benign_alarms(),
            self.hit_at_3().map_or("-".to_owned(), |share| format!("{share:.2}")),
            name.replace(' ', "_"),
        )
    }
}

impl fmt::Display for Judged {
    /// The report, and what was promised and not kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.report)?;
        for event in self.report.events.iter().filter(|event| promised(event) == Some(false)) {
            let limit = catalog::by_name(&event.event).and_then(|attack| attack.limit).unwrap_or_default();
            let windows = event.delay_windows.map_or("never".to_owned(), |windows| format!("after {windows} windows"));
            writeln!(f, "late: {} on {}: {windows}, and {limit} were promised", event.event, event.container)?;
        }
        Ok(())
    }
}
