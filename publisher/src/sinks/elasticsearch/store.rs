//! Between the documents and the spool.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::error;

use super::Elasticsearch;
use super::parcel::{Left, Parcel};
use crate::account::Account;
use crate::document::Document;
use crate::encode::{Encoder, Fate};
use crate::error::SinkError;
use crate::line::Line;
use crate::sinks::Sink;
use crate::spool::{Packed, Rank, Spool, Ticket};

/// What is on the disk was chosen, and has lost its secrets, before.
const AS_IT_STANDS: Encoder = Encoder { windows: true, redactor: None };

/// How often a disk is tried again that has no room: others may make some.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The documents of one rank in a delivery.
struct Batch {
    documents: Vec<Document>,
    packed: Packed,
}

/// Takes a delivery apart by rank, what can be spared first; the last batch has how far the input was taken in.
fn pack(held: &mut Vec<Document>, mark: Option<&str>) -> io::Result<Vec<Batch>> {
    held.sort_by_key(Rank::of);
    let last = held.last().map(Rank::of);
    let pack = |documents: &[Document]| {
        let rank = Rank::of(&documents[0]);
        Packed::new(rank, documents, mark.filter(|_| Some(rank) == last).map(str::to_owned))
    };
    let packed: Vec<_> = held.chunk_by(|a, b| Rank::of(a) == Rank::of(b)).map(pack).collect::<io::Result<_>>()?;
    let batch = |packed: Packed| {
        let documents = held.extract_if(.., |document| Rank::of(document) == packed.rank).collect();
        Batch { documents, packed }
    };
    Ok(packed.into_iter().map(batch).collect())
}

