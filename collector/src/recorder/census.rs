//! Windows: reading the rows of containers at the end of each, and at their own end.

use std::collections::{BTreeMap, HashMap};

use vaectl_bpf::wire::{self, Row};
use vaectl_schemas::{ContainerStatus, Depth, GapCause, OTHER_PROGRAMS, escape};

use super::{HOST, Recorder, gap};
use crate::backlog::Item;
use crate::cgroup::{Account, Cpu};
use crate::clock::boot_ns;
use crate::container::{Stage, Tracked};
use crate::event::turn_round;
use crate::load::Kernel;
use crate::window::Reading;

impl Recorder {
    /// The windows of all that live.
    pub(super) fn close_windows(&mut self) {
        let step = self.clock.refresh();
        self.items.push(Item::Clock(self.clock, step));
        let (mut there, mut gone, mut accounts) = (Vec::new(), Vec::new(), HashMap::new());
        for slot in self.live() {
            let account = self.account(slot);
            if slot == HOST || account.cpu.is_some() || self.folder(&self.tracked[&slot].path).exists() {
                there.push(slot);
                accounts.insert(slot, account);
            } else {
                gone.push(slot);
            }
        }
        let nominal = self.config.window.as_nanos() as u64;
        let now = boot_ns();
        self.unwanted += self.tracked.values_mut().map(|tracked| tracked.reserve.age(now, nominal)).sum::<u64>();
        for census in self.census(&there) {
            let tracked = &self.tracked[&census.slot];
            // A cgroup may be there long before its workload.
            let began_within = census.row.init != tracked.last.init;
            let started_within = began_within || tracked.born && boot_ns() - tracked.last_ns < nominal * 9 / 10;
            let account = accounts.remove(&census.slot).unwrap_or_default();
            self.window(census, started_within, account);
        }
        // They end once what is in the ring of them is read.
        self.vanished.extend(gone);
        self.report("cache", Kernel::settle_cache);
    }

    /// What a container's files say; the host as a whole has none.
    fn account(&mut self, slot: u32) -> Account {
        let tracked = self.tracked.get_mut(&slot).filter(|_| slot != HOST);
        let read = |tracked: &mut Tracked| {
            // Where it is looked at closely, no number may be an old one.
            tracked.files.read(&self.facts, &tracked.path, tracked.depth == Depth::Full)
        };
        tracked.map(read).unwrap_or_default()
    }

    fn live(&self) -> Vec<u32> {
        let mut slots: Vec<u32> = self.tracked.values().filter(|t| t.stage == Stage::Live).map(|t| t.slot).collect();
        slots.sort_unstable();
        slots
    }

    /// What was counted of these slots, and the programs that they executed since their last window.
    fn census(&mut self, slots: &[u32]) -> Vec<Census> {
        let row = |&slot: &u32| Some((slot, Box::new(self.kernel.row(slot).ok()?)));
        let rows: Vec<(u32, Box<Row>)> = slots.iter().filter_map(row).collect();
        let executed = |row: &Row| row.count[wire::COUNT_EXEC];
        let grew = |(slot, row): &&(u32, Box<Row>)| executed(row) != executed(&self.tracked[slot].last);
        let changed: Vec<u32> = rows.iter().filter(grew).map(|(slot, _)| *slot).filter(|slot| *slot != HOST).collect();
        let mut programs = self.programs(&changed);
        rows.into_iter()
            .map(|(slot, row)| {
                let mut execs =
                    self.tracked.get_mut(&slot).map(|t| std::mem::take(&mut t.inherited)).unwrap_or_default();
                add_up(&mut execs, programs.remove(&slot).unwrap_or_default());
                Census { slot, row, execs }
            })
            .collect()
    }

    /// The programs that these slots executed since they were last asked for.
    pub(super) fn programs(&mut self, slots: &[u32]) -> HashMap<u32, BTreeMap<String, u64>> {
        let mut found = HashMap::<u32, BTreeMap<String, u64>>::new();
        if slots.is_empty() {
            return found;
        }
        for (key, value) in self.kernel.execs(slots) {
            let Some(tracked) = self.tracked.get_mut(&key.slot) else { continue };
            let before = tracked.execs.insert(key.hash, value.count).unwrap_or(0);
            if value.count > before {
                let path = turn_round(value.path.get(..value.len as usize).unwrap_or_default());
                let path = escape(&path).0.into_owned();
                *found.entry(key.slot).or_default().entry(path).or_default() += value.count - before;
            }
        }
        found
    }

