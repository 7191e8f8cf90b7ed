//! What training never saw.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use vaectl_schemas::Window;

use super::family::{coverage, family};
use super::featuriser::Featuriser;

/// A call, program or rare event that training never saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Novelty {
    /// The name of the counter, or `exec:` and the path of the program.
    pub name: String,
    /// It opens an episode without a second hit.
    pub opens_alone: bool,
    /// How often the window has it.
    pub seen: f64,
}

impl Novelty {
    /// It is a program, and not a counter.
    pub(crate) fn is_program(&self) -> bool {
        self.name.starts_with("exec:")
    }
}

/// What a model has seen, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Every counter that was ever above zero, in order.
    pub counters: Vec<String>,
    /// Every family that was ever watched, in order.
    pub families: BTreeSet<String>,
    /// Every program that was ever executed, in order.
    pub execs: BTreeSet<String>,
    /// The programs were on the lines: without that, no program is new.
    pub execs_watched: bool,
}

/// Stands for the programs beyond those that a window has room for.
const OTHER_EXECS: &str = "(other)";

/// Calls and rare events whose first use is an alarm by itself: attaching to processes, mounts, namespaces, BPF,
/// modules, programs in memory.
const ALONE: [&str; 19] = [
    "ptrace",
    "mount",
    "umount2",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsmount",
    "fsconfig",
    "fspick",
    "mount_setattr",
    "pivot_root",
    "setns",
    "unshare",
    "bpf",
    "init_module",
    "finit_module",
    "delete_module",
    "module",
    "memfd_exec",
];

impl Seen {
    /// Takes in what a window has.
    pub fn learn(&mut self, window: &Window<'_>) {
        for (name, count) in window.counters.iter() {
            if count > 0.0
                && let Err(at) = self.counters.binary_search_by(|seen| seen.as_str().cmp(name))
            {
                self.counters.insert(at, name.to_owned());
            }
        }
        for path in window.execs.keys() {
            if !self.execs.contains(path) {
                self.execs.insert(path.clone());
            }
        }
        let watched = window.vaectl.window.coverage.iter().filter(|(_, share)| **share > 0.0);
        self.families.extend(watched.map(|(family, _)| family.clone()));
        self.execs_watched |= watches_execs(window);
    }
}

/// Finds what training never saw. A family of counters that it did not watch is absent, and never new.
pub(crate) fn novelties(seen: &Seen, featuriser: &Featuriser, window: &Window<'_>, out: &mut Vec<Novelty>) {
    for (name, count) in window.counters.iter() {
        if count > 0.0 && !featuriser.knows(name) && featuriser.knows_family(family(name)) {
            out.push(Novelty { name: name.to_owned(), opens_alone: opens_alone(name), seen: count });
        }
    }
    if seen.execs_watched {
        for (path, &count) in window.execs.iter().filter(|(path, _)| !seen.execs.contains(*path)) {
            let opens_alone = path != OTHER_EXECS;
            out.push(Novelty { name: format!("exec:{path}"), opens_alone, seen: count as f64 });
        }
    }
}

fn opens_alone(counter: &str) -> bool {
    counter.split_once('.').is_some_and(|(family, call)| family != "syscall_failed" && ALONE.contains(&call))
}

fn watches_execs(window: &Window<'_>) -> bool {
    !window.execs.is_empty() || coverage(window, "process") > 0.0
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};

    use super::Featuriser;
    use super::{Novelty, Seen, novelties};

    fn window(counters: &[&str], execs: &[&str]) -> Window<'static> {
        let meta = WindowMeta { v: 1, window: WindowInfo::default(), run: None, job: None, state: None };
        let mut window = Window::new(Timestamp::default(), meta);
        window.counters = counters.iter().map(|&name| (name, 1.0)).collect();
        window.execs = execs.iter().map(|&path| (path.to_owned(), 2)).collect();
        window
    }

    fn new_in(trained: &Window<'_>, judged: &Window<'_>) -> Vec<(String, bool)> {
        let mut seen = Seen::default();
        seen.learn(trained);
        let featuriser = Featuriser::new(Vec::new(), &seen);
        let mut out = Vec::new();
        novelties(&seen, &featuriser, judged, &mut out);
        out.into_iter().map(|Novelty { name, opens_alone, .. }| (name, opens_alone)).collect()
    }

    #[test]
    fn a_new_program_opens_alone_and_a_new_call_does_not() {
        let got =
            new_in(&window(&["syscall.read"], &["/bin/sh"]), &window(&["syscall.sync"], &["/bin/sh", "/dev/shm/x"]));
        assert_eq!(got, [("syscall.sync".to_owned(), false), ("exec:/dev/shm/x".to_owned(), true)]);
    }

    #[test]
    fn the_short_list_opens_alone() {
        let got = new_in(&window(&["syscall.read"], &[]), &window(&["syscall.unshare", "syscall.getppid"], &[]));
        assert_eq!(got, [("syscall.unshare".to_owned(), true), ("syscall.getppid".to_owned(), false)]);
    }

    #[test]
    fn what_training_did_not_watch_is_never_new() {
        assert_eq!(new_in(&window(&["syscall.read"], &[]), &window(&["net.accept"], &["/bin/sh"])), []);
    }
}
