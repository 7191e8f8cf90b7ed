use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;
use crate::Metrics;

line! {
    /// What one container did in one window: counters and gauges apart, never rates.
    ///
    /// A window is a watermark: no earlier event of its container follows, except marked `vaectl.late` or
    /// `vaectl.history`.
    Window, Window, WindowMeta,
    /// How often things happened during the window: `syscall.<name>`, `syscall_failed.<errno>`, `process.*`,
    /// `net.*`, `file.*`, `cpu.*_ns`. Zero counts are left out where the family is covered.
    #[serde(default)]
    counters: Metrics,
    /// How much there was at its end: `memory.bytes` (anonymous memory, up to half a minute
    /// before while nobody asks for more of the container), `pids`.
    #[serde(default)]
    gauges: Metrics,
    /// Programs that were executed, and how often; `(other)` where there were more than are kept.
    #[serde(default)]
    execs: BTreeMap<String, u64>,
}

/// The `vaectl` block of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WindowMeta {
    /// The version of the line format.
    pub v: u32,
    /// The window.
    pub window: WindowInfo,
    /// The run: one life of one container. Opaque; absent on foreign lines, where the container's id stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The hash of entrypoint and arguments, once known: half of the model key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// On lines of an archive: the state that the window was judged to be in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<super::State>,
}

/// The extent and the quality of a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WindowInfo {
    /// The configured length, in nanoseconds.
    pub nominal_ns: u64,
    /// The measured length, in nanoseconds.
    pub duration_ns: u64,
    /// The share of the window in which each family of features was watched: 1.0 for all of it. A family that is not
    /// named was not watched.
    #[serde(default)]
    pub coverage: Metrics,
    /// Events of this container that the host lost in it.
    #[serde(default)]
    pub lost: u64,
    /// The container, or its recording, began or ended within it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part: bool,
    /// How many windows were added up into this one under back-pressure, where more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<u32>,
    /// How many processes entered the container from outside in it (an operator's exec).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<u32>,
}
