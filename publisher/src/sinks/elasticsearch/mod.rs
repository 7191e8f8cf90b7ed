//! An Elasticsearch server, spoken to in `_bulk` requests.
//!
//! A document is created under its own identity, so that sending it again, after an answer that never came, changes
//! nothing. With a spool it is on the disk before it is sent, and stays there until the server has said what became of
//! it; without one it is in memory for as long, and a server that is away stops the reading.

mod bulk;
mod connection;
mod endpoints;
mod flights;
mod parcel;
mod queue;
mod response;
mod settle;
mod setup;
mod store;

use std::future::pending;
use std::io::Write;
use std::sync::Arc;

use tokio::time::{Instant, sleep_until};
use url::Url;

pub(crate) use self::connection::Connection;
use self::endpoints::Endpoints;
use self::flights::Flights;
use self::parcel::Parcel;
use self::queue::Queue;
pub(crate) use self::response::cause;
use super::Sink;
use crate::account::Account;
use crate::config::{BatchLimits, Server};
use crate::document::Document;
use crate::error::{PublishError, SinkError};
use crate::patience::Patience;
use crate::spool::Spool;
use crate::stop::Stop;

/// Requests under way at once: one is built and compressed while the server works on the other.
const IN_FLIGHT: usize = 2;

/// Delivers documents to data streams, `vaectl-<tier>-<namespace>`.
pub(crate) struct Elasticsearch {
    endpoints: Endpoints,
    streams: bulk::Streams,
    limits: BatchLimits,
    /// What fits into one request: less than configured once the server found one too large.
    max_bytes: usize,
    templates: Templates,
    queue: Queue,
    flights: Flights,
    spool: Option<Spool>,
    patience: Patience,
    /// Nothing is sent before, since the server did not take something.
    resting: Option<Instant>,
    /// The same for documents that a server took others beside.
    setbacks: Patience,
    /// No more documents will come.
    ending: bool,
    stop: Stop,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Templates {
    Missing,
    Sent,
    There,
}

impl Elasticsearch {
    /// Prepares the connections and opens the spool; nothing is sent yet.
    pub(crate) fn connect(urls: &[Url], server: &Server, patience: Patience, stop: Stop) -> Result<Self, PublishError> {
        let mut queue = Queue::new(server.summary_age);
        let spool = match &server.spool {
            Some(spool) => {
                let (spool, left) = Spool::open(&spool.folder, spool.bytes)?;
                for ticket in left {
                    queue.push(Parcel::waiting(ticket));
                }
                Some(spool)
            }
            None => None,
        };
        Ok(Self {
            endpoints: Endpoints::new(urls, server)?,
            streams: bulk::Streams::new(&server.namespace)?,
            limits: server.batch,
            max_bytes: server.batch.bytes,
            templates: if server.setup { Templates::Missing } else { Templates::There },
            queue,
            flights: Flights::default(),
            spool,
            setbacks: patience.clone(),
            patience,
            resting: None,
            ending: false,
            stop,
        })
    }

    /// Sends what may be sent.
    fn pump(&mut self, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        if self.resting.is_some_and(|until| until > Instant::now()) {
            return Ok(());
        }
        self.resting = None;
        if self.templates == Templates::Missing {
            self.templates = Templates::Sent;
            self.flights.send_templates(Arc::clone(self.endpoints.current()), self.stop.clone());
        }
        while self.templates == Templates::There
            && self.flights.len() < IN_FLIGHT
            && let Some(mut parcel) = self.queue.pop(!self.flights.carry_again())
        {
            self.load(&mut parcel, account)?;
            let count = bulk::fitting(&parcel.documents, self.max_bytes, self.limits.documents);
            if count < parcel.documents.len() {
                self.queue.push_front(parcel.split_off(count));
            }
            if parcel.documents.is_empty() {
                self.release(parcel, account);
                continue;
            }
            let body = self.streams.body(&parcel.documents);
            self.flights.send(parcel, body, Arc::clone(self.endpoints.current()), self.stop.clone());
        }
        Ok(())
    }

    /// Waits for nothing that it chose to wait for.
    fn hasten(&mut self) {
        self.resting = None;
        self.queue.retry();
    }

    /// When there is something to do though no answer comes.
    fn wake(&self) -> Option<Instant> {
        if self.flights.len() >= IN_FLIGHT {
            return None;
        }
        // Nothing is due as long as there are no templates for it.
        let due = || self.queue.due(!self.flights.carry_again()).filter(|_| self.templates == Templates::There);
        self.resting.or_else(due)
    }
}

impl Sink for Elasticsearch {
    fn limits(&self) -> BatchLimits {
        self.limits
    }

