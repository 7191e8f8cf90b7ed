//! What the caller decides.

use std::path::PathBuf;

use vaectl_schemas::DEFAULT_MAX_LINE_BYTES;

use crate::archive::ArchiveConfig;

/// How to score.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder of model files; a missing or an empty one leaves every container `unknown`.
    pub models: PathBuf,
    /// Where windows are kept for training, if anywhere.
    pub archive: Option<ArchiveConfig>,
    /// The folder that keeps what was learned of each container over a restart, if any.
    pub state: Option<PathBuf>,
    /// Treat all that runs outside containers as one more container.
    pub host: bool,
    /// Pass window lines on beside their verdicts.
    pub pass_windows: bool,
    /// Fail at the first line that cannot be read.
    pub strict: bool,
    /// The longest line accepted, for the message about a longer one.
    pub max_line_bytes: usize,
    /// How many bytes of events all containers together may have held back.
    pub hold_bytes: usize,
    /// How many containers are told apart; beyond it, the one that was silent for longest is forgotten.
    pub max_containers: usize,
    /// How many events a second, of all containers that no exact model vouches for, are published.
    pub events_per_second: u32,
}

impl Config {
    /// The defaults: 64 MiB held, 4096 containers, 50 events a second.
    #[must_use]
    pub fn new(models: impl Into<PathBuf>) -> Self {
        Self {
            models: models.into(),
            archive: None,
            state: None,
            host: false,
            pass_windows: false,
            strict: false,
            max_line_bytes: DEFAULT_MAX_LINE_BYTES,
            hold_bytes: 64 << 20,
            max_containers: 4096,
            events_per_second: 50,
        }
    }
}