fn packed(batches: &[Batch]) -> Vec<&Packed> {
    batches.iter().map(|batch| &batch.packed).collect()
}

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
        let mark = account.progress.mark();
        let mut batches = pack(held, mark.as_deref()).map_err(|error| unusable(self.spool.as_ref(), &error))?;
        let tickets = match self.place(&mut batches, account).await {
            Ok(tickets) => tickets,
            Err(error) => {
                held.extend(batches.into_iter().flat_map(|batch| batch.documents));
                return Err(error);
            }
        };
        for (mut batch, ticket) in batches.into_iter().zip(tickets) {
            account.spooled(&mut batch.documents);
            let mut parcel = Parcel::waiting(ticket);
            // What is not sent next need not be in memory.
            if parcel.rank() != Rank::Summaries && self.queue.ready() == 0 {
                parcel.documents = batch.documents;
            }
            self.queue.push(parcel);
        }
        Ok(())
    }

    /// Writes the batches of a delivery. Where there is no room, a server that takes what it is sent makes some; otherwise
    /// what can be spared goes, of `batches` too, and where there is nothing to spare it is waited for.
    async fn place(
        &mut self,
        batches: &mut Vec<Batch>,
        account: &mut Account<impl Write>,
    ) -> Result<Vec<Ticket>, SinkError> {
        loop {
            let Some(spool) = &mut self.spool else { return Ok(Vec::new()) };
            match spool.put(&packed(batches)) {
                Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {}
                put => return put.map_err(|error| unusable(Some(spool), &error)),
            }
            if self.delivers() {
                self.queue.hurry();
                self.await_room(account).await?;
            } else if !self.spare(batches, account)? {
                self.await_room(account).await?;
            }
        }
    }

    /// Whether there is something to send, and nothing says yet that it is not taken.
    fn delivers(&self) -> bool {
        self.patience.is_fresh() && (self.flights.len() > 0 || self.queue.has_untried())
    }

    /// Gives up what can be spared first; whether there was anything.
    fn spare(&mut self, batches: &mut Vec<Batch>, account: &mut Account<impl Write>) -> Result<bool, SinkError> {
        let (rank, lost) = if let Some(parcel) = self.queue.evict(Rank::Summaries) {
            (Rank::Summaries, self.lose(parcel, account)?)
        } else if batches.first().is_some_and(|batch| batch.packed.rank == Rank::Summaries) {
            let batch = batches.remove(0);
            batch.documents.iter().for_each(|document| account.dropped(document));
            (Rank::Summaries, batch.documents.len())
        } else if let Some(parcel) = self.queue.evict(Rank::Forensics) {
            (Rank::Forensics, self.lose(parcel, account)?)
        } else {
            return Ok(false);
        };
        error!(documents = lost, ?rank, "The spool is full, documents are lost.");
        Ok(true)
    }

    /// Drops a parcel that waits; how many documents it had.
    fn lose(&mut self, mut parcel: Parcel, account: &mut Account<impl Write>) -> Result<usize, SinkError> {
        self.load(&mut parcel, account)?;
        let lost = parcel.documents.len();
        parcel.documents.drain(..).for_each(|document| account.dropped(&document));
        self.release(parcel, account);
        Ok(lost)
    }

    /// Waits for what may make room: an answer, or somebody else on the same disk.
    async fn await_room(&mut self, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        let mut stop = self.stop.clone();
        tokio::select! {
            moved = self.progress(account) => return moved,
            () = sleep(LOOK_AGAIN) => return Ok(()),
            () = stop.expired() => {}
        }
        let place = self.waits_in().unwrap_or_default();
        Err(SinkError::GaveUp(format!("the spool {place} has no room")))
    }

    /// Puts documents on the disk as far as there is room, incidents before others; the rest.
    pub(super) fn keep(&mut self, mut held: Vec<Document>, account: &mut Account<impl Write>) -> Vec<Document> {
        let Some(spool) = &mut self.spool else { return held };
        let Ok(mut batches) = pack(&mut held, account.progress.mark().as_deref()) else { return held };
        while spool.put(&packed(&batches)).is_err() {
            held.append(&mut batches.remove(0).documents);
        }
        for mut batch in batches {
            account.spooled(&mut batch.documents);
        }
        held
    }

    /// Reads documents that are on the disk alone.
    pub(super) fn load(&self, parcel: &mut Parcel, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        let (Some(spool), true) = (&self.spool, parcel.is_on_disk_alone()) else { return Ok(()) };
        let mut left = parcel.left.take();
        for ticket in &parcel.tickets {
            let Some(lines) = spool.read(ticket).map_err(|error| unusable(Some(spool), &error))? else {
                if left.is_none() {
                    ticket.documents.iter().for_each(|(dataset, &n)| account.lost(dataset, n, ticket.inherited));
                }
                continue;
            };
            for text in lines {
                let line = Line { bytes: text.into_bytes(), ..Line::default() };
                match AS_IT_STANDS.encode(line, &mut account.ledger) {
                    Fate::Document(document) if left.as_mut().is_some_and(|left| !left.take(&document)) => {}
                    Fate::Document(mut document) => {
                        account.loaded(&mut document, ticket.inherited && left.is_none());
                        parcel.documents.push(document);
                    }
                    Fate::Malformed { line, reason } if left.is_none() => account.malformed(&line, reason),
                    Fate::Malformed { .. } | Fate::Merged(_) | Fate::Control => {}
                }
            }
        }
        // What is left of a batch was counted when it was read before.
        left.into_iter().flat_map(Left::rest).for_each(|(dataset, n)| account.lost(&dataset, n, false));
        Ok(())
    }

    /// Lets go of a parcel whose documents are settled, once the disk has what became of them.
    pub(super) fn release(&mut self, parcel: Parcel, account: &mut Account<impl Write>) {
        let Some(spool) = &mut self.spool else { return };
        match account.sync() {
            // What is no file, such as `/dev/null`, keeps nothing and has nothing to wait for.
            Err(error) if error.kind() != ErrorKind::InvalidInput => {
                error!(%error, spool = spool.place(), "Dead letters are not on the disk, their batch is sent again.");
                return;
            }
            _ => {}
        }
        // Other parts of a batch may still be under way.
        parcel.tickets.into_iter().filter_map(Arc::into_inner).for_each(|ticket| spool.remove(&ticket));
    }
}

