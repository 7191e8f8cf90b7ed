//! The repositories.

mod directory;
pub(crate) mod elasticsearch;
mod stdout;

use std::future::pending;
use std::io::Write;
use std::time::Duration;

pub(crate) use directory::{DEAD_LETTERS, Directory};
pub(crate) use elasticsearch::Elasticsearch;
pub(crate) use stdout::Stdout;

use crate::account::Account;
use crate::config::BatchLimits;
use crate::document::Document;
use crate::error::SinkError;

/// A repository.
pub(crate) trait Sink {
    /// When what is held is delivered.
    fn limits(&self) -> BatchLimits;

    /// Makes it ready; called once, before anything is read.
    async fn begin(&mut self, account: &mut Account<impl Write>) -> Result<(), SinkError>;

    /// Takes documents out of `held`. Those that are in it upon an error were not taken.
    async fn deliver(&mut self, held: &mut Vec<Document>, account: &mut Account<impl Write>) -> Result<(), SinkError>;

    /// Waits for the next thing that happens to what was taken, and does what it calls for. It may be dropped at any
    /// time and loses nothing by it.
    async fn progress(&mut self, _: &mut Account<impl Write>) -> Result<(), SinkError> {
        pending().await
    }

    /// Settles everything that was taken and makes sure that it stays; called once, after the last delivery.
    async fn end(&mut self, _: &mut Account<impl Write>) -> Result<(), SinkError> {
        Ok(())
    }

    /// Gives up, after an error: keeps for the next start what it can of what it took and of `held`, and returns the
    /// rest.
    fn rest(&mut self, held: Vec<Document>, _: &mut Account<impl Write>) -> Vec<Document> {
        held
    }

    /// Whether it is worth its while to have fewer documents.
    fn merges(&self) -> bool {
        false
    }

    /// Whether what was taken survives this process.
    fn durable(&self) -> bool {
        false
    }

    /// Where documents wait for the next start, for a message.
    fn waits_in(&self) -> Option<String> {
        None
    }
}

/// Limits of a repository that is handed whatever is at hand.
const AT_ONCE: BatchLimits = BatchLimits { documents: 1000, bytes: 64 << 10, age: Duration::ZERO };
