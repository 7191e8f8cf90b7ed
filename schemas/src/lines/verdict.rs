use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;
use crate::Rule;

line! {
    /// What one window was judged to be, and why.
    Verdict, Verdict, VerdictInfo,
    /// The model that judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<Rule<'a>>,
}

/// The state of an instance: a model on a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No exact model.
    #[default]
    Unknown,
    /// The first windows of the instance.
    Warming,
    /// Within its pattern.
    Stable,
    /// One window beyond the suspect threshold, or a weak novelty.
    Suspect,
    /// In an episode.
    Unstable,
    /// The host lost data of it.
    Blind,
}

/// What raised a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The window is unlikely under the model.
    Density,
    /// A call, program or rare event that training never saw.
    Novelty,
    /// A small shift that lasts.
    Drift,
    /// The container lost its own events by flooding.
    Flood,
}

/// How well a model fits a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelMatch {
    /// Same image digest, same command; where less is known of the container, the same in all that is.
    Exact,
    /// Same image digest, another command.
    Digest,
    /// Same repository, another digest.
    Repository,
}

/// How much a model has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// At least 2 runs and 120 windows, one whole run kept for calibration.
    Provisional,
    /// At least 3 runs and 600 windows, calibrated on at least one run and 200 windows.
    Established,
}

/// To people they are shown by their names on a line.
macro_rules! named {
    ($($name:ty),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.serialize(f)
            }
        }
    )*};
}

named!(State, ModelMatch, Grade);

/// The model behind a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelRef {
    /// What it is a model of.
    pub key: String,
    /// Which version of it.
    pub hash: String,
    /// How well it fits this container.
    #[serde(rename = "match")]
    pub matched: ModelMatch,
    /// How much it has seen.
    pub grade: Grade,
}

/// The two parts of the score before calibration, in nats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreParts {
    /// The reconstruction part: negative log-likelihood of the window under the decoder.
    pub reconstruction: f64,
    /// The latent part: divergence of the posterior from the prior.
    pub latent: f64,
}

/// A feature that carries the score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attribution {
    /// Its name.
    pub feature: String,
    /// What was seen, in the window's own unit.
    pub seen: f64,
    /// The range that was expected, scaled to this window's length; absent where training never saw the feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<[f64; 2]>,
    /// Its share of the score, 0 to 1.
    pub share: f64,
}

/// The `vaectl` block of a verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VerdictInfo {
    /// The version of the line format.
    pub v: u32,
    /// The state after this window.
    pub state: State,
    /// The state before it.
    pub previous: State,
    /// The two differ.
    pub transition: bool,
    /// They differ by a suspicion, or by the end of one that came to nothing: a summary counts it, and nobody publishes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passing: bool,
    /// The calibrated score: deviations of a calibration window's spread above their median, less the offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What this instance lies above the model's median for good; while it warms up, the most that it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<f64>,
    /// Its parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<ScoreParts>,
    /// The share of calibration windows that score as high, beyond the highest of them that of a tail fitted to them;
    /// never below what their number supports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// The score that counts towards an episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// What raised it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// A process entered the container from outside in this window.
    pub entered: bool,
    /// The model; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// The features that carry the score, largest share first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributions: Vec<Attribution>,
    /// How many features, those with the largest shares, must be put out of sight for the rest of the window to be within
    /// the threshold; absent where no few do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fewest: Option<usize>,
    /// The open incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The window that was judged: its `event.id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// The window's measured length in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ns: Option<u64>,
}
