//! A new model against the one in use: it has to be at least as good before it is put in use.
//!
//! Without labels, "good" is measured on the newest runs, which neither has seen, and on windows that are odd for certain:
//! those of other models, and the newest ones disturbed. A model that never alarms raises no false alarm, and finds none of
//! the odd ones: it cannot win.

use std::fmt;

use serde::Serialize;
use vaectl_schemas::Window;
use vaectl_scorer::{Judgement, Model};

use crate::disturbance::Disturbance;
use crate::random::Random;

/// Windows that are disturbed in each way.
const DISTURBED: usize = 50;

/// The seed of the choice: the same windows for both, and for every night.
const SEED: u64 = 1;

/// How two models did on the same windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Contest {
    /// Windows of runs that neither has seen.
    pub calm: usize,
    /// Windows that are odd for certain.
    pub odd: usize,
    /// The model in use; its true positives are those at no more false positives than the new one has.
    pub champion: Marks,
    /// The new one.
    pub challenger: Marks,
}

/// What a model raised an alarm about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Calm windows.
    pub false_positives: usize,
    /// Odd windows.
    pub true_positives: usize,
}

impl Contest {
    /// Lets both judge `calm` windows of their own container, these disturbed, and windows of `others`.
    pub(crate) fn hold(champion: &Model, challenger: &Model, calm: &[Window<'static>], others: &[&Window<'_>]) -> Self {
        let disturbed = disturbed(calm, [champion, challenger]);
        let calm: Vec<&Window<'_>> = calm.iter().collect();
        let odd: Vec<&Window<'_>> = others.iter().copied().chain(&disturbed).collect();
        let alarms = |levels: &[f64], bar: f64| levels.iter().filter(|level| **level > bar).count();
        let (of_champion, of_challenger) = (levels(champion, &calm), levels(challenger, &calm));
        let (theirs, own) = (alarms(&of_champion, 0.0), alarms(&of_challenger, 0.0));
        let bar = raised(of_champion, own);
        Self {
            calm: calm.len(),
            odd: odd.len(),
            champion: Marks { false_positives: theirs, true_positives: alarms(&levels(champion, &odd), bar) },
            challenger: Marks { false_positives: own, true_positives: alarms(&levels(challenger, &odd), 0.0) },
        }
    }

    /// The new one is at least as good: no more false positives, and no fewer true ones at that rate.
    #[must_use]
    pub fn is_won(&self) -> bool {
        self.challenger.false_positives <= self.champion.false_positives
            && self.challenger.true_positives >= self.champion.true_positives
    }
}

/// How far each window is beyond the threshold; without end where it has something new.
///
/// A window that the model cannot score raises no alarm.
fn levels(model: &Model, windows: &[&Window<'_>]) -> Vec<f64> {
    let scorable: Vec<bool> = windows.iter().map(|window| model.scorable(window).is_ok()).collect();
    let judged: Vec<&Window<'_>> =
        windows.iter().zip(&scorable).filter(|(_, scorable)| **scorable).map(|(window, _)| *window).collect();
    let mut judgements = Vec::with_capacity(judged.len());
    model.judge(&judged, &mut judgements);
    let threshold = model.card().calibration.threshold;
    let level = |judgement: Judgement| {
        if judgement.novelties.is_empty() { judgement.score - threshold } else { f64::INFINITY }
    };
    let mut levels = judgements.into_iter().map(level);
    let mut next = |scorable| if scorable { levels.next() } else { None }.unwrap_or(f64::NEG_INFINITY);
    scorable.into_iter().map(&mut next).collect()
}

/// The least bar, not below zero, that at most `allowed` of these levels are above.
fn raised(mut levels: Vec<f64>, allowed: usize) -> f64 {
    levels.sort_by(|a, b| b.total_cmp(a));
    levels.get(allowed).map_or(0.0, |level| level.max(0.0))
}

/// Calm windows disturbed in every way, evenly taken.
fn disturbed(calm: &[Window<'static>], models: [&Model; 2]) -> Vec<Window<'static>> {
    let mut random = Random::new(SEED);
    let known = |name: &str| models.iter().any(|model| model.card().seen.counters.iter().any(|seen| seen == name));
    let mut out = Vec::new();
    for kind in Disturbance::ALL {
        let step = calm.len().div_ceil(DISTURBED).max(1);
        out.extend(calm.iter().step_by(step).map(|window| kind.disturb(window, &known, &mut random)));
    }
    out
}

impl fmt::Display for Contest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calm, odd, champion, challenger } = self;
        write!(
            f,
            "{} against {} false positives of {calm} windows, {} against {} true ones of {odd}",
            challenger.false_positives, champion.false_positives, challenger.true_positives, champion.true_positives
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Contest, Marks, raised};

    fn contest(champion: [usize; 2], challenger: [usize; 2]) -> Contest {
        let marks = |[false_positives, true_positives]: [usize; 2]| Marks { false_positives, true_positives };
        Contest { calm: 100, odd: 100, champion: marks(champion), challenger: marks(challenger) }
    }

    #[test]
    fn as_good_is_no_more_false_and_no_fewer_true_ones() {
        assert!(contest([1, 90], [1, 90]).is_won() && contest([1, 90], [0, 95]).is_won());
        assert!(!contest([1, 90], [2, 100]).is_won());
        assert!(!contest([1, 90], [0, 0]).is_won(), "a model that never alarms");
    }

    #[test]
    fn a_bar_is_raised_until_no_more_than_allowed_are_above() {
        let levels = vec![-1.0, 5.0, 2.0, f64::INFINITY];
        for (allowed, bar) in [(0, f64::INFINITY), (1, 5.0), (2, 2.0), (3, 0.0), (9, 0.0)] {
            let got = raised(levels.clone(), allowed);
            assert!(got.total_cmp(&bar).is_eq(), "{allowed}: {got}");
            assert!(levels.iter().filter(|level| **level > got).count() <= allowed);
        }
    }
}
