use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;

line! {
    /// The wall clock was stepped: times before and after this line do not compare.
    Clock, Clock, ClockInfo,
}

/// The `vaectl` block of a clock line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockInfo {
    /// The version of the line format.
    pub v: u32,
    /// By how much, in nanoseconds; positive is forward.
    pub step_ns: i64,
}
