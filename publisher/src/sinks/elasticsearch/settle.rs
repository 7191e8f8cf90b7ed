//! What follows from an answer.

use std::io::Write;

use tokio::time::Instant;
use tracing::{info, warn};

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
        let Some(parcel) = parcel else {
            self.templates = Templates::Missing;
            return match answer {
                Answer::Busy(reason) | Answer::Away(reason) => self.pause(by.name(), &reason, says(&reason)),
                Answer::Denied(reason) | Answer::Malformed(reason) | Answer::TooLarge(reason) => {
                    Err(SinkError::Refused(says(&reason)))
                }
                Answer::Items(_) => {
                    self.templates = Templates::There;
                    self.patience.progress();
                    Ok(())
                }
            };
        };
        if !matches!(answer, Answer::Away(_)) {
            self.endpoints.answered();
        }
        match answer {
            Answer::Items(items) => {
                let (again, denied) = self.sort(parcel, items, account);
                match (denied, again) {
                    (Some(reason), _) => Err(SinkError::Refused(says(&reason))),
                    (None, Some(reason)) => self.pause(by.name(), &reason, says(&reason)),
                    (None, None) => Ok(()),
                }
            }
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

    /// Settles what the items settle and puts the rest back; why the rest has to be sent again, or shall not be.
    fn sort(
        &mut self,
        parcel: Parcel,
        items: Vec<Item>,
        account: &mut Account<impl Write>,
    ) -> (Option<String>, Option<String>) {
        let Parcel { documents, tickets } = parcel;
        let (sent, mut left) = (documents.len(), Vec::new());
        let (mut again, mut denied) = (None, None);
        for (document, item) in documents.into_iter().zip(items) {
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
        if left.len() < sent {
            self.patience.progress();
        }
        let parcel = Parcel { documents: left, tickets };
        if parcel.documents.is_empty() {
            self.release(parcel);
        } else {
            self.queue.push_front(parcel);
        }
        (again, denied)
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
        self.release(parcel);
    }

    /// Sends nothing for a while. With a spool that has room there is no giving up before the end.
    fn pause(&mut self, server: &str, reason: &str, sentence: String) -> Result<(), SinkError> {
        let endures = self.durable() && !self.full && !self.ending;
        // What is on the disk can wait for the next start when the end was asked for.
        let leaves = self.durable() && self.ending && self.stop.deadline().is_some();
        let Some(until) = self.patience.next(endures).filter(|_| !leaves) else {
            return Err(SinkError::GaveUp(sentence));
        };
        let wait = until.saturating_duration_since(Instant::now()).as_secs_f64();
        warn!(server, reason, wait, "The server did not take documents.");
        self.resting = Some(until);
        Ok(())
    }
}
