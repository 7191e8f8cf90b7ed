//! A new model against the one in use: it has to be at least as good before it is put in use.
//!
//! Without labels, "good" is measured on the newest runs, which neither has seen, and on windows that are odd for certain:
//! those of other models, and the newest ones disturbed. Both are judged as `score` would, from the container's first
//! window on. A model that never alarms raises no false alarm, and finds none of the odd ones: it cannot win.

use std::fmt;

use serde::Serialize;
use vaectl_schemas::{State, Window};
use vaectl_scorer::{Judgement, Model, Rehearsal};

use crate::disturbance::Disturbance;
use crate::intake::Run;
use crate::random::Random;

/// Places at which a container is disturbed in each way.
const DISTURBED: usize = 50;

/// Odd windows that come in a row: an incident is two of three.
pub(crate) const SPELL: usize = 3;

/// What rounding may take off a score.
const HAIR: f64 = 1e-6;

/// The seed of the choice: the same windows for both, and for every night.
const SEED: u64 = 1;

/// How two models did on the same windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Contest {
    /// Windows of runs that neither has seen.
    pub calm: usize,
    /// Spells of up to three windows that are odd for certain.
    pub odd: usize,
    /// The model in use; its true positives are those at no more false positives than the new one has.
    pub champion: Marks,
    /// The new one.
    pub challenger: Marks,
}

/// What a model opened incidents about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Windows of these runs within an incident: a real one is one for both.
    pub false_positives: usize,
    /// Odd spells within which an incident opened.
    pub true_positives: usize,
}

/// Odd windows in place of those of a run from `at` on.
struct Spell {
    run: usize,
    at: usize,
    windows: Vec<Window<'static>>,
}

impl Contest {
    /// Lets both judge `calm` runs of their own container, these disturbed, and spells of `others` after the first.
    pub(crate) fn hold(champion: &Model, challenger: &Model, calm: &[Run], others: &[&[Window<'static>]]) -> Self {
        let mut odd = disturbed(calm, [champion, challenger]);
        let at = calm.first().map_or(0, Vec::len);
        odd.extend(others.iter().map(|windows| Spell { run: 0, at, windows: windows.to_vec() }));
        let (champion, challenger) = (Judged::by(champion, calm, &odd), Judged::by(challenger, calm, &odd));
        let own = challenger.marks();
        let theirs = champion.marks();
        let at_that_rate = champion.true_positives(champion.raised(own.false_positives));
        Self {
            calm: calm.iter().map(Vec::len).sum(),
            odd: odd.len(),
            champion: Marks { true_positives: at_that_rate, ..theirs },
            challenger: own,
        }
    }

    /// The new one is at least as good: no more false positives, and no fewer true ones at that rate.
    #[must_use]
    pub fn is_won(&self) -> bool {
        self.challenger.false_positives <= self.champion.false_positives
            && self.challenger.true_positives >= self.champion.true_positives
    }
}

/// Windows with what one model makes of each, which it cannot score in every case.
type Windows<'a> = Vec<(&'a Window<'static>, Option<Judgement>)>;

/// All windows of a contest as one model judges them.
struct Judged<'a> {
    model: &'a Model,
    calm: Vec<Windows<'a>>,
    /// With the run and the window that each spell begins at.
    odd: Vec<((usize, usize), Windows<'a>)>,
}

impl<'a> Judged<'a> {
    fn by(model: &'a Model, calm: &'a [Run], odd: &'a [Spell]) -> Self {
        let calm = calm.iter().map(|run| judge(model, run)).collect();
        let odd = odd.iter().map(|spell| ((spell.run, spell.at), judge(model, &spell.windows))).collect();
        Self { model, calm, odd }
    }

    /// What `score` would open incidents about.
    fn marks(&self) -> Marks {
        Marks { false_positives: self.false_positives(0.0), true_positives: self.true_positives(0.0) }
    }

    fn false_positives(&self, raised: f64) -> usize {
        let in_incident = |run: &Windows<'_>| {
            let mut container = Rehearsal::new(self.model, raised);
            let steps = run.iter().map(|(window, judgement)| container.step(window, judgement.as_ref()));
            steps.filter(|step| step.state == State::Unstable).count()
        };
        self.calm.iter().map(in_incident).sum()
    }

    fn true_positives(&self, raised: f64) -> usize {
        let mut found = 0;
        for (number, run) in self.calm.iter().enumerate() {
            let mut container = Rehearsal::new(self.model, raised);
            for at in 0..=run.len() {
                let spells = self.odd.iter().filter(|(place, _)| *place == (number, at));
                found += spells.filter(|(_, spell)| opens(container.clone(), spell)).count();
                if let Some((window, judgement)) = run.get(at) {
                    container.step(window, judgement.as_ref());
                }
            }
        }
        found
    }

    /// By how much the thresholds have to be raised at least for no more than `allowed` false positives, or for as few as
    /// that can bring: it does not help against what is new.
    fn raised(&self, allowed: usize) -> f64 {
        let mut by: Vec<f64> = vec![0.0];
        for run in &self.calm {
            let mut container = Rehearsal::new(self.model, 0.0);
            let steps = run.iter().map(|(window, judgement)| container.step(window, judgement.as_ref()));
            by.extend(steps.filter_map(|step| step.beyond).map(|beyond| beyond + HAIR));
        }
        by.retain(|beyond| *beyond >= 0.0);
        by.sort_by(f64::total_cmp);
        let at = by.partition_point(|raised| self.false_positives(*raised) > allowed);
        by.get(at).or(by.last()).copied().unwrap_or_default()
    }
}

/// Whether an incident opens at any of these windows; where one is open already, none can.
fn opens(mut container: Rehearsal<'_>, spell: &Windows<'_>) -> bool {
    !container.is_in_an_incident()
        && spell.iter().any(|(window, judgement)| container.step(window, judgement.as_ref()).state == State::Unstable)
}

/// What a model makes of windows.
fn judge<'a>(model: &Model, windows: &'a [Window<'static>]) -> Windows<'a> {
    let scorable: Vec<&Window<'_>> = windows.iter().filter(|window| model.scorable(window).is_ok()).collect();
    let mut judgements = Vec::with_capacity(scorable.len());
    model.judge(&scorable, &mut judgements);
    let mut judgements = judgements.into_iter();
    let mut of = |window| if model.scorable(window).is_ok() { judgements.next() } else { None };
    windows.iter().map(|window| (window, of(window))).collect()
}

/// Calm runs disturbed in every way, at places evenly taken.
fn disturbed(calm: &[Run], models: [&Model; 2]) -> Vec<Spell> {
    let mut random = Random::new(SEED);
    let known = |name: &str| models.iter().any(|model| model.card().seen.counters.iter().any(|seen| seen == name));
    let places: Vec<(usize, usize)> =
        calm.iter().enumerate().flat_map(|(run, windows)| (0..windows.len()).map(move |at| (run, at))).collect();
    let step = places.len().div_ceil(DISTURBED).max(1);
    let mut out = Vec::new();
    for kind in Disturbance::ALL {
        for &(run, at) in places.iter().step_by(step) {
            // Whole spells, also at the end of a run.
            let at = at.min(calm[run].len().saturating_sub(SPELL));
            let windows = calm[run][at..].iter().take(SPELL);
            let windows = windows.map(|window| kind.disturb(window, &known, &mut random)).collect();
            out.push(Spell { run, at, windows });
        }
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
    use super::{Contest, Marks};

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
}
