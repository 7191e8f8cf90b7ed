//! How long everything takes, and what is drawn from the seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use super::publishers::Publisher;
use crate::adaptive::kernel;

/// One of the forms of the bench.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) form: String,
    /// Rounds in which the kernel's side is measured; none leaves it unknown.
    pub(super) cost_rounds: usize,
    pub(super) containers: usize,
    /// The duty cycle is compared too, which takes models of its own.
    pub(super) duty: bool,
    /// The length of a window in seconds, in training and after.
    pub(super) window_s: u64,
    /// For how long each of the fleets is recorded that models are made of.
    pub(super) training_s: u64,
    pub(super) warm_s: u64,
    /// Each has a fleet of its own, and attacks by its own seed.
    pub(super) seeds: Vec<u64>,
    /// Rounds of the stable phase of a seed: a block of each publisher.
    pub(super) rounds: usize,
    pub(super) block_s: u64,
    /// From the start of a publisher to its block.
    pub(super) settle_s: u64,
    pub(super) attack_s: u64,
    pub(super) recovery_s: u64,
    /// Turns with and without each adaptive publisher; none leaves what a request takes more unknown.
    pub(super) turns: usize,
    pub(super) turn_s: u64,
    /// Containers and times the usual load of each.
    pub(super) growth: Vec<(usize, f64)>,
    pub(super) growth_s: u64,
}

impl Plan {
    /// Within two hours.
    pub(super) fn full() -> Self {
        Self {
            form: "full".into(),
            cost_rounds: kernel::ROUNDS,
            containers: 50,
            duty: true,
            window_s: 5,
            training_s: 605,
            warm_s: 165,
            seeds: vec![1, 2, 3],
            rounds: 2,
            block_s: 60,
            settle_s: 12,
            attack_s: 40,
            recovery_s: 45,
            turns: 11,
            turn_s: 20,
            growth: vec![(10, 5.0), (50, 1.0), (200, 0.25), (1000, 0.05), (50, 4.0), (50, 16.0)],
            growth_s: 25,
        }
    }

    /// Without the duty cycle, within a quarter of an hour: a shorter window makes models of enough windows.
    pub(super) fn quick() -> Self {
        Self {
            form: "quick".into(),
            cost_rounds: 4,
            duty: false,
            window_s: 2,
            training_s: 92,
            warm_s: 66,
            seeds: vec![1],
            rounds: 2,
            block_s: 20,
            settle_s: 6,
            attack_s: 20,
            recovery_s: 30,
            turns: 4,
            turn_s: 6,
            growth: vec![(10, 5.0), (50, 1.0), (50, 4.0)],
            growth_s: 15,
            ..Self::full()
        }
    }

    /// Five containers without the kernel's side, within five minutes.
    pub(super) fn smoke() -> Self {
        Self {
            form: "smoke".into(),
            cost_rounds: 0,
            containers: 5,
            window_s: 1,
            training_s: 37,
            warm_s: 36,
            rounds: 1,
            block_s: 8,
            settle_s: 3,
            attack_s: 8,
            recovery_s: 6,
            turns: 0,
            growth: Vec::new(),
            ..Self::quick()
        }
    }

    /// Who is compared.
    pub(super) fn publishers(&self) -> Vec<Publisher> {
        Publisher::ALL.into_iter().filter(|publisher| self.duty || *publisher != Publisher::Duty).collect()
    }

    pub(super) fn block(&self) -> Duration {
        Duration::from_secs(self.block_s)
    }
}

/// Which containers a seed's attacks hit, by their index among all and among web servers, and how long after the
/// beginning of the phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Strikes {
    pub(super) miner: usize,
    pub(super) flood: usize,
    pub(super) after: [Duration; 2],
}

/// The same for every publisher but the container: one that was attacked before is no longer usual.
pub(super) fn draw(seed: u64, turn: usize, containers: usize, servers: usize) -> Strikes {
    let mut noise = StdRng::seed_from_u64(seed);
    let after = [0, 1].map(|_| Duration::from_millis(noise.random_range(500..6000)));
    let flood = (noise.random_range(0..servers) + turn) % servers;
    // Web servers come first; the miner is on any of the others.
    let miner = servers + (noise.random_range(0..containers - servers) + turn) % (containers - servers);
    Strikes { miner, flood, after }
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn no_container_is_attacked_twice_by_a_seed() {
        for seed in 0..200 {
            let mut hit: Vec<usize> =
                (0..2).map(|turn| draw(seed, turn, 5, 2)).flat_map(|s| [s.miner, s.flood]).collect();
            hit.sort_unstable();
            hit.dedup();
            assert_eq!(hit.len(), 4);
        }
        assert_eq!(draw(7, 1, 50, 10), draw(7, 1, 50, 10));
    }
}