fn unusable(spool: Option<&Spool>, error: &io::Error) -> SinkError {
    let place = spool.map(Spool::place).unwrap_or_default();
    SinkError::Refused(format!("cannot use the spool {place}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use super::{Elasticsearch, pack, packed};
    use crate::account::Account;
    use crate::dead_letter::DeadLetters;
    use crate::document::{Document, Tier};
    use crate::error::SinkError;
    use crate::sinks::elasticsearch::tests::{sink, stopped, summary};
    use crate::stop::Stop;

    fn account() -> Account<Vec<u8>> {
        Account::new(DeadLetters::output(), Vec::new())
    }

    fn incident() -> Vec<Document> {
        vec![Document::sample("a", "{}", Tier::Incident)]
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_had_no_room_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = sink(folder.path(), 1 << 20, false);
        // What was written is removed upon the error, and the next attempt finds a disk with room.
        std::os::unix::fs::symlink("/dev/full", folder.path().join("0000000000000001.kept.1.ndjson.tmp")).unwrap();
        let mut account = account();
        timeout(Duration::from_secs(10), sink.store(&mut incident(), &mut account)).await.unwrap().unwrap();
        assert_eq!((account.ledger.total().spooled, account.ledger.total().dropped), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_ends_the_wait_for_room() {
        let folder = tempfile::tempdir().unwrap();
        let (stop, watching) = Stop::on::<()>(sleep(Duration::from_secs(1)));
        let mut sink = stopped(folder.path(), 1, false, &stop);
        let batches = pack(&mut incident(), None).unwrap();
        sink.spool.as_mut().unwrap().put(&packed(&batches)).unwrap();
        let (mut held, mut account) = (incident(), account());
        let stored = async {
            tokio::select! {
                stored = sink.store(&mut held, &mut account) => stored,
                () = watching => Ok(()),
            }
        };
        let error = timeout(Duration::from_mins(1), stored).await.unwrap().unwrap_err();
        assert!(matches!(&error, SinkError::GaveUp(reason) if reason.contains("no room")), "{error}");
        assert_eq!(held.len(), 1);
    }

    #[tokio::test]
    async fn what_the_spool_takes_at_an_end_is_not_its_summaries_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = sink(folder.path(), 50, false);
        sink.spool.as_mut().unwrap().put(&packed(&pack(&mut incident(), None).unwrap())).unwrap();
        let held = [incident(), vec![Document { line: "0123456789".repeat(9), ..summary() }]].concat();
        let rest = sink.keep(held, &mut account());
        assert_eq!(rest.iter().map(|document| &*document.dataset).collect::<Vec<_>>(), ["vaectl.summary"]);
    }

    #[tokio::test]
    async fn documents_of_a_damaged_batch_are_lost_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = sink(folder.path(), 1 << 20, false);
        let mut first = account();
        sink.store(&mut vec![summary(); 3], &mut first).await.unwrap();
        assert_eq!(first.ledger.total().spooled, 3);
        damage(folder.path());
        load(&mut sink, &mut first);
        assert_eq!((first.ledger.total().spooled, first.ledger.total().dropped), (0, 3));

        sink.store(&mut vec![summary(); 2], &mut first).await.unwrap();
        drop(sink);
        damage(folder.path());
        let mut second = account();
        load(&mut self::sink(folder.path(), 1 << 20, false), &mut second);
        assert_eq!((second.ledger.total().received, second.ledger.total().dropped), (2, 2));
    }

    fn damage(folder: &Path) {
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "zst")) {
            std::fs::write(path, "nonsense").unwrap();
        }
    }

    fn load(sink: &mut Elasticsearch, account: &mut Account<Vec<u8>>) {
        sink.queue.hurry();
        let mut parcel = sink.queue.pop(true).unwrap();
        sink.load(&mut parcel, account).unwrap();
        assert!(parcel.documents.is_empty());
        sink.release(parcel, account);
    }
}
