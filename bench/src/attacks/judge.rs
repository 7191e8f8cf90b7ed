//! A recording through training, scoring and evaluation, in this process.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use vaectl_evaluator::{Bar, Method, Report, evaluate};
use vaectl_schemas::{DEFAULT_MAX_LINE_BYTES, LineReader, open};
use vaectl_scorer::Scorer;

use crate::Truth;

/// The part of a scene that says what was done.
#[derive(Deserialize)]
struct Scene {
    truths: Vec<Truth>,
}

/// The figures of a recording.
#[derive(Debug)]
pub struct Judged {
    /// All of them.
    pub report: Report,
}

/// Trains on a recording into `models`, scores what was attacked, and compares with the truth and with densities that
/// need no network.
pub fn judge(recording: &Path, models: &Path) -> Result<Judged, Box<dyn Error>> {
    let training = || open(&recording.join("train.ndjson.zst"));
    vaectl_trainer::train(&vaectl_trainer::Config::new(models), [training()?], &mut |_| {})?;
    let verdicts = scored(&recording.join("live.ndjson.zst"), models)?;
    let scene: Scene = serde_json::from_slice(&fs::read(recording.join("scene.json"))?)?;
    let lines: Result<Vec<String>, _> =
        scene.truths.iter().map(|truth| serde_json::to_string(&truth.named())).collect();
    let truth = vaectl_evaluator::Truth::read(&lines?.join("\n"))?;
    let training = vaectl_trainer::groups([training()?], DEFAULT_MAX_LINE_BYTES)?;
    let bar = Bar { models: models.to_owned(), training };
    let config = vaectl_evaluator::Config::default();
    Ok(Judged { report: evaluate(&config, [&verdicts[..]], &truth, Some(&bar))?.report })
}

/// Verdicts with their windows beside them.
fn scored(live: &Path, models: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let config = vaectl_scorer::Config { pass_windows: true, ..vaectl_scorer::Config::new(models) };
    let (mut scorer, errors) = Scorer::new(config);
    if let Some(error) = errors.into_iter().next() {
        return Err(error.into());
    }
    let mut lines = LineReader::new(open(live)?, DEFAULT_MAX_LINE_BYTES);
    let mut out = Vec::new();
    while let Some(line) = lines.next_line()? {
        scorer.line(&line, &mut out)?;
    }
    scorer.finish("eof", &mut out)?;
    Ok(out)
}

impl Judged {
    /// The share of attacks that were found.
    #[must_use]
    pub fn recall(&self) -> f64 {
        self.report.event_recall.map_or(0.0, |recall| recall.value)
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

    /// Everything was found and nothing else.
    #[must_use]
    pub fn is_perfect(&self) -> bool {
        self.report.events_found.hits == self.report.events_found.of && self.report.false_episodes.count == 0
    }

    /// The last line of the bench.
    #[must_use]
    pub fn line(&self) -> String {
        let report = &self.report;
        let (own, best, name) = self.areas();
        let hits = report.hit_at_3.map_or("-".to_owned(), |hits| format!("{:.2}", hits.hits as f64 / hits.of as f64));
        format!(
            "bench attacks: recall={:.2} delay_windows_max={} false_episodes={} steady_hours={:.2} benign_alarms_max={} \
             hit3={hits} auroc_vae={own:.4} auroc_best_baseline={best:.4} best_baseline={}",
            self.recall(),
            report.delay.map_or(0, |delay| delay.max_windows),
            report.false_episodes.count,
            report.false_episodes.container_days * 24.0,
            report.changes.iter().map(|change| change.alarms).max().unwrap_or(0),
            name.replace(' ', "_"),
        )
    }
}
