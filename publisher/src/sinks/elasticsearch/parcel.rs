use std::collections::HashMap;
use std::sync::Arc;

use crate::document::Document;
use crate::fingerprint::fingerprint;
use crate::spool::{Rank, Ticket};

/// Documents that go out in one request.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    /// None while they are on the disk alone.
    pub(super) documents: Vec<Document>,
    /// The batches of the spool that they stand in; parts of one batch share its ticket.
    pub(super) tickets: Vec<Arc<Ticket>>,
    /// Of its batches, what waits on the disk alone, where that is not all.
    pub(super) left: Option<Left>,
    /// A server wanted it later, or what it did not take of it.
    pub(super) again: bool,
}

/// Documents by a fingerprint of their identity: their dataset, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Left(HashMap<u128, (Arc<str>, u64)>);

impl Left {
    /// Whether a document is among them, which takes it out.
    pub(super) fn take(&mut self, document: &Document) -> bool {
        let some = self.0.get_mut(&fingerprint(&document.id)).filter(|(_, count)| *count > 0);
        some.is_some_and(|(_, count)| {
            *count -= 1;
            true
        })
    }

    /// Those that were not taken out.
    pub(super) fn rest(self) -> impl Iterator<Item = (Arc<str>, u64)> {
        self.0.into_values().filter(|(_, count)| *count > 0)
    }
}

impl Parcel {
    /// What waits on the disk and is read when it is its turn.
    pub(super) fn waiting(ticket: Ticket) -> Self {
        Self { tickets: vec![Arc::new(ticket)], ..Self::default() }
    }

    pub(super) fn is_on_disk_alone(&self) -> bool {
        self.documents.is_empty()
    }

    pub(super) fn rank(&self) -> Rank {
        let kept = self.tickets.first().map(|ticket| ticket.rank);
        kept.or_else(|| self.documents.first().map(Rank::of)).unwrap_or(Rank::Kept)
    }

    /// Takes the documents from `at` on into a parcel of their own.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let documents = self.documents.split_off(at);
        Self { documents, tickets: self.tickets.clone(), left: None, again: self.again }
    }

    /// Leaves documents to the disk, where they are on it: a stream may be sick for hours.
    pub(super) fn shelve(&mut self) {
        if self.tickets.is_empty() {
            return;
        }
        let mut left = Left::default();
        for document in self.documents.drain(..) {
            left.0.entry(fingerprint(&document.id)).or_insert((document.dataset, 0)).1 += 1;
        }
        self.left = Some(left);
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.documents.append(&mut other.documents);
        self.tickets.append(&mut other.tickets);
    }
}
