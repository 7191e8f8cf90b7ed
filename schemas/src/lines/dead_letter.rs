use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;

line! {
    /// A line that could not be taken, quoted, with the reason.
    DeadLetter, DeadLetter, DeadLetterInfo,
}

/// The `vaectl` block of a dead letter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterInfo {
    /// The version of the line format.
    pub v: u32,
    /// Which stage refused it.
    pub stage: String,
    /// Why.
    pub reason: String,
    /// Its number in the input, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The file it stood in; absent for standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The server's status, where a server refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The line: whole where a server refused it, so that it can be sent again; otherwise its first 1024 bytes.
    pub original: String,
    /// `original` is not the whole line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// `original` was not UTF-8 and is escaped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub escaped: bool,
}
