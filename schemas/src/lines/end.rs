use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;

line! {
    /// A stage ended in order; a stream without one was cut.
    End, End, EndInfo,
}

/// The `vaectl` block of an end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndInfo {
    /// The version of the line format.
    pub v: u32,
    /// Whose.
    pub stage: String,
    /// `eof`, `signal`, `duration` or `error`.
    pub cause: String,
    /// Lines that the stage wrote before this one.
    pub lines: u64,
    /// Lines that it could not read.
    pub malformed: u64,
}
