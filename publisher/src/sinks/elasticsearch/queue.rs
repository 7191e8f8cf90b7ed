use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::parcel::Parcel;
use crate::spool::Rank;

/// Parcels that wait for their turn.
///
/// Summaries of stable containers wait for each other, since nobody waits for them, and go out together.
pub(super) struct Queue {
    ready: VecDeque<Parcel>,
    summaries: Vec<Parcel>,
    due: Option<Instant>,
    pace: Duration,
}

impl Queue {
    /// Summaries go out every `pace`.
    pub(super) fn new(pace: Duration) -> Self {
        Self { ready: VecDeque::new(), summaries: Vec::new(), due: None, pace }
    }

    pub(super) fn push(&mut self, parcel: Parcel) {
        if parcel.rank() == Rank::Summaries {
            self.due.get_or_insert_with(|| Instant::now() + self.pace);
            self.summaries.push(parcel);
        } else {
            self.ready.push_back(parcel);
        }
    }

    /// Puts back what has to be sent again, before everything else.
    pub(super) fn push_front(&mut self, parcel: Parcel) {
        self.ready.push_front(parcel);
    }

    pub(super) fn pop(&mut self) -> Option<Parcel> {
        if self.due.is_some_and(|due| due <= Instant::now()) {
            self.hurry();
        }
        self.ready.pop_front()
    }

    /// Lets summaries go now.
    pub(super) fn hurry(&mut self) {
        self.due = None;
        // Those on the disk and those in memory never mix: a spool holds all of them or there is none.
        let together = self.summaries.drain(..).reduce(|mut all, parcel| {
            all.append(parcel);
            all
        });
        self.ready.extend(together);
    }

    /// When the next summaries are due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// How many parcels wait for nothing but their turn.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.summaries.is_empty()
    }

    /// How many documents the summaries have in memory.
    pub(super) fn summaries_held(&self) -> usize {
        self.summaries.iter().map(|parcel| parcel.documents.len()).sum()
    }

    /// Takes out the oldest parcel of a rank.
    pub(super) fn evict(&mut self, rank: Rank) -> Option<Parcel> {
        let at = self.ready.iter().position(|parcel| parcel.rank() == rank);
        at.and_then(|at| self.ready.remove(at))
            .or_else(|| (rank == Rank::Summaries && !self.summaries.is_empty()).then(|| self.summaries.remove(0)))
    }

    /// Takes out everything.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Parcel> {
        self.ready.drain(..).chain(self.summaries.drain(..))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Parcel, Queue};
    use crate::document::{Document, Tier};
    use crate::spool::Rank;

    fn parcel(dataset: &str, tier: Tier) -> Parcel {
        let document = Document { dataset: dataset.into(), ..Document::sample("x", "{}", tier) };
        Parcel { documents: vec![document], tickets: Vec::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn summaries_wait_for_each_other_and_nothing_waits_for_them() {
        let mut queue = Queue::new(Duration::from_mins(15));
        for n in 0..3 {
            queue.push(parcel("vaectl.summary", Tier::Stable));
            tokio::time::advance(Duration::from_mins(4)).await;
            assert_eq!((queue.pop().is_none(), queue.summaries_held()), (true, n + 1));
        }
        queue.push(parcel("vaectl.process", Tier::Process));
        assert_eq!(queue.pop().unwrap().rank(), Rank::Forensics);
        tokio::time::advance(Duration::from_mins(4)).await;
        assert_eq!(queue.pop().unwrap().documents.len(), 3);
        assert!(queue.is_empty() && queue.due().is_none());
    }

    #[test]
    fn the_oldest_of_a_shelf_is_evicted() {
        let mut queue = Queue::new(Duration::ZERO);
        queue.push(parcel("vaectl.incident", Tier::Incident));
        queue.push(parcel("vaectl.file", Tier::File));
        queue.push(parcel("vaectl.network", Tier::Network));
        assert!(queue.evict(Rank::Summaries).is_none());
        assert_eq!(&*queue.evict(Rank::Forensics).unwrap().documents[0].dataset, "vaectl.file");
        assert_eq!(queue.ready(), 2);
    }
}
