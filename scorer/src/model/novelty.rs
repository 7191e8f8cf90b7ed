//! What training never saw.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vaectl_schemas::{OTHER_PROGRAMS, Window};

use super::family::{coverage, family, of_family};
use super::featuriser::Featuriser;

/// A call, program or rare event that training never saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Novelty {
    /// The name of the counter, or `exec:` and the path of the program.
    pub name: String,
    /// How much it says.
    pub weight: Weight,
    /// How often the window has it.
    pub seen: f64,
}

/// How much a new name says, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// New ones of its kind are a habit of the container: it counts only in a window that is unlikely besides.
    Habitual,
    /// It counts towards an episode, and opens one in a window that is unlikely besides.
    Weak,
    /// It opens an episode without a second hit.
    Strong,
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
    /// Every counter that was ever other than zero, in order.
    pub counters: Vec<String>,
    /// Every family that was ever watched, in order.
    pub families: BTreeSet<String>,
    /// Every program that was ever executed, in order.
    pub execs: BTreeSet<String>,
    /// The programs were on the lines: without that, no program is new.
    pub execs_watched: bool,
}

/// Calls and rare events whose first use is an alarm by itself: attaching to processes, mounts, namespaces, BPF,
/// modules, programs in memory.
const ALONE: [&str; 20] = [
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
    "namespace",
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
            if count != 0.0
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
        let watched = window.vaectl.window.coverage.iter().filter(|(_, share)| *share > 0.0);
        self.families.extend(watched.map(|(family, _)| family.to_owned()));
        self.execs_watched |= watches_execs(window);
    }

    /// Takes in what another has seen.
    pub fn join(&mut self, other: &Self) {
        self.counters.extend_from_slice(&other.counters);
        self.counters.sort_unstable();
        self.counters.dedup();
        self.families.extend(other.families.iter().cloned());
        self.execs.extend(other.execs.iter().cloned());
        self.execs_watched |= other.execs_watched;
    }

    /// Whether it has every name that a window has.
    #[must_use]
    pub fn has_all_of(&self, window: &Window<'_>) -> bool {
        let known = |name: &str| self.counters.binary_search_by(|seen| seen.as_str().cmp(name)).is_ok();
        window.counters.iter().all(|(name, count)| count == 0.0 || known(name))
            && window.execs.keys().all(|path| self.execs.contains(path))
    }
}

/// Kinds of names that are new at rates of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Program,
    Rare,
    Other,
}

impl Kind {
    fn of_counter(name: &str) -> Self {
        let rare =
            name.split_once('.').is_some_and(|(family, call)| family != "syscall_failed" && ALONE.contains(&call));
        if rare { Self::Rare } else { Self::Other }
    }
}

/// How often names of each kind are new to a model for good reasons.
///
/// The chance that the next run has a name that none had before is the share of runs with a name that no other has, and
/// where there is one run alone, the same of windows: Good, "The population frequencies of species", 1953.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Newcomers {
    /// Programs.
    pub programs: Expected,
    /// Rare calls and events: those whose first use is an alarm by itself.
    pub rare: Expected,
    /// All other counters.
    pub others: Expected,
    /// The share of a window in which a family was watched, on average, where that is less than all of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub watched: BTreeMap<String, f64>,
}

/// How often one kind of names is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Training and calibration windows in which there is first a name that no other run has.
    pub windows: usize,
    /// The windows with a new name that are to be expected of a container in a day.
    pub per_day: f64,
}

/// More windows a day than this with a name that is new for good reasons are no alarm.
const MOST_PER_DAY: f64 = 1.0;

/// Fewer windows than this with a name of their own are too few to call it a habit.
const HABIT: usize = 3;

impl Expected {
    /// Whether new names of this kind are too usual to say anything by themselves.
    #[must_use]
    pub fn is_habit(&self) -> bool {
        self.windows >= HABIT && self.per_day > MOST_PER_DAY
    }
}

