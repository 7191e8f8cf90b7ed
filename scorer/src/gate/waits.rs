//! The queue of containers whose windows wait for names.

use std::collections::VecDeque;

use vaectl_schemas::Timestamp;

use crate::registry::Registry;

/// How long the windows of a container wait for its metadata.
const NAMING_NS: u64 = 20_000_000_000;
/// How many windows may wait, of all containers; beyond it, the first to wait are judged as they are.
const MAX_WAITING: usize = 4096;

/// The first to wait is the first to be judged. An entry whose container waits no more, or again, is stale.
#[derive(Default)]
pub(super) struct Waits {
    deadlines: VecDeque<(Timestamp, usize)>,
    windows: usize,
}

impl Waits {
    /// One more window waits.
    pub(super) fn add(&mut self) {
        self.windows += 1;
    }

    /// One window waits no more.
    pub(super) fn take(&mut self) {
        self.windows -= 1;
    }

    /// A container begins to wait; returns up to when.
    pub(super) fn begin(&mut self, slot: usize, now: Timestamp) -> Timestamp {
        let until = deadline(now);
        self.deadlines.push_back((until, slot));
        until
    }

    /// The next entry whose time is over at `now`, or for which there is no room.
    pub(super) fn next_over(&mut self, now: Timestamp) -> Option<(Timestamp, usize)> {
        let over = |(until, _): &mut (Timestamp, usize)| *until <= now || self.windows > MAX_WAITING;
        self.deadlines.pop_front_if(over)
    }

    /// Lets all who wait begin anew: the clock was stepped.
    pub(super) fn renew(&mut self, registry: &mut Registry, now: Timestamp) {
        let until = deadline(now);
        for (old, slot) in &mut self.deadlines {
            if let Some(instance) = registry.get_mut(*slot)
                && instance.waits_until == Some(*old)
            {
                instance.waits_until = Some(until);
            }
            *old = until;
        }
    }
}

fn deadline(now: Timestamp) -> Timestamp {
    Timestamp::from_ns(now.as_ns() + NAMING_NS)
}
