//! An Elasticsearch server, spoken to in `_bulk` requests.

mod bulk;
mod connection;
mod response;
mod setup;

use std::io::Write;
use std::time::Duration;

use tracing::{info, warn};
use url::Url;

use self::connection::Connection;
use self::response::{Answer, Item};
use super::Sink;
use crate::account::Account;
use crate::config::{BatchLimits, Server};
use crate::document::{Document, Outcome};
use crate::error::{PublishError, SinkError};
use crate::patience::Patience;
use crate::stop::Stop;

/// Delivers documents to data streams, `vaectl-<tier>-<namespace>`.
///
/// A document is created under its own identity, so that sending it again, after an answer that never came, changes
/// nothing.
pub(crate) struct Elasticsearch {
    connection: Connection,
    streams: bulk::Streams,
    limits: BatchLimits,
    /// What fits into one request: less than configured once the server found one too large.
    max_bytes: usize,
    templates: bool,
    retry_for: Duration,
    stop: Stop,
}

impl Elasticsearch {
    /// Prepares the connection; nothing is sent yet.
    pub(crate) fn connect(url: &Url, server: &Server, retry_for: Duration, stop: Stop) -> Result<Self, PublishError> {
        Ok(Self {
            connection: Connection::new(url, server)?,
            streams: bulk::Streams::new(&server.namespace)?,
            limits: server.batch,
            max_bytes: server.batch.bytes,
            templates: server.setup,
            retry_for,
            stop,
        })
    }

    /// Installs the index templates.
    pub(crate) async fn setup(&mut self) -> Result<(), SinkError> {
        setup::install(&self.connection, Patience::new(self.retry_for, &self.stop), self.stop.clone()).await
    }

    async fn send(&mut self, documents: &[Document]) -> Answer {
        let body = self.streams.body(documents);
        tokio::select! {
            answer = self.connection.bulk(body) => match answer {
                Ok((status, body)) => response::read(status, &body, documents.len()),
                Err(failure) => failure.into(),
            },
            () = self.stop.expired() => Answer::Busy("the end came before its answer".into()),
        }
    }

    fn refused(&self, reason: &str) -> SinkError {
        SinkError::Refused(self.connection.says(reason))
    }
}

impl Sink for Elasticsearch {
    fn limits(&self) -> BatchLimits {
        self.limits
    }

    async fn begin(&mut self, _: &mut Account<impl Write>) -> Result<(), SinkError> {
        if self.templates { self.setup().await } else { Ok(()) }
    }

    async fn deliver(&mut self, held: &mut Vec<Document>, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        let mut patience = Patience::new(self.retry_for, &self.stop);
        // Lowered to find the document that spoils a request.
        let mut most = self.limits.documents;
        while !held.is_empty() {
            let (count, bytes) = bulk::fitting(held, self.max_bytes, most);
            let before = held.len();
            let busy = match self.send(&held[..count]).await {
                Answer::Items(items) => {
                    most = (most * 2).min(self.limits.documents);
                    settle(held, items, account).map_err(|reason| self.refused(&reason))?
                }
                Answer::TooLarge(_) if count > 1 => {
                    self.max_bytes = bytes / 2;
                    info!(max_bytes = self.max_bytes, "The server found a request too large, requests are halved.");
                    None
                }
                Answer::Malformed(_) if count > 1 => {
                    most = count / 2;
                    None
                }
                Answer::TooLarge(reason) => {
                    account.settle(held.remove(0), Outcome::Rejected { status: Some(413), reason });
                    None
                }
                Answer::Malformed(reason) => {
                    account.settle(held.remove(0), Outcome::Rejected { status: Some(400), reason });
                    None
                }
                Answer::Busy(reason) => Some(reason),
                Answer::Denied(reason) => return Err(self.refused(&reason)),
            };
            if held.len() < before {
                patience.progress();
            }
            if let Some(reason) = busy {
                warn!(server = self.connection.name(), reason, held = held.len(), "The server did not take documents.");
                if !patience.pause().await {
                    return Err(SinkError::GaveUp(self.connection.says(&reason)));
                }
            }
        }
        Ok(())
    }
}

/// Settles what the answer settles, and leaves the rest in `held`: the reason of one that has to be sent again, or the
/// one for which none shall.
fn settle(
    held: &mut Vec<Document>,
    items: Vec<Item>,
    account: &mut Account<impl Write>,
) -> Result<Option<String>, String> {
    let mut left = Vec::new();
    let (mut again, mut denied) = (None, None);
    for (document, item) in held.drain(..items.len()).zip(items) {
        match item {
            Item::Settled(outcome) => account.settle(document, outcome),
            Item::Again(reason) => {
                again = Some(reason);
                left.push(document);
            }
            Item::Denied(reason) => {
                denied = Some(reason);
                left.push(document);
            }
        }
    }
    left.append(held);
    *held = left;
    denied.map_or(Ok(again), Err)
}
