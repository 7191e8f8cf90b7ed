//! How a load's level goes over time.

use std::f64::consts::TAU;
use std::ops::Range;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The least and the most that a drawn shape asks for, in multiples of the base.
const LEVELS: (f64, f64) = (0.25, 4.0);

/// How long a piece lasts, in seconds: a run of ten minutes goes through some fifteen.
const PIECE: Range<f64> = 20.0..60.0;

/// Levels over time: 1 where nothing else is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    pieces: Vec<Piece>,
    forced: Vec<(Range<f64>, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    /// In seconds from the beginning.
    ends: f64,
    low: f64,
    high: f64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Low all the time.
    Step,
    /// From low to high and back in so many seconds.
    Sine(f64),
    /// High for three seconds of each so many, and low otherwise.
    Bursts(f64),
}

const BURST: f64 = 3.0;

impl Shape {
    /// Steps, sines and bursts between a quarter and four times the base for `seconds`, by the seed.
    #[must_use]
    pub fn draw(seconds: f64, seed: u64) -> Self {
        let mut noise = StdRng::seed_from_u64(seed);
        let level = |noise: &mut StdRng| noise.random_range(LEVELS.0.ln()..LEVELS.1.ln()).exp();
        let (mut pieces, mut ends) = (Vec::new(), 0.0);
        while ends < seconds {
            ends += noise.random_range(PIECE);
            let (a, b) = (level(&mut noise), level(&mut noise));
            let kind = match noise.random_range(0..3) {
                0 => Kind::Step,
                1 => Kind::Sine(noise.random_range(15.0..40.0)),
                _ => Kind::Bursts(noise.random_range(8.0..15.0)),
            };
            pieces.push(Piece { ends, low: a.min(b), high: a.max(b), kind });
        }
        Self { pieces, forced: Vec::new() }
    }

    /// A quarter more or less, in `period` seconds.
    pub(super) fn swing(period: f64) -> Self {
        let piece = Piece { ends: f64::INFINITY, low: 0.75, high: 1.25, kind: Kind::Sine(period) };
        Self { pieces: vec![piece], forced: Vec::new() }
    }

    /// The highest level for a while.
    #[must_use]
    pub fn peak(mut self, when: Range<f64>) -> Self {
        self.forced.push((when, LEVELS.1));
        self
    }

    /// The level at so many seconds from the beginning.
    #[must_use]
    pub fn level(&self, at: f64) -> f64 {
        if let Some((_, level)) = self.forced.iter().find(|(when, _)| when.contains(&at)) {
            return *level;
        }
        let piece = self.pieces.iter().find(|piece| at < piece.ends).or(self.pieces.last());
        let Some(Piece { low, high, kind, .. }) = piece else { return 1.0 };
        match kind {
            Kind::Sine(period) => f64::midpoint(*low, *high) + (high - low) / 2.0 * (TAU * at / period).sin(),
            Kind::Bursts(period) if at % period < BURST => *high,
            Kind::Step | Kind::Bursts(_) => *low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn a_shape_goes_through_its_whole_range_and_not_beyond() {
        let levels = |seed| -> Vec<f64> {
            let shape = Shape::draw(700.0, seed);
            (0..700).map(|at| shape.level(f64::from(at))).collect()
        };
        for seed in 0..50 {
            let levels = levels(seed);
            assert!(levels.iter().all(|level| (0.249..4.001).contains(level)), "seed {seed}");
            let (least, most) = levels.iter().fold((4.0_f64, 0.0_f64), |(a, b), x| (a.min(*x), b.max(*x)));
            assert!(least < 1.0 && most > 1.5, "seed {seed}: {least} to {most}");
        }
        assert_eq!(levels(1), levels(1));
        assert_ne!(levels(1), levels(2));
    }

    #[test]
    fn a_peak_is_the_highest_level_and_ends() {
        let shape = Shape::default().peak(10.0..20.0);
        let levels = [9.9, 10.0, 19.9, 20.0].map(|at| shape.level(at));
        assert_eq!(levels.map(f64::to_bits), [1.0, 4.0, 4.0, 1.0].map(f64::to_bits));
    }
}
