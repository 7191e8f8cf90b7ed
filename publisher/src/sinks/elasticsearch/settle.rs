//! What follows from an answer.

use std::io::Write;

use tokio::time::Instant;
use tracing::{info, warn};

use super::connection::Connection;
use super::flights::Landed;
use super::parcel::Parcel;
use super::response::{Answer, Item};
use super::{Elasticsearch, Templates};
use crate::account::Account;
use crate::document::Outcome;
use crate::error::SinkError;
use crate::sinks::Sink;

impl Elasticsearch {
    pub(super) fn settle(&mut self, landed: Landed, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        let Landed { parcel, by, answer } = landed;
        let says = |reason: &str| by.says(reason);
        if let Answer::Away(reason) = &answer
            && self.endpoints.fail_over(&by)
        {
            warn!(server = by.name(), reason, "The server is away, another is asked.");
            match parcel {
                Some(parcel) => self.queue.push_front(parcel),
                None => self.templates = Templates::Missing,
            }
            return Ok(());
        }
        let Some(parcel) = parcel else { return self.settle_templates(&by, answer) };
        if !matches!(answer, Answer::Away(_)) {
            self.endpoints.answered();
        }
        match answer {
            Answer::Items(items) => self.settle_items(parcel, items, &by, account),
            Answer::TooLarge(_) if parcel.documents.len() > 1 => {
                self.max_bytes = parcel.documents.iter().map(|document| document.line.len()).sum::<usize>() / 2;
                info!(max_bytes = self.max_bytes, "The server found a request too large, requests are halved.");
                self.halve(parcel);
                Ok(())
            }
            Answer::Malformed(_) if parcel.documents.len() > 1 => {
                self.halve(parcel);
                Ok(())
            }
            Answer::TooLarge(reason) => {
                self.reject(parcel, 413, &reason, account);
                Ok(())
            }
            Answer::Malformed(reason) => {
                self.reject(parcel, 400, &reason, account);
                Ok(())
            }
            Answer::Busy(reason) | Answer::Away(reason) => {
                self.queue.push_front(parcel);
                self.pause(by.name(), &reason, says(&reason))
            }
            Answer::Denied(reason) => {
                self.queue.push_front(parcel);
                Err(SinkError::Refused(says(&reason)))
            }
        }
    }

    fn settle_templates(&mut self, by: &Connection, answer: Answer) -> Result<(), SinkError> {
        self.templates = Templates::Missing;
        match answer {
            Answer::Busy(reason) | Answer::Away(reason) => self.pause(by.name(), &reason, by.says(&reason)),
            Answer::Denied(reason) | Answer::Malformed(reason) | Answer::TooLarge(reason) => {
                Err(SinkError::Refused(by.says(&reason)))
            }
            Answer::Items(_) => {
                self.templates = Templates::There;
                self.patience.progress();
                Ok(())
            }
        }
    }

    fn settle_items(
        &mut self,
        parcel: Parcel,
        items: Vec<Item>,
        by: &Connection,
        account: &mut Account<impl Write>,
    ) -> Result<(), SinkError> {
        let sent = items.len();
        let (left, again, denied) = self.sort(parcel, items, account);
        match (denied, again) {
            (Some(reason), _) => {
                self.queue.push_front(left);
                Err(SinkError::Refused(by.says(&reason)))
            }
            (None, Some(reason)) => {
                // A server that takes nothing may have too much to do: all others wait too, once.
                let rests = left.documents.len() == sent && !left.again;
                self.set_back(left, rests, by.name(), &reason, by.says(&reason))
            }
            (None, None) => {
                self.release(left, account);
                Ok(())
            }
        }
    }

