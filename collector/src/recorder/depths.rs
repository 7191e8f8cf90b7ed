//! Leases: what the control socket asks for becomes one write to a map; and whether calls are counted at all now.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use tracing::{debug, warn};
use vaectl_bpf::wire::{self, Header};
use vaectl_schemas::Depth;
use zerocopy::FromBytes;

use super::{HOST, Recorder};
use crate::backlog::{Item, append};
use crate::clock::boot_ns;
use crate::container::{Stage, Tracked};

/// How often leases are looked at for having run out.
const LOOK: Duration = Duration::from_millis(500);

impl Recorder {
    /// Takes in leases that came, and gives every container the depth that is due to it.
    pub(super) fn keep_depths(&mut self) {
        let Some(control) = &self.control else { return };
        let now = Instant::now();
        let mut wanted = HashSet::new();
        let mut due = self.leases_due <= now;
        for lease in control.requests() {
            if lease.history {
                wanted.insert(lease.run.clone());
            }
            self.leases.take(lease, now);
            due = true;
        }
        if !due {
            return;
        }
        self.leases_due = now + LOOK;
        let live: Vec<_> = self.tracked.values().filter(|t| t.stage == Stage::Live && t.slot != HOST).collect();
        let depths = self.leases.depths(live.iter().map(|t| t.identity.run.as_str()), now);
        let of = |(t, depth): (&Tracked, Depth)| {
            let run = &t.identity.run;
            (t.slot, depth, wanted.contains(run), self.leases.hold_back(run, now))
        };
        let due: Vec<_> = live.into_iter().zip(depths).map(of).collect();
        for (slot, depth, history, held_back) in due {
            let raised = self.set_depth(slot, depth, now);
            let Some(tracked) = self.tracked.get_mut(&slot) else { continue };
            tracked.held_back = held_back;
            let full = depth == Depth::Full;
            let settled = full && now - tracked.depth_since >= LOOK;
            // Who was writing while the depth was raised is done by then.
            let rest = settled && tracked.untold;
            if history && (raised || full) || rest {
                tracked.untold = full && !settled;
                self.tell_history(slot, settled);
            }
        }
    }

    /// Counts calls for now, or not. Rare calls, files and sockets are told of where their calls end: nobody who is watched
    /// deeper than the census goes without the hook.
    pub(super) fn keep_duty(&mut self) {
        let is_container = |tracked: &Tracked| tracked.slot != HOST && !matches!(tracked.stage, Stage::Undecided(_));
        let held = self.tracked.values().any(|tracked| is_container(tracked) && tracked.depth > Depth::Census);
        let Some(on) = self.duty.turn(boot_ns(), held) else { return };
        match self.kernel.count_calls(on) {
            Ok(()) => self.duty.switched(on, boot_ns()),
            Err(error) => warn!(%error, on, "The hook that counts calls could not be switched."),
        }
    }

    /// Whether that is deeper than it was.
    fn set_depth(&mut self, slot: u32, depth: Depth, now: Instant) -> bool {
        let Some(tracked) = self.tracked.get_mut(&slot) else { return false };
        let before = std::mem::replace(&mut tracked.depth, depth);
        if depth == before {
            return false;
        }
        // What was not whole when history was told is told when it is asked for again.
        (tracked.depth_since, tracked.untold) = (now, false);
        debug!(slot, ?before, ?depth, "A depth changes.");
        let control = Self::control_of(depth, wire::STATE_CONTAINER);
        self.report("control", |kernel| kernel.control(slot, control));
        depth > before
    }

    /// Tells what the flight recorder holds and was not told before. Nothing is written to it at full depth: until it is read
    /// nothing of it is lost.
    pub(super) fn tell_history(&mut self, slot: u32, settled: bool) {
        let mut block = Vec::new();
        let Some(since_ns) = self.tracked.get(&slot).map(|tracked| tracked.since_ns) else { return };
        // Who had the slot before may still have been about to write.
        let own =
            |record: &&Vec<u8>| Header::ref_from_prefix(record).is_ok_and(|(header, _)| header.time_ns >= since_ns);
        self.report("flight", |kernel| {
            kernel.history(slot, settled)?.iter().filter(own).for_each(|record| append(&mut block, record));
            Ok(())
        });
        if !block.is_empty() {
            self.items.push(Item::History(slot, block));
        }
    }
}
