//! The time of the lines, and what comes due by it.

use vaectl_schemas::{IncidentCause, Timestamp};

use super::Gate;
use crate::instance::Instance;
use crate::{bookend, summary};

/// How long a container may be silent before it is forgotten.
const SILENCE_NS: u64 = 3_600_000_000_000;
/// How long granted events wait for a verdict.
const PATIENCE_NS: u64 = 20_000_000_000;
/// How often what was learned of the containers is written.
const SAVE_NS: u64 = 60_000_000_000;
/// How often it is looked whether they waited that long.
const BEAT_NS: u64 = 10_000_000_000;

impl Gate {
    /// Lets the time of the lines go on.
    pub(super) fn advance(&mut self, at: Timestamp, out: &mut Vec<u8>) {
        if at <= self.context.now && self.hour.is_some() {
            return;
        }
        let now = self.context.now.max(at);
        let before = std::mem::replace(&mut self.context.now, now);
        self.end_waits(out);
        if before.as_ns() / BEAT_NS < now.as_ns() / BEAT_NS {
            self.publish_overdue(out);
        }
        if before.as_ns() / SAVE_NS < now.as_ns() / SAVE_NS {
            self.remember();
        }
        let hour = summary::hour(now);
        if self.hour.replace(hour).is_some_and(|before| before < hour) {
            self.forget_silent(out);
            bookend::write_ledger(&mut self.context, out);
        }
    }

    /// Takes the stepped clock over; what waits, waits by the new one.
    pub(super) fn step_clock(&mut self, now: Timestamp) {
        self.context.now = now;
        self.hour = Some(summary::hour(now));
        self.waits.renew(&mut self.registry, now);
    }

    /// Publishes the granted events of containers whose windows are long, or do not come.
    fn publish_overdue(&mut self, out: &mut Vec<u8>) {
        let Self { registry, context, .. } = self;
        for instance in registry.iter_mut() {
            if instance.judged.as_ns() + PATIENCE_NS < context.now.as_ns() {
                context.publish_granted(instance, out);
            }
        }
    }

    /// Writes what was learned of the containers, where that is asked for.
    pub(super) fn remember(&mut self) {
        let Self { registry, context, .. } = self;
        if let Some(memory) = &mut context.memory {
            memory.save(registry.iter().map(|(_, instance)| instance), context.now);
        }
    }

    fn forget_silent(&mut self, out: &mut Vec<u8>) {
        let now = self.context.now;
        let silent = |i: &Instance| i.last_seen.as_ns() + SILENCE_NS < now.as_ns();
        let gone: Vec<_> = self.registry.iter().filter(|(_, i)| silent(i)).map(|(slot, _)| slot).collect();
        for slot in gone {
            self.retire(slot, now, IncidentCause::Silence, out);
        }
    }
}
