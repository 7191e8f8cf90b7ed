use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;
use crate::{Attribution, Channel, ModelRef, Rule, Timestamp};

line! {
    /// An episode opened or closed.
    Incident, Incident, IncidentInfo,
    /// The model that judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<Rule<'a>>,
}

/// Whether an episode goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentStatus {
    /// It began.
    #[default]
    Opened,
    /// It is over, or nobody watches it any more.
    Closed,
}

/// Why an episode was closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentCause {
    /// Enough windows in a row were within the pattern.
    #[default]
    Quiet,
    /// The container ended.
    ContainerEnded,
    /// Nothing was heard of the container for an hour.
    Silence,
    /// There was no room for another container.
    NoRoom,
    /// The input of `score` ended; the container may go on.
    EndOfInput,
    /// `score` was told to end; the container may go on.
    Stopped,
}

/// The `vaectl` block of an incident.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentInfo {
    /// The version of the line format.
    pub v: u32,
    /// The incident's id: the same when it opens and closes, and on its events.
    pub incident: String,
    /// Whether it opened or closed.
    pub status: IncidentStatus,
    /// The end of the first window that was out of pattern.
    pub opened: Timestamp,
    /// When it closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Timestamp>,
    /// Why it closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<IncidentCause>,
    /// Windows so far.
    pub windows: u64,
    /// Events published so far.
    pub events: u64,
    /// Of these, from before the incident was noticed.
    pub history: u64,
    /// What raised it.
    pub channels: Vec<Channel>,
    /// The features that carried it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributions: Vec<Attribution>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}
