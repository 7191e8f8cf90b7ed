//! What all parts of the gate share: the clock of the lines, the accounts, the limits, the way out.

use std::collections::HashSet;

use serde::Serialize;
use vaectl_schemas::{Timestamp, derived_id};

use crate::archive::Archive;
use crate::budget::Budget;
use crate::instance::Instance;
use crate::judge::{About, Library};
use crate::ledger::Ledger;
use crate::memory::Memory;
use crate::runs::Runs;
use crate::{Config, ModelError, Unscorable};

pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) ledger: Ledger,
    pub(crate) budget: Budget,
    pub(crate) archive: Option<Archive>,
    pub(crate) memory: Option<Memory>,
    /// Of what the archive took.
    pub(crate) runs: Runs,
    /// The latest time on a line.
    pub(crate) now: Timestamp,
    /// The identity of the stream, made from its first line.
    pub(crate) stream: String,
    /// Lines written.
    pub(crate) lines: u64,
    /// Bytes that all holds have.
    pub(crate) held: usize,
    /// Models that do not fit the windows that came, and were not told of yet.
    pub(crate) complaints: Vec<ModelError>,
    /// Hashes of all of them.
    unfit: HashSet<String>,
}

impl Context {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            budget: Budget::new(config.events_per_second),
            archive: config.archive.clone().map(Archive::new),
            memory: config.state.as_deref().map(Memory::open),
            runs: Runs::new(config.max_containers),
            config,
            ledger: Ledger::default(),
            now: Timestamp::default(),
            stream: String::new(),
            lines: 0,
            held: 0,
            complaints: Vec::new(),
            unfit: HashSet::new(),
        }
    }

    /// An identity for a line about the stream as a whole.
    pub(crate) fn stream_id(&self, what: &str, detail: &str) -> String {
        derived_id(what, [self.stream.as_str(), detail])
    }

    /// Notes, once, that a model does not fit the windows that came.
    pub(crate) fn complain(&mut self, model: About<'_>, why: Unscorable) {
        if !self.unfit.contains(model.hash) {
            self.unfit.insert(model.hash.to_owned());
            self.complaints.push(ModelError::Unfit { name: model.name.to_owned(), key: model.key.to_owned(), why });
        }
    }

    /// Finds the model of an instance where that is due, and gives it back what a stage before knew of it.
    pub(crate) fn acquaint(&mut self, instance: &mut Instance, models: &dyn Library, reading: u64) {
        instance.find_model(models, reading);
        if let (Some(memory), Some(_), false) = (&mut self.memory, &instance.model, instance.recalled) {
            instance.recalled = true;
            memory.recall(instance, self.now);
        }
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
}
