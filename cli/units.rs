//! Durations and sizes as people write them.

use std::time::Duration;

/// A duration such as `5s`, `500ms`, `1h 30m`; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string());
    }
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| "expected a duration such as 5s, 500ms or 1h".to_owned())?;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{duration, size};

    #[test]
    fn durations_are_read_as_written() {
        for (text, milliseconds) in [("5s", 5000), ("2", 2000), ("0.5", 500), ("500ms", 500), ("1h 30m", 5_400_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert!(duration("-5s").is_err() && duration("soon").is_err() && duration("-1").is_err());
    }

    #[test]
    fn sizes_are_read_as_written() {
        for (text, bytes) in [("65536", 65536), ("64K", 65536), ("64KiB", 65536), ("16M", 16 << 20), ("1g", 1 << 30)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        assert!(size("many").is_err() && size("99999999999G").is_err() && size("-1").is_err());
    }
}
