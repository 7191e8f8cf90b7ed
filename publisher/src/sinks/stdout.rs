use std::io::{self, Write};

use super::{AT_ONCE, Sink};
use crate::account::Account;
use crate::config::BatchLimits;
use crate::document::{Document, Outcome};
use crate::error::SinkError;

/// Standard output: the documents, one a line.
pub(crate) struct Stdout;

impl Sink for Stdout {
    fn limits(&self) -> BatchLimits {
        AT_ONCE
    }

    async fn begin(&mut self, _: &mut Account<impl Write>) -> Result<(), SinkError> {
        Ok(())
    }

    async fn deliver(&mut self, held: &mut Vec<Document>, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        let mut lines = Vec::with_capacity(held.iter().map(|document| document.line.len() + 1).sum());
        for document in &*held {
            lines.extend_from_slice(document.line.as_bytes());
            lines.push(b'\n');
        }
        match account.output.write(&lines, held.len()) {
            Ok(()) => {
                held.drain(..).for_each(|document| account.settle(document, Outcome::Indexed));
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(SinkError::Closed),
            Err(error) => Err(SinkError::GaveUp(format!("cannot write standard output: {error}"))),
        }
    }
}
