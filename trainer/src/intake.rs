//! Lines into windows, grouped by model key and run; what is left out is counted.

use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;

use vaectl_schemas::{Container, ContainerLine, Kind, KindError, LineReader, State, Timestamp, Window, peek};
use vaectl_scorer::model::Seen;
use vaectl_scorer::{Keys, RUN_NS};

use crate::ahead::{BEFORE_AN_ENTRY, BEFORE_AN_INCIDENT, BEFORE_THE_END, ahead};
use crate::error::TrainError;
use crate::random::Random;
use crate::report::CUT;
use crate::split::Split;

/// One life of one container, or six hours of it.
pub type Run = Vec<Window<'static>>;

/// The windows of one key.
#[derive(Debug, Default)]
pub struct Group {
    pub(crate) keys: Keys,
    pub(crate) name: String,
    pub(crate) runs: BTreeMap<String, Run>,
    /// Windows in which a container began or ended, by run.
    parts: BTreeMap<String, Run>,
    /// Windows before an entry, by run.
    before: BTreeMap<String, Run>,
    /// Windows of incidents, by run: they teach nothing, and may be false ones of the model in use.
    incidents: BTreeMap<String, Run>,
    /// The names in parts, by run, where whole windows are learned: what a container begins and ends with may come a window
    /// later. And those in windows before an entry or the end: to come a window early is no novelty.
    besides: BTreeMap<String, Seen>,
    pub(crate) left_out: BTreeMap<&'static str, usize>,
}

/// All that was read.
#[derive(Debug)]
pub(crate) struct Intake {
    /// By container and run.
    windows: BTreeMap<String, Thinned>,
    /// Metadata by run and by container id.
    named: HashMap<String, (Container<'static>, Option<String>)>,
    pub(crate) lines: u64,
    /// Why lines or windows belong to no key, and how many.
    pub(crate) left_out: BTreeMap<&'static str, usize>,
    /// The most windows that are kept of all runs.
    most: usize,
    kept: usize,
}

/// Windows as training has them.
#[derive(Debug)]
pub struct Training {
    /// By model key.
    pub groups: BTreeMap<String, Group>,
    /// How many were read.
    pub windows: usize,
    /// How many of these were kept.
    pub used: usize,
}

/// Windows that are kept beside those that are judged: what is fitted to them needs no more.
const SAMPLE: usize = 50_000;

/// Reads windows as training does, by model key. Of more than 50,000, the longest runs are thinned evenly.
pub fn groups<R: BufRead>(inputs: impl IntoIterator<Item = R>, max_line_bytes: usize) -> Result<Training, TrainError> {
    let mut intake = Intake::new(SAMPLE);
    for input in inputs {
        intake.read(input, max_line_bytes, None)?;
    }
    let used = intake.kept;
    let windows = used + intake.left_out.get(THINNED).copied().unwrap_or_default();
    Ok(Training { groups: intake.groups(false).0, windows, used })
}

/// The windows of a run, or evenly many blocks of them: an archive of a week has more than there is room for. What is
/// calibrated on windows in a row, and what lies beside a window, needs its neighbours.
#[derive(Debug, Default)]
struct Thinned {
    windows: Vec<Window<'static>>,
    /// Out of so many, as a power of two, one is kept.
    halvings: u32,
}

/// Half a day of windows of five seconds.
const MOST_OF_A_RUN: usize = 8640;

/// Windows that end within one of these stay or go together: sixty of five seconds.
const BLOCK_NS: u64 = 300_000_000_000;

/// Such a window belongs to an incident.
const IN_AN_INCIDENT: &str = "unstable";

/// Why windows are left out that there is no room for.
const THINNED: &str = "thinned out";

impl Thinned {
    /// Takes a window, unless it is one of those that are left out; gives how many went.
    fn push(&mut self, window: Window<'static>) -> usize {
        if !stays(&window, self.halvings) {
            return 1;
        }
        self.windows.push(window);
        if self.windows.len() > MOST_OF_A_RUN { self.halve() } else { 0 }
    }

    /// Leaves out half of the windows; gives how many went.
    fn halve(&mut self) -> usize {
        let before = self.windows.len();
        self.halvings += 1;
        self.windows.retain(|window| stays(window, self.halvings));
        before - self.windows.len()
    }
}

/// Whether a window is among those that so many halvings leave: by its time alone, so that the order of files decides
/// nothing.
fn stays(window: &Window<'_>, halvings: u32) -> bool {
    Random::new(window.timestamp.as_ns() / BLOCK_NS).bits().trailing_zeros() >= halvings
}

impl Intake {
    /// Keeps `most` windows at most.
    pub(crate) fn new(most: usize) -> Self {
        let (windows, named, left_out) = (BTreeMap::new(), HashMap::new(), BTreeMap::new());
        Self { windows, named, lines: 0, left_out, most, kept: 0 }
    }

