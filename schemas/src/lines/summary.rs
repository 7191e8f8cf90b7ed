use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;
use crate::{State, Timestamp};

line! {
    /// A container's hour, or the rest of one at its end: all that is published of a stable container.
    Summary, Summary, SummaryInfo,
}

/// The `vaectl` block of a summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryInfo {
    /// The version of the line format.
    pub v: u32,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The state at the end.
    pub state: State,
    /// The beginning of the first window.
    pub from: Timestamp,
    /// Windows judged.
    pub windows: u64,
    /// Windows in each state.
    pub states: BTreeMap<State, u64>,
    /// Changes of state.
    pub transitions: u64,
    /// Events that came in, of any kind.
    pub events: u64,
    /// Events that were let through.
    pub published: u64,
    /// The largest score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_max: Option<f64>,
    /// The least p-value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value_min: Option<f64>,
}