impl Newcomers {
    /// Counts the names that one of these runs alone has.
    #[must_use]
    pub fn of(runs: &[&[&Window<'_>]], nominal_ns: u64) -> Self {
        let windows: Vec<&Window<'_>> = runs.concat();
        let runs: Vec<&[&Window<'_>]> = if let [run] = runs { run.chunks(1).collect() } else { runs.to_vec() };
        // The run and the window in which a name was first, where no other run has it.
        let mut known: BTreeMap<&str, Option<(usize, usize)>> = BTreeMap::new();
        let run_of = runs.iter().enumerate().flat_map(|(run, windows)| std::iter::repeat_n(run, windows.len()));
        for (index, (run, window)) in run_of.zip(&windows).enumerate() {
            for (_, name) in names(window) {
                let first = known.entry(name).or_insert(Some((run, index)));
                *first = first.filter(|(first, _)| *first == run);
            }
        }
        let days = windows.len().max(1) as f64 * nominal_ns as f64 / 86_400e9;
        let expected = |kind: Kind| {
            let is_first = |name: &str, at: usize| known[name].is_some_and(|(_, index)| index == at);
            let has_own = |(at, window): &(usize, &&Window<'_>)| {
                names(window).any(|(of, name)| of == kind && is_first(name, *at))
            };
            let own = windows.iter().enumerate().filter(has_own).count();
            Expected { windows: own, per_day: own as f64 / days }
        };
        let [programs, rare, others] = [Kind::Program, Kind::Rare, Kind::Other].map(expected);
        Self { programs, rare, others, watched: watched(&windows) }
    }

    /// How much of `count` a window would have that is watched for as long as those of training were, at most all of it.
    fn comparable(&self, name: &str, count: f64, window: &Window<'_>) -> f64 {
        let family = family(name);
        let usual = of_family(family, |family| self.watched.get(family));
        usual.map_or(count, |usual| count * (usual / coverage(window, family)).min(1.0))
    }

    fn of_kind(&self, kind: Kind) -> &Expected {
        match kind {
            Kind::Program => &self.programs,
            Kind::Rare => &self.rare,
            Kind::Other => &self.others,
        }
    }
}

/// The average share of a window in which a family was watched, of those that were not always.
fn watched(windows: &[&Window<'_>]) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (family, share) in windows.iter().flat_map(|window| window.vaectl.window.coverage.iter()) {
        let (sum, number) = sums.entry(family).or_default();
        (*sum, *number) = (*sum + share, *number + 1.0);
    }
    let shares = sums.into_iter().map(|(family, (sum, number))| (family.to_owned(), sum / number));
    shares.filter(|(_, share)| *share < 1.0).collect()
}

/// The names that a window has. No counter begins with a slash, and no path has none.
fn names<'w>(window: &'w Window<'_>) -> impl Iterator<Item = (Kind, &'w str)> {
    let counters = window.counters.iter().filter(|(_, count)| *count != 0.0);
    let programs = window.execs.keys().map(|path| (Kind::Program, path.as_str()));
    counters.map(|(name, _)| (Kind::of_counter(name), name)).chain(programs)
}

/// Finds what training never saw. A family of counters that it did not watch is absent, and never new; nor is what a window
/// has since more of it was watched than of those: a call that is made once in ten windows, of which a tenth was watched, is
/// hardly among the latter, and sure to be among windows that are watched throughout.
///
/// Programs and rare calls say most, and nothing of a kind of which new ones are a habit of the container.
pub(crate) fn find(
    (seen, newcomers): (&Seen, &Newcomers),
    featuriser: &Featuriser,
    window: &Window<'_>,
    out: &mut Vec<Novelty>,
) {
    let weight = |kind: Kind| match kind {
        _ if newcomers.of_kind(kind).is_habit() => Weight::Habitual,
        Kind::Other => Weight::Weak,
        Kind::Program | Kind::Rare => Weight::Strong,
    };
    for (name, count) in window.counters.iter() {
        if count > 0.0 && !featuriser.knows(name) && featuriser.knows_family(family(name)) {
            let kind = Kind::of_counter(name);
            if kind != Kind::Other || newcomers.comparable(name, count, window) >= 1.0 {
                out.push(Novelty { name: name.to_owned(), weight: weight(kind), seen: count });
            }
        }
    }
    if seen.execs_watched {
        for (path, &count) in window.execs.iter().filter(|(path, _)| !seen.execs.contains(*path)) {
            let most = if path == OTHER_PROGRAMS { Weight::Weak } else { Weight::Strong };
            let weight = weight(Kind::Program).min(most);
            out.push(Novelty { name: format!("exec:{path}"), weight, seen: count as f64 });
        }
    }
}

fn watches_execs(window: &Window<'_>) -> bool {
    !window.execs.is_empty() || coverage(window, "process") > 0.0
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};

    use super::Weight::{self, Habitual, Strong, Weak};
    use super::{Featuriser, Newcomers, Novelty, Seen, find};

    fn window(counters: &[&str], execs: &[&str]) -> Window<'static> {
        let meta = WindowMeta { v: 1, window: WindowInfo::default(), run: None, job: None, state: None };
        let mut window = Window::new(Timestamp::default(), meta);
        window.counters = counters.iter().map(|&name| (name, 1.0)).collect();
        window.execs = execs.iter().map(|&path| (path.to_owned(), 2)).collect();
        window
    }

    fn new_in(trained: &Window<'_>, judged: &Window<'_>) -> Vec<(String, Weight)> {
        new_to(&Newcomers::default(), trained, judged)
    }

    fn new_to(newcomers: &Newcomers, trained: &Window<'_>, judged: &Window<'_>) -> Vec<(String, Weight)> {
        let mut seen = Seen::default();
        seen.learn(trained);
        let featuriser = Featuriser::new(Vec::new(), &seen);
        let mut out = Vec::new();
        find((&seen, newcomers), &featuriser, judged, &mut out);
        out.into_iter().map(|Novelty { name, weight, .. }| (name, weight)).collect()
    }

