//! Windows disturbed in fixed, seeded ways, and how well a density tells them apart.

use vaectl_schemas::{Metrics, Window};
use vaectl_scorer::model::{CALLS, Figures};

use crate::random::Random;
use crate::ranking::{Ranked, Ranking};

/// A fixed way of disturbing a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// Processor time times three, and a tenth of a core more.
    Processor,
    /// All rates times ten.
    Rates,
    /// The counts of its calls swapped among them.
    Composition,
    /// One call that was never made before.
    NewCall,
}

/// Calls that hardly any workload makes; the first that is new is taken.
const RARE_CALLS: [&str; 4] =
    ["syscall.process_vm_readv", "syscall.userfaultfd", "syscall.kexec_load", "syscall.perf_event_open"];

impl Disturbance {
    pub(crate) const ALL: [Self; 4] = [Self::Processor, Self::Rates, Self::Composition, Self::NewCall];

    /// Those that a density sees.
    const OF_DENSITY: [Self; 3] = [Self::Processor, Self::Rates, Self::Composition];

    /// Disturbs a window; `known` are the counters that are not new.
    pub(crate) fn disturb(
        self,
        window: &Window<'static>,
        known: &dyn Fn(&str) -> bool,
        random: &mut Random,
    ) -> Window<'static> {
        let mut out = window.clone();
        match self {
            Self::Processor => {
                let more = window.vaectl.window.duration_ns as f64 / 10.0;
                let raise = |name: &str, v| if name.starts_with("cpu.") { 3.0 * v + more } else { v };
                out.counters = map(&window.counters, raise);
            }
            Self::Rates => out.counters = map(&window.counters, |_, v| 10.0 * v),
            Self::Composition => {
                let calls = window.counters.iter().filter(|(name, _)| name.starts_with(CALLS));
                let mut counts: Vec<f64> = calls.map(|(_, count)| count).collect();
                random.shuffle(&mut counts);
                let mut counts = counts.into_iter();
                let swap = |name: &str, v| if name.starts_with(CALLS) { counts.next().unwrap_or(v) } else { v };
                out.counters = map(&window.counters, swap);
            }
            Self::NewCall => {
                if let Some(name) = RARE_CALLS.into_iter().find(|name| !known(name)) {
                    out.counters.push(name, 1.0);
                }
            }
        }
        out
    }
}

/// Disturbs a window in one of the ways that a density sees.
pub(crate) fn disturb(window: &Window<'static>, random: &mut Random) -> Window<'static> {
    let kind = Disturbance::OF_DENSITY[random.below(Disturbance::OF_DENSITY.len())];
    kind.disturb(window, &|_| true, random)
}

fn map(metrics: &Metrics, mut change: impl FnMut(&str, f64) -> f64) -> Metrics {
    metrics.iter().map(|(name, value)| (name, change(name, value))).collect()
}

/// Area under the ROC curve, and the share beyond the highest calm score.
pub(crate) fn figures(calm: &[f64], disturbed: &[f64]) -> Figures {
    let ranked = |attacked| move |score: &f64| Ranked { score: *score, attacked, group: 0 };
    let ranking = Ranking::of(calm.iter().map(ranked(false)).chain(disturbed.iter().map(ranked(true))));
    let auroc = ranking.areas(|_| 1.0).map_or(0.0, |areas| areas.auroc);
    Figures { auroc, recall: ranking.recall_at(0.0) }
}

#[cfg(test)]
mod tests {
    use super::figures;

    #[test]
    fn figures_are_by_rank() {
        // Pairs won by the disturbed: 3 beats both, 1 ties one and loses one: 2.5 of 4.
        let got = figures(&[1.0, 2.0], &[3.0, 1.0]);
        assert_eq!((got.auroc, got.recall), (0.625, 0.5));
    }
}