    /// Reads windows and metadata of one input; lines of other types are passed over.
    pub(crate) fn read(
        &mut self,
        input: impl BufRead,
        max_line_bytes: usize,
        since: Option<Timestamp>,
    ) -> Result<(), TrainError> {
        let mut reader = LineReader::new(input, max_line_bytes);
        while let Some(line) = reader.next_line()? {
            self.lines += 1;
            if line.oversized.is_some() {
                self.count("oversized line");
                continue;
            }
            let malformed = if line.unterminated { CUT } else { "malformed line" };
            match peek(line.bytes) {
                Ok(Kind::Window) => match serde_json::from_slice::<Window<'static>>(line.bytes) {
                    Ok(window) if since.is_some_and(|since| window.timestamp < since) => self.count("too old"),
                    Ok(window) => self.take(window),
                    Err(_) => self.count(malformed),
                },
                Ok(Kind::Container) => match serde_json::from_slice(line.bytes) {
                    Ok(line) => self.name(line),
                    Err(_) => self.count(malformed),
                },
                Ok(_) | Err(KindError::Unknown(_)) => {}
                Err(KindError::Malformed(_)) => self.count(malformed),
                Err(KindError::Version { .. }) => self.count("unknown version"),
            }
        }
        Ok(())
    }

    fn take(&mut self, window: Window<'static>) {
        let run = self.windows.entry(run_of(&window).to_owned()).or_default();
        let mut out = run.push(window);
        self.kept = self.kept + 1 - out;
        while self.kept > self.most {
            let Some(longest) = self.windows.values_mut().max_by_key(|run| run.windows.len()) else { break };
            let halved = longest.halve();
            (out, self.kept) = (out + halved, self.kept - halved);
        }
        if out > 0 {
            *self.left_out.entry(THINNED).or_default() += out;
        }
    }

    fn count(&mut self, why: &'static str) {
        *self.left_out.entry(why).or_default() += 1;
    }

    fn name(&mut self, line: ContainerLine<'static>) {
        let Some(container) = line.container.filter(|c| c.image.is_some()) else { return };
        let id = container.id.as_deref().map(str::to_owned);
        for name in [line.vaectl.run, id].into_iter().flatten() {
            self.named.insert(name, (container.clone(), line.vaectl.job.clone()));
        }
    }

    /// Joins windows with metadata that came late, and groups them; those of incidents teach where they are accepted.
    pub(crate) fn groups(mut self, accept: bool) -> (BTreeMap<String, Group>, BTreeMap<&'static str, usize>) {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        let mut first_of_run: HashMap<String, u64> = HashMap::new();
        let runs = std::mem::take(&mut self.windows).into_values();
        let mut windows: Vec<_> = runs.flat_map(|run| run.windows).collect();
        let order = |a: &Window<'_>, b: &Window<'_>| {
            a.timestamp
                .cmp(&b.timestamp)
                .then_with(|| a.event.id.cmp(&b.event.id))
                .then_with(|| run_of(a).cmp(run_of(b)))
        };
        windows.sort_by(order);
        let all = windows.len();
        // A recording that was scored into the archive twice, or is given beside it.
        windows.dedup_by(|a, b| order(a, b).is_eq() && !(a.event.id.is_none() && run_of(a).is_empty()));
        if windows.len() < all {
            self.left_out.insert("given twice", all - windows.len());
        }
        let ahead = ahead(&windows);
        for (window, ahead) in windows.into_iter().zip(ahead) {
            let Some(own) = window.container.as_ref() else {
                self.count("window without a container");
                continue;
            };
            let id = own.id.as_deref().unwrap_or_default().to_owned();
            if id == "host" {
                self.count("window of the host");
                continue;
            }
            let run = run_of(&window).to_owned();
            let joined = self.named.get(&run).or_else(|| self.named.get(&id));
            let container = if own.image.is_some() { own } else { joined.map_or(own, |(container, _)| container) };
            let job = window.vaectl.job.as_deref().or_else(|| joined.and_then(|(_, job)| job.as_deref()));
            let keys = Keys::of(container, job);
            let Some(key) = keys.best().map(str::to_owned) else {
                self.count("window without an image");
                continue;
            };
            let group = groups.entry(key.clone()).or_insert_with(|| Group {
                name: display_name(container, &key),
                keys,
                ..Group::default()
            });
            let at = window.timestamp.as_ns();
            let part = (at - *first_of_run.entry(run.clone()).or_insert(at)) / RUN_NS;
            let run = if part == 0 { run } else { format!("{run}+{part}") };
            let stands = |why: &&str| !(accept && matches!(*why, IN_AN_INCIDENT | BEFORE_AN_INCIDENT));
            let why = unfit(&window).filter(stands).or(ahead.filter(stands));
            if let Some(why) = why.filter(|why| *why != BEFORE_AN_ENTRY) {
                *group.left_out.entry(why).or_default() += 1;
            }
            let runs = match why {
                Some(BEFORE_AN_ENTRY) => &mut group.before,
                Some(IN_AN_INCIDENT | BEFORE_AN_INCIDENT) => &mut group.incidents,
                Some(BEFORE_THE_END) => {
                    group.learn_besides(&run, &[window]);
                    continue;
                }
                Some(_) => continue,
                None if is_part(&window) => &mut group.parts,
                None => &mut group.runs,
            };
            runs.entry(run).or_default().push(window);
        }
        for group in groups.values_mut() {
            group.take_back();
            group.keep_one_kind();
            group.keep_one_length();
        }
        (groups, self.left_out)
    }
}