    fn window(&mut self, Census { slot, row, mut execs }: Census, part: bool, account: Account) {
        let now = boot_ns();
        let Some(tracked) = self.tracked.get_mut(&slot) else { return };
        let other = row.count[wire::COUNT_EXEC_OTHER].wrapping_sub(tracked.last.count[wire::COUNT_EXEC_OTHER]);
        if other > 0 {
            execs.insert(OTHER_PROGRAMS.to_owned(), other);
        }
        for (index, cause) in [(wire::COUNT_LOST_RING, GapCause::RingFull), (wire::COUNT_LOST_QUOTA, GapCause::Quota)] {
            let lost = row.count[index].wrapping_sub(tracked.last.count[index]);
            if lost > 0 {
                self.lost += lost;
                self.items.push(gap(tracked, self.clock, cause, lost));
            }
        }
        self.wakeups += row.count[wire::COUNT_WAKEUPS].wrapping_sub(tracked.last.count[wire::COUNT_WAKEUPS]);
        let timestamp = self.clock.wall(now);
        let samples = Some(slot).filter(|slot| *slot != HOST).and_then(|slot| self.kernel.samples(slot));
        let reading =
            Reading { row, samples, account, execs, now_ns: now, watched_ns: self.duty.watched_ns(now), part };
        let window = self.windows.make(tracked, reading, timestamp);
        self.items.push(Item::Window(slot, now, Box::new(window)));
    }

    /// The last window of a container, and its end.
    pub(super) fn end(&mut self, slot: u32) {
        let Some(tracked) = self.tracked.get_mut(&slot) else { return };
        if tracked.stage == Stage::Live {
            tracked.stage = Stage::Gone;
            let born = tracked.born;
            // A suspicion that its end leaves open: who asked for this depth cannot ask for the rest any more.
            if tracked.depth == Depth::Full && self.control.is_some() {
                self.tell_history(slot, true);
            }
            for census in self.census(&[slot]) {
                // Its files are gone, or soon will be.
                let account = if born {
                    Account { cpu: Some(dead_cpu(&census.row)), ..Account::default() }
                } else {
                    self.account(slot)
                };
                self.window(census, true, account);
            }
            let line = self.tracked[&slot].line(self.clock.wall(boot_ns()), ContainerStatus::Ended);
            self.items.push(Item::Container(Box::new(line)));
        }
        self.release(slot);
    }

    /// The last windows of all.
    pub(super) fn finish(&mut self) {
        let slots = self.live();
        for census in self.census(&slots) {
            let account = self.account(census.slot);
            self.window(census, true, account);
        }
        for slot in slots {
            self.report("flight", |kernel| kernel.account(slot));
        }
        // Whoever held a suspicion ends too, or has no container to suspect any more.
        self.unwanted += self.tracked.values_mut().map(|tracked| tracked.reserve.forget()).sum::<u64>();
    }
}

/// What the kernel counted of a slot.
struct Census {
    slot: u32,
    row: Box<Row>,
    /// Programs executed since the last window.
    execs: BTreeMap<String, u64>,
}

/// Adds how often programs were executed to what is known of it.
pub(super) fn add_up(sum: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (program, n) in more {
        *sum.entry(program).or_default() += n;
    }
}

/// CPU time of a container of which every process has ended: exact in sum, split as the ticks fell.
fn dead_cpu(row: &Row) -> Cpu {
    let [total, user, system] =
        [wire::COUNT_DEAD_CPU, wire::COUNT_DEAD_USER, wire::COUNT_DEAD_SYSTEM].map(|i| row.count[i]);
    let user_ns = if user + system == 0 { total } else { (total as f64 * user as f64 / (user + system) as f64) as u64 };
    Cpu { user_ns, system_ns: total - user_ns.min(total) }
}