    fn merges(&self) -> bool {
        true
    }

    fn durable(&self) -> bool {
        self.spool.is_some()
    }

    /// Without a spool nothing is read for a server that is not there.
    async fn begin(&mut self, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        account.progress.resume(self.spool.as_ref().and_then(Spool::mark));
        while self.spool.is_none() && self.templates != Templates::There {
            self.progress(account).await?;
        }
        Ok(())
    }

    async fn deliver(&mut self, held: &mut Vec<Document>, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        if self.spool.is_some() {
            self.store(held, account).await?;
            return self.pump(account);
        }
        while self.queue.ready() >= IN_FLIGHT {
            self.progress(account).await?;
        }
        let (summaries, others): (Vec<_>, Vec<_>) = held.drain(..).partition(store::is_summary);
        for documents in [summaries, others] {
            if !documents.is_empty() {
                self.queue.push(Parcel { documents, ..Parcel::default() });
            }
        }
        if self.queue.summaries_held() >= self.limits.documents {
            self.queue.hurry();
        }
        self.pump(account)
    }

    async fn progress(&mut self, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        self.pump(account)?;
        let wake = self.wake();
        let waking = async {
            match wake {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        let hurried = self.stop.deadline().is_some();
        tokio::select! {
            Some(landed) = self.flights.land() => self.settle(landed, account),
            () = waking => Ok(()),
            _ = self.stop.requested(), if !hurried => {
                self.hasten();
                Ok(())
            }
        }
    }

    async fn end(&mut self, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        self.ending = true;
        self.queue.hurry();
        if self.stop.deadline().is_some() {
            self.hasten();
        }
        while !self.queue.is_empty() || self.flights.len() > 0 || self.templates != Templates::There {
            match self.progress(account).await {
                // What is on the disk is in good hands, and the end was asked for.
                Err(SinkError::GaveUp(_)) if self.durable() && self.stop.deadline().is_some() => break,
                result => result?,
            }
        }
        match &mut self.spool {
            Some(spool) if self.stop.deadline().is_none() => {
                spool.forget().map_err(|error| SinkError::Refused(format!("cannot use the spool: {error}")))
            }
            _ => Ok(()),
        }
    }

    fn rest(&mut self, held: Vec<Document>, account: &mut Account<impl Write>) -> Vec<Document> {
        let mut rest = self.keep(held, account);
        let undelivered: Vec<Parcel> = self.flights.abandon().chain(self.queue.drain()).collect();
        rest.extend(undelivered.into_iter().filter(|parcel| parcel.tickets.is_empty()).flat_map(|p| p.documents));
        rest
    }

    fn waits_in(&self) -> Option<String> {
        self.spool.as_ref().map(Spool::place)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::path::Path;
    use std::time::Duration;

    use super::{Elasticsearch, Parcel, Templates};
    use crate::account::Account;
    use crate::config::{Server, SpoolLimits};
    use crate::dead_letter::DeadLetters;
    use crate::document::{Document, Tier};
    use crate::patience::Patience;
    use crate::stop::Stop;

    /// One for a server that is not there, with a spool of so many bytes.
    pub(super) fn sink(folder: &Path, bytes: u64, setup: bool) -> Elasticsearch {
        stopped(folder, bytes, setup, &Stop::on::<()>(pending()).0)
    }

    pub(super) fn stopped(folder: &Path, bytes: u64, setup: bool, stop: &Stop) -> Elasticsearch {
        let spool = Some(SpoolLimits { folder: folder.to_owned(), bytes });
        let server = Server { spool, setup, summary_age: Duration::ZERO, ..Server::default() };
        let patience = Patience::new(Duration::from_secs(1), Duration::from_millis(100), stop);
        let urls = ["http://127.0.0.1:1".parse().unwrap()];
        Elasticsearch::connect(&urls, &server, patience, stop.clone()).unwrap()
    }

    pub(super) fn summary() -> Document {
        Document { dataset: "vaectl.summary".into(), ..Document::sample("a", "{}", Tier::Stable) }
    }

    #[tokio::test]
    async fn nothing_is_due_before_its_templates_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = sink(folder.path(), 1 << 20, true);
        sink.queue.push(Parcel { documents: vec![summary()], ..Parcel::default() });
        sink.pump(&mut Account::new(DeadLetters::output(), Vec::new())).unwrap();
        assert_eq!(sink.wake(), None);
        sink.templates = Templates::There;
        assert!(sink.wake().is_some());
    }
}
