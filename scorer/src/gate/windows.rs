//! Windows: they wait for the name of their container, then each gets its verdict.

use std::sync::Arc;

use vaectl_schemas::Window;

use super::Gate;
use crate::Keys;
use crate::context::Context;
use crate::instance::{Naming, Pending};
use crate::judge::Judge;
use crate::settlement::{Ahead, settle};

impl Gate {
    /// The model that would judge `window` as things stand.
    pub(crate) fn expected(&self, window: &Window<'_>) -> Option<Arc<dyn Judge>> {
        let container = window.container.as_ref()?;
        let known = self.registry.find(container.id.as_deref()?, window.vaectl.run.as_deref());
        let known = known.map(|slot| self.registry.at(slot));
        if let Some(instance) = known.filter(|i| i.reading == Some(self.reading)) {
            return instance.model.as_ref().map(|(model, _)| model.clone());
        }
        container.image.as_ref()?;
        let job = window.vaectl.job.as_deref().or(known.and_then(|i| i.job.as_deref()));
        self.models.find(&Keys::of(container, job)).map(|(model, _)| model)
    }

    /// Takes a window; `line` is what it was parsed from.
    pub(crate) fn window(
        &mut self,
        window: Box<Window<'static>>,
        ahead: Option<Ahead>,
        line: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) {
        let Context { config, ledger, .. } = &mut self.context;
        let passes = config.pass_windows;
        let account = ledger.of("vaectl.window");
        account.received += 1;
        if let Some(line) = line.filter(|_| passes) {
            account.passed += 1;
            self.context.pass(line, out);
        }
        self.advance(window.timestamp, out);
        let container = window.container.as_ref();
        let id = container.and_then(|c| c.id.as_deref()).unwrap_or_default();
        if self.is_left_out(id) {
            self.context.ledger.of("vaectl.window").suppressed += u64::from(!passes);
            return;
        }
        let slot = self.slot(id, window.vaectl.run.as_deref(), out);
        let instance = self.registry.at_mut(slot);
        if let Some(container) = container.filter(|c| c.image.is_some()) {
            instance.name(container, window.vaectl.job.as_deref());
        }
        if window.host.is_some() && instance.host != window.host {
            instance.host.clone_from(&window.host);
        }
        let facts = instance.losses.facts(&window, self.anybody);
        let segment = instance.segment;
        instance.segment += 1;
        instance.waiting.push_back(Pending { window, facts, segment });
        self.waits.add();
        if instance.naming != Naming::Awaited {
            self.settle_waiting(slot, ahead, out);
        } else if instance.waiting.len() == 1 {
            instance.waits_until = Some(self.waits.begin(slot, self.context.now));
        }
        self.end_waits(out);
    }

    /// Judges all windows of a container that wait; `ahead` is of the last.
    pub(super) fn settle_waiting(&mut self, slot: usize, mut ahead: Option<Ahead>, out: &mut Vec<u8>) {
        let instance = self.registry.at_mut(slot);
        instance.waits_until = None;
        let passes = self.context.config.pass_windows;
        while let Some(pending) = instance.waiting.pop_front() {
            self.waits.take();
            self.context.ledger.of("vaectl.window").suppressed += u64::from(!passes);
            let ahead = if instance.waiting.is_empty() { ahead.take() } else { None };
            settle(instance, pending, ahead, self.models.as_ref(), self.reading, &mut self.context, out);
        }
    }

    /// Judges, as they are, the windows that have waited long enough.
    pub(super) fn end_waits(&mut self, out: &mut Vec<u8>) {
        while let Some((until, slot)) = self.waits.next_over(self.context.now) {
            if self.registry.get_mut(slot).is_some_and(|instance| instance.waits_until == Some(until)) {
                self.unname(slot, out);
            }
        }
    }

    /// Waits for a container's name no more.
    pub(super) fn unname(&mut self, slot: usize, out: &mut Vec<u8>) {
        let instance = self.registry.at_mut(slot);
        if instance.naming == Naming::Awaited {
            instance.naming = Naming::Unnamed;
        }
        self.settle_waiting(slot, None, out);
    }
}
