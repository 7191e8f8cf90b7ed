//! Which cgroups are containers, and which slot each of them has.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tracing::{debug, warn};
use vaectl_bpf::wire::{self, CgroupRecord, Control};
use vaectl_schemas::{ContainerStatus, Depth, GapCause};
use zerocopy::FromBytes;

use super::{HOST, Recorder, gap};
use crate::backlog::Item;
use crate::cgroup;
use crate::clock::boot_ns;
use crate::container::{Stage, Tracked};
use crate::load::{Kernel, MapError};
use crate::naming::Key;
use crate::runtime::{Candidate, classify};

/// How long a new cgroup may take to show what it is.
pub(super) const UNDECIDED: Duration = Duration::from_secs(3);

/// The runtime of a cgroup that is a container because it was asked for.
const ASKED_FOR: &str = "cgroup";

impl Recorder {
    /// Fills the maps before the programs run: with the host, the cgroups that are left out, and room for containers.
    pub(super) fn fill(&mut self) -> Result<(), MapError> {
        for slot in wire::SLOT_FIRST as u32..self.config.max_containers + wire::SLOT_FIRST as u32 {
            self.kernel.reset(slot, false, self.control(wire::STATE_UNDECIDED))?;
            self.kernel.offer(slot)?;
        }
        self.fill_host(boot_ns())?;
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = own.lines().find_map(|l| l.strip_prefix("0::")).filter(|p| *p != "/").map(str::to_owned);
        for (path, id) in cgroup::scan(&self.root) {
            if Some(&path) == own.as_ref() || self.config.excludes(&path) {
                self.kernel.bind(id, wire::SLOT_IGNORED as u32)?;
            }
        }
        Ok(())
    }

    /// Finds the containers that the programs did not see begin, or that there was no room for: all others have a slot since
    /// then.
    pub(super) fn find(&mut self) -> Result<(), MapError> {
        let before = std::mem::take(&mut self.roomless);
        for (path, id) in cgroup::scan(&self.root) {
            if self.config.excludes(&path) || self.is_inside(&path) || self.kernel.is_bound(id)? {
                continue;
            }
            let Some(candidate) = self.candidate(&path) else { continue };
            let Some(slot) = self.kernel.take() else {
                if before.contains(&path) {
                    self.roomless.insert(path);
                } else {
                    self.has_no_room(path);
                }
                continue;
            };
            let now = boot_ns();
            // What was only asked for has no runtime that sets it up.
            let begun = candidate.runtime == ASKED_FOR || cgroup::has_begun(&self.folder(&path));
            self.kernel.reset(slot, begun, self.control(wire::STATE_CONTAINER))?;
            self.kernel.bind(id, slot)?;
            let mut tracked = Tracked::new(slot, id, path, now, !begun, self.config.unleased(), &self.facts);
            let account = tracked.files.read(&self.facts, &tracked.path, false);
            (tracked.cpu, tracked.io) = (account.cpu, account.io);
            tracked.watched_ns = self.duty.watched_ns(tracked.last_ns);
            self.by_cgroup.insert(id, slot);
            self.adopt(tracked, candidate);
        }
        Ok(())
    }

    /// Looks once more for what had begun before the programs and did not show yet what it is, or found no room.
    pub(super) fn find_late(&mut self) {
        if self.find_due.is_some_and(|due| due <= Instant::now()) {
            self.find_due = None;
            if let Err(error) = self.find() {
                warn!(%error, "Containers that were there before could not be looked for.");
                self.find_due = Some(Instant::now() + UNDECIDED);
            }
        }
    }

    fn has_no_room(&mut self, path: String) {
        if !self.config.by_form() && self.candidate(&path).is_none() {
            return;
        }
        warn!(cgroup = path, "There is no room for this container: raise --max-containers.");
        let lost = |host: &Tracked| gap(host, self.clock, GapCause::Containers, 1);
        let told = self.tracked.get(&HOST).map_or_else(|| lost(&self.host(Depth::Census, boot_ns())), lost);
        self.items.push(told);
        self.roomless.insert(path);
        // A look forgets those that are gone, or are none.
        if self.roomless.len().is_multiple_of(1024) {
            self.find_due = Some(Instant::now());
        }
    }

