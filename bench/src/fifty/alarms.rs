//! False incidents, and the time in which there could have been any.

use serde::Serialize;

use super::overhead::Overhead;
use super::plan::Plan;
use super::seed::Seed;

const HOURS_PER_DAY: f64 = 24.0;

/// False incidents of all adaptive publishers together.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Alarms {
    /// In blocks, in phases and in turns.
    pub(super) live: u64,
    /// In hours that were drawn from recorded windows, and how many hours of containers these are: windows that never were in
    /// that order.
    pub(super) drawn: u64,
    pub(super) drawn_hours: f64,
    /// Hours of containers that were watched live and not attacked.
    pub(super) container_hours: f64,
    /// How many there are on a container-day at most, one-sided 95 %, by those that came live.
    pub(super) per_day_at_most: f64,
}

impl Alarms {
    pub(super) fn of(plan: &Plan, seeds: &[Seed], overhead: &[Overhead]) -> Self {
        let all = plan.containers as f64;
        let (mut live, mut seconds) = (0, 0.0);
        // A publisher's first window after its start opens nothing: it takes two.
        let watched = |after: f64| plan.settle_s as f64 + after - plan.window_s as f64;
        for block in seeds.iter().flat_map(|seed| &seed.blocks).filter(|block| block.publisher.is_adaptive()) {
            live += block.false_incidents.len() as u64;
            seconds += watched(block.seconds) * all;
        }
        for phase in seeds.iter().flat_map(|seed| &seed.phases) {
            live += phase.false_incidents.len() as u64;
            seconds += watched(phase.seconds) * (all - phase.attacks.len() as f64);
        }
        for measured in overhead {
            live += measured.false_incidents.len() as u64;
            seconds += measured.watched_s(plan) * all;
        }
        let container_hours = seconds / 3600.0;
        let hours = || seeds.iter().flat_map(|seed| &seed.hours);
        Self {
            live,
            drawn: hours().map(|hours| hours.incidents).sum(),
            drawn_hours: hours().map(|hours| hours.number as f64).sum::<f64>() * all,
            container_hours,
            per_day_at_most: at_most(live) / container_hours * HOURS_PER_DAY,
        }
    }
}

/// The upper end of the one-sided 95 % interval of the mean of a Poisson distribution of which `number` came: the rule of
/// three where none did, and Byar's approximation elsewhere.
fn at_most(number: u64) -> f64 {
    const QUANTILE: f64 = 1.645;
    if number == 0 {
        return 3.0;
    }
    let next = number as f64 + 1.0;
    next * (1.0 - 1.0 / (9.0 * next) + QUANTILE / (3.0 * next.sqrt())).powi(3)
}

#[cfg(test)]
mod tests {
    use super::at_most;

    #[test]
    fn a_mean_is_below_what_tables_of_poisson_s_distribution_say() {
        for (number, exact) in [(0, 2.996), (1, 4.744), (5, 10.513), (20, 29.062)] {
            assert!((at_most(number) / exact - 1.0).abs() < 0.01, "{number}");
        }
    }
}
