//! Named numbers of a window.

use std::fmt;

use compact_str::CompactString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Names and numbers in the order in which they stand on the line.
///
/// Any numeric name is accepted, whoever wrote the line. Names up to 24 bytes take no allocation. A name that is not
/// there was not measured or was zero: coverage tells which.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics(Vec<(CompactString, f64)>);

impl Metrics {
    /// The number under `name`; the last one where a line has it twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().rev().find(|(n, _)| n == name).map(|&(_, v)| v)
    }

    /// None yet, with room for so many.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// Appends a number.
    pub fn push(&mut self, name: impl Into<CompactString>, value: f64) {
        self.0.push((name.into(), value));
    }

    /// Adds to the number under `name`, or appends it.
    pub fn add(&mut self, name: &str, value: f64) {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, v)) => *v += value,
            None => self.0.push((name.into(), value)),
        }
    }

    /// Replaces the number under `name`, or appends it.
    pub fn set(&mut self, name: &str, value: f64) {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, v)) => *v = value,
            None => self.0.push((name.into(), value)),
        }
    }

    /// Names and numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(n, v)| (n.as_str(), *v))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets all of them and keeps the room.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<N: Into<CompactString>> FromIterator<(N, f64)> for Metrics {
    fn from_iter<I: IntoIterator<Item = (N, f64)>>(iter: I) -> Self {
        Self(iter.into_iter().map(|(n, v)| (n.into(), v)).collect())
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            // Counts are read by people and by jq: 812, not 812.0.
            if value.fract() == 0.0 && value.abs() < 9.007_199_254_740_992e15 {
                map.serialize_entry(name, &(*value as i64))?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Metrics;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of numbers")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Metrics, A::Error> {
                let mut metrics = Metrics(Vec::with_capacity(map.size_hint().unwrap_or(64)));
                while let Some(entry) = map.next_entry::<CompactString, f64>()? {
                    metrics.0.push(entry);
                }
                Ok(metrics)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl JsonSchema for Metrics {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Metrics".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": "number" } })
    }
}
