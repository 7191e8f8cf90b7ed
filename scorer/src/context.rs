//! What all parts of the gate share: the clock of the lines, the accounts, the limits, the way out.

use serde::Serialize;
use vaectl_schemas::{Timestamp, derived_id};

use crate::Config;
use crate::archive::Archive;
use crate::budget::Budget;
use crate::hold::{Held, Hold};
use crate::instance::Instance;
use crate::ledger::{Account, Ledger};
use crate::mark;

pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) ledger: Ledger,
    pub(crate) budget: Budget,
    pub(crate) archive: Option<Archive>,
    /// The latest time on a line.
    pub(crate) now: Timestamp,
    /// The identity of the stream, made from its first line.
    pub(crate) stream: String,
    /// Lines written.
    pub(crate) lines: u64,
    /// Bytes that all holds have.
    pub(crate) held: usize,
    scratch: Vec<u8>,
}

impl Context {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            budget: Budget::new(config.events_per_second),
            archive: config.archive.clone().map(Archive::new),
            config,
            ledger: Ledger::default(),
            now: Timestamp::default(),
            stream: String::new(),
            lines: 0,
            held: 0,
            scratch: Vec::new(),
        }
    }

    /// An identity for a line about the stream as a whole.
    pub(crate) fn stream_id(&self, what: &str, detail: &str) -> String {
        derived_id(what, [self.stream.as_str(), detail])
    }

    /// Writes a line of the gate's own.
    pub(crate) fn write(&mut self, line: &impl Serialize, out: &mut Vec<u8>) {
        serde_json::to_writer(&mut *out, line).expect("lines are plain data and memory takes them");
        out.push(b'\n');
        self.lines += 1;
    }

    /// Passes a line on as it came.
    pub(crate) fn pass(&mut self, line: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(line);
        out.push(b'\n');
        self.lines += 1;
    }

    /// Publishes an event as it comes in, as part of the episode if there is one.
    pub(crate) fn publish(&mut self, instance: &mut Instance, dataset: u8, line: &[u8], out: &mut Vec<u8>) {
        self.ledger.at(dataset).passed += 1;
        instance.hour.published += 1;
        if let Some(episode) = &mut instance.episode {
            episode.events += 1;
        }
        mark::write(line, instance.episode.as_ref().map(|e| e.id.as_str()), false, out);
        self.lines += 1;
    }

    /// Publishes all that is held of an episode that has just opened, oldest first.
    pub(crate) fn publish_history(&mut self, instance: &mut Instance, out: &mut Vec<u8>) {
        while let Some(weight) = instance.hold.pop(|item, line| {
            self.ledger.at(item.dataset).passed += 1;
            let incident = instance.episode.as_mut().map(|episode| {
                episode.events += 1;
                episode.history += 1;
                episode.id.as_str()
            });
            mark::write(line, incident, !item.history, out);
        }) {
            self.held -= weight;
            self.lines += 1;
            instance.hour.published += 1;
        }
    }

    /// Publishes what tells most of what is held of a blind container, within the budget.
    pub(crate) fn publish_telling(&mut self, instance: &mut Instance, out: &mut Vec<u8>) {
        let mut kept = Hold::default();
        let mut line = std::mem::take(&mut self.scratch);
        let mut taken = Held::default();
        while let Some(weight) = instance.hold.pop(|item, bytes| {
            taken = item;
            line.clear();
            line.extend_from_slice(bytes);
        }) {
            if taken.telling && self.budget.spend(self.now) {
                self.held -= weight;
                self.lines += 1;
                self.ledger.at(taken.dataset).passed += 1;
                instance.hour.published += 1;
                mark::write(&line, None, !taken.history, out);
            } else {
                kept.push(Held { over_budget: taken.telling, ..taken }, &line);
            }
        }
        instance.hold = kept;
        self.scratch = line;
    }

    /// Lets go of what was held before window `segment`: it stayed calm.
    pub(crate) fn suppress_before(&mut self, instance: &mut Instance, segment: u32) {
        while instance.hold.front().is_some_and(|item| item.segment < segment) {
            self.release(instance, Account::suppressed);
        }
    }

    /// Takes the oldest event out of a hold and counts it; says whether there was one.
    pub(crate) fn release(&mut self, instance: &mut Instance, column: impl FnOnce(&mut Account) -> &mut u64) -> bool {
        let ledger = &mut self.ledger;
        let unaffordable = &mut instance.unaffordable;
        let weight = instance.hold.pop(|item, _| {
            *column(ledger.at(item.dataset)) += 1;
            *unaffordable += u64::from(item.over_budget);
        });
        self.held -= weight.unwrap_or(0);
        weight.is_some()
    }
}
