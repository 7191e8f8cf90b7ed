use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::parcel::Parcel;
use crate::spool::Rank;

/// Parcels that wait for their turn.
///
/// Summaries of stable containers wait for each other, since nobody waits for them, and go out together. What a server
/// wants again later waits by itself: one data stream that is sick holds no other back.
pub(super) struct Queue {
    ready: VecDeque<Parcel>,
    again: VecDeque<Parcel>,
    /// When the first of these is sent again.
    again_from: Instant,
    summaries: Vec<Parcel>,
    due: Option<Instant>,
    pace: Duration,
}

impl Queue {
    /// Summaries go out every `pace`.
    pub(super) fn new(pace: Duration) -> Self {
        Self {
            ready: VecDeque::new(),
            again: VecDeque::new(),
            again_from: Instant::now(),
            summaries: Vec::new(),
            due: None,
            pace,
        }
    }

    pub(super) fn push(&mut self, parcel: Parcel) {
        if parcel.rank() == Rank::Summaries {
            self.due.get_or_insert_with(|| Instant::now() + self.pace);
            self.summaries.push(parcel);
        } else {
            self.ready.push_back(parcel);
        }
    }

    /// Puts back what has to be sent again, before all others of its rank.
    pub(super) fn push_front(&mut self, parcel: Parcel) {
        self.ready.push_front(parcel);
    }

    /// Puts back what a server wants again later, but not before `from`.
    pub(super) fn push_again(&mut self, parcel: Parcel, from: Instant) {
        self.again.push_back(Parcel { again: true, ..parcel });
        self.again_from = from;
    }

    /// The next one, incidents before others as long as these are taken; with `again` what a server wanted later, once it
    /// is that late.
    pub(super) fn pop(&mut self, again: bool) -> Option<Parcel> {
        let now = Instant::now();
        if self.due.is_some_and(|due| due <= now) {
            self.hurry();
        }
        let later = if again && self.again_from <= now { self.again.pop_front() } else { None };
        later.or_else(|| {
            let is_kept = |parcel: &Parcel| parcel.rank() == Rank::Kept;
            let first = if self.again.iter().any(is_kept) { None } else { self.ready.iter().position(is_kept) };
            self.ready.remove(first.unwrap_or(0))
        })
    }

    /// Sends again now whatever has to be.
    pub(super) fn retry(&mut self) {
        self.again_from = Instant::now();
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

    /// When the next summaries are due or, with `again`, what a server wanted later.
    pub(super) fn due(&self, again: bool) -> Option<Instant> {
        let later = Some(self.again_from).filter(|_| again && !self.again.is_empty());
        self.due.into_iter().chain(later).min()
    }

    /// How many parcels wait for nothing but their turn.
    pub(super) fn ready(&self) -> usize {
        self.ready.len() + self.again.len()
    }

    /// Whether there is one that a server has not had yet.
    pub(super) fn has_untried(&self) -> bool {
        !(self.ready.is_empty() && self.summaries.is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.again.is_empty() && !self.has_untried()
    }

    /// How many documents the summaries have in memory.
    pub(super) fn summaries_held(&self) -> usize {
        self.summaries.iter().map(|parcel| parcel.documents.len()).sum()
    }

    /// Takes out the oldest parcel of a rank.
    pub(super) fn evict(&mut self, rank: Rank) -> Option<Parcel> {
        let oldest = |queue: &mut VecDeque<Parcel>| {
            let at = queue.iter().position(|parcel| parcel.rank() == rank)?;
            queue.remove(at)
        };
        oldest(&mut self.again)
            .or_else(|| oldest(&mut self.ready))
            .or_else(|| (rank == Rank::Summaries && !self.summaries.is_empty()).then(|| self.summaries.remove(0)))
    }

    /// Takes out everything.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Parcel> {
        self.again.drain(..).chain(self.ready.drain(..)).chain(self.summaries.drain(..))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Parcel, Queue};
    use crate::document::{Document, Tier};
    use crate::spool::Rank;

    fn parcel(dataset: &str, tier: Tier) -> Parcel {
        let document = Document { dataset: dataset.into(), ..Document::sample("x", "{}", tier) };
        Parcel { documents: vec![document], ..Parcel::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn summaries_wait_for_each_other_and_nothing_waits_for_them() {
        let mut queue = Queue::new(Duration::from_mins(15));
        for n in 0..3 {
            queue.push(parcel("vaectl.summary", Tier::Stable));
            tokio::time::advance(Duration::from_mins(4)).await;
            assert_eq!((queue.pop(true).is_none(), queue.summaries_held()), (true, n + 1));
        }
        queue.push(parcel("vaectl.process", Tier::Process));
        assert_eq!(queue.pop(true).unwrap().rank(), Rank::Forensics);
        tokio::time::advance(Duration::from_mins(4)).await;
        assert_eq!(queue.pop(true).unwrap().documents.len(), 3);
        assert!(queue.is_empty() && queue.due(true).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn incidents_go_first_and_what_is_wanted_later_holds_nothing_back() {
        let mut queue = Queue::new(Duration::ZERO);
        let later = Instant::now() + Duration::from_secs(10);
        queue.push_again(parcel("vaectl.file", Tier::File), later);
        queue.push(parcel("vaectl.process", Tier::Process));
        queue.push(parcel("vaectl.incident", Tier::Incident));
        let mut next = |again| queue.pop(again).map(|parcel| parcel.documents[0].dataset.to_string());
        assert_eq!((next(true).as_deref(), next(true).as_deref()), (Some("vaectl.incident"), Some("vaectl.process")));
        assert_eq!(next(true), None);
        assert_eq!((queue.due(true), queue.due(false), queue.ready()), (Some(later), None, 1));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(queue.pop(false).is_none() && queue.pop(true).unwrap().again);
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
