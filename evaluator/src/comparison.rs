//! The model beside densities that need no network, on the same windows.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use vaectl_schemas::Window;
use vaectl_scorer::model::{Feature, Featuriser, Versions, View, Weight};
use vaectl_scorer::{Model, Novelty};
use vaectl_trainer::{Areas, Ranked, Ranking, Split, Training};

use crate::baselines::{Density, filled};
use crate::error::EvalError;
use crate::sample::Sample;
use crate::series::{Joined, Point};
use crate::shortfall::{self, Shortfall};
use crate::truth::Class;

/// What densities are fitted to.
#[derive(Debug)]
pub struct Bar {
    /// The folder of the models that judged.
    pub models: PathBuf,
    /// Their training windows.
    pub training: Training,
}

/// How well one method ranks windows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Method {
    /// What it is called.
    pub name: String,
    /// By its density alone; absent for the rule, which has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density: Option<Figures>,
    /// With windows that have something never seen in front.
    pub with_novelty: Figures,
    /// Attacks of which one of the three features that stand out most is touched: of the model and of plain z-scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_at_3: Option<f64>,
}

/// Figures that need no threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Area under the ROC curve.
    pub auroc: f64,
    /// Average precision.
    pub average_precision: f64,
    /// The share of attacked windows that is found at 1 % of calm ones.
    pub recall_at_1_percent: f64,
}

/// All methods, what could not be compared, and the curves of the densities.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) methods: Vec<Method>,
    pub(crate) notes: Vec<String>,
    pub(crate) shortfall: Option<Shortfall>,
    pub(crate) curves: Vec<(String, Vec<[f64; 2]>)>,
}

/// Windows of all models, in one order for every method.
#[derive(Default)]
struct Pool {
    ranked: Vec<(Class, usize)>,
    windows: Vec<shortfall::Window>,
    /// 2 where something that opens an episode alone is new, 1 where anything is.
    levels: Vec<f64>,
    new: Vec<f64>,
    model: Vec<f64>,
    densities: BTreeMap<&'static str, Vec<f64>>,
    /// Of windows in which an attack was noticed: whether a z-score would have named what it touches.
    hits: Vec<bool>,
}

pub(crate) const MODEL: &str = "vae";

/// Compares; `noticed` are series, window and event of every attack that was found.
pub(crate) fn compare(
    joined: &Joined,
    windows: &Sample,
    noticed: &[(usize, usize, usize)],
    bar: &Bar,
) -> Result<Comparison, EvalError> {
    let mut by_model: BTreeMap<&(String, String), Vec<(usize, usize)>> = BTreeMap::new();
    for (at, series) in joined.series.iter().enumerate() {
        for (index, Point { judged, class, .. }) in series.points.iter().enumerate() {
            if let (Some(model), Some(_), true) = (&judged.model, judged.score, *class != Class::LeftOut) {
                by_model.entry(model).or_default().push((at, index));
            }
        }
    }
    let mut pool = Pool::default();
    let mut comparison = Comparison::default();
    let (mut missing, mut not_drawn, mut failed) = (0, 0, None);
    for ((key, hash), places) in by_model {
        let model = Versions::of(&bar.models, key).load(hash)?;
        let (mut points, mut judged) = (Vec::new(), Vec::new());
        for (at, index) in places {
            let point = &joined.series[at].points[index];
            match windows.get(&point.judged.id) {
                Some(window) => {
                    points.push(((at, index), point));
                    judged.push(window);
                }
                None if windows.leaves_out(&point.judged.id) => not_drawn += 1,
                None => missing += 1,
            }
        }
        if !judged.is_empty()
            && let Err(error) = pool.add(joined, &model, &points, &judged, noticed, bar)
        {
            comparison.notes.push(format!("left out of the comparison: {error}"));
            failed.get_or_insert(error);
        }
    }
    if pool.ranked.is_empty() {
        let nothing = "no window lies beside its verdict: score with --pass-windows, or name the files";
        return Err(failed.unwrap_or(EvalError::Nothing(nothing)));
    }
    if missing > 0 {
        comparison.notes.push(format!("{missing} verdicts without their windows are not in the comparison"));
    }
    let (fitted, compared) = (&bar.training, pool.ranked.len());
    comparison.notes.push(format!(
        "baselines are fitted to {} of {} training windows, and compared on {compared} of {} windows",
        fitted.used,
        fitted.windows,
        compared + not_drawn
    ));
    comparison.notes.push(format!(
        "{MODEL} was fitted to those without what does not belong among them; its hit@3 counts new programs, which no \
         baseline names"
    ));
    pool.finish(&mut comparison);
    Ok(comparison)
}

