//! Families: counters that are watched together.

use vaectl_schemas::Window;

/// What stands before the first dot of a counter's name.
#[must_use]
pub fn family(name: &str) -> &str {
    name.split_once('.').map_or(name, |(family, _)| family)
}

/// The share of the window in which a family of counters was watched.
///
/// A family such as `syscall_failed` that is not named itself goes by the family that it details.
#[must_use]
pub fn coverage(window: &Window<'_>, family: &str) -> f64 {
    let covered = &window.vaectl.window.coverage;
    let detailed = || covered.get(family.split_once('_')?.0);
    covered.get(family).or_else(detailed).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};

    use super::coverage;

    #[test]
    fn a_detail_goes_by_the_family_it_details() {
        let info = WindowInfo { coverage: [("syscall".to_owned(), 0.25)].into(), ..WindowInfo::default() };
        let meta = WindowMeta { v: 1, window: info, run: None, job: None, state: None };
        let window = Window::new(Timestamp::default(), meta);
        assert!((coverage(&window, "syscall_failed") - 0.25).abs() < 1e-9);
        assert!(coverage(&window, "net").abs() < 1e-9);
    }
}
