//! The gate: every line in order, what it changes, and what goes out for it.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Deserialize;
use vaectl_schemas::{
    Clock, ContainerLine, ContainerStatus, Gap, Kind, KindError, RawLine, State, Timestamp, Window, derived_id,
    job_hash, peek,
};

use crate::context::Context;
use crate::error::Refusal;
use crate::hold::Held;
use crate::instance::{Instance, Naming, Pending, is_the_hosts};
use crate::judge::{Judge, Library};
use crate::ledger::Account;
use crate::peek::Peek;
use crate::registry::Registry;
use crate::settlement::{Ahead, settle, write_gaps};
use crate::{Config, Keys, ModelError, ScoreError, bookend, dead_letter, incident, summary};

/// The pseudo-container of everything outside containers.
const HOST: &str = "host";
/// How long the windows of a container wait for its metadata.
const NAMING_NS: u64 = 20_000_000_000;
/// How many windows may wait, of all containers; beyond it, the first to wait are judged as they are.
const MAX_WAITING: usize = 4096;
/// How long a container may be silent before it is forgotten.
const SILENCE_NS: u64 = 3_600_000_000_000;
/// How much is dropped at once when the hold is full, so that the fullest is not looked for at every event.
const SLACK: usize = 64 * 1024;

pub(crate) struct Gate {
    pub(crate) context: Context,
    registry: Registry,
    models: Box<dyn Library>,
    /// How often the model folder was read.
    reading: u64,
    /// Containers whose windows wait, with the time up to which they do.
    deadlines: VecDeque<(Timestamp, usize)>,
    waiting: usize,
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
            deadlines: VecDeque::new(),
            waiting: 0,
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

    /// Begins the stream with its first line: only lines tell the time.
    pub(crate) fn begin(&mut self, first: &[u8], out: &mut Vec<u8>) {
        self.context.now = serde_json::from_slice::<Peek<'_>>(first).ok().and_then(|p| p.timestamp).unwrap_or_default();
        bookend::write_hello(first, &mut self.context, out);
    }

    /// Takes a line that is not a window that was parsed ahead.
    pub(crate) fn line(&mut self, raw: &RawLine<'_>, out: &mut Vec<u8>) -> Result<(), ScoreError> {
        let Err(refusal) = self.take(raw, out) else { return Ok(()) };
        self.malformed += 1;
        let reason = refusal.to_string();
        if self.context.config.strict {
            return Err(ScoreError::Line { number: raw.number, reason });
        }
        dead_letter::write(raw, reason, &mut self.context, out);
        Ok(())
    }

