//! How to evaluate.

/// What is chosen, and not measured.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How often the runs are drawn anew for an interval.
    pub resamples: usize,
    /// The seed of these draws.
    pub seed: u64,
    /// The longest line that is read.
    pub max_line_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { resamples: 1000, seed: 1, max_line_bytes: vaectl_schemas::DEFAULT_MAX_LINE_BYTES }
    }
}
