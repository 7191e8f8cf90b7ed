use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;

line! {
    /// A container began, was named, or ended: the record that windows and events join on by `container.id`.
    ContainerLine, Container, ContainerInfo,
}

/// What happened to a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerStatus {
    /// It was seen for the first time; its name may follow.
    #[default]
    Started,
    /// Its name, image and command arrived.
    Named,
    /// No runtime knew it within the time allowed: it stays without a name.
    Unnamed,
    /// It is gone; its last window came before this line.
    Ended,
}

/// The `vaectl` block of a container line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerInfo {
    /// The version of the line format.
    pub v: u32,
    /// What happened.
    pub status: ContainerStatus,
    /// The run: one life of this container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The path of its cgroup below the root of the v2 hierarchy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<String>,
    /// Entrypoint and arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// The hash of `command`, as on windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Labels that the runtime keeps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}
