//! `record` on real containers. Needs root; the truth is what the `probe` helper says that it did.

mod cgroups;
mod churn;
mod control;
mod deeds;
mod duty;
mod engines;
mod faults;
mod limits;
mod pipeline;
mod recording;
mod refusals;
mod script;
mod stall;
mod statistics;
mod supervision;
mod variants;
mod windows;

use std::cell::RefCell;
use std::process::Command;
use std::sync::{LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use vaectl_bench::{Image, Workspace, skip};
use vaectl_collector::Facts;

static FACTS: LazyLock<Facts> = LazyLock::new(vaectl_collector::check);

/// Every recorder sees the containers of all tests: one whose limits are tested is to see its own alone.
static HOST: RwLock<()> = RwLock::new(());

/// A test's hold of the host.
enum Hold {
    Shared(#[expect(dead_code, reason = "held")] RwLockReadGuard<'static, ()>),
    Alone(#[expect(dead_code, reason = "held")] RwLockWriteGuard<'static, ()>),
}

thread_local! {
    /// Held to the end of the test, which is that of its thread.
    static HOLD: RefCell<Option<Hold>> = const { RefCell::new(None) };
}

/// Waits until no other test of this kind runs.
fn alone() {
    HOLD.take();
    HOLD.set(Some(Hold::Alone(HOST.write().unwrap_or_else(PoisonError::into_inner))));
}

/// Says by name that a test does not run here, and why.
fn skipped(name: &str) -> bool {
    skipped_without(name, &["runc", "nsenter", "ip", "cc"])
}

/// The same of a test that takes certain programs.
fn skipped_without(name: &str, programs: &[&str]) -> bool {
    HOLD.take();
    HOLD.set(Some(Hold::Shared(HOST.read().unwrap_or_else(PoisonError::into_inner))));
    let there = |program: &&&str| Command::new(program).arg("--version").output().is_ok();
    let missing =
        programs.iter().filter(|program| !there(program)).map(|program| format!("{program} is not installed"));
    let reasons: Vec<_> = FACTS.obstacles().into_iter().chain(missing).collect();
    if !reasons.is_empty() {
        skip(name, &reasons.join("; "));
    }
    !reasons.is_empty()
}

/// The helper's image, in a folder that has to outlive its containers.
fn probe() -> (Workspace, Image) {
    let workspace = Workspace::new("record").unwrap();
    let image = Image::build("probe", workspace.path()).unwrap();
    (workspace, image)
}
