use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line;

line! {
    /// A stage's account, by dataset. For `publish`: `received = indexed + duplicate + merged + dead_lettered +
    /// spooled + dropped`; for `record`: `seen = written + lost + suppressed`, of which it names the last two and the sum,
    /// and of `vaectl.flight` the cells of flight recorders, 128 bytes each, that were `overwritten` before anybody read
    /// them; for `score`: `received = passed + suppressed + held + dropped`.
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
    /// For `publish` with a spool: how far its input is in good hands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
}

/// A line of the input: it and those before it survive the stage, and need not be sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// Its number, from 1.
    pub line: u64,
    /// The file it stands in; absent for standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}
