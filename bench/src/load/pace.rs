//! When the next request is due.

use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::shape::Shape;

/// Poisson arrivals whose rate follows a shape.
#[derive(Debug)]
pub(super) struct Pace {
    noise: StdRng,
    per_second: f64,
    shape: Shape,
    began: Instant,
    due: Instant,
}

impl Pace {
    /// About `per_second`, a quarter more or less over half a minute or so, so that a minute of windows shows the range
    /// that an hour has.
    pub(super) fn new(per_second: f64, seed: u64) -> Self {
        let mut noise = StdRng::seed_from_u64(seed);
        let shape = Shape::swing(noise.random_range(20.0..40.0));
        Self { noise, ..Self::shaped(per_second, shape, Instant::now(), seed) }
    }

    /// Just `per_second`.
    pub(super) fn steady(per_second: f64, seed: u64) -> Self {
        Self::shaped(per_second, Shape::default(), Instant::now(), seed)
    }

    /// `per_second` times the level of a shape that begins at `began`.
    pub(super) fn shaped(per_second: f64, shape: Shape, began: Instant, seed: u64) -> Self {
        Self { noise: StdRng::seed_from_u64(seed), per_second, shape, began, due: Instant::now() }
    }

    /// The seeded source of everything that varies in this load.
    pub(super) fn noise(&mut self) -> &mut StdRng {
        &mut self.noise
    }

    /// Waits for the next arrival. Late is late: what was missed is not caught up in a burst.
    pub(super) fn wait(&mut self) {
        let gap = self.gap(self.began.elapsed().as_secs_f64());
        self.due = (self.due + gap).max(Instant::now());
        thread::sleep(self.due.saturating_duration_since(Instant::now()));
    }

    fn gap(&mut self, at: f64) -> Duration {
        let rate = self.per_second * self.shape.level(at);
        let uniform: f64 = self.noise.random_range(1e-3..1.0);
        Duration::from_secs_f64(-uniform.ln() / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn arrivals_come_at_the_rate_and_by_the_seed() {
        let gaps = |seed| {
            let mut pace = Pace::new(50.0, seed);
            (0..5000).map(|i| pace.gap(f64::from(i) / 50.0).as_secs_f64()).sum::<f64>()
        };
        assert!((80.0..125.0).contains(&gaps(1)), "{}", gaps(1));
        assert_eq!(gaps(1).to_bits(), gaps(1).to_bits());
        assert_ne!(gaps(1).to_bits(), gaps(2).to_bits());
    }
}
