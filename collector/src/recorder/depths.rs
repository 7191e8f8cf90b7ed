//! Leases: what the control socket asks for becomes one write to a map; and whether calls are counted at all now.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use tracing::{debug, warn};
use vaectl_bpf::wire;
use vaectl_schemas::Depth;

use super::{HOST, Recorder};
use crate::backlog::Item;
use crate::clock::boot_ns;
use crate::container::{Stage, Tracked};
use crate::control::Request;
use crate::reserve::{merge, time_ns};

/// How often leases are looked at for having run out.
const LOOK: Duration = Duration::from_millis(500);

impl Recorder {
    /// Takes in leases that came, and gives every container the depth that is due to it.
    pub(super) fn keep_depths(&mut self) {
        let Some(control) = &self.control else { return };
        let now = Instant::now();
        let mut wanted = HashSet::new();
        let mut due = self.leases_due <= now;
        for request in control.requests() {
            match request {
                Request::Lease(client, lease) => {
                    if lease.history {
                        wanted.insert(lease.run.clone());
                    }
                    self.leases.take(lease, client, now);
                }
                Request::HungUp(client) => self.leases.hang_up(client),
            }
            due = true;
        }
        if !due {
            return;
        }
        self.leases_due = now + LOOK;
        let deserted = self.leases.deserted();
        let live: Vec<_> = self.tracked.values().filter(|t| t.stage == Stage::Live && t.slot != HOST).collect();
        let depths = self.leases.depths(live.iter().map(|t| t.identity.run.as_str()), now);
        let of = |(t, depth): (&Tracked, Depth)| {
            let run = &t.identity.run;
            let (back, holds) = (self.leases.hold_back(run, now), self.leases.hold(run, now));
            (t.slot, depth, wanted.contains(run), back, holds)
        };
        let due: Vec<_> = live.into_iter().zip(depths).map(of).collect();
        for (slot, depth, history, held_back, holds) in due {
            let raised = self.set_depth(slot, depth, now);
            let Some(tracked) = self.tracked.get_mut(&slot) else { continue };
            (tracked.held_back, tracked.reserve.open) = (held_back, holds);
            let run = &tracked.identity.run;
            let gone = deserted.contains(run) || !self.leases.is_held(run, now);
            let full = depth == Depth::Full;
            let settled = full && now - tracked.depth_since >= LOOK;
            // Who was writing while the depth was raised is done by then.
            let rest = settled && tracked.untold;
            if history && (raised || full) || rest {
                tracked.untold = full && !settled;
                self.tell_history(slot, settled);
            } else if full && !holds || gone {
                // Whoever asked for it is gone, or has another reason to look by now.
                self.tell_reserve(slot);
            }
        }
    }

    /// Counts calls for now, or not. Rare calls, files and sockets are told of where their calls end: nobody who is watched
    /// deeper than the census goes without the hook, though it counts in slices all the same.
    pub(super) fn keep_duty(&mut self) {
        let is_container = |tracked: &Tracked| tracked.slot != HOST && !matches!(tracked.stage, Stage::Undecided(_));
        let held = self.tracked.values().any(|tracked| is_container(tracked) && tracked.depth > Depth::Census);
        let Some(calls) = self.duty.turn(boot_ns(), held) else { return };
        match self.kernel.watch_calls(calls) {
            Ok(()) => self.duty.switched(calls, boot_ns()),
            Err(error) => warn!(%error, ?calls, "The hook that counts calls could not be switched."),
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

    /// Tells what the flight recorder holds and was not told before, and the reserve. Nothing is written to the former at full
    /// depth: until it is read nothing of it is lost.
    pub(super) fn tell_history(&mut self, slot: u32, settled: bool) {
        let Some(tracked) = self.tracked.get_mut(&slot) else { return };
        let (since_ns, reserve) = (tracked.since_ns, tracked.reserve.take());
        let mut flown = Vec::new();
        self.report("flight", |kernel| {
            flown = kernel.history(slot, settled)?;
            Ok(())
        });
        // Who had the slot before may still have been about to write.
        let own = flown.iter().map(Vec::as_slice).filter(|record| time_ns(record) >= since_ns);
        let block = merge(own, &reserve);
        if !block.is_empty() {
            self.items.push(Item::History(slot, block));
        }
    }

    /// Tells what a reserve has as what it would have been without it.
    pub(super) fn tell_reserve(&mut self, slot: u32) {
        let Some(tracked) = self.tracked.get_mut(&slot) else { return };
        let records = tracked.reserve.take();
        if !records.is_empty() {
            self.items.push(Item::Events(slot, records));
        }
    }

    /// Puts what is held into reserves, which all together have half of the room of what waits for a slow reader: what is told
    /// of one finds room there. Of the fullest the scorer is to hold it.
    pub(super) fn hold_events(&mut self) {
        for tracked in self.tracked.values_mut().filter(|tracked| tracked.reserve.open) {
            tracked.reserve.add(&mut tracked.events);
        }
        let all = |recorder: &Self| recorder.tracked.values().map(|tracked| tracked.reserve.bytes()).sum::<usize>();
        while all(self) > self.config.backlog_bytes / 2 {
            let fullest = self.tracked.values().max_by_key(|tracked| (tracked.reserve.bytes(), tracked.slot));
            let Some(slot) = fullest.map(|tracked| tracked.slot) else { return };
            self.tell_reserve(slot);
        }
    }
}
