//! What ran in a cgroup before it turned out to be no container of its own belongs to what it is part of.

use vaectl_bpf::wire::{self, Header, Row};
use vaectl_schemas::{Depth, GapCause};
use zerocopy::{FromBytes, IntoBytes};

use super::census::add_up;
use super::{HOST, Recorder, gap};
use crate::backlog::{append, records_in};
use crate::container::{Stage, Tracked};

impl Recorder {
    /// Gives counts, programs and events of an undecided cgroup to the nearest one above it that is followed, or the host.
    pub(super) fn hand_over(&mut self, slot: u32) {
        if !self.tracked.get(&slot).is_some_and(|tracked| matches!(tracked.stage, Stage::Undecided(_))) {
            return;
        }
        let programs = self.programs(&[slot]).remove(&slot).unwrap_or_default();
        let Ok(row) = self.kernel.row(slot) else { return };
        let Some(mut from) = self.tracked.remove(&slot) else { return };
        let above = |to: &&mut Tracked| {
            to.stage != Stage::Gone && from.path.strip_prefix(&*to.path).is_some_and(|rest| rest.starts_with('/'))
        };
        if let Some(to) = self.tracked.values_mut().filter(above).max_by_key(|to| to.path.len()) {
            inherit_counts(&mut to.last, &row, &from.last);
            inherit_events(to, &from.events);
            if to.slot != HOST {
                add_up(&mut to.inherited, std::mem::take(&mut from.inherited));
                add_up(&mut to.inherited, programs);
            }
            to.dropped += from.dropped;
            if !to.waits() && from.dropped > 0 {
                self.lost += from.dropped;
                self.items.push(gap(to, self.clock, GapCause::Backlog, from.dropped));
            }
        }
        from.events.clear();
        self.tracked.insert(slot, from);
    }
}

/// Takes what a row counted since it was read off the last reading of another: that one's next window counts it in.
fn inherit_counts(last: &mut Row, row: &Row, since: &Row) {
    let inherit = |last: &mut [u64], row: &[u64], since: &[u64]| {
        for ((last, row), since) in last.iter_mut().zip(row).zip(since) {
            *last = last.wrapping_sub(row.wrapping_sub(*since));
        }
    };
    // Who came into the part from the whole did not come from outside.
    let entered = last.count[wire::COUNT_ENTERED];
    inherit(&mut last.syscall, &row.syscall, &since.syscall);
    inherit(&mut last.failed, &row.failed, &since.failed);
    inherit(&mut last.count, &row.count, &since.count);
    last.count[wire::COUNT_ENTERED] = entered;
}

/// Appends those of the records that the heir's depth asks for, as its own.
fn inherit_events(to: &mut Tracked, records: &[u8]) {
    for record in records_in(records) {
        let Ok((mut header, _)) = Header::read_from_prefix(record) else { continue };
        let shallow = [wire::KIND_EXEC, wire::KIND_EXIT, wire::KIND_RARE].contains(&usize::from(header.kind));
        let depth = if shallow { Depth::Process } else { Depth::Full };
        if to.depth < depth {
            continue;
        }
        header.slot = to.slot;
        header.flags &= !(wire::FLAG_ENTERED as u8);
        let mut record = record.to_vec();
        record[..size_of::<Header>()].copy_from_slice(header.as_bytes());
        append(&mut to.events, &record);
    }
}

#[cfg(test)]
mod tests {
    use vaectl_bpf::wire::{self, Header, Row};
    use vaectl_schemas::Depth;
    use zerocopy::{FromBytes, FromZeros, IntoBytes};

    use super::{inherit_counts, inherit_events};
    use crate::backlog::{append, records_in};
    use crate::container::Tracked;

    #[test]
    fn the_next_window_of_the_heir_counts_what_the_part_did_since_it_was_read() {
        let [mut last, mut row, mut since] = [(); 3].map(|()| Row::new_zeroed());
        let heir = Row::new_zeroed();
        (row.syscall[1], since.syscall[1], row.count[wire::COUNT_EXEC], row.count[wire::COUNT_ENTERED]) = (7, 2, 3, 1);
        inherit_counts(&mut last, &row, &since);
        let counted = |now: u64, before: u64| now.wrapping_sub(before);
        assert_eq!(counted(heir.syscall[1], last.syscall[1]), 5);
        assert_eq!(counted(heir.count[wire::COUNT_EXEC], last.count[wire::COUNT_EXEC]), 3);
        assert_eq!(counted(heir.count[wire::COUNT_ENTERED], last.count[wire::COUNT_ENTERED]), 0);
    }

    #[test]
    fn events_become_those_of_the_heir_as_deep_as_it_is_watched() {
        let facts = crate::facts::check();
        let mut to = Tracked::new(1, 0, String::new(), 0, true, Depth::Process, &facts);
        let mut block = Vec::new();
        for kind in [wire::KIND_EXEC, wire::KIND_FILE, wire::KIND_EXIT] {
            let mut header = Header::new_zeroed();
            (header.kind, header.slot, header.flags) = (kind as u8, 9, (wire::FLAG_ENTERED | wire::FLAG_MEMFD) as u8);
            append(&mut block, header.as_bytes());
        }
        inherit_events(&mut to, &block);
        let told: Vec<_> = records_in(&to.events).map(|record| Header::read_from_prefix(record).unwrap().0).collect();
        let told: Vec<_> = told.iter().map(|h| (usize::from(h.kind), h.slot, usize::from(h.flags))).collect();
        assert_eq!(told, [(wire::KIND_EXEC, 1, wire::FLAG_MEMFD), (wire::KIND_EXIT, 1, wire::FLAG_MEMFD)]);
    }
}
