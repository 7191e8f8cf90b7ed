//! Lines in, documents out: to a folder, to standard output, or to Elasticsearch.
//!
//! [`publish`] reads lines from a bounded channel, so that a slow repository holds its feeder back. Every line ends in
//! exactly one column of the [`Ledger`]: indexed, already there, merged into something else, in the dead-letter file,
//! or dropped. What a repository does not take is kept as a dead letter with the line and the reason.
//!
//! ```
//! use vaectl_publisher::{Config, Line, Target, publish};
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! let (feed, lines) = tokio::sync::mpsc::channel(1024);
//! let line = br#"{"type":"event","vaectl":{"v":1},"@timestamp":"2026-11-24T03:48:26Z","event":{"id":"a-1"}}"#;
//! feed.try_send(Line { number: 1, bytes: line.to_vec(), ..Line::default() }).unwrap();
//! drop(feed);
//!
//! let config = Config::new("stdout:".parse::<Target>().unwrap());
//! let mut out = Vec::new();
//! let totals = runtime.block_on(publish(config, lines, &mut out, std::future::pending(), || ())).unwrap();
//! assert_eq!(totals.ledger.total().indexed, 1);
//! assert!(out.starts_with(line));
//! ```

mod account;
mod config;
mod dead_letter;
mod desk;
mod document;
mod encode;
mod error;
mod fingerprint;
mod held;
mod known;
mod ledger;
mod line;
mod line_file;
mod merge;
mod object;
mod output;
mod patience;
mod peek;
mod publish;
mod reconcile;
mod redact;
mod replay;
mod repository;
mod sinks;
mod spool;
mod stop;
mod target;
mod words;

pub use config::{BatchLimits, Config, Credentials, Secret, Server, SpoolLimits};
pub use error::{ErrorKind, PublishError};
pub use ledger::{Counts, Ledger};
pub use line::Line;
pub use publish::{Totals, publish, setup};
pub use reconcile::{Balance, Reconciliation};
pub use repository::{Kin, Repository, forest};
pub use target::{Target, TargetError};
