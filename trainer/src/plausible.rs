//! Windows that are as usual as those there are, and that training has few of: made from these, and taught beside them.
//!
//! A host may give a container less time, and it does less of everything. A habit, such as a job that comes once an hour,
//! may begin near the end of a window: each of two has a part of it.

use vaectl_schemas::{Metrics, Window};
use vaectl_scorer::model::Featuriser;

use crate::random::Random;
use crate::trim::far_above;

/// One starved window is made of so many.
const STARVED_OF: usize = 8;

/// A habit is taught so often with a random part of it. A few windows of one kind would leave hardly a trace.
const PARTS: usize = 3;

/// Windows made of `windows`, which are in the order of time, run by run.
pub(crate) fn plausible(windows: &[&Window<'static>], featuriser: &Featuriser, seed: u64) -> Vec<Window<'static>> {
    // Apart from the streams of weights and of noise.
    let mut random = Random::new(seed ^ 0x706c_6175);
    let mut made: Vec<Window<'static>> =
        windows.iter().skip(STARVED_OF / 2).step_by(STARVED_OF).map(|window| starved(window, &mut random)).collect();
    let rows = featuriser.rows(windows.iter().copied());
    for habit in far_above(&rows).into_iter().filter(|at| *at > 0) {
        made.extend((0..PARTS).map(|_| part(windows[habit], windows[habit - 1], &mut random)));
    }
    made
}

/// A window with a random part of what is counted in it; what is left of a count of few is chance.
fn starved(window: &Window<'static>, random: &mut Random) -> Window<'static> {
    let share = random.uniform();
    let mut out = window.clone();
    out.counters = window.counters.iter().map(|(name, n)| (name, (n * share + random.uniform()).floor())).collect();
    out
}

/// A window with a random part of what `window` has beyond the one before it.
fn part(window: &Window<'static>, before: &Window<'static>, random: &mut Random) -> Window<'static> {
    let share = random.uniform();
    let mut out = window.clone();
    let mut mix = |all: &Metrics, usual: &Metrics| -> Metrics {
        let missing = usual.iter().filter(|(name, _)| all.get(name).is_none()).map(|(name, n)| (name, 0.0, n));
        let all = all.iter().map(|(name, n)| (name, n, usual.get(name).unwrap_or(0.0)));
        all.chain(missing)
            .map(|(name, n, usual)| (name, (usual + share * (n - usual) + random.uniform()).floor()))
            .collect()
    };
    out.counters = mix(&window.counters, &before.counters);
    if !window.gauges.iter().any(|(_, value)| value.fract() != 0.0) {
        out.gauges = mix(&window.gauges, &before.gauges);
    }
    out
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Metrics, Timestamp, Window, WindowInfo, WindowMeta};
    use vaectl_scorer::model::Seen;

    use super::{Featuriser, Random, part, plausible};

    fn window(counters: &[(&str, f64)]) -> Window<'static> {
        let meta = WindowMeta { v: 1, window: WindowInfo::default(), run: None, job: None, state: None };
        let mut window = Window::new(Timestamp::default(), meta);
        window.counters = counters.iter().copied().collect::<Metrics>();
        window.gauges = [("pids", 4.0)].into_iter().collect();
        window
    }

    #[test]
    fn all_counts_of_a_starved_window_fall_by_one_share_and_gauges_stay() {
        let window = window(&[("syscall.read", 1000.0), ("syscall.write", 500.0)]);
        let made = plausible(&[&window; 80], &Featuriser::new(Vec::new(), &Seen::default()), 1);
        assert_eq!(made.len(), 10);
        for slow in &made {
            let [reads, writes] = ["syscall.read", "syscall.write"].map(|name| slow.counters.get(name).unwrap());
            assert!(reads <= 1000.0 && (reads / 2.0 - writes).abs() <= 2.0, "{reads} and {writes}");
            assert_eq!(slow.gauges.get("pids"), Some(4.0));
        }
        assert!(made.iter().any(|slow| slow.counters.get("syscall.read") < Some(500.0)));
    }

    #[test]
    fn a_part_of_a_habit_lies_between_the_window_before_and_all_of_it() {
        let before = window(&[("syscall.read", 100.0), ("syscall.poll", 10.0)]);
        let habit = window(&[("syscall.read", 1100.0), ("syscall.openat", 500.0), ("syscall.poll", 10.0)]);
        let mut random = Random::new(1);
        for _ in 0..20 {
            let made = part(&habit, &before, &mut random);
            let [reads, opens] = ["syscall.read", "syscall.openat"].map(|name| made.counters.get(name).unwrap());
            assert!(
                (100.0..=1100.0).contains(&reads) && ((reads - 100.0) / 2.0 - opens).abs() <= 2.0,
                "{reads} {opens}"
            );
            assert_eq!((made.counters.get("syscall.poll"), made.gauges.get("pids")), (Some(10.0), Some(4.0)));
        }
    }
}
