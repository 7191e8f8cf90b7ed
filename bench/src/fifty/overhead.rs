//! What watching adds to the CPU of a request: short turns with a publisher and without, since a host's speed drifts within
//! minutes by more than is to be measured.

use std::error::Error;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vaectl_schemas::Timestamp;

use super::fleet::Fleet;
use super::incidents::{Incident, incidents};
use super::plan::Plan;
use super::publishers::{Publisher, Surroundings};
use super::seed::{self, Models};
use crate::node::Node;
use crate::{HarnessError, Progress, Workspace, interrupt};

/// No seed of those with phases.
const SEED: u64 = 100;
/// One-sided 95 % quantiles of Student's distribution, from one degree of freedom on.
const STUDENT: [f64; 15] = [6.31, 2.92, 2.35, 2.13, 2.02, 1.94, 1.89, 1.86, 1.83, 1.81, 1.80, 1.78, 1.77, 1.76, 1.75];
/// From a publisher's end to a turn without it.
const PAUSE: Duration = Duration::from_secs(1);
/// From a publisher's start to its turn, beyond a window.
const SETTLE: Duration = Duration::from_secs(2);

/// The turns of one publisher.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Overhead {
    pub(super) publisher: Publisher,
    /// Microseconds of the containers' CPU for a request: with the publisher, and right before or after without it.
    pub(super) turns: Vec<[f64; 2]>,
    /// Incidents, all of them false, by what they say.
    pub(super) false_incidents: Vec<String>,
}

/// Lets each adaptive publisher and nobody take turns on a fleet of their own.
pub(super) fn measure(
    plan: &Plan,
    node: &Node,
    models: &Models,
    progress: Progress,
) -> Result<Vec<Overhead>, Box<dyn Error>> {
    let workspace = Workspace::new("fifty")?;
    let fleet = Fleet::start(plan.containers, 1.0, SEED, &workspace, progress)?;
    let around = Surroundings { fleet: &fleet, node, workspace: &workspace, models, window_s: plan.window_s };
    let mut measured = Vec::new();
    for publisher in plan.publishers().into_iter().filter(|publisher| publisher.is_adaptive()) {
        seed::warm(&around, plan, publisher, progress)?;
        measured.push(Overhead { publisher, turns: Vec::new(), false_incidents: Vec::new() });
    }
    for turn in 0..plan.turns {
        progress.say(format!("Turn {} of {} with and without.", turn + 1, plan.turns));
        for Overhead { publisher, turns, false_incidents } in &mut measured {
            let mut with = || self::with(&around, plan, *publisher, false_incidents);
            // What drifts one way drifts against the next turn.
            turns.push(if turn % 2 == 0 {
                let with = with()?;
                [with, without(&fleet, plan)?]
            } else {
                let without = without(&fleet, plan)?;
                [with()?, without]
            });
        }
    }
    for Overhead { publisher, .. } in &measured {
        around.clear(*publisher);
    }
    Ok(measured)
}

fn with(
    around: &Surroundings<'_>,
    plan: &Plan,
    publisher: Publisher,
    false_incidents: &mut Vec<String>,
) -> Result<f64, Box<dyn Error>> {
    let since = Timestamp::now();
    let mut running = around.start(publisher)?;
    // Within a window all containers are down at the depth that is theirs.
    interrupt::pause(Duration::from_secs(plan.window_s) + SETTLE)?;
    let cost = cost(around.fleet, plan)?;
    running.alive()?;
    running.finish()?;
    false_incidents.extend(incidents(around, publisher, since)?.into_iter().map(Incident::told));
    Ok(cost)
}

fn without(fleet: &Fleet, plan: &Plan) -> Result<f64, Box<dyn Error>> {
    interrupt::pause(PAUSE)?;
    Ok(cost(fleet, plan)?)
}

fn cost(fleet: &Fleet, plan: &Plan) -> Result<f64, HarnessError> {
    let work = fleet.during(|| interrupt::pause(Duration::from_secs(plan.turn_s)))?;
    Ok(work.cpu_us_per_request())
}

impl Overhead {
    /// For how long each container was watched in all turns, beyond the first window of each, in seconds.
    pub(super) fn watched_s(&self, plan: &Plan) -> f64 {
        self.turns.len() as f64 * (SETTLE.as_secs_f64() + plan.turn_s as f64)
    }

    /// By how many percent a request's CPU is above that without: the mean of the turns, and the upper end of its one-sided
    /// 95 % interval, which is infinite for a single turn.
    pub(super) fn percent(&self) -> [f64; 2] {
        let excess: Vec<f64> = self.turns.iter().map(|[with, without]| (with / without - 1.0) * 100.0).collect();
        let number = excess.len() as f64;
        let mean = excess.iter().sum::<f64>() / number;
        let Some(freedom) = excess.len().checked_sub(2) else { return [mean, f64::INFINITY] };
        let variance = excess.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (number - 1.0);
        [mean, mean + STUDENT[freedom.min(STUDENT.len() - 1)] * (variance / number).sqrt()]
    }
}

#[cfg(test)]
mod tests {
    use super::{Overhead, Publisher};

    #[test]
    fn an_upper_bound_is_above_the_mean_by_the_spread_and_unknown_of_one_turn() {
        let percent = |turns: &[f64]| {
            let turns = turns.iter().map(|percent| [100.0 + percent, 100.0]).collect();
            Overhead { publisher: Publisher::Adaptive, turns, false_incidents: Vec::new() }.percent()
        };
        let [mean, upper] = percent(&[1.0, 2.0, 3.0]);
        assert!((mean - 2.0).abs() < 1e-9 && (upper - (2.0 + 2.92 / 3.0_f64.sqrt())).abs() < 1e-9, "{upper}");
        assert!(percent(&[1.0])[1].is_infinite());
    }
}
