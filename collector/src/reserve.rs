//! What a suspicious container does, kept as it came from the kernel until its scorer asks for it: most suspicions pass.

use vaectl_bpf::wire::{self, Header};
use zerocopy::FromBytes;

use crate::backlog::{append, beginning, records_in};

/// Windows that it goes back: as many verdicts as `score` keeps the possible cause of an incident over, and the one that
/// is being filled.
const WINDOWS: u64 = 7;

/// The records of one container, each after its length as eight bytes, in the order in which they were drained.
#[derive(Debug, Default)]
pub(crate) struct Reserve {
    /// Events of the container go here.
    pub(crate) open: bool,
    records: Vec<u8>,
}

impl Reserve {
    pub(crate) fn bytes(&self) -> usize {
        self.records.len()
    }

    /// Takes records on, but for those that an operator is told of by, and leaves `records` no more room than these need.
    pub(crate) fn add(&mut self, records: &mut Vec<u8>) {
        let mut taken = std::mem::take(records);
        if records_in(&taken).any(is_entry) {
            let all = std::mem::take(&mut taken);
            for record in records_in(&all) {
                append(if is_entry(record) { records } else { &mut taken }, record);
            }
        }
        if self.records.is_empty() {
            self.records = taken;
        } else {
            self.records.append(&mut taken);
        }
    }

    /// All that there is, which leaves nothing.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.records)
    }

    /// Forgets what is too old at the end of a window of `window_ns`; how many records that were.
    pub(crate) fn age(&mut self, now_ns: u64, window_ns: u64) -> u64 {
        let oldest = now_ns.saturating_sub(WINDOWS * window_ns);
        let (bytes, number) = beginning(&self.records, |_, record| time_ns(record) < oldest);
        self.records.drain(..bytes);
        // All reserves share one bound, by what is in them: the room that a burst took is given back once it is over.
        if self.records.capacity() > 2 * self.records.len() {
            self.records.shrink_to_fit();
        }
        number
    }

    /// Forgets everything; how many records that were.
    pub(crate) fn forget(&mut self) -> u64 {
        records_in(&self.take()).count() as u64
    }
}

/// The records of a flight recorder, ring by ring, and of a reserve as one block, in the order in which they happened.
pub(crate) fn merge<'a>(flown: impl Iterator<Item = &'a [u8]>, reserve: &'a [u8]) -> Vec<u8> {
    let mut records: Vec<&[u8]> = flown.chain(records_in(reserve)).collect();
    records.sort_by_key(|record| time_ns(record));
    let mut block = Vec::with_capacity(records.iter().map(|record| size_of::<u64>() + record.len()).sum());
    for record in records {
        append(&mut block, record);
    }
    block
}

/// Whether somebody started a program from outside: that waits for no verdict.
fn is_entry(record: &[u8]) -> bool {
    Header::read_from_prefix(record).is_ok_and(|(header, _)| {
        usize::from(header.kind) == wire::KIND_EXEC && usize::from(header.flags) & wire::FLAG_ENTERED != 0
    })
}

/// When it happened; 0 of one that is too short to say.
pub(crate) fn time_ns(record: &[u8]) -> u64 {
    Header::read_from_prefix(record).map_or(0, |(header, _)| header.time_ns)
}

#[cfg(test)]
mod tests {
    use vaectl_bpf::wire::{self, Header};
    use zerocopy::{FromZeros, IntoBytes};

    use super::{Reserve, merge, time_ns};
    use crate::backlog::{append, records_in};

    fn record(time_ns: u64) -> Vec<u8> {
        Header { time_ns, ..Header::new_zeroed() }.as_bytes().to_vec()
    }

    fn block(times: &[u64]) -> Vec<u8> {
        let mut block = Vec::new();
        for time in times {
            append(&mut block, &record(*time));
        }
        block
    }

    fn times(block: &[u8]) -> Vec<u64> {
        records_in(block).map(time_ns).collect()
    }

    #[test]
    fn what_is_older_than_seven_windows_is_forgotten_and_counted() {
        let mut reserve = Reserve::default();
        let mut records = block(&[10, 20, 30, 40]);
        reserve.add(&mut records);
        assert!(records.is_empty() && reserve.age(70, 10) == 0);
        assert_eq!(reserve.age(100, 10), 2);
        assert_eq!(times(&reserve.take()), [30, 40]);
        assert_eq!((reserve.bytes(), reserve.forget()), (0, 0));
    }

    #[test]
    fn a_reserve_has_no_more_room_than_it_needs_once_a_burst_has_aged_away() {
        let mut reserve = Reserve::default();
        let (mut burst, mut rest) = (block(&[10; 1000]), block(&[90; 10]));
        reserve.add(&mut burst);
        reserve.add(&mut rest);
        assert_eq!((burst.capacity(), rest.capacity()), (0, 0));
        assert_eq!(reserve.age(100, 10), 1000);
        assert!(reserve.records.capacity() <= 2 * reserve.bytes(), "{reserve:?}");
        assert_eq!((reserve.age(1000, 10), reserve.records.capacity()), (10, 0));
    }

    #[test]
    fn an_operator_is_not_kept() {
        let mut entry = Header { time_ns: 2, ..Header::new_zeroed() };
        (entry.kind, entry.flags) = (wire::KIND_EXEC as u8, wire::FLAG_ENTERED as u8);
        let mut records = block(&[1]);
        append(&mut records, entry.as_bytes());
        records.extend(block(&[3]));
        let mut reserve = Reserve::default();
        reserve.add(&mut records);
        assert_eq!((times(&records), times(&reserve.take())), (vec![2], vec![1, 3]));
    }

    #[test]
    fn what_was_kept_in_two_places_is_told_in_its_order() {
        let flown = [record(5), record(50)];
        assert_eq!(times(&merge(flown.iter().map(Vec::as_slice), &block(&[7, 9]))), [5, 7, 9, 50]);
    }
}
