//! Where a density that needs no network ranks attacked windows better than the model does, and what it sees there.
//!
//! The area under the ROC curve is the mean, over attacked windows, of the share of calm ones that rank below: it falls
//! apart into what each attack on each image adds to it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use vaectl_scorer::model::quantile;

/// A density that is ahead of the model, and the attacks that it is ahead by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shortfall {
    /// The density.
    pub ahead: String,
    /// By how much, in area under the ROC curve.
    pub by: f64,
    /// The attacks that most of it comes from, the largest part first.
    pub attacks: Vec<Lost>,
}

/// What one kind of attack on one image adds to a shortfall.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lost {
    /// The model's name.
    pub model: String,
    /// The attack.
    pub event: String,
    /// Attacked windows of it.
    pub windows: usize,
    /// Its part of the shortfall.
    pub by: f64,
    /// The share of all calm windows that rank below them: by the model, and by the density.
    pub above: [f64; 2],
    /// The same of calm windows of the same model alone.
    pub above_own: [f64; 2],
    /// How far their furthest feature is off, in spreads: the median of them.
    pub furthest: f64,
    /// How far that of one in a hundred calm windows of the same model is.
    pub calm_furthest: f64,
}

/// A window as it is ranked.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// What judged it.
    pub(crate) model: String,
    /// The attack that it belongs to; none where it is calm.
    pub(crate) event: Option<String>,
    /// How far its furthest feature is off.
    pub(crate) furthest: f64,
}

/// At most so many attacks are named.
const MOST: usize = 5;

/// And no more than make up this part of what is lost.
const ENOUGH: f64 = 0.9;

impl Shortfall {
    /// Compares the scores of the model and of a density called `ahead`, which ranks better by `by`.
    pub(crate) fn of(windows: &[Window], model: &[f64], (ahead, density): (&str, &[f64]), by: f64) -> Self {
        let all = [model, density].map(|scores| Calm::of(windows, scores, |_| true));
        let names: std::collections::BTreeSet<&str> = windows.iter().map(|window| window.model.as_str()).collect();
        let own: BTreeMap<&str, [Calm; 2]> = names
            .into_iter()
            .map(|name| (name, [model, density].map(|scores| Calm::of(windows, scores, |other| other == name))))
            .collect();
        let mut attacked: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, window) in windows.iter().enumerate() {
            if let Some(event) = &window.event {
                attacked.entry((&window.model, event)).or_default().push(at);
            }
        }
        let count = attacked.values().map(Vec::len).sum::<usize>().max(1) as f64;
        let lost = |((name, event), of): ((&str, &str), Vec<usize>)| {
            let mean = |calm: &Calm, scores: &[f64]| {
                of.iter().map(|at| calm.share_below(scores[*at])).sum::<f64>() / of.len() as f64
            };
            let above = [mean(&all[0], model), mean(&all[1], density)];
            let [own_model, own_density] = &own[name];
            let furthest = |of: &mut dyn Iterator<Item = &Window>, share| {
                quantile(&of.map(|window| window.furthest).collect::<Vec<_>>(), share)
            };
            Lost {
                model: name.to_owned(),
                event: event.to_owned(),
                windows: of.len(),
                by: (above[1] - above[0]) * of.len() as f64 / count,
                above,
                above_own: [mean(own_model, model), mean(own_density, density)],
                furthest: furthest(&mut of.iter().map(|at| &windows[*at]), 0.5),
                calm_furthest: furthest(&mut windows.iter().filter(|w| w.model == name && w.event.is_none()), 0.99),
            }
        };
        let mut attacks: Vec<Lost> = attacked.into_iter().map(lost).filter(|lost| lost.by > 0.0).collect();
        attacks.sort_by(|a, b| b.by.total_cmp(&a.by));
        let all: f64 = attacks.iter().map(|lost| lost.by).sum();
        let mut sum = 0.0;
        let enough = attacks.iter().position(|lost| {
            sum += lost.by;
            sum >= ENOUGH * all
        });
        attacks.truncate(enough.map_or(MOST, |at| at + 1).min(MOST));
        Self { ahead: ahead.to_owned(), by, attacks }
    }
}

/// The scores of calm windows in rising order.
struct Calm(Vec<f64>);

impl Calm {
    fn of(windows: &[Window], scores: &[f64], is_one: impl Fn(&str) -> bool) -> Self {
        let calm = windows.iter().zip(scores).filter(|(window, _)| window.event.is_none() && is_one(&window.model));
        let mut scores: Vec<f64> = calm.map(|(_, score)| *score).collect();
        scores.sort_by(f64::total_cmp);
        Self(scores)
    }

    /// The share of calm windows that score lower, those that score the same by half.
    fn share_below(&self, score: f64) -> f64 {
        let (below, with) = (self.0.partition_point(|s| *s < score), self.0.partition_point(|s| *s <= score));
        (below + with) as f64 / 2.0 / self.0.len().max(1) as f64
    }
}

impl fmt::Display for Shortfall {
    /// What is ahead and by how much, and a line for each attack.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "behind {} by {:.4}, most of it in:", self.ahead, self.by)?;
        self.attacks.iter().try_for_each(|lost| writeln!(f, "  {lost}"))
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, event, windows, by, above, above_own, furthest, calm_furthest } = self;
        write!(
            f,
            "{event} on {model} ({windows} windows, {by:.4}): above {:.3} of calm windows, and {:.3} by the density; \
             of its own image {:.3} and {:.3}; ",
            above[0], above[1], above_own[0], above_own[1]
        )?;
        if furthest <= calm_furthest {
            return write!(
                f,
                "no feature is off by more than {furthest:.1} spreads, and one in a hundred calm windows has {calm_furthest:.1}"
            );
        }
        let why =
            if above_own[0] >= above_own[1] { "images differ, not windows" } else { "it is seen, and ranked low" };
        write!(f, "a feature is off by {furthest:.1} spreads, beyond the {calm_furthest:.1} of calm windows: {why}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Shortfall, Window};

    #[test]
    fn what_is_lost_adds_up_to_the_difference_of_the_areas() {
        let window =
            |event: Option<&str>, furthest| Window { model: "nginx".into(), event: event.map(str::to_owned), furthest };
        let windows = [
            window(None, 1.0),
            window(None, 2.0),
            window(Some("shell"), 1.0),
            window(Some("shell"), 1.0),
            window(Some("miner"), 9.0),
        ];
        // Areas: the model has 0, 0.5 and 1 of calm windows below, the density 1, 1 and 1.
        let (model, density) = ([1.0, 2.0, 0.0, 1.5, 9.0], [1.0, 2.0, 3.0, 3.0, 9.0]);
        let got = Shortfall::of(&windows, &model, ("knn", &density), 0.5);
        assert_eq!(got.attacks.len(), 1);
        let lost = &got.attacks[0];
        assert_eq!((lost.event.as_str(), lost.windows), ("shell", 2));
        assert!((lost.by - 0.5).abs() < 1e-12 && (lost.above[0] - 0.25).abs() < 1e-12, "{lost:?}");
        assert_eq!(
            got.to_string().lines().nth(1),
            Some(
                "  shell on nginx (2 windows, 0.5000): above 0.250 of calm windows, and 1.000 by the density; of its own \
                 image 0.250 and 1.000; no feature is off by more than 1.0 spreads, and one in a hundred calm windows has 2.0"
            )
        );
    }
}
