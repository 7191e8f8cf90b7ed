//! Windows of a container that its host gave less time: everything that it does, it does less often.
//!
//! Training has few of them, and a busy host is no fault of the container. They are made, and taught beside the others.

use vaectl_schemas::Window;

use crate::random::Random;

/// One is made of so many windows.
const OF: usize = 8;

/// Windows in which any part of the time of some of `windows` was left.
pub(crate) fn starved(windows: &[&Window<'static>], seed: u64) -> Vec<Window<'static>> {
    // Apart from the streams of weights and of noise.
    let mut random = Random::new(seed ^ 0x7374_6172);
    windows.iter().skip(OF / 2).step_by(OF).map(|window| slowed(window, &mut random)).collect()
}

/// A window with a random part of what is counted in it; what is left of a count of few is chance.
fn slowed(window: &Window<'static>, random: &mut Random) -> Window<'static> {
    let mut out = window.clone();
    let share = random.uniform();
    let counters = window.counters.iter();
    out.counters = counters.map(|(name, count)| (name, (count * share + random.uniform()).floor())).collect();
    out
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};

    use super::starved;

    #[test]
    fn all_counts_fall_by_one_share_and_gauges_stay() {
        let meta = WindowMeta { v: 1, window: WindowInfo::default(), run: None, job: None, state: None };
        let mut window = Window::new(Timestamp::default(), meta);
        window.counters = [("syscall.read", 1000.0), ("syscall.write", 500.0)].into_iter().collect();
        window.gauges = [("pids", 4.0)].into_iter().collect();
        let made = starved(&[&window; 80], 1);
        assert_eq!(made.len(), 10);
        for slow in &made {
            let [reads, writes] = ["syscall.read", "syscall.write"].map(|name| slow.counters.get(name).unwrap());
            assert!(reads <= 1000.0 && (reads / 2.0 - writes).abs() <= 2.0, "{reads} and {writes}");
            assert_eq!(slow.gauges.get("pids"), Some(4.0));
        }
        assert!(made.iter().any(|slow| slow.counters.get("syscall.read") < Some(500.0)));
    }
}
