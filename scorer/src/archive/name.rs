//! The names of an archive's files: each tells the hour of line time that all of its windows are of.

use std::path::Path;

use vaectl_schemas::Timestamp;

const PREFIX: &str = "windows-";
const SUFFIX: &str = ".jsonl.zst";
/// What one file covers at most, in nanoseconds of line time.
pub(super) const HOUR_NS: u64 = 3_600_000_000_000;

/// The name of a file that begins with a window of this time; `n` tells files apart that do so.
pub(super) fn of(first: Timestamp, n: u32) -> String {
    let stem = first.to_string().replace(':', "-");
    if n == 0 { format!("{PREFIX}{stem}{SUFFIX}") } else { format!("{PREFIX}{stem}-{n}{SUFFIX}") }
}

/// Whether a name is one of an archive.
pub(super) fn is_one(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// The time that all windows of an archive's file are before; none where the name is not of an archive.
///
/// It is the end of the hour of its first window, whatever became of the file since.
#[must_use]
pub fn archived_before(path: &Path) -> Option<Timestamp> {
    let stem = path.file_name()?.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let (date, rest) = stem.split_once('T')?;
    let (clock, _) = rest.split_once('Z')?;
    let first: Timestamp = format!("{date}T{}Z", clock.replace('-', ":")).parse().ok()?;
    Some(Timestamp::from_ns((first.as_ns() / HOUR_NS + 1) * HOUR_NS))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use vaectl_schemas::Timestamp;

    use super::{HOUR_NS, archived_before, is_one, of};

    #[test]
    fn a_name_tells_the_end_of_its_hour() {
        let hour = 489_000 * HOUR_NS;
        for first in [hour, hour + 1, hour + HOUR_NS - 1] {
            for n in [0, 7] {
                let name = of(Timestamp::from_ns(first), n);
                assert!(is_one(&name));
                assert_eq!(archived_before(Path::new(&name)), Some(Timestamp::from_ns(hour + HOUR_NS)), "{name}");
            }
        }
    }

    #[test]
    fn other_names_tell_nothing() {
        for name in ["recording.jsonl.zst", "windows-0.jsonl", "windows-2026-11-24.jsonl.zst", "windows-TZ.jsonl.zst"] {
            assert_eq!(archived_before(Path::new(name)), None, "{name}");
        }
    }
}
