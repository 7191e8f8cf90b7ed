//! What stages ask of each other beside the pipe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Depth;

/// A request on the control socket of `record`: one JSON object a line, and no answer.
///
/// It holds for its time to live and is renewed by the next one for the same container. A container whose lease ran out
/// returns to `process`; up to 20 of those with a suspicion, the latest first, to `full`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The version of the line format.
    pub v: u32,
    /// The run of the container, as on its lines in `vaectl.run`.
    pub run: String,
    /// How deep it is to be watched.
    pub depth: Depth,
    /// For how long, in milliseconds.
    pub ttl_ms: u64,
    /// When it was last suspected of something, in nanoseconds since 1970; 0 where it never was.
    #[serde(default)]
    pub suspected_ns: u64,
    /// Whether what its flight recorder holds is told, where it is to be watched in full or deeper than it was. What is left
    /// there stays as it is while it is watched in full. Without it what is told live may be five seconds late: who asks so
    /// holds it back.
    #[serde(default = "told")]
    pub history: bool,
    /// Whether what it does at full depth is kept by the recorder, some windows long, and told with its history where that is
    /// asked for; what there is no room for is told live, and so is all of it once the connection is closed on which it was
    /// asked for.
    #[serde(default)]
    pub hold: bool,
}

fn told() -> bool {
    true
}
