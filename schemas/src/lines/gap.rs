use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;
use crate::Timestamp;

line! {
    /// Events or windows of a container were lost: how many, where and why.
    Gap, Gap, GapInfo,
}

/// Why something was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// The kernel's ring buffer had no room.
    #[default]
    RingFull,
    /// The container was over its share of the ring buffer: its own flood.
    Quota,
    /// The reader downstream was too slow.
    Backlog,
    /// The hold of `score` was full.
    Hold,
    /// The host's budget for containers without a model was used up.
    Budget,
    /// No room for another container.
    Containers,
    /// A map in the kernel was full.
    Map,
}

/// The `vaectl` block of a gap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapInfo {
    /// The version of the line format.
    pub v: u32,
    /// Why.
    pub cause: GapCause,
    /// How many were lost.
    pub lost: u64,
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
}