impl Pool {
    /// Adds the windows that one model judged.
    fn add(
        &mut self,
        joined: &Joined,
        model: &Model,
        points: &[((usize, usize), &Point)],
        windows: &[&Window<'static>],
        noticed: &[(usize, usize, usize)],
        bar: &Bar,
    ) -> Result<(), EvalError> {
        let fail = |why: String| EvalError::Training { name: model.name().to_owned(), why };
        let group = bar.training.groups.get(model.key());
        let split =
            Split::of(group.ok_or_else(|| fail("there are no training windows of it".into()))?).map_err(fail)?;
        let card = model.card();
        let featuriser = Featuriser::new(card.features.clone(), &card.seen);
        let rows_of = |runs: &[&vaectl_trainer::Run]| filled(featuriser.rows(runs.iter().copied().flatten()));
        let (training, calibration) = (rows_of(&split.training), rows_of(&split.calibration));
        let rows = filled(featuriser.rows(windows.iter().copied()));
        let scores = Density::ALL.map(|density| {
            let scores = density.scores(&training, &calibration, &rows);
            scores.ok_or_else(|| fail(format!("{} cannot be fitted", density.name())))
        });
        let scores = scores.into_iter().collect::<Result<Vec<_>, _>>()?;

        let mut judgements = Vec::new();
        model.judge(windows, &mut judgements);
        self.ranked.extend(points.iter().map(|(_, point)| (point.class, point.group)));
        self.windows.extend(points.iter().zip(rows.rows()).map(|((place, point), row)| shortfall::Window {
            model: model.name().to_owned(),
            event: (point.class == Class::Attacked).then(|| joined.event_of(*place).to_owned()),
            furthest: row.iter().fold(0.0, |most, value| f64::from(value.abs()).max(most)),
        }));
        for judgement in &judgements {
            let level = |novelty: &Novelty| match novelty.weight {
                Weight::Habitual => 0.0,
                Weight::Weak => 1.0,
                Weight::Strong => 2.0,
            };
            self.levels.push(judgement.novelties.iter().map(level).fold(0.0, f64::max));
            self.new.push(judgement.novelties.len() as f64);
            self.model.push(judgement.score);
        }
        for (density, scores) in Density::ALL.into_iter().zip(scores) {
            self.densities.entry(density.name()).or_default().extend(scores);
        }
        for &(series, index, event) in noticed {
            let label = &joined.events[event].label;
            let place = points.iter().position(|(place, _)| *place == (series, index));
            if let (Some(at), false) = (place, label.features.is_empty()) {
                let top = largest(&featuriser, rows.row(at), windows[at]);
                self.hits.push(top.iter().any(|feature| label.touches(feature)));
            }
        }
        Ok(())
    }

    fn finish(self, comparison: &mut Comparison) {
        let ranking = |scores: &[f64]| {
            let windows = scores.iter().zip(&self.ranked);
            Ranking::of(windows.map(|(score, (class, group))| Ranked {
                score: *score,
                attacked: *class == Class::Attacked,
                group: *group,
            }))
        };
        let mut add = |name: &str, scores: &[f64], alone: bool, hit_at_3: Option<f64>| {
            let density = ranking(scores);
            let with_novelty = figures(&ranking(&in_front(&self.levels, scores)));
            let Some(with_novelty) = with_novelty else { return };
            comparison.curves.push((name.to_owned(), density.curve()));
            let density = figures(&density).filter(|_| alone);
            comparison.methods.push(Method { name: name.to_owned(), density, with_novelty, hit_at_3 });
        };
        add(MODEL, &self.model, true, None);
        for density in Density::ALL {
            let hits = self.hits.iter().filter(|hit| **hit).count() as f64 / self.hits.len().max(1) as f64;
            let hit_at_3 = (density == Density::ZScore && !self.hits.is_empty()).then_some(hits);
            add(density.name(), &self.densities[density.name()], true, hit_at_3);
        }
        add("unseen features", &self.new, false, None);
        let area = |method: &Method| method.density.map_or(0.0, |figures| figures.auroc);
        if let Some((own, bars)) = comparison.methods.split_first()
            && let Some(best) = bars.iter().max_by(|a, b| area(a).total_cmp(&area(b)))
            && let by = area(best) - area(own)
            && by > 0.0
            && let Some(scores) = self.densities.get(best.name.as_str())
        {
            comparison.shortfall = Some(Shortfall::of(&self.windows, &self.model, (&best.name, scores), by));
        }
        if comparison.methods.is_empty() {
            comparison.notes.push("nothing to compare: attacked or calm windows are missing".into());
        }
    }
}

fn figures(ranking: &Ranking) -> Option<Figures> {
    let Areas { auroc, average_precision } = ranking.areas(|_| 1.0)?;
    Some(Figures { auroc, average_precision, recall_at_1_percent: ranking.recall_at(0.01) })
}

/// Ranks by level first and by score within a level: an alarm by either, without a weight to choose.
fn in_front(levels: &[f64], scores: &[f64]) -> Vec<f64> {
    let order = |a: usize, b: usize| levels[a].total_cmp(&levels[b]).then(scores[a].total_cmp(&scores[b]));
    let mut indices: Vec<usize> = (0..scores.len()).collect();
    indices.sort_by(|a, b| order(*a, *b));
    let mut ranks = vec![0.0; scores.len()];
    for (rank, tie) in indices.chunk_by(|a, b| order(*a, *b).is_eq()).enumerate() {
        for index in tie {
            ranks[*index] = rank as f64;
        }
    }
    ranks
}

/// The names of the three features that deviate most in a row; the one of all counters that training never saw has the name
/// of the largest of them.
fn largest<'a>(featuriser: &'a Featuriser, row: &[f32], window: &'a Window<'_>) -> Vec<&'a str> {
    let new = window.counters.iter().filter(|(name, _)| !featuriser.knows(name));
    let newest = new.max_by(|(_, a), (_, b)| a.total_cmp(b)).map_or("", |(name, _)| name);
    let mut columns: Vec<(&f32, &Feature)> = row.iter().zip(featuriser.features()).collect();
    columns.sort_by(|(a, _), (b, _)| b.abs().total_cmp(&a.abs()));
    let name = |(_, feature): (&f32, &'a Feature)| if feature.view == View::Unseen { newest } else { &feature.name };
    columns.into_iter().take(3).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::in_front;

    #[test]
    fn what_is_new_stands_in_front_whatever_its_score() {
        let ranks = in_front(&[0.0, 2.0, 0.0, 1.0, 0.0], &[1e300, -5.0, 7.0, 0.0, 7.0]);
        assert_eq!(ranks, [1.0, 3.0, 0.0, 2.0, 0.0]);
    }
}
