//! What `score` would make of a container's windows, without its lines.

use vaectl_schemas::{ModelMatch, State, Window};

use crate::decision::{Decision, decide};
use crate::evidence::{Facts, Limits};
use crate::state::Machine;
use crate::tuning::Tuning;
use crate::{Judgement, Model};

/// An instance of an exact model, from its first window on: it learns its offset while it warms up, needs two windows of
/// three or something that opens an incident alone, and closes it after twelve quiet ones, by the code that `score` runs.
///
/// A clone goes on by itself, so that several futures can be tried.
#[derive(Clone, Debug)]
pub struct Rehearsal<'a> {
    model: &'a Model,
    limits: Limits,
    machine: Machine,
    tuning: Tuning,
}

/// What was decided on a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The state after it.
    pub state: State,
    /// How far its score, less the instance's offset, is beyond the model's threshold; absent without a score.
    pub beyond: Option<f64>,
}

impl<'a> Rehearsal<'a> {
    /// A container that begins, under `model` with its thresholds `raised` by so many units of its score.
    #[must_use]
    pub fn new(model: &'a Model, raised: f64) -> Self {
        let calibration = model.calibration();
        let limits = Limits::of(calibration).raised(raised);
        Self { model, limits, machine: Machine::default(), tuning: Tuning::default() }
    }

    /// Whether an incident is open.
    #[must_use]
    pub fn is_in_an_incident(&self) -> bool {
        self.machine.state() == State::Unstable
    }

    /// Takes the next window with the model's judgement of it; none where it could not be scored.
    pub fn step(&mut self, window: &Window<'_>, judgement: Option<&Judgement>) -> Step {
        let mut judgement = judgement.cloned();
        let Decision { state, .. } = decide(
            (&mut self.machine, &mut self.tuning),
            judgement.as_mut(),
            window.timestamp,
            Some((self.model, ModelMatch::Exact)),
            self.limits,
            Facts::default(),
        );
        Step { state, beyond: judgement.map(|judgement| judgement.score - self.model.calibration().threshold) }
    }
}
