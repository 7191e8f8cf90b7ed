//! The header of a model file: all that is known about a model but its weights.

use serde::{Deserialize, Serialize};
use vaectl_schemas::{Grade, Timestamp};

use super::calibration::Calibration;
use super::feature::{Feature, Views};
use super::keys::Keys;
use super::novelty::{Newcomers, Seen};

/// The version of the model file.
pub const FORMAT: u32 = 2;

/// What a model is, was trained on, and can claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The version of the file: [`FORMAT`].
    pub format: u32,
    /// The program that trained it, with its version.
    pub tool: String,
    /// The folder that it lies in.
    pub key: String,
    /// The keys of the containers that it was trained on, for looser matches.
    pub keys: Keys,
    /// What a person calls it, such as `nginx:1.22`.
    pub name: String,
    /// How much it has seen.
    pub grade: Grade,
    /// The first and the last window that it has seen, in training or calibration.
    pub span: [Timestamp; 2],
    /// The nominal length of its windows, in nanoseconds.
    pub nominal_ns: u64,
    /// It was trained on containers that live shorter than a window; else parts of windows are not scored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parts: bool,
    /// The latent part of a bound does not count: made to measure what it is worth.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_latent: bool,
    /// Runs it was fitted to.
    pub runs: usize,
    /// Windows it was fitted to.
    pub windows: usize,
    /// Which views the columns are of.
    pub views: Views,
    /// The columns, in the order of the tensors.
    pub features: Vec<Feature>,
    /// The names that are not new.
    pub seen: Seen,
    /// How often names are new to it for good reasons.
    pub newcomers: Newcomers,
    /// One entry a network.
    pub fits: Vec<Fit>,
    /// What the networks learned beyond a distance from the mean.
    pub structure: Structure,
    /// How scores are read.
    pub calibration: Calibration,
    /// How the model did on windows that it was not fitted to.
    pub validation: Figures,
    /// How a principal component analysis of the same features did on the same windows.
    pub baseline: Figures,
    /// What was left out or is doubtful, one sentence each.
    pub notes: Vec<String>,
    /// Hash of all tensors, name by name.
    #[serde(default)]
    pub tensors: String,
}

/// How one network was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Its seed.
    pub seed: u64,
    /// Passes over the training windows that its weights come from.
    pub epochs: usize,
    /// Negative evidence lower bound of training windows, in nats a window.
    pub train_loss: f64,
    /// The same of windows held out, at the best pass.
    pub validation_loss: f64,
    /// Latents whose posterior mean varies over training windows (variance above 0.01).
    pub active_units: usize,
}

/// What there was to learn, and whether it was learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Structure {
    /// The share of the variance of scaled calibration windows along their first principal component.
    pub first_component: f64,
    /// The share of it in the one column that has the most: near the former, nothing is shared.
    #[serde(default)]
    pub first_column: f64,
    /// Active latent units of the network that has the fewest.
    pub active_units: usize,
    /// How far the score ranks calibration windows as their distance from the mean does: Spearman's correlation.
    pub distance_correlation: f64,
}

/// How a density told held-out windows from the same windows disturbed in fixed, seeded ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Area under the ROC curve.
    pub auroc: f64,
    /// The share of disturbed windows beyond the highest undisturbed one.
    pub recall: f64,
}
