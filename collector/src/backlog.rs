//! What waits for the writer: bounded, so that a slow reader never stops the one who empties the ring.
//!
//! Records of events wait as they came from the kernel. Where they are too many the fullest containers lose their oldest,
//! and what came live goes before what a flight recorder held; windows are never lost but added up, and so is what gaps say
//! that was lost; every other line stays.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use vaectl_schemas::{ContainerLine, Gap, Hello, Window};

use crate::clock::Clock;
use crate::container::Identity;

/// Where there is no room, one part of so many is made free beyond what is needed: looking at all that waits is not to come
/// with every push.
const SPARE: usize = 16;

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
    /// The slot and the records of an item that may be dropped, of those that came live or of the others.
    fn records(&mut self, live: bool) -> Option<(u32, &mut Vec<u8>)> {
        match self {
            Self::Events(slot, records) if live => Some((*slot, records)),
            Self::History(slot, records) if !live => Some((*slot, records)),
            _ => None,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Events(_, records) | Self::History(_, records) => records.len(),
            _ => 0,
        }
    }
}

#[derive(Default)]
struct Inner {
    items: VecDeque<Item>,
    bytes: usize,
    closed: bool,
    dropped: BTreeMap<u32, u64>,
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
            inner.bytes += item.bytes();
            match item {
                Item::Window(slot, end, window) => inner.push_window(slot, end, window),
                Item::Gap(slot, gap) => inner.push_gap(slot, gap),
                item => inner.items.push_back(item),
            }
        }
        inner.make_room(self.capacity);
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
    pub(crate) fn dropped(&self) -> BTreeMap<u32, u64> {
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

    /// Drops records until no more than `capacity` wait.
    ///
    /// What flight recorders held goes when nothing else is left: it has the cause, and comes before what followed.
    fn make_room(&mut self, capacity: usize) {
        if self.bytes > capacity {
            self.thin(true, capacity - capacity / SPARE);
        }
        if self.bytes > capacity {
            self.thin(false, capacity);
        }
    }

    /// Drops the oldest records of the slots that have most, of those that came live or of the others, so that no more than
    /// `most` bytes are left in all.
    fn thin(&mut self, live: bool, most: usize) {
        let mut sizes = HashMap::<u32, usize>::new();
        for (slot, records) in self.items.iter_mut().filter_map(|item| item.records(live)) {
            *sizes.entry(slot).or_default() += records.len();
        }
        let others = self.bytes - sizes.values().sum::<usize>();
        let level = level(sizes.values().copied().collect(), most.saturating_sub(others));
        let Self { items, bytes, dropped, .. } = self;
        items.retain_mut(|item| {
            let Some((slot, records)) = item.records(live) else { return true };
            let size = sizes.entry(slot).or_default();
            let excess = size.saturating_sub(level);
            if excess == 0 {
                return true;
            }
            let (cut, events) = beginning(records, |before, _| before < excess);
            *size -= cut;
            *bytes -= cut;
            *dropped.entry(slot).or_default() += events;
            // A copy of the rest, so that the room of what went is free.
            *records = records.split_off(cut);
            !records.is_empty()
        });
    }
}

/// How much each of these may have, so that all have no more than `room` together: what the smaller ones leave of their
/// share is for the others.
fn level(mut sizes: Vec<usize>, mut room: usize) -> usize {
    sizes.sort_unstable();
    for (size, sharers) in sizes.iter().zip((1..=sizes.len()).rev()) {
        let share = room / sharers;
        if *size > share {
            return share;
        }
        room -= size;
    }
    usize::MAX
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

/// How many bytes and records at the beginning of a block belong there, by the bytes before each record and the record.
pub(crate) fn beginning(block: &[u8], mut belongs: impl FnMut(usize, &[u8]) -> bool) -> (usize, u64) {
    let (mut bytes, mut number) = (0, 0);
    for record in records_in(block) {
        if !belongs(bytes, record) {
            break;
        }
        bytes += size_of::<u64>() + record.len();
        number += 1;
    }
    (bytes, number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use vaectl_schemas::{Gap, GapCause, GapInfo, Timestamp, VERSION};

    use super::{Backlog, Item, append, level, records_in};

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
        assert_eq!(backlog.dropped(), BTreeMap::from([(2, 100 - kept as u64)]));
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
        assert_eq!(backlog.dropped(), BTreeMap::from([(2, 101 - kept.len() as u64)]));
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
        assert_eq!(dropped, BTreeMap::from([(3, 101 - kept.len() as u64)]));
    }

    /// So many records of 508 bytes with their lengths, which the first byte of each numbers.
    fn numbered(records: u8) -> Vec<u8> {
        let mut block = Vec::new();
        (0..records).for_each(|number| append(&mut block, &[number; 500]));
        block
    }

    /// The numbers of the records that wait of a slot, those that came live and the others.
    fn waiting(backlog: &Backlog, slot: u32) -> [Vec<u8>; 2] {
        backlog.close();
        let mut items = backlog.take().unwrap_or_default();
        [true, false].map(|live| {
            let own = items.iter_mut().filter_map(|item| item.records(live)).filter(|(of, _)| *of == slot);
            own.flat_map(|(_, records)| records_in(records).map(|record| record[0]).collect::<Vec<_>>()).collect()
        })
    }

    #[test]
    fn of_more_records_at_once_than_there_is_room_for_the_newest_stay() {
        for (item, live) in [(Item::Events as fn(_, _) -> _, 0), (Item::History, 1)] {
            let backlog = Backlog::new(10_000);
            backlog.push([item(2, numbered(40))]);
            let kept = waiting(&backlog, 2)[live].len();
            assert!(18 <= kept && kept * 508 <= 10_000, "{kept} of 19 that there is room for");
            assert_eq!(backlog.dropped(), BTreeMap::from([(2, 40 - kept as u64)]));
        }
    }

    #[test]
    fn what_a_flight_recorder_held_outlives_what_came_live_of_others() {
        let backlog = Backlog::new(10_000);
        backlog.push([Item::Events(3, numbered(8)), Item::History(2, numbered(12)), Item::Events(4, numbered(2))]);
        let [_, history] = waiting(&backlog, 2);
        assert_eq!(history, (0..12).collect::<Vec<_>>());
        assert_eq!(backlog.dropped(), BTreeMap::from([(3, 4)]));
    }

    #[test]
    fn what_a_flight_recorder_held_is_cut_only_where_it_is_too_much_alone() {
        let backlog = Backlog::new(10_000);
        backlog.push([Item::History(2, numbered(19)), Item::Events(3, numbered(1))]);
        assert_eq!(backlog.dropped(), BTreeMap::from([(3, 1)]));
        backlog.push([Item::History(2, numbered(1))]);
        assert_eq!(waiting(&backlog, 2)[1], (1..19).chain([0]).collect::<Vec<_>>());
        assert_eq!(backlog.dropped(), BTreeMap::from([(2, 1)]));
    }

    #[test]
    fn a_level_leaves_the_small_ones_what_they_have() {
        assert_eq!(level(vec![9000, 100, 5000], 10_000), 4950);
        assert_eq!(level(vec![5000, 100], 10_000), usize::MAX);
        assert_eq!(level(vec![5000, 100], 0), 0);
    }
}
