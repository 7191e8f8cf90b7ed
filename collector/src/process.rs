//! Processes by their pid, so that each event can name its program.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many processes are remembered.
const CAPACITY: usize = 65_536;
/// How many that ended are remembered: their sockets close after them.
const ENDED: usize = 1024;

/// What `/proc` counts time in: a hundredth of a second on x86-64, whatever the kernel's own ticks are.
const TICK_NS: u64 = 10_000_000;

#[derive(Clone)]
struct Known {
    start_ns: u64,
    executable: Option<Arc<str>>,
}

/// Programs of processes, learned from their exec and fork events; what ran before is asked of /proc once.
#[derive(Default)]
pub(crate) struct Processes {
    known: HashMap<u32, Known>,
    ended: VecDeque<(u32, u64)>,
}

impl Processes {
    pub(crate) fn executed(&mut self, pid: u32, start_ns: u64, executable: &str) {
        self.learn(pid, Known { start_ns, executable: Some(executable.into()) });
    }

    pub(crate) fn forked(&mut self, parent: u32, child: u32, start_ns: u64) {
        let executable = self.known.get(&parent).and_then(|p| p.executable.clone());
        self.learn(child, Known { start_ns, executable });
    }

    pub(crate) fn exited(&mut self, pid: u32, start_ns: u64) {
        self.ended.push_back((pid, start_ns));
        if self.ended.len() > ENDED
            && let Some((pid, start_ns)) = self.ended.pop_front()
            && self.known.get(&pid).is_some_and(|known| known.start_ns == start_ns)
        {
            self.known.remove(&pid);
        }
    }

    /// When the process started that had this number at a time, where that is known.
    pub(crate) fn start_of(&self, pid: u32, at_ns: u64) -> Option<u64> {
        let start_ns = self.known.get(&pid)?.start_ns;
        (start_ns <= at_ns && started(pid).is_none_or(|ticks| ticks == start_ns / TICK_NS)).then_some(start_ns)
    }

    pub(crate) fn executable(&mut self, pid: u32, start_ns: u64) -> Option<Arc<str>> {
        match self.known.get(&pid) {
            Some(known) if known.start_ns == start_ns => known.executable.clone(),
            // What history tells of may be long dead, and another process have its number.
            Some(known) if known.start_ns > start_ns => None,
            _ => {
                let link = std::fs::read_link(format!("/proc/{pid}/exe")).ok();
                // Asked after the link: who is there now with this start was there then.
                let link = link.filter(|_| started(pid) == Some(start_ns / TICK_NS));
                let executable: Option<Arc<str>> = link.map(|path| path.to_string_lossy().into());
                self.learn(pid, Known { start_ns, executable: executable.clone() });
                executable
            }
        }
    }

    fn learn(&mut self, pid: u32, known: Known) {
        if self.known.get(&pid).is_some_and(|other| other.start_ns > known.start_ns) {
            return;
        }
        if self.known.len() >= CAPACITY {
            self.known.clear();
        }
        self.known.insert(pid, known);
    }
}

/// When the process that has this number now started, in ticks since boot.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 22; the second is a name that may have spaces and brackets in it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Processes, TICK_NS, started};

    #[test]
    fn a_program_is_asked_of_the_process_that_is_meant_and_of_no_other_by_its_number() {
        let own = std::process::id();
        let start_ns = started(own).unwrap() * TICK_NS + 1;
        let program = std::env::current_exe().unwrap();
        let mut processes = Processes::default();
        assert_eq!(processes.executable(own, 1), None);
        assert_eq!(processes.executable(own, start_ns).as_deref(), program.to_str());
        assert_eq!(processes.executable(own, 1), None);
        assert_eq!(processes.executable(own, start_ns).as_deref(), program.to_str(), "it is still known");
    }

    #[test]
    fn a_start_is_that_of_the_process_that_had_the_number_then() {
        let own = std::process::id();
        let start_ns = started(own).unwrap() * TICK_NS + 1;
        let mut processes = Processes::default();
        processes.executed(own, start_ns - TICK_NS, "/earlier");
        assert_eq!(processes.start_of(own, start_ns), None, "another has the number now");
        processes.executed(own, start_ns, "/own");
        assert_eq!(processes.start_of(own, start_ns), Some(start_ns));
        assert_eq!(processes.start_of(own, start_ns - 1), None, "it was not there yet");
    }
}
