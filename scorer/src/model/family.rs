//! Families: counters that are watched together.

use vaectl_schemas::Window;

/// What stands before the first dot of a counter's name.
#[must_use]
pub fn family(name: &str) -> &str {
    name.split_once('.').map_or(name, |(family, _)| family)
}

/// The family that `syscall_failed` and its like detail. `io_uring` is no detail of `io`.
pub(super) fn detailed(family: &str) -> Option<&str> {
    family.strip_suffix("_failed")
}

/// What is known of a family; where that is nothing, what is known of the family that it details.
pub(super) fn of_family<T>(family: &str, known: impl Fn(&str) -> Option<T>) -> Option<T> {
    known(family).or_else(|| known(detailed(family)?))
}

/// The share of the window in which a family of counters was watched.
///
/// A family such as `syscall_failed` that is not named itself goes by the family that it details.
#[must_use]
pub fn coverage(window: &Window<'_>, family: &str) -> f64 {
    of_family(family, |family| window.vaectl.window.coverage.get(family)).unwrap_or(0.0)
}

/// The same, and all of the window where the line does not say.
#[must_use]
pub fn watched_share(window: &Window<'_>, family: &str) -> f64 {
    Some(coverage(window, family)).filter(|share| *share > 0.0).unwrap_or(1.0)
}

/// For how many seconds of the window a family of counters was watched: all of them where the line does not say.
#[must_use]
pub fn watched_seconds(window: &Window<'_>, family: &str) -> f64 {
    window.vaectl.window.duration_ns as f64 / 1e9 * watched_share(window, family)
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};

    use super::{coverage, watched_seconds};

    fn quarter() -> Window<'static> {
        let coverage = [("syscall", 0.25), ("io", 1.0)].into_iter().collect();
        let info = WindowInfo { coverage, duration_ns: 8_000_000_000, ..WindowInfo::default() };
        let meta = WindowMeta { v: 1, window: info, run: None, job: None, state: None };
        Window::new(Timestamp::default(), meta)
    }

    #[test]
    fn a_family_is_watched_for_its_share_and_throughout_where_nothing_is_said() {
        let window = quarter();
        assert!((watched_seconds(&window, "syscall") - 2.0).abs() < 1e-9);
        assert!((watched_seconds(&window, "alien") - 8.0).abs() < 1e-9);
    }

    #[test]
    fn a_detail_goes_by_the_family_it_details_and_no_other_family_by_the_beginning_of_its_name() {
        let window = quarter();
        assert!((coverage(&window, "syscall_failed") - 0.25).abs() < 1e-9);
        assert!(coverage(&window, "net").abs() < 1e-9);
        assert!(coverage(&window, "io_uring").abs() < 1e-9);
    }
}