impl Group {
    /// Whether its windows are all that there is of containers that live shorter than one.
    pub(crate) fn is_of_parts(&self) -> bool {
        self.runs.values().flatten().all(is_part)
    }

    /// The names in windows that are not learned, and are no novelties all the same.
    pub(crate) fn seen_besides(&self) -> Seen {
        let mut all = Seen::default();
        self.besides.values().for_each(|seen| all.join(seen));
        all
    }

    /// Takes the newest runs out that began after `seen`, with their incidents: a quarter of all at most, and at least one;
    /// none where what is left would be too little.
    pub(crate) fn take_newest(&mut self, seen: Timestamp) -> Vec<Run> {
        let began = |run: &Run| run.first().map(|window| window.timestamp);
        let mut newest: Vec<(Timestamp, String)> = self
            .runs
            .iter()
            .filter_map(|(name, run)| Some((began(run)?, name.clone())))
            .filter(|(began, _)| *began > seen)
            .collect();
        newest.sort();
        let most = (self.runs.len() / 4).max(1);
        let names: Vec<String> = newest.into_iter().rev().take(most).map(|(_, name)| name).collect();
        let taken: Vec<(String, Run)> = names.iter().filter_map(|name| self.runs.remove_entry(name)).collect();
        if Split::of(self).is_err() {
            self.runs.extend(taken);
            return Vec::new();
        }
        let whole = |(name, mut run): (String, Run)| {
            self.besides.remove(&name);
            run.extend(self.incidents.remove(&name).unwrap_or_default());
            run.sort_by_key(|window| window.timestamp);
            run
        };
        taken.into_iter().map(whole).collect()
    }

    /// Takes windows before an entry in that have nothing of it: a set-up has names that the container alone has not.
    fn take_back(&mut self) {
        let mut own = Seen::default();
        self.runs.values().flatten().for_each(|window| own.learn(window));
        for (run, windows) in std::mem::take(&mut self.before) {
            let (usual, others): (Run, Run) = windows.into_iter().partition(|w| !is_part(w) && own.has_all_of(w));
            if !others.is_empty() {
                *self.left_out.entry(BEFORE_AN_ENTRY).or_default() += others.len();
                self.learn_besides(&run, &others);
            }
            if !usual.is_empty() {
                let run = self.runs.entry(run).or_default();
                run.extend(usual);
                run.sort_by_key(|window| window.timestamp);
            }
        }
    }

