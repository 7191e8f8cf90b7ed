//! `record` on real containers. Needs root; the truth is what the `probe` helper says that it did.

mod cgroups;
mod control;
mod deeds;
mod engines;
mod pipeline;
mod recording;
mod script;
mod variants;
mod windows;

use std::sync::LazyLock;

use vaectl_bench::{Image, Workspace};
use vaectl_collector::Facts;

use crate::support::skip;

static FACTS: LazyLock<Facts> = LazyLock::new(vaectl_collector::check);

/// Says by name that a test does not run here, and why.
fn skipped(name: &str) -> bool {
    let obstacles = FACTS.obstacles();
    if !obstacles.is_empty() {
        skip(name, &obstacles.join("; "));
    }
    !obstacles.is_empty()
}

/// The helper's image, in a folder that has to outlive its containers.
fn probe() -> (Workspace, Image) {
    let workspace = Workspace::new("record").unwrap();
    let image = Image::build("probe", workspace.path()).unwrap();
    (workspace, image)
}