    #[test]
    fn a_new_program_opens_alone_and_a_new_call_does_not() {
        let got =
            new_in(&window(&["syscall.read"], &["/bin/sh"]), &window(&["syscall.sync"], &["/bin/sh", "/dev/shm/x"]));
        assert_eq!(got, [("syscall.sync".to_owned(), Weak), ("exec:/dev/shm/x".to_owned(), Strong)]);
    }

    #[test]
    fn the_short_list_opens_alone() {
        let got = new_in(&window(&["syscall.read"], &[]), &window(&["syscall.unshare", "syscall.getppid"], &[]));
        assert_eq!(got, [("syscall.unshare".to_owned(), Strong), ("syscall.getppid".to_owned(), Weak)]);
    }

    #[test]
    fn names_that_one_window_alone_has_say_how_often_there_are_new_ones() {
        let mut windows = vec![window(&["syscall.read"], &["/bin/sh"]); 96];
        windows.push(window(&["syscall.read"], &["/tmp/a", "/tmp/b"]));
        windows.push(window(&["syscall.read", "syscall.mount"], &["/tmp/c"]));
        windows.push(window(&["syscall.read"], &["/tmp/d"]));
        windows.push(window(&["syscall.sync"], &[]));
        let newcomers = Newcomers::of(&[&windows.iter().collect::<Vec<_>>()], 5_000_000_000);
        let counts = [newcomers.programs, newcomers.rare, newcomers.others].map(|expected| expected.windows);
        assert_eq!(counts, [3, 1, 1]);
        // 3 windows in 500 s.
        assert!((newcomers.programs.per_day - 518.4).abs() < 1e-9);
    }

    #[test]
    fn names_that_one_run_alone_has_come_anew_with_the_next_one_however_often_it_has_them() {
        let run = |own: &str| vec![window(&["syscall.read"], &["/bin/sh", own]); 50];
        let runs = ["/tmp/a", "/tmp/b", "/tmp/c", "/bin/sh"].map(run);
        let runs: Vec<Vec<&Window<'_>>> = runs.iter().map(|run| run.iter().collect()).collect();
        let runs: Vec<&[&Window<'_>]> = runs.iter().map(Vec::as_slice).collect();
        let newcomers = Newcomers::of(&runs, 5_000_000_000);
        // Three windows in 1000 s: the first one of each name.
        assert_eq!((newcomers.programs.windows, newcomers.others.windows), (3, 0));
        assert!((newcomers.programs.per_day - 259.2).abs() < 1e-9 && newcomers.programs.is_habit());
        assert_eq!(Newcomers::of(&runs[..1], 5_000_000_000).programs.windows, 0, "nothing to compare it with");
    }

    #[test]
    fn new_programs_of_a_container_that_always_has_some_say_nothing() {
        let windows: Vec<_> = (0..9).map(|i| window(&["syscall.read"], &[&format!("/tmp/{i}")])).collect();
        let newcomers = Newcomers::of(&[&windows.iter().collect::<Vec<_>>()], 5_000_000_000);
        let judged = window(&["syscall.bpf"], &["/tmp/x"]);
        let got = new_to(&newcomers, &windows[0], &judged);
        assert_eq!(got, [("syscall.bpf".to_owned(), Strong), ("exec:/tmp/x".to_owned(), Habitual)]);
    }

    #[test]
    fn a_call_is_not_new_since_windows_are_watched_for_longer_than_those_of_training() {
        let watched = |calls: &[(&'static str, f64)], share| {
            let mut window = window(&[], &[]);
            window.vaectl.window.coverage = [("syscall", share)].into_iter().collect();
            window.counters = calls.iter().copied().collect();
            window
        };
        let trained = watched(&[("syscall.read", 1.0)], 0.1);
        let newcomers = Newcomers::of(&[&[&trained]], 5_000_000_000);
        let names = |calls, share| -> Vec<String> {
            new_to(&newcomers, &trained, &watched(calls, share)).into_iter().map(|(name, _)| name).collect()
        };
        let calls = [("syscall.sync", 9.0), ("syscall_failed.EPERM", 10.0), ("syscall.bpf", 1.0)];
        assert_eq!(names(&calls, 1.0), ["syscall_failed.EPERM", "syscall.bpf"]);
        assert_eq!(names(&calls, 0.1).len(), 3);
        assert!(Newcomers::of(&[&[&watched(&[], 1.0)]], 5_000_000_000).watched.is_empty());
    }

    #[test]
    fn what_training_did_not_watch_is_never_new() {
        assert_eq!(new_in(&window(&["syscall.read"], &[]), &window(&["net.accept"], &["/bin/sh"])), []);
    }
}
