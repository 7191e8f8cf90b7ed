//! Containers as the recorder follows them, from their cgroup's first sight to their last window.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use vaectl_bpf::wire::{Row, Samples};
use vaectl_schemas::{
    Container, ContainerInfo, ContainerLine, ContainerStatus, Depth, Timestamp, VERSION, derived_id, job_hash,
};
use zerocopy::FromZeros;

use crate::backlog::append;
use crate::cgroup::{Cpu, Files, Io};
use crate::facts::Facts;
use crate::reserve::Reserve;
use crate::runtime::Named;

/// Who a slot is: what goes onto each of its lines.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) container: Container<'static>,
    pub(crate) run: String,
    pub(crate) job: Option<String>,
}

/// How far a cgroup has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stage {
    /// It is not known yet whether it is a container.
    Undecided(Instant),
    /// It is a container, and its name decides whether it is recorded.
    Nameless,
    /// It is one that is recorded.
    Live,
    /// Its cgroup is gone: its last window is due.
    Gone,
}

/// Events that are kept of a cgroup of which it is not known yet whether it is recorded.
const WAITING_BYTES: usize = 1 << 20;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Taken {
    Kept,
    /// There is no room for it.
    Full,
    /// It is of a container that had the slot before.
    Foreign,
}

/// A cgroup that has a slot.
pub(crate) struct Tracked {
    pub(crate) slot: u32,
    pub(crate) cgroup: u64,
    pub(crate) path: String,
    pub(crate) stage: Stage,
    pub(crate) depth: Depth,
    pub(crate) depth_since: Instant,
    /// Its history was told when it may not have been written to its end.
    pub(crate) untold: bool,
    /// Who leased its depth holds its events back: they need not be told before its window.
    pub(crate) held_back: bool,
    pub(crate) reserve: Reserve,
    pub(crate) identity: Arc<Identity>,
    pub(crate) command: Option<Vec<String>>,
    /// It was there from the beginning of the container: its counts are all that there were.
    pub(crate) born: bool,
    /// When it was given the slot.
    pub(crate) since_ns: u64,
    /// The row at the last window's end.
    pub(crate) last: Box<Row>,
    pub(crate) last_ns: u64,
    pub(crate) files: Files,
    /// For how long calls had been counted then.
    pub(crate) watched_ns: u64,
    /// What its CPU time had gone to by then.
    pub(crate) samples: Option<Box<Samples>>,
    pub(crate) cpu: Option<Cpu>,
    pub(crate) io: Option<Io>,
    pub(crate) execs: HashMap<u64, u64>,
    /// Programs of cgroups that turned out to be part of it, since the last window.
    pub(crate) inherited: BTreeMap<String, u64>,
    /// Events from before it was known what this cgroup is, and after the last flush.
    pub(crate) events: Vec<u8>,
    /// Events lost downstream of the ring since the last window.
    pub(crate) dropped: u64,
}

impl Tracked {
    pub(crate) fn new(
        slot: u32,
        cgroup: u64,
        path: String,
        now_ns: u64,
        born: bool,
        depth: Depth,
        facts: &Facts,
    ) -> Self {
        let run = derived_id("run", [&*facts.boot_id, &cgroup.to_string()]);
        let files = Files::new(facts, &path);
        Self {
            slot,
            cgroup,
            path,
            stage: Stage::Undecided(Instant::now()),
            depth,
            depth_since: Instant::now(),
            untold: false,
            held_back: false,
            reserve: Reserve::default(),
            identity: Arc::new(Identity { container: Container::default(), run, job: None }),
            command: None,
            born,
            since_ns: now_ns,
            last: Box::new(Row::new_zeroed()),
            last_ns: now_ns,
            files,
            watched_ns: 0,
            samples: None,
            cpu: born.then(Cpu::default),
            io: born.then(Io::default),
            execs: HashMap::new(),
            inherited: BTreeMap::new(),
            events: Vec::new(),
            dropped: 0,
        }
    }

    /// Whether its events have to wait until it is known what becomes of it.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.stage, Stage::Undecided(_) | Stage::Nameless)
    }

    /// Takes on an event of its slot.
    pub(crate) fn take(&mut self, time_ns: u64, record: &[u8]) -> Taken {
        if time_ns < self.since_ns {
            Taken::Foreign
        } else if self.waits() && self.events.len() > WAITING_BYTES {
            Taken::Full
        } else {
            append(&mut self.events, record);
            Taken::Kept
        }
    }

    /// Takes an id before anything else is known.
    pub(crate) fn identify(&mut self, id: String, runtime: Option<&'static str>) {
        let container = Container { id: Some(id.into()), runtime: runtime.map(Into::into), ..Container::default() };
        self.identity = Arc::new(Identity { container, run: self.identity.run.clone(), job: None });
    }

    /// Takes what its runtime says of it.
    pub(crate) fn name(&mut self, named: Named) {
        let job = Some(job_hash(&named.command));
        self.identity = Arc::new(Identity { container: named.container, run: self.identity.run.clone(), job });
        self.command = Some(named.command);
    }

    /// The line that says what happened to it.
    pub(crate) fn line(&self, timestamp: Timestamp, status: ContainerStatus) -> ContainerLine<'static> {
        let named = matches!(status, ContainerStatus::Named | ContainerStatus::Ended);
        let info = ContainerInfo {
            v: VERSION,
            status,
            run: Some(self.identity.run.clone()),
            cgroup: Some(self.path.clone()),
            command: self.command.clone().filter(|_| named),
            job: self.identity.job.clone(),
            ..ContainerInfo::default()
        };
        let mut line = ContainerLine::new(timestamp, info);
        line.container = Some(self.identity.container.clone());
        line
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::Depth;

    use super::{Taken, Tracked};
    use crate::backlog::records_in;

    #[test]
    fn an_event_from_before_a_container_had_its_slot_is_of_another() {
        let facts = crate::facts::check();
        let mut tracked = Tracked::new(2, 7, "/box".to_owned(), 1000, true, Depth::Process, &facts);
        assert_eq!([999, 1000].map(|time_ns| tracked.take(time_ns, b"record")), [Taken::Foreign, Taken::Kept]);
        assert_eq!(records_in(&tracked.events).count(), 1);
    }
}
