//! The repositories.

mod directory;
mod elasticsearch;
mod stdout;

use std::io::Write;
use std::time::Duration;

pub(crate) use directory::Directory;
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

    /// Settles documents and takes them out of `held`. Those that are in it upon an error were not delivered.
    async fn deliver(&mut self, held: &mut Vec<Document>, account: &mut Account<impl Write>) -> Result<(), SinkError>;

    /// Makes sure that what was settled stays; called once, after the last delivery.
    async fn end(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Limits of a repository that is handed whatever is at hand.
const AT_ONCE: BatchLimits = BatchLimits { documents: 1000, bytes: 64 << 10, age: Duration::ZERO };
