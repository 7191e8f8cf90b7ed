//! Which container is attacked, how and when: all of it from one seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::fleet::{self, WATCHED};
use crate::AttackKind;

/// How long fresh containers are watched.
pub(super) const LIVE: Duration = Duration::from_secs(90);

/// How long an attack lasts.
pub(super) const ATTACK: Duration = Duration::from_secs(20);

/// When an attack may begin, in seconds of the watch: with some calm before, and time enough behind.
const BEGIN: std::ops::Range<f64> = 20.0..54.0;

/// One attack to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Strike {
    pub(super) kind: AttackKind,
    /// Which of the fleet.
    pub(super) target: usize,
    /// When, from the beginning of the watch.
    pub(super) after: Duration,
}

/// A miner in any container, and a flood on another one that serves HTTP: the first of the fleet do.
pub(super) fn draw(seed: u64) -> [Strike; 2] {
    let mut noise = StdRng::seed_from_u64(seed);
    let miner = noise.random_range(0..fleet::size(WATCHED));
    let mut server = noise.random_range(0..WATCHED);
    if server == miner {
        server = (server + 1) % WATCHED;
    }
    [(AttackKind::Miner, miner), (AttackKind::Flood, server)].map(|(kind, target)| Strike {
        kind,
        target,
        after: Duration::from_secs_f64(noise.random_range(BEGIN)),
    })
}

#[cfg(test)]
mod tests {
    use super::{ATTACK, LIVE, WATCHED, draw};

    #[test]
    fn an_attack_ends_within_the_watch_and_no_container_gets_two() {
        for seed in 0..500 {
            let [miner, flood] = draw(seed);
            assert_ne!(miner.target, flood.target);
            assert!(flood.target < WATCHED);
            assert!(miner.after + ATTACK < LIVE && flood.after + ATTACK < LIVE);
        }
        assert_eq!(draw(7), draw(7));
    }
}
