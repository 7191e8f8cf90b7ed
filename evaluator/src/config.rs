//! How to evaluate.

/// What is chosen, and not measured.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How often the runs are drawn anew for an interval.
    pub resamples: usize,
    /// The seed of all draws.
    pub seed: u64,
    /// The most windows that models and baselines are compared on; of more, so many are drawn by the seed.
    pub sample: usize,
    /// The longest line that is read.
    pub max_line_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { resamples: 1000, seed: 1, sample: 50_000, max_line_bytes: vaectl_schemas::DEFAULT_MAX_LINE_BYTES }
    }
}
