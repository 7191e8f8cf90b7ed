//! What waits for the writer: bounded, so that a slow reader never stops the one who empties the ring.
//!
//! Records of events wait as they came from the kernel. Where they are too many the fullest container loses its oldest
//! half; windows are never lost but added up, and so is what gaps say that was lost; every other line stays.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use vaectl_schemas::{ContainerLine, Gap, Hello, Window};

use crate::clock::Clock;
use crate::container::Identity;

/// What the writer takes, in order.
pub(crate) enum Item {
    Hello(Box<Hello<'static>>),
    /// From here on the slot is this container.
    Bind(u32, Arc<Identity>),
    /// From here on wall time is by this clock; it was stepped by so many nanoseconds.
    Clock(Clock, Option<i64>),
    /// Records of one slot, each after its length as eight bytes.
    Events(u32, Vec<u8>),
    /// What the flight recorder of a slot held when its depth was raised, in the same form.
    History(u32, Vec<u8>),
    /// The window of a slot that ended at a time since boot.
    Window(u32, u64, Box<Window<'static>>),
    Container(Box<ContainerLine<'static>>),
    /// What was lost of a slot.
    Gap(u32, Box<Gap<'static>>),
}

impl Item {
    /// The slot and the records of an item that may be dropped.
    fn records(&self) -> Option<(u32, &[u8])> {
        match self {
            Self::Events(slot, records) | Self::History(slot, records) => Some((*slot, records)),
            _ => None,
        }
    }

    /// The records of an item of `slot`, where it goes before others: what came live, as long as there is any.
    fn spare(&self, slot: u32, live: bool) -> Option<&[u8]> {
        let (of, records) = self.records()?;
        (of == slot && live == matches!(self, Self::Events(..))).then_some(records)
    }
}

#[derive(Default)]
struct Inner {
    items: VecDeque<Item>,
    bytes: usize,
    closed: bool,
    dropped: Vec<(u32, u64)>,
}

pub(crate) struct Backlog {
    inner: Mutex<Inner>,
    ready: Condvar,
    capacity: usize,
}

impl Backlog {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { inner: Mutex::default(), ready: Condvar::new(), capacity }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A writer that panicked leaves whole items behind.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what came in at once, and makes room where it is too much.
    pub(crate) fn push(&self, items: impl IntoIterator<Item = Item>) {
        let mut inner = self.lock();
        for item in items {
            inner.bytes += item.records().map_or(0, |(_, records)| records.len());
            match item {
                Item::Window(slot, end, window) => inner.push_window(slot, end, window),
                Item::Gap(slot, gap) => inner.push_gap(slot, gap),
                item => inner.items.push_back(item),
            }
        }
        while inner.bytes > self.capacity && inner.thin() {}
        let waits = !inner.items.is_empty();
        drop(inner);
        if waits {
            self.ready.notify_one();
        }
    }

    /// What waits, or `None` once the backlog is closed and empty.
    pub(crate) fn take(&self) -> Option<VecDeque<Item>> {
        let mut inner = self.lock();
        while inner.items.is_empty() && !inner.closed {
            inner = self.ready.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        inner.bytes = 0;
        Some(std::mem::take(&mut inner.items)).filter(|items| !items.is_empty())
    }

    /// Says that nothing more comes.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_one();
    }

    /// How many events each slot lost here since the last call.
    pub(crate) fn dropped(&self) -> Vec<(u32, u64)> {
        std::mem::take(&mut self.lock().dropped)
    }
}

impl Inner {
    /// A window whose predecessor still waits is added to it.
    fn push_window(&mut self, slot: u32, end: u64, window: Box<Window<'static>>) {
        let waiting = self.items.iter_mut().rev().find_map(|item| match item {
            Item::Window(s, e, w) if *s == slot => Some((e, w)),
            _ => None,
        });
        match waiting {
            Some((waiting_end, waiting)) if waiting.vaectl.run == window.vaectl.run => {
                crate::window::merge(waiting, &window);
                *waiting_end = end;
            }
            _ => self.items.push_back(Item::Window(slot, end, window)),
        }
    }

    /// A gap for whose cause an earlier one of the same container still waits is added to it.
    fn push_gap(&mut self, slot: u32, gap: Box<Gap<'static>>) {
        let cause = gap.vaectl.cause;
        let bound = |item: &Item| matches!(item, Item::Bind(s, _) if *s == slot);
        let since = self.items.iter().rposition(bound).unwrap_or(0);
        let waiting = self.items.range_mut(since..).find_map(|item| match item {
            Item::Gap(s, earlier) if *s == slot && earlier.vaectl.cause == cause => Some(earlier),
            _ => None,
        });
        match waiting {
            Some(earlier) => {
                earlier.vaectl.lost += gap.vaectl.lost;
                earlier.timestamp = gap.timestamp;
            }
            None => self.items.push_back(Item::Gap(slot, gap)),
        }
    }

    /// Drops the older half of the records of the slot that has most; whether there was anything to drop.
    ///
    /// What a flight recorder held goes when nothing else is left: it has the cause, and comes before what followed.
    fn thin(&mut self) -> bool {
        let mut sizes = std::collections::HashMap::<u32, usize>::new();
        for item in &self.items {
            if let Some((slot, records)) = item.records() {
                *sizes.entry(slot).or_default() += records.len();
            }
        }
        let Some((&fullest, _)) = sizes.iter().max_by_key(|(slot, size)| (**size, **slot)) else { return false };
        let live = self.items.iter().any(|item| matches!(item, Item::Events(slot, _) if *slot == fullest));
        let size: usize = self.items.iter().filter_map(|item| item.spare(fullest, live)).map(<[u8]>::len).sum();
        let (mut bytes, mut events) = (0, 0);
        self.items.retain(|item| match item.spare(fullest, live) {
            Some(records) if bytes * 2 < size => {
                bytes += records.len();
                events += records_in(records).count() as u64;
                false
            }
            _ => true,
        });
        self.bytes -= bytes;
        match self.dropped.iter_mut().find(|(slot, _)| *slot == fullest) {
            Some((_, n)) => *n += events,
            None => self.dropped.push((fullest, events)),
        }
        true
    }
}

/// Appends a record after its length.
pub(crate) fn append(records: &mut Vec<u8>, record: &[u8]) {
    records.extend_from_slice(&(record.len() as u64).to_ne_bytes());
    records.extend_from_slice(record);
}

/// The records of a block, in order.
pub(crate) fn records_in(mut block: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = block.split_first_chunk::<8>()?;
        let (record, rest) = rest.split_at_checked(usize::try_from(u64::from_ne_bytes(*len)).ok()?)?;
        block = rest;
        Some(record)
    })
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Gap, GapCause, GapInfo, Timestamp, VERSION};

    use super::{Backlog, Item, append};

    fn gap(slot: u32, cause: GapCause, lost: u64) -> Item {
        Item::Gap(slot, Box::new(Gap::new(Timestamp::default(), GapInfo { v: VERSION, cause, lost, from: None })))
    }

    #[test]
    fn gaps_that_wait_are_added_up_by_container_and_cause() {
        let backlog = Backlog::new(10_000);
        for _ in 0..1000 {
            backlog.push([gap(2, GapCause::Backlog, 3), gap(3, GapCause::Backlog, 1), gap(2, GapCause::Quota, 1)]);
        }
        let lost: Vec<_> = backlog
            .take()
            .unwrap()
            .into_iter()
            .map(|item| match item {
                Item::Gap(slot, gap) => (slot, gap.vaectl.cause, gap.vaectl.lost),
                _ => panic!("only gaps were pushed"),
            })
            .collect();
        let expected = [(2, GapCause::Backlog, 3000), (3, GapCause::Backlog, 1000), (2, GapCause::Quota, 1000)];
        assert_eq!(lost, expected);
    }

    #[test]
    fn what_flight_recorders_held_counts_among_what_waits() {
        let backlog = Backlog::new(10_000);
        for _ in 0..100 {
            backlog.push([Item::History(2, block(500))]);
        }
        let kept = backlog.take().unwrap().len();
        assert!(kept * 508 <= 10_000, "{kept} blocks wait");
        assert_eq!(backlog.dropped(), [(2, 100 - kept as u64)]);
    }

    #[test]
    fn a_flood_does_not_wash_out_what_the_flight_recorder_held() {
        let backlog = Backlog::new(10_000);
        backlog.push([Item::History(2, block(4000))]);
        for _ in 0..100 {
            backlog.push([Item::Events(2, block(500))]);
        }
        let kept = backlog.take().unwrap();
        assert!(matches!(kept[0], Item::History(2, _)));
        assert!(kept.len() > 5, "and the newest of the flood is there too");
        assert_eq!(backlog.dropped(), [(2, 101 - kept.len() as u64)]);
    }

    fn block(bytes: usize) -> Vec<u8> {
        let mut records = Vec::new();
        append(&mut records, &vec![0; bytes]);
        records
    }

    #[test]
    fn the_fullest_container_pays_for_the_flood() {
        let backlog = Backlog::new(10_000);
        backlog.push([Item::Events(2, block(500))]);
        for _ in 0..100 {
            backlog.push([Item::Events(3, block(500))]);
        }
        let kept = backlog.take().unwrap();
        assert!(kept.iter().any(|i| matches!(i, Item::Events(2, _))));
        let dropped = backlog.dropped();
        assert_eq!(dropped.len(), 1);
        assert_eq!(dropped[0].0, 3);
        assert_eq!(dropped[0].1 as usize + kept.len(), 101);
    }
}
