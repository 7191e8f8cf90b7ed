//! Wall-clock instants with nanoseconds.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant in nanoseconds since the Unix epoch, written as RFC 3339 in UTC with nine digits of a second.
///
/// The width is fixed, so that the text sorts as the time does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The instant `ns` nanoseconds after the Unix epoch.
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// Now, by the wall clock.
    #[must_use]
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(since.map_or(0, |d| d.as_nanos() as u64))
    }

    /// How long after `earlier` it is; nothing where it is before it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The UTC day as `YYYY-MM-DD`.
    #[must_use]
    pub fn day(self) -> String {
        self.to_string()[..10].to_owned()
    }

    fn write(self, out: &mut [u8; 30]) {
        let (days, rest) = (self.0 / 86_400_000_000_000, self.0 % 86_400_000_000_000);
        // Civil date from days since 1970-03-01-based eras: H. Hinnant, "chrono-compatible low-level date algorithms".
        let z = days + 719_468;
        let (era, doe) = (z / 146_097, z % 146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
        let year = yoe + era * 400 + u64::from(month <= 2);
        *out = *b"0000-00-00T00:00:00.000000000Z";
        let (seconds, ns) = (rest / 1_000_000_000, rest % 1_000_000_000);
        for (at, width, mut value) in [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, seconds / 3600),
            (14, 2, seconds / 60 % 60),
            (17, 2, seconds % 60),
            (20, 9, ns),
        ] {
            for digit in out[at..at + width].iter_mut().rev() {
                *digit = b'0' + (value % 10) as u8;
                value /= 10;
            }
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 30];
        self.write(&mut text);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ns = text.parse::<jiff::Timestamp>()?.as_nanosecond();
        Ok(Self(u64::try_from(ns).unwrap_or(0)))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; 30];
        self.write(&mut text);
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn an_instant_is_no_time_after_a_later_one() {
        let [early, late] = [1_000_000_000, 2_500_000_000].map(Timestamp::from_ns);
        assert_eq!(late.since(early), std::time::Duration::from_millis(1500));
        assert_eq!(early.since(late), std::time::Duration::ZERO);
    }

    #[test]
    fn a_time_survives_its_text() {
        for ns in [0, 1, 951_782_400_000_000_000, 1_795_492_106_000_000_001, 4_102_444_799_999_999_999] {
            let text = Timestamp::from_ns(ns).to_string();
            assert_eq!(text.parse::<Timestamp>().unwrap().as_ns(), ns, "{text}");
        }
    }

    #[test]
    fn the_text_is_fixed_in_width() {
        assert_eq!(Timestamp::from_ns(1_795_492_106_000_000_001).to_string(), "2026-11-24T03:48:26.000000001Z");
        assert_eq!(Timestamp::from_ns(951_782_400_000_000_000).day(), "2000-02-29");
    }
}
