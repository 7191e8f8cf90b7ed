//! What an instance decides on a window: from a model's judgement to a state.

use vaectl_schemas::{Channel, ModelMatch, State, Timestamp};

use crate::Judgement;
use crate::evidence::{Facts, Limits, weigh};
use crate::judge::Judge;
use crate::state::{Evidence, Machine};
use crate::tuning::Tuning;

/// A decision, and what led to it.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) evidence: Evidence,
    pub(crate) channels: Vec<Channel>,
    /// What was taken off the model's score.
    pub(crate) offset: Option<f64>,
    pub(crate) previous: State,
    pub(crate) state: State,
}

/// Decides on the next window of an instance: its offset is taken off the judgement, small surprises are summed up, and
/// the state takes one step.
///
/// A window that its model could not score comes without a judgement, and one of a container without a model without
/// that too.
pub(crate) fn decide(
    (machine, tuning): (&mut Machine, &mut Tuning),
    judgement: Option<&mut Judgement>,
    at: Timestamp,
    found: Option<(&dyn Judge, ModelMatch)>,
    limits: Limits,
    mut facts: Facts,
) -> Decision {
    let mut offset = None;
    let judgement = match (judgement, found) {
        (Some(judgement), Some((model, _))) => {
            let counts = !facts.entered && !facts.lost;
            let reading = tuning.read(judgement, at, counts, model);
            (offset, facts.drifting) = (Some(reading.offset), reading.drifting);
            if reading.unfit {
                machine.rejudge();
            }
            Some(&*judgement)
        }
        _ => None,
    };
    let (evidence, channels) = weigh(judgement, limits, found.map(|(_, matched)| matched), facts);
    let previous = machine.state();
    Decision { evidence, channels, offset, previous, state: machine.step(evidence) }
}
