//! Durations and sizes as people write them.

use std::time::Duration;

use vaectl_schemas::Timestamp;

/// A duration such as `5s`, `500ms`, `1h 30m`; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string());
    }
    let expected = "expected a duration such as 5s, 500ms, 1h or 7d";
    let span: jiff::Span = text.parse().map_err(|_| expected.to_owned())?;
    let span = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| expected.to_owned())?;
    Duration::try_from(span).map_err(|_| "a duration is not negative".to_owned())
}

/// A number of bytes, bare or with `K`, `M` or `G` (powers of 1024; `KiB` and `KB` mean the same).
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err("expected a size such as 65536, 64K or 16M".to_owned()),
    };
    let number: usize = digits.trim().parse().map_err(|_| "expected a size such as 65536, 64K or 16M".to_owned())?;
    number.checked_shl(shift).filter(|size| size >> shift == number).ok_or_else(|| "too large".to_owned())
}

/// A time, or how long ago it was.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let ago = duration(text).map_err(|_| "expected a time such as 2026-11-24T03:00:00Z, or 12h".to_owned())?;
    Ok(Timestamp::from_ns(Timestamp::now().as_ns().saturating_sub(ago.as_nanos() as u64)))
}

/// A time as people read it, to the second.
pub(crate) fn seconds(time: Timestamp) -> String {
    format!("{}Z", &time.to_string()[..19])
}

/// How long it is from one time to another, in at most two units.
pub(crate) fn span(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.since(from).as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (0, hours, minutes, _) => format!("{hours}h {minutes}m"),
        (days, hours, ..) => format!("{days}d {hours}h"),
    }
}

/// A number of bytes to three digits.
pub(crate) fn bytes(bytes: f64) -> String {
    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"])
}

/// A feature's value with the unit that its name tells.
pub(crate) fn figure(feature: &str, value: f64) -> String {
    if feature.ends_with("_ns") {
        return scaled(value, 1000.0, &["ns", "us", "ms", "s"]);
    }
    if feature.contains("bytes") { bytes(value) } else { scaled(value, 1000.0, &["", "k", "M", "G"]) }
}

/// At most three digits and one of the units, each `base` of the one before.
fn scaled(mut value: f64, base: f64, units: &[&str]) -> String {
    let mut at = 0;
    while value.abs() >= base && at + 1 < units.len() {
        value /= base;
        at += 1;
    }
    let digits = usize::from(value.fract() != 0.0 && value.abs() < 100.0);
    format!("{value:.digits$} {}", units[at]).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vaectl_schemas::Timestamp;

    use super::{duration, figure, moment, size, span};

    #[test]
    fn durations_are_read_as_written() {
        for (text, milliseconds) in
            [("5s", 5000), ("2", 2000), ("0.5", 500), ("500ms", 500), ("1h 30m", 5_400_000), ("7d", 604_800_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert!(duration("-5s").is_err() && duration("soon").is_err() && duration("-1").is_err());
    }

    #[test]
    fn figures_have_the_unit_of_their_feature() {
        for (feature, value, text) in [
            ("cpu.user_ns", 6.1e9, "6.1 s"),
            ("net.tx_bytes", 2048.0, "2 KiB"),
            ("syscall.read", 812.0, "812"),
            ("syscall.read", 81_200.0, "81.2 k"),
            ("gauge", 0.25, "0.2"),
        ] {
            assert_eq!(figure(feature, value), text);
        }
    }

    #[test]
    fn spans_and_moments_are_read_and_written_as_people_do() {
        let at = |seconds: u64| Timestamp::from_ns(seconds * 1_000_000_000);
        for (seconds, text) in [(5, "5s"), (65, "1m 5s"), (7260, "2h 1m"), (90_000, "1d 1h")] {
            assert_eq!(span(at(10), at(10 + seconds)), text);
        }
        assert_eq!(moment("1970-01-01T00:00:10Z"), Ok(at(10)));
        assert!(moment("1h").unwrap() < Timestamp::now() && moment("then").is_err());
    }

    #[test]
    fn sizes_are_read_as_written() {
        for (text, bytes) in [("65536", 65536), ("64K", 65536), ("64KiB", 65536), ("16M", 16 << 20), ("1g", 1 << 30)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        assert!(size("many").is_err() && size("99999999999G").is_err() && size("-1").is_err());
    }
}
