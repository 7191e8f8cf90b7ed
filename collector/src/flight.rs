//! Reading a flight recorder: from the cells of a ring to the records that are whole.

use vaectl_bpf::wire::{self, Cell};

/// The records whose cells, the oldest first, are all there. A cell is `None` where it was overwritten meanwhile.
pub(crate) fn records(cells: impl Iterator<Item = Option<Cell>>) -> Vec<Vec<u8>> {
    let mut whole = Vec::new();
    let mut record: Option<(Vec<u8>, usize)> = None;
    for cell in cells {
        let Some(cell) = cell else {
            record = None;
            continue;
        };
        let (part, len) = (usize::from(cell.part), usize::from(cell.len).min(wire::RECORD_CELLS * wire::CELL_BYTES));
        if part == 0 {
            record = Some((Vec::with_capacity(len), 0));
        }
        // A part whose beginning was overwritten is of no use.
        let Some((bytes, next)) = record.as_mut().filter(|(_, next)| *next == part) else {
            record = None;
            continue;
        };
        bytes.extend_from_slice(&cell.data[..(len - bytes.len()).min(wire::CELL_BYTES)]);
        *next += 1;
        if bytes.len() == len {
            whole.extend(record.take().map(|(bytes, _)| bytes));
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use vaectl_bpf::wire::{CELL_BYTES, Cell};

    use super::records;

    fn cells(len: u16, fill: u8) -> Vec<Option<Cell>> {
        let parts = usize::from(len).div_ceil(CELL_BYTES);
        (0..parts).map(|part| Some(Cell { sequence: 1, part: part as u16, len, data: [fill; CELL_BYTES] })).collect()
    }

    #[test]
    fn records_of_any_length_come_back_in_order() {
        let ring = [cells(64, 1), cells(300, 2), cells(128, 3)].concat();
        let found = records(ring.into_iter());
        assert_eq!(found, [vec![1; 64], vec![2; 300], vec![3; 128]]);
    }

    #[test]
    fn a_record_of_which_a_cell_was_overwritten_is_left_out() {
        let mut ring = [cells(300, 1), cells(300, 2), cells(64, 3)].concat();
        ring.remove(0);
        ring[3] = None;
        assert_eq!(records(ring.into_iter()), [vec![3; 64]]);
    }
}
