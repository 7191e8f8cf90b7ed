//! What tests and benches share: containers made of Debian packages, load on them, attacks, and figures.
//!
//! Everything that is started is taken down by a guard when it is dropped: at the end, on an error, on a panic, and on
//! SIGINT, SIGTERM or SIGHUP once [`interrupt::install`] was called. When the harness is killed, its stages and daemons
//! end with it, and the next [`Workspace`] takes down its containers and folders.

pub mod adaptive;
mod attack;
pub mod attacks;
mod bystanders;
pub mod census;
mod cgroup;
pub mod churn;
mod command;
mod container;
pub mod demo;
pub mod duty;
mod engine;
mod error;
pub mod fake;
pub mod fifty;
pub mod full;
mod image;
pub mod interrupt;
mod leftovers;
mod load;
mod lock;
pub mod measure;
pub mod netns;
pub mod node;
pub mod probe;
mod progress;
pub mod publishing;
pub mod repository;
pub mod score;
mod skip;
pub mod stage;
mod synthetic;
pub mod train;
mod workspace;

pub use attack::{Attack, AttackKind, INTRUDER, Truth};
pub use bystanders::without_bystanders;
pub use container::{Container, Options};
pub use engine::Engine;
pub use error::HarnessError;
pub use image::Image;
pub use load::{Load, Protocol, Shape};
pub use progress::Progress;
pub use skip::skip;
pub use workspace::Workspace;

/// Where what a bench leaves is gone with `cargo clean`.
pub(crate) fn target() -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()).into()
}
