//! Between the documents and the spool.

use std::io::{self, Write};
use std::sync::Arc;

use tracing::error;

use super::Elasticsearch;
use super::parcel::Parcel;
use crate::account::Account;
use crate::document::Document;
use crate::encode::{Encoder, Fate};
use crate::error::SinkError;
use crate::line::Line;
use crate::sinks::Sink;
use crate::spool::{Packed, Rank, Spool, Ticket};

/// What is on the disk was chosen, and has lost its secrets, before.
const AS_IT_STANDS: Encoder = Encoder { windows: true, redactor: None };

pub(super) fn is_summary(document: &Document) -> bool {
    Rank::of(document) == Rank::Summaries
}

impl Elasticsearch {
    /// Puts documents on the disk and into the queue; those that are still in `held` upon an error are not there.
    pub(super) async fn store(
        &mut self,
        held: &mut Vec<Document>,
        account: &mut Account<impl Write>,
    ) -> Result<(), SinkError> {
        for rank in Rank::ALL {
            let mut documents: Vec<_> = held.extract_if(.., |document| Rank::of(document) == rank).collect();
            if documents.is_empty() {
                continue;
            }
            let mark = if held.is_empty() { account.progress.mark() } else { None };
            let Some(ticket) = self.place(rank, &documents, mark, account).await.inspect_err(|_| {
                held.append(&mut documents);
            })?
            else {
                for document in &documents {
                    account.dropped(document);
                }
                continue;
            };
            account.spooled(&mut documents);
            let mut parcel = Parcel::waiting(ticket);
            // What is not sent next need not be in memory.
            if rank != Rank::Summaries && self.queue.ready() == 0 {
                parcel.documents = documents;
            }
            self.queue.push(parcel);
        }
        Ok(())
    }

    /// Writes a batch, makes room for it, and waits for room where there is nothing to spare; `None` where the batch
    /// itself is what can be spared.
    async fn place(
        &mut self,
        rank: Rank,
        documents: &[Document],
        mark: Option<String>,
        account: &mut Account<impl Write>,
    ) -> Result<Option<Ticket>, SinkError> {
        let batch = Packed::new(rank, documents, mark).map_err(|error| unusable(self.spool.as_ref(), &error))?;
        loop {
            let Some(spool) = &mut self.spool else { return Ok(None) };
            if spool.fits(&batch) {
                match spool.put(&batch) {
                    Ok(ticket) => return Ok(Some(ticket)),
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => {}
                    Err(error) => return Err(unusable(Some(spool), &error)),
                }
            }
            let spared = self
                .queue
                .evict(Rank::Summaries)
                .or_else(|| if rank == Rank::Summaries { None } else { self.queue.evict(Rank::Forensics) });
            if let Some(mut parcel) = spared {
                self.load(&mut parcel, account)?;
                parcel.documents.iter().for_each(|document| account.dropped(document));
                error!(documents = parcel.documents.len(), rank = ?parcel.rank(), "The spool is full, documents are lost.");
                self.release(parcel);
            } else if rank == Rank::Summaries {
                error!(documents = documents.len(), "The spool is full, summaries are lost.");
                return Ok(None);
            } else {
                self.full = true;
                self.progress(account).await?;
                self.full = false;
            }
        }
    }

    /// Puts documents on the disk as far as there is room; the rest.
    pub(super) fn keep(&mut self, mut held: Vec<Document>, account: &mut Account<impl Write>) -> Vec<Document> {
        let Some(spool) = &mut self.spool else { return held };
        let mut rest = Vec::new();
        for rank in Rank::ALL {
            let mut documents: Vec<_> = held.extract_if(.., |document| Rank::of(document) == rank).collect();
            if documents.is_empty() {
                continue;
            }
            let mark = if held.is_empty() { account.progress.mark() } else { None };
            let kept =
                Packed::new(rank, &documents, mark).is_ok_and(|batch| spool.fits(&batch) && spool.put(&batch).is_ok());
            if kept {
                account.spooled(&mut documents);
            } else {
                rest.append(&mut documents);
            }
        }
        rest
    }

    /// Reads documents that are on the disk alone.
    pub(super) fn load(&self, parcel: &mut Parcel, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        let (Some(spool), true) = (&self.spool, parcel.is_on_disk_alone()) else { return Ok(()) };
        for ticket in &parcel.tickets {
            for text in spool.read(ticket).map_err(|error| unusable(Some(spool), &error))? {
                let line = Line { bytes: text.into_bytes(), ..Line::default() };
                match AS_IT_STANDS.encode(line, &mut account.ledger) {
                    Fate::Document(mut document) => {
                        account.loaded(&mut document, ticket.inherited);
                        parcel.documents.push(document);
                    }
                    Fate::Malformed { line, reason } => account.malformed(&line, reason),
                    Fate::Merged(_) | Fate::Control => {}
                }
            }
        }
        Ok(())
    }

    /// Lets go of a parcel whose documents are settled.
    pub(super) fn release(&mut self, parcel: Parcel) {
        let Some(spool) = &mut self.spool else { return };
        // Other parts of a batch may still be under way.
        parcel.tickets.into_iter().filter_map(Arc::into_inner).for_each(|ticket| spool.remove(&ticket));
    }
}

fn unusable(spool: Option<&Spool>, error: &io::Error) -> SinkError {
    let place = spool.map(Spool::place).unwrap_or_default();
    SinkError::Refused(format!("cannot use the spool {place}: {error}"))
}
