//! Reading a flight recorder: from the cells of a ring to the records that are whole.

use std::ops::Range;

use vaectl_bpf::wire::{self, Cell};

/// What reading a ring came to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) records: Vec<Vec<u8>>,
    /// The first cell that was not read: to be gone on with.
    pub(crate) next: u64,
    /// Cells that were not there any more.
    pub(crate) overwritten: u64,
}

/// The records whose cells are all there, of those with these numbers in a ring of `each`; `cell` reads one.
///
/// Cells are taken first and written then: who raises a container's depth meets writers that are not done. Reading ends
/// before the first such cell, unless none has been at work since the depth was raised, which makes it `settled`.
pub(crate) fn read(numbers: Range<u64>, each: u64, settled: bool, cell: impl Fn(u64) -> Option<Cell>) -> Reading {
    let oldest = numbers.start.max(numbers.end.saturating_sub(each));
    let mut reading =
        Reading { next: numbers.end, overwritten: oldest.saturating_sub(numbers.start), ..Reading::default() };
    let mut record: Option<(Vec<u8>, usize)> = None;
    for number in oldest..numbers.end {
        let found = cell(number);
        let Some(found) = found.filter(|found| found.sequence == (number + 1) as u32) else {
            // In the older half it is rather one that is overwritten just now.
            if !settled && found.is_some_and(|found| is_due(&found, number)) && number + each / 2 >= numbers.end {
                reading.next = number - record.map_or(0, |(_, parts)| parts as u64);
                return reading;
            }
            reading.overwritten += 1;
            record = None;
            continue;
        };
        let (part, len) = (usize::from(found.part), usize::from(found.len).min(wire::RECORD_CELLS * wire::CELL_BYTES));
        if part == 0 {
            record = Some((Vec::with_capacity(len), 0));
        }
        // A part whose beginning was overwritten is of no use.
        let Some((bytes, next)) = record.as_mut().filter(|(_, next)| *next == part) else {
            record = None;
            continue;
        };
        bytes.extend_from_slice(&found.data[..(len - bytes.len()).min(wire::CELL_BYTES)]);
        *next += 1;
        if bytes.len() == len {
            reading.records.extend(record.take().map(|(bytes, _)| bytes));
        }
    }
    reading
}

/// Whether a cell still has to become that of this number: it is being written, or has an earlier one.
fn is_due(cell: &Cell, number: u64) -> bool {
    cell.sequence == 0 || (number as u32 + 1).wrapping_sub(cell.sequence).cast_signed() > 0
}

#[cfg(test)]
mod tests {
    use vaectl_bpf::wire::{CELL_BYTES, Cell};

    use super::{Reading, read};

    /// Cells in the order of their numbers, from 0.
    fn ring(records: &[(u16, u8)]) -> Vec<Cell> {
        let cells = records.iter().flat_map(|&(len, fill)| {
            let parts = usize::from(len).div_ceil(CELL_BYTES) as u16;
            (0..parts).map(move |part| Cell { sequence: 0, part, len, data: [fill; CELL_BYTES] })
        });
        cells.zip(1..).map(|(cell, sequence)| Cell { sequence, ..cell }).collect()
    }

    fn read_all(ring: &[Cell], settled: bool) -> Reading {
        let end = ring.len() as u64;
        read(0..end, end, settled, |number| ring.get(number as usize).copied())
    }

    #[test]
    fn records_of_any_length_come_back_in_order() {
        let reading = read_all(&ring(&[(64, 1), (300, 2), (128, 3)]), false);
        let expected = vec![vec![1; 64], vec![2; 300], vec![3; 128]];
        assert_eq!(reading, Reading { records: expected, next: 5, overwritten: 0 });
    }

    #[test]
    fn a_record_of_which_a_cell_was_overwritten_is_left_out() {
        let mut ring = ring(&[(300, 1), (300, 2), (64, 3), (64, 4)]);
        ring[0].sequence += 8;
        ring[4].sequence += 8;
        let reading = read_all(&ring, false);
        assert_eq!(reading, Reading { records: vec![vec![3; 64], vec![4; 64]], next: 8, overwritten: 2 });
    }

    #[test]
    fn what_is_still_written_is_read_when_it_is_there() {
        let whole = ring(&[(64, 1), (64, 2), (300, 3), (64, 4)]);
        for due in [0, whole[3].sequence.wrapping_sub(6)] {
            let mut half = whole.clone();
            half[3].sequence = due;
            let reading = read_all(&half, false);
            assert_eq!(reading, Reading { records: vec![vec![1; 64], vec![2; 64]], next: 2, overwritten: 0 });
            let rest = read(reading.next..6, 6, false, |number| whole.get(number as usize).copied());
            assert_eq!(rest, Reading { records: vec![vec![3; 300], vec![4; 64]], next: 6, overwritten: 0 });
            let settled = read_all(&half, true);
            assert_eq!(
                settled,
                Reading { records: vec![vec![1; 64], vec![2; 64], vec![4; 64]], next: 6, overwritten: 1 }
            );
        }
    }

    #[test]
    fn a_ring_that_went_round_counts_what_it_lost() {
        let ring = ring(&[(64, 1); 4]);
        let last_round =
            |number: u64| ring.get(number as usize % 4).map(|cell| Cell { sequence: number as u32 + 1, ..*cell });
        let reading = read(3..10, 4, false, last_round);
        assert_eq!(reading, Reading { records: vec![vec![1; 64]; 4], next: 10, overwritten: 3 });
    }
}