    fn take(&mut self, raw: &RawLine<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        if let Some(len) = raw.oversized {
            return Err(Refusal::Oversized { len, max: self.context.config.max_line_bytes });
        }
        let text = std::str::from_utf8(raw.bytes)?;
        match peek(raw.bytes) {
            Ok(Kind::Event) => self.event(&parse("event", text, raw)?, raw.bytes, out),
            Ok(Kind::Window) => {
                let window: Window<'static> = parse("window", text, raw)?;
                if window.container.as_ref().is_none_or(|c| c.id.is_none()) {
                    return Err(Refusal::Container("window"));
                }
                self.window(Box::new(window), None, Some(raw.bytes), out);
            }
            Ok(Kind::Container) => self.container(&parse("container", text, raw)?, raw.bytes, out)?,
            Ok(kind @ Kind::Gap) => {
                self.gap(&parse("gap", text, raw)?, out);
                self.pass(name(kind), raw.bytes, out);
            }
            Ok(kind @ Kind::Clock) => {
                let line: Clock<'_> = parse("clock", text, raw)?;
                self.step_clock(line.timestamp);
                self.pass(name(kind), raw.bytes, out);
            }
            Ok(kind) => {
                parse::<Peek<'_>>("vaectl", text, raw)?;
                self.pass(name(kind), raw.bytes, out);
            }
            Err(KindError::Unknown(_)) => self.pass("(unknown)", raw.bytes, out),
            Err(KindError::Malformed(_)) if raw.unterminated => return Err(Refusal::Cut),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

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
        let container = window.container.clone().unwrap_or_default();
        let id = container.id.as_deref().unwrap_or_default();
        if self.is_left_out(id) {
            self.context.ledger.of("vaectl.window").suppressed += u64::from(!passes);
            return;
        }
        let slot = self.slot(id, window.vaectl.run.as_deref(), out);
        let until = Timestamp::from_ns(self.context.now.as_ns() + NAMING_NS);
        let instance = self.registry.at_mut(slot);
        if container.image.is_some() {
            instance.name(&container, window.vaectl.job.as_deref());
        }
        if window.host.is_some() && instance.host != window.host {
            instance.host.clone_from(&window.host);
        }
        let facts = instance.losses.facts(&window, self.anybody);
        let segment = instance.segment;
        instance.segment += 1;
        instance.waiting.push_back(Pending { window, facts, segment });
        self.waiting += 1;
        if instance.naming != Naming::Awaited {
            self.settle_waiting(slot, ahead, out);
        } else if instance.waiting.len() == 1 {
            instance.waits_until = Some(until);
            self.deadlines.push_back((until, slot));
        }
        while self.waiting > MAX_WAITING {
            self.end_first_wait(out);
        }
    }

    /// Judges all windows of a container that wait; `ahead` is of the last.
    fn settle_waiting(&mut self, slot: usize, mut ahead: Option<Ahead>, out: &mut Vec<u8>) {
        let instance = self.registry.at_mut(slot);
        instance.waits_until = None;
        let passes = self.context.config.pass_windows;
        while let Some(pending) = instance.waiting.pop_front() {
            self.waiting -= 1;
            self.context.ledger.of("vaectl.window").suppressed += u64::from(!passes);
            let ahead = if instance.waiting.is_empty() { ahead.take() } else { None };
            settle(instance, pending, ahead, self.models.as_ref(), self.reading, &mut self.context, out);
        }
    }

    fn end_first_wait(&mut self, out: &mut Vec<u8>) {
        let Some((until, slot)) = self.deadlines.pop_front() else { return };
        if self.registry.get_mut(slot).is_some_and(|instance| instance.waits_until == Some(until)) {
            self.unname(slot, out);
        }
    }

    fn unname(&mut self, slot: usize, out: &mut Vec<u8>) {
        let instance = self.registry.at_mut(slot);
        if instance.naming == Naming::Awaited {
            instance.naming = Naming::Unnamed;
        }
        self.settle_waiting(slot, None, out);
    }

    fn event(&mut self, peek: &Peek<'_>, line: &[u8], out: &mut Vec<u8>) {
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
        let telling = peek.telling();
        let vouched = matches!(instance.machine.state(), State::Stable | State::Suspect);
        if instance.episode.is_some() || peek.entered() || telling && !vouched && context.budget.spend(context.now) {
            context.publish(instance, dataset, line, out);
            return;
        }
        let held = Held {
            len: line.len() as u32,
            segment: instance.segment,
            dataset,
            telling,
            over_budget: telling && !vouched,
            history: peek.history(),
        };
        context.held += instance.hold.push(held, line);
        if context.held > context.config.hold_bytes {
            self.make_room();
        }
    }

    /// Drops the oldest events of the fullest containers until there is some room again.
    fn make_room(&mut self) {
        let limit = self.context.config.hold_bytes;
        let limit = limit - SLACK.min(limit / 16);
        while self.context.held > limit {
            let fullest = self.registry.iter().max_by_key(|(slot, i)| (i.hold.weight(), std::cmp::Reverse(*slot)));
            let Some((slot, _)) = fullest else { return };
            // The next fullest is level with it soon: it pays a share, not all.
            let share = SLACK.min(limit / 64);
            let instance = self.registry.at_mut(slot);
            let enough = self.context.held.saturating_sub(share).max(limit);
            while self.context.held > enough && self.context.release(instance, Account::dropped) {
                instance.overflowed += 1;
            }
        }
    }

    fn container(&mut self, line: &ContainerLine<'static>, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let container = line.container.as_ref().filter(|c| c.id.is_some());
        let container = container.ok_or(Refusal::Container("container"))?;
        let id = container.id.as_deref().unwrap_or_default();
        let run = line.vaectl.run.as_deref();
        self.advance(line.timestamp, out);
        if self.is_left_out(id) {
            self.pass("vaectl.container", bytes, out);
            return Ok(());
        }
        if line.vaectl.status == ContainerStatus::Ended {
            if let Some(slot) = self.registry.find(id, run) {
                self.retire(slot, line.timestamp, "the container ended", out);
            }
            self.pass("vaectl.container", bytes, out);
            return Ok(());
        }
        self.pass("vaectl.container", bytes, out);
        let slot = self.slot(id, run, out);
        match line.vaectl.status {
            ContainerStatus::Named => {
                let job = line.vaectl.job.clone().or_else(|| line.vaectl.command.as_deref().map(job_hash));
                self.registry.at_mut(slot).name(container, job.as_deref());
                self.settle_waiting(slot, None, out);
            }
            ContainerStatus::Unnamed => self.unname(slot, out),
            ContainerStatus::Started | ContainerStatus::Ended => {}
        }
        Ok(())
    }

    fn gap(&mut self, line: &Gap<'_>, out: &mut Vec<u8>) {
        match line.container.as_ref().and_then(|c| c.id.as_deref()) {
            Some(id) if self.is_left_out(id) => {}
            Some(id) => {
                let slot = self.slot(id, None, out);
                self.registry.at_mut(slot).losses.take_in(line.vaectl.cause);
            }
            None => self.anybody += u64::from(is_the_hosts(line.vaectl.cause)),
        }
    }

    fn pass(&mut self, dataset: &str, line: &[u8], out: &mut Vec<u8>) {
        let account = self.context.ledger.of(dataset);
        account.received += 1;
        account.passed += 1;
        self.context.pass(line, out);
    }

    fn is_left_out(&self, id: &str) -> bool {
        id == HOST && !self.context.config.host
    }

    /// The slot of a container, which is made where there is none.
    fn slot(&mut self, id: &str, run: Option<&str>, out: &mut Vec<u8>) -> usize {
        let slot = self.registry.find(id, run).unwrap_or_else(|| {
            if self.registry.len() >= self.context.config.max_containers.max(1) {
                let longest = self.registry.iter().min_by_key(|(_, i)| i.last_seen).map(|(slot, _)| slot);
                if let Some(slot) = longest {
                    self.retire(slot, self.context.now, "there was no room for another container", out);
                }
            }
            self.registry.insert(Instance::new(id, run, self.anybody))
        });
        if let Some(run) = run {
            self.registry.set_run(slot, run);
        }
        self.registry.at_mut(slot).last_seen = self.context.now;
        slot
    }

    /// Forgets a container: its incident closes, its summary is written, and what was held of it is let go.
    fn retire(&mut self, slot: usize, at: Timestamp, why: &str, out: &mut Vec<u8>) {
        self.unname(slot, out);
        let Some(mut instance) = self.registry.remove(slot) else { return };
        let context = &mut self.context;
        let last = instance.last_window(at);
        while context.release(&mut instance, Account::suppressed) {}
        write_gaps(&mut instance, at, &derived_id("after", [last.as_str()]), context, out);
        incident::close(&mut instance, &last, at, why, context, out);
        summary::write(&mut instance, context, out);
    }

    /// Lets the time of the lines go on.
    fn advance(&mut self, at: Timestamp, out: &mut Vec<u8>) {
        if at <= self.context.now && self.hour.is_some() {
            return;
        }
        self.context.now = self.context.now.max(at);
        while self.deadlines.front().is_some_and(|(until, _)| *until <= self.context.now) {
            self.end_first_wait(out);
        }
        let hour = summary::hour(self.context.now);
        if self.hour.replace(hour).is_some_and(|before| before < hour) {
            let silent = |i: &Instance| i.last_seen.as_ns() + SILENCE_NS < self.context.now.as_ns();
            let gone: Vec<_> = self.registry.iter().filter(|(_, i)| silent(i)).map(|(slot, _)| slot).collect();
            for slot in gone {
                self.retire(slot, self.context.now, "the container was silent for an hour", out);
            }
            bookend::write_ledger(&mut self.context, out);
        }
    }

    /// Takes the stepped clock over; what waits, waits by the new one.
    fn step_clock(&mut self, now: Timestamp) {
        self.context.now = now;
        self.hour = Some(summary::hour(now));
        let until = Timestamp::from_ns(now.as_ns() + NAMING_NS);
        for (deadline, slot) in &mut self.deadlines {
            if let Some(instance) = self.registry.get_mut(*slot)
                && instance.waits_until == Some(*deadline)
            {
                instance.waits_until = Some(until);
            }
            *deadline = until;
        }
    }

    /// Ends the stream: what waits is judged, every container has its summary, and the account is closed.
    ///
    /// Incidents stay open, since their containers go on; what is still held is counted as that.
    pub(crate) fn finish(&mut self, cause: &str, out: &mut Vec<u8>) {
        let slots: Vec<_> = self.registry.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.settle_waiting(slot, None, out);
            let instance = self.registry.at_mut(slot);
            let now = self.context.now;
            let after = derived_id("after", [instance.last_window(now).as_str()]);
            write_gaps(instance, now, &after, &mut self.context, out);
            summary::write(instance, &mut self.context, out);
        }
        if let Some(archive) = &mut self.context.archive {
            archive.finish();
        }
        bookend::write_ledger(&mut self.context, out);
        bookend::write_end(cause, self.malformed, &mut self.context, out);
    }
}

fn parse<'a, T: Deserialize<'a>>(kind: &'static str, text: &'a str, raw: &RawLine<'_>) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|source| {
        if raw.unterminated && source.is_eof() { Refusal::Cut } else { Refusal::Content { kind, source } }
    })
}

/// The dataset that a line of the stream itself is counted under.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Hello => "vaectl.hello",
        Kind::Container => "vaectl.container",
        Kind::Window => "vaectl.window",
        Kind::Event => "event",
        Kind::Gap => "vaectl.gap",
        Kind::Verdict => "vaectl.verdict",
        Kind::Incident => "vaectl.incident",
        Kind::Summary => "vaectl.summary",
        Kind::Ledger => "vaectl.ledger",
        Kind::DeadLetter => "vaectl.dead_letter",
        Kind::Clock => "vaectl.clock",
        Kind::Heartbeat => "vaectl.heartbeat",
        Kind::End => "vaectl.end",
    }
}
