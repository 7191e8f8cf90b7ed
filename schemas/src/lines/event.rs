use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;
use crate::{Endpoint, File, Network, Process, User};

line! {
    /// One thing that one process did.
    Event, Event, EventInfo,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<Process<'a>>,
    /// With whose rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<User<'a>>,
    /// To what file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<File<'a>>,
    /// Over which network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<Network<'a>>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Endpoint<'a>>,
    /// To where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destination: Option<Endpoint<'a>>,
}

/// How much of a container is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Counters only.
    Census,
    /// Also program starts and ends, and rare events.
    Process,
    /// Also forks, files and sockets.
    #[default]
    Full,
}

/// Where a path was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PathSource {
    /// Walked from the kernel's own file.
    File,
    /// The call's argument, on the resolved directory.
    Argument,
}

/// The `vaectl` block of an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventInfo {
    /// The version of the line format.
    pub v: u32,
    /// The system call or hook, where `event.action` does not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The error of a call that failed, such as `EACCES`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// The numeric argument that says what was asked for: a signal, a ptrace request, a flag set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argument: Option<u64>,
    /// The process that it was done to, for `kill` and `ptrace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_pid: Option<i64>,
    /// Where the path was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_source: Option<PathSource>,
    /// Fields that were shortened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<String>,
    /// Fields whose bytes were not UTF-8 and are escaped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escaped: Vec<String>,
    /// It is older than the last window of its container.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// It was held back or read from the flight recorder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub history: bool,
    /// The incident that it was published for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// How many lines this document stands for, where more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<u64>,
    /// Connections that it stands for, where it stands for those of one process to one peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// Fields that secrets were taken out of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<String>,
}
