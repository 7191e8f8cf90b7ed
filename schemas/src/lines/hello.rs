use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;
use crate::Depth;

line! {
    /// A stage began: what it is and how it is set.
    Hello, Hello, HelloInfo,
}

/// The `vaectl` block of a hello.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HelloInfo {
    /// The version of the line format.
    pub v: u32,
    /// `record`, `score`, ...
    pub stage: String,
    /// The program's version.
    pub tool: String,
    /// The random id of this start of the stage, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The boot id of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// The kernel release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The length of a window in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_ns: Option<u64>,
    /// The depth of containers without a lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<Depth>,
    /// What this host cannot watch, and why, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}
