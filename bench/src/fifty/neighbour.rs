//! What else a host has to do: a model of a host that had nothing else to do takes that for its container's doing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Spells in which somebody takes a core.
const SPELLS: u32 = 6;
/// The share of the time that is theirs.
pub(super) const SHARE: f64 = 0.25;

/// Does `work`, which takes about so long, while somebody outside the containers takes a core for a spell now and then.
pub(super) fn beside<T>(time: Duration, seed: u64, work: impl FnOnce() -> T) -> T {
    let (began, over) = (Instant::now(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for [from, to] in spells(time, seed) {
                while began.elapsed() < from && !over.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(20));
                }
                while began.elapsed() < to && !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            }
        });
        let result = work();
        over.store(true, Ordering::Relaxed);
        result
    })
}

/// One spell in each part of the time.
fn spells(time: Duration, seed: u64) -> impl Iterator<Item = [Duration; 2]> {
    let (mut noise, part) = (StdRng::seed_from_u64(seed), time / SPELLS);
    let spell = part.mul_f64(SHARE);
    let most = part.mul_f64(1.0 - SHARE);
    (0..SPELLS).map(move |number| {
        let from = part * number + most.mul_f64(noise.random_range(0.0..1.0));
        [from, from + spell]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_follow_one_another_and_have_their_share() {
        let time = Duration::from_mins(10);
        let spells: Vec<_> = spells(time, 7).collect();
        assert!(spells.is_sorted_by(|[_, end], [from, _]| end <= from) && spells.iter().all(|[_, to]| *to <= time));
        let taken: f64 = spells.iter().map(|[from, to]| to.as_secs_f64() - from.as_secs_f64()).sum();
        assert!((taken - 150.0).abs() < 1.0, "{taken}");
    }

    #[test]
    fn work_that_ends_early_ends_the_spells() {
        let began = Instant::now();
        assert_eq!(beside(Duration::from_hours(1), 1, || 5), 5);
        assert!(began.elapsed() < Duration::from_mins(1));
    }
}
