//! How to train.

use std::path::PathBuf;

use vaectl_schemas::Timestamp;

use crate::error::TrainError;

/// What a comparison leaves out of models, to measure what it is worth; nothing, otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Without {
    /// The decoder's variance stays at one.
    pub learned_variance: bool,
    /// The latent part of the bound does not count: windows are judged by what is left of them after the decoder alone.
    pub latent: bool,
    /// The level alone is seen.
    pub composition: bool,
}

/// Where models go and how they are fitted.
#[derive(Clone, Debug)]
pub struct Config {
    /// The model folder.
    pub models: PathBuf,
    /// One network is fitted for each.
    pub seeds: Vec<u64>,
    /// Noise draws a score is averaged over.
    pub draws: usize,
    /// Most passes over the training windows; by default as many as 2,000 steps take, 30 to 400.
    pub epochs: Option<usize>,
    /// Weight of the divergence after warm-up.
    pub beta: f32,
    /// Keep models whose score is no more than a distance from the mean.
    pub allow_collapsed: bool,
    /// The longest line that is read.
    pub max_line_bytes: usize,
    /// The keys that models are made of; all where there are none.
    pub keys: Vec<String>,
    /// Windows before it are left out.
    pub since: Option<Timestamp>,
    /// Windows of incidents teach too.
    pub accept: bool,
    /// Where a model is in use already, put a new one in use only where it is at least as good.
    pub promote: bool,
    /// Versions of a model that are kept, beside the one in use and the one before.
    pub keep: usize,
    /// What is left out of them.
    pub without: Without,
}

impl Config {
    /// The default settings, with models kept in `models`.
    #[must_use]
    pub fn new(models: impl Into<PathBuf>) -> Self {
        Self {
            models: models.into(),
            seeds: vec![1, 2, 3],
            draws: 16,
            epochs: None,
            beta: 0.5,
            allow_collapsed: false,
            max_line_bytes: vaectl_schemas::DEFAULT_MAX_LINE_BYTES,
            keys: Vec::new(),
            since: None,
            accept: false,
            promote: false,
            keep: 5,
            without: Without::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), TrainError> {
        if self.seeds.is_empty() || self.draws == 0 || self.epochs == Some(0) {
            return Err(TrainError::Config("training needs at least one seed, one draw and one epoch"));
        }
        if !(self.beta.is_finite() && self.beta > 0.0) {
            return Err(TrainError::Config("beta must be above zero"));
        }
        Ok(())
    }
}
