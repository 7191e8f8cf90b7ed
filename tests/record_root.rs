//! `record` on real containers. Needs root; the truth is what the `probe` helper says that it did.

mod recording;
mod script;

use std::sync::LazyLock;

use crate::support::skip;

static OBSTACLES: LazyLock<Vec<String>> = LazyLock::new(|| vaectl_collector::check().obstacles());

/// Says by name that a test does not run here, and why.
fn skipped(name: &str) -> bool {
    if !OBSTACLES.is_empty() {
        skip(name, &OBSTACLES.join("; "));
    }
    !OBSTACLES.is_empty()
}
