use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;

line! {
    /// A stage is alive. Stays on the pipe; `publish` indexes none.
    Heartbeat, Heartbeat, HeartbeatInfo,
}

/// The `vaectl` block of a heartbeat.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeartbeatInfo {
    /// The version of the line format.
    pub v: u32,
    /// Whose.
    pub stage: String,
    /// Running totals such as `containers`, `windows`, `events`, `lost`, `backlog_bytes`.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
}
