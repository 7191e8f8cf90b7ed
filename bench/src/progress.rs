//! What is being done, on stderr, with the seconds since the beginning.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// A clock that prints.
#[derive(Clone, Copy, Debug)]
pub struct Progress(Instant);

impl Default for Progress {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Progress {
    /// Prints one line.
    pub fn say(&self, what: impl Display) {
        eprintln!("[{:5.1} s] {what}", self.0.elapsed().as_secs_f64());
    }

    /// Time since the beginning.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
