use tokio::time::Instant;

use crate::config::BatchLimits;
use crate::document::Document;

/// Documents between the input and the repository.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) documents: Vec<Document>,
    bytes: usize,
    pub(crate) since: Option<Instant>,
}

impl Held {
    pub(crate) fn push(&mut self, document: Document) {
        self.bytes += document.line.len();
        self.since.get_or_insert_with(Instant::now);
        self.documents.push(document);
    }

    /// Its documents were taken out.
    pub(crate) fn restart(&mut self) {
        (self.bytes, self.since) = (0, None);
    }

    pub(crate) fn are_due(&self, limits: &BatchLimits) -> bool {
        self.documents.len() >= limits.documents
            || self.bytes >= limits.bytes
            || self.since.is_some_and(|since| since + limits.age <= Instant::now())
    }
}
