use std::sync::Arc;

use crate::document::Document;
use crate::spool::{Rank, Ticket};

/// Documents that go out in one request.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    /// None while they are on the disk alone.
    pub(super) documents: Vec<Document>,
    /// The batches of the spool that they stand in; parts of one batch share its ticket.
    pub(super) tickets: Vec<Arc<Ticket>>,
}

impl Parcel {
    /// What waits on the disk and is read when it is its turn.
    pub(super) fn waiting(ticket: Ticket) -> Self {
        Self { documents: Vec::new(), tickets: vec![Arc::new(ticket)] }
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
        Self { documents: self.documents.split_off(at), tickets: self.tickets.clone() }
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.documents.append(&mut other.documents);
        self.tickets.append(&mut other.tickets);
    }
}
