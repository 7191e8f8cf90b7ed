use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;

line! {
    /// A stage's account, by dataset. For `publish`: `received = indexed + duplicate + merged + dead_lettered +
    /// spooled + dropped`; for `record`: `seen`, `lost`, `overwritten`; for `score`: `received = passed + suppressed +
    /// held + dropped`.
    Ledger, Ledger, LedgerInfo,
}

/// The `vaectl` block of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerInfo {
    /// The version of the line format.
    pub v: u32,
    /// Whose.
    pub stage: String,
    /// Dataset -> name -> count, since the stage began.
    pub datasets: BTreeMap<String, BTreeMap<String, u64>>,
}
