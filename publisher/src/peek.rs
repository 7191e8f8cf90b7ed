//! What is read of a line: all that decides what becomes of it, in one pass that borrows and copies nothing.
//!
//! The pass also shows that the line is JSON. What it does not name is passed over.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(crate) struct Peek<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) vaectl: Vaectl<'a>,
    #[serde(rename = "@timestamp", borrow, default)]
    pub(crate) timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) event: Event<'a>,
    #[serde(borrow, default)]
    pub(crate) process: Option<Process<'a>>,
    #[serde(borrow, default)]
    pub(crate) file: Option<File<'a>>,
    #[serde(borrow, default)]
    pub(crate) network: Option<Network<'a>>,
    #[serde(borrow, default)]
    pub(crate) source: Option<Endpoint<'a>>,
    #[serde(borrow, default)]
    pub(crate) destination: Option<Endpoint<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Vaectl<'a> {
    pub(crate) v: u32,
    #[serde(default)]
    pub(crate) transition: bool,
    #[serde(default)]
    pub(crate) passing: bool,
    #[serde(default)]
    pub(crate) history: Lenient<bool>,
    #[serde(borrow, default)]
    pub(crate) incident: Lenient<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) errno: Lenient<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) command: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Event<'a> {
    #[serde(borrow, default)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) dataset: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) action: Lenient<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) outcome: Lenient<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Process<'a> {
    #[serde(borrow, default)]
    pub(crate) entity_id: Lenient<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) args: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) executable: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) working_directory: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(crate) struct File<'a> {
    #[serde(borrow, default)]
    pub(crate) path: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) target_path: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(crate) struct Network<'a> {
    #[serde(borrow, default)]
    pub(crate) direction: Lenient<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) transport: Lenient<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Endpoint<'a> {
    #[serde(borrow, default)]
    pub(crate) ip: Lenient<Text<'a>>,
    #[serde(default)]
    pub(crate) port: Lenient<Option<u16>>,
    #[serde(default)]
    pub(crate) bytes: Lenient<u64>,
}

/// Text that is borrowed wherever it can be.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// A value that counts as absent where it is of another type: that is for the repository to judge.
#[derive(Default)]
pub(crate) struct Lenient<T>(pub(crate) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(raw.get()).unwrap_or_default()))
    }
}

impl Lenient<Text<'_>> {
    pub(crate) fn text(&self) -> &str {
        &self.0.0
    }
}