    /// Where a cgroup is in the file system.
    pub(super) fn folder(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether a cgroup is part of a container.
    fn is_inside(&self, path: &str) -> bool {
        let above = |t: &Tracked| path.strip_prefix(t.path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        self.tracked.values().any(|t| t.stage == Stage::Live && t.slot != HOST && above(t))
    }

    /// Everything outside containers, unless only some of them were asked for.
    fn fill_host(&mut self, now: u64) -> Result<(), MapError> {
        let wanted = self.config.cgroups.is_empty() && self.config.wants(Some("host"), "host");
        let depth = if wanted { self.config.depth.min(Depth::Process) } else { Depth::Census };
        self.kernel.reset(HOST, true, Self::control_of(depth, wire::STATE_UNDECIDED))?;
        if wanted {
            let mut host = self.host(depth, now);
            host.stage = Stage::Live;
            host.cpu = None;
            self.items.push(Item::Bind(HOST, host.identity.clone()));
            self.tracked.insert(HOST, host);
        }
        Ok(())
    }

    fn host(&self, depth: Depth, now: u64) -> Tracked {
        let mut host = Tracked::new(HOST, 0, String::new(), now, true, depth, &self.facts);
        host.identify("host".to_owned(), None);
        host
    }

    fn control(&self, state: usize) -> Control {
        Self::control_of(self.config.unleased(), state)
    }

    pub(super) fn control_of(depth: Depth, state: usize) -> Control {
        let depth = match depth {
            Depth::Census => wire::DEPTH_CENSUS,
            Depth::Process => wire::DEPTH_PROCESS,
            Depth::Full => wire::DEPTH_FULL,
        };
        Control { depth: depth as u32, state: state as u32 }
    }

    /// The container that a cgroup is, by its form or because it was asked for.
    fn candidate(&self, path: &str) -> Option<Candidate> {
        if self.config.cgroups.iter().any(|c| c.trim_end_matches('/') == path) {
            let id = path.rsplit('/').next().unwrap_or(path).to_owned();
            return classify(path).or(Some(Candidate { id, runtime: ASKED_FOR }));
        }
        classify(path).filter(|_| self.config.by_form())
    }

    /// Makes a cgroup a container, and asks for its name.
    fn adopt(&mut self, mut tracked: Tracked, candidate: Candidate) {
        tracked.identify(candidate.id.clone(), Some(candidate.runtime));
        let wanted = self.config.wants(None, &candidate.id);
        tracked.stage = if wanted { Stage::Live } else { Stage::Nameless };
        if wanted {
            self.announce(&tracked, ContainerStatus::Started);
        }
        self.naming.ask(Key { slot: tracked.slot, cgroup: tracked.cgroup }, candidate);
        self.tracked.insert(tracked.slot, tracked);
    }

    /// Says who a slot is.
    fn announce(&mut self, tracked: &Tracked, status: ContainerStatus) {
        self.items.push(Item::Bind(tracked.slot, tracked.identity.clone()));
        self.items.push(Item::Container(Box::new(tracked.line(self.clock.wall(boot_ns()), status))));
        if status == ContainerStatus::Started && tracked.dropped > 0 {
            self.lost += tracked.dropped;
            self.items.push(gap(tracked, self.clock, GapCause::Backlog, tracked.dropped));
        }
    }

    /// Takes in cgroups that came; those that went.
    pub(super) fn drain_cgroups(&mut self) -> Vec<u32> {
        let mut records = Vec::new();
        self.kernel.cgroups.drain(|bytes| {
            if let Ok((record, path)) = CgroupRecord::read_from_prefix(bytes) {
                let path = path.get(..record.path_len.saturating_sub(1) as usize).unwrap_or_default();
                records.push((record, String::from_utf8_lossy(path).into_owned()));
            }
        });
        let mut gone = Vec::new();
        for (record, path) in records {
            if record.kind as usize == wire::KIND_CGROUP_GONE && record.slot == wire::SLOT_IGNORED as u32 {
                self.report("slot", |kernel| kernel.unbind(record.id));
            } else if record.kind as usize == wire::KIND_CGROUP_GONE {
                gone.extend(self.by_cgroup.get(&record.id));
            } else if record.slot == HOST {
                self.has_no_room(path);
            } else {
                self.by_cgroup.insert(record.id, record.slot);
                let mut tracked = Tracked::new(
                    record.slot,
                    record.id,
                    path,
                    record.time_ns,
                    true,
                    self.config.unleased(),
                    &self.facts,
                );
                tracked.watched_ns = self.duty.watched_ns(record.time_ns);
                self.tracked.insert(record.slot, tracked);
            }
        }
        gone
    }

    /// Finds out what new cgroups are: containers, parts of one, or none.
    pub(super) fn decide(&mut self) {
        let undecided: Vec<(u32, Instant)> = self
            .tracked
            .values()
            .filter_map(|t| if let Stage::Undecided(since) = t.stage { Some((t.slot, since)) } else { None })
            .collect();
        for (slot, since) in undecided {
            let path = self.tracked[&slot].path.clone();
            if self.config.excludes(&path) {
                self.ignore(slot);
                continue;
            }
            let inside = self.is_inside(&path);
            let candidate = if inside { None } else { self.candidate(&path).or_else(|| self.unnamed(slot, &path)) };
            if let Some(candidate) = candidate {
                let Some(tracked) = self.tracked.remove(&slot) else { continue };
                let control = self.control(wire::STATE_CONTAINER);
                self.report("control", |kernel| kernel.control(slot, control));
                self.adopt(tracked, candidate);
            } else if inside || since.elapsed() > UNDECIDED {
                self.release(slot);
            }
        }
    }

    /// The container that a cgroup without a known form is, because its workload began as one does: one that is gone at
    /// once has left no state to be found by.
    fn unnamed(&self, slot: u32, path: &str) -> Option<Candidate> {
        let began = self.kernel.row(slot).is_ok_and(|row| row.init != 0);
        let leaf = path.rsplit('/').next().unwrap_or(path);
        (began && self.config.by_form()).then(|| Candidate { id: leaf.to_owned(), runtime: "runc" })
    }

    /// Gives a slot back: its cgroup counts for its parent from now on.
    pub(super) fn release(&mut self, slot: u32) {
        self.hand_over(slot);
        self.free(slot);
    }

    /// Gives a slot back: its cgroup counts for nobody from now on, and what it did so far is nobody's.
    fn ignore(&mut self, slot: u32) {
        let Some((cgroup, path)) = self.tracked.get(&slot).map(|t| (t.cgroup, self.folder(&t.path))) else { return };
        self.free(slot);
        self.report("slot", |kernel| {
            kernel.bind(cgroup, wire::SLOT_IGNORED as u32)?;
            // Of one that went before that, nothing will be said any more.
            if path.exists() { Ok(()) } else { kernel.unbind(cgroup) }
        });
    }

    fn free(&mut self, slot: u32) {
        let Some(mut tracked) = self.tracked.remove(&slot) else { return };
        self.unwanted += tracked.reserve.forget();
        if !self.roomless.is_empty() {
            self.find_due = Some(Instant::now());
        }
        self.by_cgroup.remove(&tracked.cgroup);
        self.leases.forget(&tracked.identity.run);
        let control = self.control(wire::STATE_UNDECIDED);
        self.report("slot", |kernel| {
            kernel.unbind(tracked.cgroup)?;
            kernel.forget(slot)?;
            kernel.reset(slot, false, control)?;
            kernel.offer(slot)
        });
    }

    pub(super) fn report(&mut self, what: &str, act: impl FnOnce(&mut Kernel) -> Result<(), MapError>) {
        if let Err(error) = act(&mut self.kernel) {
            warn!(%error, what, "A map in the kernel could not be written.");
        }
    }

    /// Takes in the names that arrived.
    pub(super) fn name(&mut self) {
        while let Some((Key { slot, cgroup }, named)) = self.naming.answer() {
            let Some(mut tracked) = self.tracked.remove(&slot) else { continue };
            if tracked.cgroup == cgroup {
                let status = if named.is_some() { ContainerStatus::Named } else { ContainerStatus::Unnamed };
                if let Some(named) = named {
                    tracked.name(named);
                }
                let container = &tracked.identity.container;
                if !self.config.wants(container.name.as_deref(), container.id.as_deref().unwrap_or_default()) {
                    debug!(container = ?container.name, "Not asked for.");
                    self.tracked.insert(slot, tracked);
                    self.ignore(slot);
                    continue;
                }
                if tracked.stage == Stage::Nameless {
                    tracked.stage = Stage::Live;
                    self.announce(&tracked, ContainerStatus::Started);
                }
                self.announce(&tracked, status);
            }
            self.tracked.insert(slot, tracked);
        }
    }
}
