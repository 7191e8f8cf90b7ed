//! What is remembered of instances over a restart: one file, replaced as a whole.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::warn;
use vaectl_schemas::Timestamp;

use crate::instance::Instance;
use crate::replace::replace;
use crate::state::Machine;
use crate::tuning::Tuning;

const FILE: &str = "instances.json";
const VERSION: u32 = 1;

/// What was not seen for so long is forgotten, as it is in memory.
const KEPT_NS: u64 = 3_600_000_000_000;

/// What a window said longer ago decides nothing together with one of now.
const RECENT_NS: u64 = 60_000_000_000;

/// Instances of the stage before, and where those of this one go.
pub(crate) struct Memory {
    path: PathBuf,
    instances: HashMap<String, Remembered>,
    /// The disk refused, and that was told.
    refused: bool,
}

/// One instance: what it learned under one model.
#[derive(Clone, Serialize, Deserialize)]
struct Remembered {
    run: String,
    model: String,
    seen: Timestamp,
    machine: Machine,
    tuning: Tuning,
}

#[derive(Serialize, Deserialize)]
struct File {
    v: u32,
    instances: Vec<Remembered>,
}

impl Memory {
    /// Reads what is in `dir`. What cannot be read is told, and every instance begins anew.
    pub(crate) fn open(dir: &Path) -> Self {
        let path = dir.join(FILE);
        let remembered = load(&path).unwrap_or_else(|error| {
            warn!(path = %path.display(), %error, "The state of the containers cannot be read; each begins anew.");
            Vec::new()
        });
        let instances = remembered.into_iter().map(|one| (one.run.clone(), one)).collect();
        Self { path, instances, refused: false }
    }

    /// Gives an instance back what it had learned, where its model is the same and that is not forgotten by `now`.
    pub(crate) fn recall(&mut self, instance: &mut Instance, now: Timestamp) {
        let Some(mut remembered) = self.instances.remove(instance.name_of_run()) else { return };
        let model = instance.model.as_ref().map(|(model, _)| model.about().hash);
        let age = now.as_ns().saturating_sub(remembered.seen.as_ns());
        if model != Some(remembered.model.as_str()) || age > KEPT_NS {
            return;
        }
        if age > RECENT_NS {
            remembered.machine.forget_latest();
        }
        (instance.machine, instance.tuning) = (remembered.machine, remembered.tuning);
    }

    /// Writes what all instances have learned by `now`, and what those had that were not seen yet.
    pub(crate) fn save<'a>(&mut self, instances: impl Iterator<Item = &'a Instance>, now: Timestamp) {
        let remembered = |instance: &Instance| {
            let (model, _) = instance.model.as_ref()?;
            Some(Remembered {
                run: instance.name_of_run().to_owned(),
                model: model.about().hash.to_owned(),
                seen: instance.last_seen,
                machine: instance.machine.clone(),
                tuning: instance.tuning.clone(),
            })
        };
        self.instances.retain(|_, one| one.seen.as_ns() + KEPT_NS >= now.as_ns());
        let mut all: Vec<Remembered> =
            instances.filter_map(remembered).chain(self.instances.values().cloned()).collect();
        all.sort_by(|a, b| a.run.cmp(&b.run));
        match write(&self.path, all) {
            Ok(()) => self.refused = false,
            Err(error) if !self.refused => {
                self.refused = true;
                warn!(path = %self.path.display(), %error, "The state of the containers cannot be written.");
            }
            Err(_) => {}
        }
    }
}

fn load(path: &Path) -> io::Result<Vec<Remembered>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let file: File = serde_json::from_slice(&text)?;
    if file.v == VERSION { Ok(file.instances) } else { Err(io::Error::other(format!("its version is {}", file.v))) }
}

fn write(path: &Path, instances: Vec<Remembered>) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    replace(path, &serde_json::to_vec(&File { v: VERSION, instances })?)
}