    /// Takes in the names that windows have which are not learned themselves.
    fn learn_besides(&mut self, run: &str, windows: &[Window<'static>]) {
        let seen = self.besides.entry(run.to_owned()).or_default();
        for window in windows {
            seen.learn(window);
        }
    }

    /// Keeps whole windows, or parts where there are more of these: the start and the end of a container are no pattern
    /// of its work, unless they are all of it.
    fn keep_one_kind(&mut self) {
        let count = |runs: &BTreeMap<String, Run>| runs.values().map(Vec::len).sum::<usize>();
        let mut others = (std::mem::take(&mut self.parts), "part");
        if count(&self.runs) < count(&others.0) {
            others = (std::mem::replace(&mut self.runs, others.0), "of a longer life");
        }
        if others.1 == "part" {
            for (run, windows) in &others.0 {
                self.learn_besides(run, windows);
            }
        }
        if !others.0.is_empty() {
            self.left_out.insert(others.1, count(&others.0));
        }
    }

    /// Keeps the windows of the nominal length that most have: spreads of one say nothing about another.
    fn keep_one_length(&mut self) {
        let mut lengths: BTreeMap<u64, usize> = BTreeMap::new();
        for window in self.runs.values().flatten() {
            *lengths.entry(window.vaectl.window.nominal_ns).or_default() += 1;
        }
        let Some((&length, _)) = lengths.iter().max_by_key(|(_, count)| **count) else { return };
        let others: usize = lengths.iter().filter(|(other, _)| **other != length).map(|(_, count)| count).sum();
        if others > 0 {
            self.left_out.insert("of another length", others);
            self.runs.values_mut().for_each(|run| run.retain(|w| w.vaectl.window.nominal_ns == length));
        }
        self.runs.retain(|_, run| !run.is_empty());
    }
}

/// The run of a window: where it does not say, its container stands for it.
pub(crate) fn run_of<'a>(window: &'a Window<'_>) -> &'a str {
    let container = || window.container.as_ref().and_then(|container| container.id.as_deref());
    window.vaectl.run.as_deref().or_else(container).unwrap_or_default()
}

/// Why a window is not trained on.
fn unfit(window: &Window<'_>) -> Option<&'static str> {
    let info = &window.vaectl.window;
    if info.lost > 0 {
        Some("lossy")
    } else if info.duration_ns == 0 {
        Some("without a duration")
    } else if info.merged.is_some_and(|merged| merged > 1) {
        Some("merged")
    } else if info.entered.is_some_and(|entered| entered > 0) {
        Some("entered")
    } else if window.vaectl.state == Some(State::Unstable) {
        Some(IN_AN_INCIDENT)
    } else if window.vaectl.state == Some(State::Blind) {
        Some("blind")
    } else {
        None
    }
}

/// Whether a window is of the start or the end of a container, or too short for other reasons.
pub(crate) fn is_part(window: &Window<'_>) -> bool {
    let info = &window.vaectl.window;
    info.part || info.duration_ns.saturating_mul(2) < info.nominal_ns
}

fn display_name(container: &Container<'_>, key: &str) -> String {
    let image = container.image.as_ref();
    match (image.and_then(|i| i.name.as_deref()), image.and_then(|i| i.tag.as_deref())) {
        (Some(name), Some(tag)) => format!("{name}:{tag}"),
        (Some(name), None) => name.to_owned(),
        _ => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};

    use super::{Intake, MOST_OF_A_RUN, THINNED, Thinned};

    #[test]
    fn where_there_is_no_room_for_all_the_longest_runs_give_way() {
        let mut intake = Intake::new(600);
        for (run, count) in [("short", 100), ("long", 2000), ("longer", 4000)] {
            for at in 0..count {
                let run = Some(run.to_owned());
                let meta = WindowMeta { v: 1, window: WindowInfo::default(), run, job: None, state: None };
                intake.take(Window::new(Timestamp::from_ns(at * 5_000_000_000), meta));
            }
        }
        let kept = |run: &str| intake.windows[run].windows.len();
        assert_eq!(kept("short"), 100);
        assert!(kept("long") > 100 && kept("longer") > 100, "{} and {}", kept("long"), kept("longer"));
        let all = kept("short") + kept("long") + kept("longer");
        assert!(all <= 600 && all == intake.kept && intake.left_out[THINNED] == 6100 - all, "{all}");
    }

    #[test]
    fn a_long_run_is_thinned_evenly_and_a_short_one_is_not() {
        let window = |at: u64| {
            let meta = WindowMeta { v: 1, window: WindowInfo::default(), run: None, job: None, state: None };
            Window::new(Timestamp::from_ns(at * 5_000_000_000), meta)
        };
        let thinned = |count: u64| {
            let mut run = Thinned::default();
            let out: usize = (0..count).map(|at| run.push(window(at))).sum();
            (run.windows, out)
        };
        let (short, out) = thinned(MOST_OF_A_RUN as u64);
        assert_eq!((short.len(), out), (MOST_OF_A_RUN, 0));
        let week = 7 * 17_280;
        let (long, out) = thinned(week);
        assert_eq!(long.len() + out, week as usize);
        assert!((MOST_OF_A_RUN / 3..=MOST_OF_A_RUN).contains(&long.len()), "{}", long.len());
        let half = long.partition_point(|window| window.timestamp < Timestamp::from_ns(week / 2 * 5_000_000_000));
        assert!((half as f64 / long.len() as f64 - 0.5).abs() < 0.05, "{half} of {}", long.len());
    }
}
