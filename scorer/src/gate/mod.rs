//! The gate: what every line changes, in order, and what goes out for it.

mod clock;
mod containers;
mod events;
mod intake;
mod waits;
mod windows;

use vaectl_schemas::{IncidentCause, Timestamp, derived_id};

use crate::context::Context;
use crate::hold::Next;
use crate::judge::Library;
use crate::peek::Peek;
use crate::registry::Registry;
use crate::settlement::write_gaps;
use crate::{Config, ModelError, Watch, bookend, depth, incident, summary};
use waits::Waits;

/// The pseudo-container of everything outside containers.
const HOST: &str = "host";

pub(crate) struct Gate {
    context: Context,
    registry: Registry,
    models: Box<dyn Library>,
    /// How often the model folder was read.
    reading: u64,
    waits: Waits,
    /// Losses of no container in particular.
    anybody: u64,
    malformed: u64,
    /// The hour of the last ledger line.
    hour: Option<u64>,
}

impl Gate {
    pub(crate) fn new(config: Config, models: Box<dyn Library>) -> Self {
        Self {
            context: Context::new(config),
            registry: Registry::default(),
            models,
            reading: 1,
            waits: Waits::default(),
            anybody: 0,
            malformed: 0,
            hour: None,
        }
    }

    pub(crate) fn reload(&mut self) -> Vec<ModelError> {
        self.reading += 1;
        self.models.reload()
    }

    pub(crate) fn malformed(&self) -> u64 {
        self.malformed
    }

    pub(crate) fn take_complaints(&mut self) -> Vec<ModelError> {
        std::mem::take(&mut self.context.complaints)
    }

    pub(crate) fn take_learnable(&mut self) -> Vec<String> {
        self.context.runs.take_learnable()
    }

    pub(crate) fn watches(&self) -> impl Iterator<Item = Watch<'_>> {
        depth::watches(self.registry.iter().map(|(_, instance)| instance))
    }

    /// The time on a line, where it has one.
    pub(crate) fn time_of(line: &[u8]) -> Option<Timestamp> {
        serde_json::from_slice::<Peek<'_>>(line).ok()?.timestamp
    }

    /// Begins the stream with the first line that tells the time.
    pub(crate) fn begin(&mut self, first: &[u8], out: &mut Vec<u8>) {
        self.context.now = Self::time_of(first).unwrap_or_default();
        bookend::write_hello(first, &mut self.context, out);
    }

    /// Ends the stream: what waits is judged, what was granted goes out, incidents are closed with their counts, every
    /// container has its summary, and the account is closed.
    ///
    /// Other events that are still held had no verdict, and are counted as held.
    pub(crate) fn finish(&mut self, cause: &str, out: &mut Vec<u8>) {
        let slots: Vec<_> = self.registry.iter().map(|(slot, _)| slot).collect();
        let why = if cause == "signal" { IncidentCause::Stopped } else { IncidentCause::EndOfInput };
        for slot in slots {
            self.settle_waiting(slot, None, out);
            let Self { registry, context, .. } = self;
            let instance = registry.at_mut(slot);
            let now = context.now;
            let last = instance.last_window(now);
            context.publish_granted(instance, out);
            let calm = instance.calm();
            while context.release(instance, Next::Before(calm, calm), out) {}
            write_gaps(instance, now, &derived_id("after", [last.as_str()]), context, out);
            incident::close(instance, &last, now, why, context, out);
            summary::write(instance, context, out);
        }
        self.remember();
        if let Some(archive) = &mut self.context.archive {
            archive.finish();
        }
        bookend::write_ledger(&mut self.context, out);
        bookend::write_end(cause, self.malformed, &mut self.context, out);
    }

    fn is_left_out(&self, id: &str) -> bool {
        id == HOST && !self.context.config.host
    }
}