    /// Settles what the items settle; the rest, and why it has to be sent again, or shall not be.
    fn sort(
        &mut self,
        mut parcel: Parcel,
        items: Vec<Item>,
        account: &mut Account<impl Write>,
    ) -> (Parcel, Option<String>, Option<String>) {
        let documents = std::mem::take(&mut parcel.documents);
        let sent = documents.len();
        let (mut again, mut denied) = (None, None);
        for (document, item) in documents.into_iter().zip(items) {
            match item {
                Item::Settled(outcome) => account.settle(document, outcome),
                Item::Again(reason) => {
                    again = Some(reason);
                    parcel.documents.push(document);
                }
                Item::Denied(reason) => {
                    denied = Some(reason);
                    parcel.documents.push(document);
                }
            }
        }
        if parcel.documents.len() < sent {
            self.patience.progress();
            if parcel.again {
                self.setbacks.progress();
            }
        }
        (parcel, again, denied)
    }

    fn halve(&mut self, mut parcel: Parcel) {
        let second = parcel.split_off(parcel.documents.len() / 2);
        self.queue.push_front(second);
        self.queue.push_front(parcel);
    }

    fn reject(&mut self, mut parcel: Parcel, status: u16, reason: &str, account: &mut Account<impl Write>) {
        for document in parcel.documents.drain(..) {
            account.settle(document, Outcome::Rejected { status: Some(status), reason: reason.into() });
        }
        self.patience.progress();
        self.release(parcel, account);
    }

    /// Sends nothing for a while.
    fn pause(&mut self, server: &str, reason: &str, sentence: String) -> Result<(), SinkError> {
        let Some(until) = self.next_attempt() else { return Err(SinkError::GaveUp(sentence)) };
        let wait = until.saturating_duration_since(Instant::now()).as_secs_f64();
        warn!(server, reason, wait, "The server did not take documents.");
        self.resting = Some(until);
        Ok(())
    }

    /// Sends what is left of a parcel again after a while; others meanwhile, or with `rests` after a while too.
    fn set_back(
        &mut self,
        mut parcel: Parcel,
        rests: bool,
        server: &str,
        reason: &str,
        sentence: String,
    ) -> Result<(), SinkError> {
        let (attempt, until) = (self.next_attempt(), self.setbacks.next(true));
        let (true, Some(until)) = (attempt.is_some(), until) else {
            self.queue.push_front(parcel);
            return Err(SinkError::GaveUp(sentence));
        };
        let wait = until.saturating_duration_since(Instant::now()).as_secs_f64();
        warn!(server, reason, documents = parcel.documents.len(), wait, "The server did not take some documents.");
        parcel.shelve();
        self.queue.push_again(parcel, until);
        if rests {
            self.resting = attempt;
        }
        Ok(())
    }

    /// When it is tried again. With a spool there is no giving up before the end: one that is full stops the reading.
    fn next_attempt(&mut self) -> Option<Instant> {
        let endures = self.durable() && !self.ending;
        // What is on the disk can wait for the next start when the end was asked for.
        let leaves = self.durable() && self.ending && self.stop.deadline().is_some();
        self.patience.next(endures).filter(|_| !leaves)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Answer, Item, Landed, Outcome};
    use crate::account::Account;
    use crate::dead_letter::DeadLetters;
    use crate::document::{Document, Tier};
    use crate::sinks::elasticsearch::tests::sink;

    #[tokio::test]
    async fn a_batch_is_there_until_the_disk_has_its_dead_letters() {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = sink(folder.path(), 1 << 20, false);
        let letters = DeadLetters::file(folder.path().join("letters")).unwrap();
        let mut account = Account::new(letters, Vec::new());
        sink.store(&mut vec![Document::sample("a", "{}", Tier::Incident)], &mut account).await.unwrap();
        let rejected = Item::Settled(Outcome::Rejected { status: Some(400), reason: "no".into() });
        let landed = Landed {
            parcel: sink.queue.pop(true),
            by: Arc::clone(sink.endpoints.current()),
            answer: Answer::Items(vec![rejected]),
        };
        sink.settle(landed, &mut account).unwrap();
        assert!(account.is_synced());
        assert_eq!((account.ledger.total().dead_lettered, std::fs::read_dir(folder.path()).unwrap().count()), (1, 2));
    }
}
