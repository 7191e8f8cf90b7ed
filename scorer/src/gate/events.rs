//! Events: they go out at once, wait for their verdict, or give way to others.

use std::cmp::Reverse;

use vaectl_schemas::State;

use super::{Gate, HOST};
use crate::hold::{Claim, Held, Next};
use crate::peek::Peek;

/// How much is dropped at once when the hold is full, so that the fullest is not looked for at every event.
const SLACK: usize = 64 * 1024;

impl Gate {
    pub(super) fn event(&mut self, peek: &Peek<'_>, line: &[u8], out: &mut Vec<u8>) {
        let dataset = self.context.ledger.index(peek.dataset());
        self.context.ledger.at(dataset).received += 1;
        if let Some(at) = peek.timestamp {
            self.advance(at, out);
        }
        let id = peek.container().unwrap_or(HOST);
        if self.is_left_out(id) {
            self.context.ledger.at(dataset).suppressed += 1;
            return;
        }
        let slot = self.slot(id, None, out);
        let context = &mut self.context;
        let instance = self.registry.at_mut(slot);
        instance.hour.events += 1;
        let now = context.now;
        if instance.episode.is_some() || peek.entry().is_some_and(|command| instance.entries.is_news(command, now)) {
            context.publish(instance, dataset, peek.history(), line, out);
            return;
        }
        let vouched = matches!(instance.machine.state(), State::Stable | State::Suspect);
        let (len, segment) = (line.len() as u32, instance.segment);
        let claim = match peek.telling() {
            true if vouched => Claim::Telling,
            true if context.budget.spend(context.now) => Claim::Granted,
            true => Claim::Refused,
            false if instance.model.is_some() && instance.peers.is_new(peek.called(), segment) => Claim::Called,
            false => Claim::None,
        };
        let held = Held { len, segment, dataset, claim, history: peek.history(), ..Held::default() };
        context.held += instance.hold.push(held, line);
        if context.held > context.config.hold_bytes {
            self.make_room(out);
        }
    }

    /// Drops events of the fullest containers until there is some room again: those with the least claim first, and of
    /// these the oldest.
    fn make_room(&mut self, out: &mut Vec<u8>) {
        let limit = self.context.config.hold_bytes;
        let limit = limit - SLACK.min(limit / 16);
        while self.context.held > limit {
            let fullest = self.registry.iter().max_by_key(|(slot, i)| (i.hold.weight(), Reverse(*slot)));
            let Some((slot, _)) = fullest else { return };
            // The next fullest is level with it soon: it pays a share, not all.
            let share = SLACK.min(limit / 64);
            let instance = self.registry.at_mut(slot);
            let enough = self.context.held.saturating_sub(share).max(limit);
            while self.context.held > enough && self.context.release(instance, Next::Least, out) {}
        }
    }
}
