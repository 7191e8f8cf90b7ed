//! What the programs in the kernel add to a call and to an event.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vaectl_schemas::Depth;

use super::leased::Leased;
use crate::measure::{Spread, pin};
use crate::probe::{Generated, Generator};
use crate::{Container, Engine, HarnessError, Image, Options, Progress, Workspace, census};

/// What a measurement that counts takes.
pub(crate) const ROUNDS: usize = 8;
const TIME: Duration = Duration::from_secs(1);
/// The recorder's core, and the generator's.
const CORES: (u32, u32) = (0, 1);

/// Nanoseconds that watching adds, beyond the same without any program.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct UnitCosts {
    /// To a call: the hook and the count.
    pub(crate) call: f64,
    /// To an event that goes to the ring, beyond its calls.
    pub(crate) event: f64,
    /// To an event that goes to the flight recorder, beyond its calls.
    pub(crate) cell: f64,
    /// The same two by the medians of the rounds and not by the best ones.
    pub(crate) medians: [f64; 2],
}

/// Both sides with their kernel's part, in CPU seconds a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Balance {
    /// The hooks of either side.
    pub(crate) hooks: f64,
    /// Events into the ring.
    pub(crate) ring: f64,
    /// Events into the flight recorder.
    pub(crate) cells: f64,
    /// All that the conventional side takes.
    pub(crate) theirs: f64,
    /// What the adaptive side takes in the kernel: the hooks and the flight recorder, while they are in.
    pub(crate) floor: f64,
    /// All that the adaptive side takes.
    pub(crate) ours: f64,
}

impl UnitCosts {
    /// Those that were not measured: what is made of them is no number either.
    pub(crate) const UNKNOWN: Self = Self { call: f64::NAN, event: f64::NAN, cell: f64::NAN, medians: [f64::NAN; 2] };

    /// Counts times unit costs, beside what the processes take: `their_event` CPU seconds an event, and `our_user` CPU
    /// seconds a second; `coverage` is the share of the time in which the adaptive side counts calls. Its flight recorder
    /// counts in full: programs and their ends are told of without that hook.
    pub(crate) fn balance(
        &self,
        calls_per_s: f64,
        events_per_s: f64,
        their_event: f64,
        our_user: f64,
        coverage: f64,
    ) -> Balance {
        let [hooks, ring, cells] =
            [calls_per_s * self.call, events_per_s * self.event, events_per_s * self.cell].map(|ns| ns / 1e9);
        let theirs = their_event * events_per_s + hooks + ring;
        let floor = hooks * coverage + cells;
        Balance { hooks, ring, cells, theirs, floor, ours: our_user + floor }
    }
}

impl Balance {
    /// How many times more the conventional side takes.
    pub(crate) fn factor(&self) -> f64 {
        self.theirs / self.ours
    }

    /// The same for adaptive stages that take nothing in user space: what is counted and what the flight recorder keeps
    /// stays. It says how well the rest is done, and not whether the flight recorder is worth what it takes.
    pub(crate) fn ceiling(&self) -> f64 {
        self.theirs / self.floor
    }

    pub(crate) fn of_ceiling(&self) -> f64 {
        self.factor() / self.ceiling()
    }
}

impl fmt::Display for UnitCosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, event, cell, .. } = self;
        write!(
            f,
            "a call {call:.0} ns, an event beyond its calls {event:.0} ns into the ring, {cell:.0} ns into the \
             flight recorder"
        )
    }
}

/// Measures on one container: a loop of `getppid`, then the generator's mix of events at full speed with no program, at
/// the depth of the census, and at full depth, in turn. The best of all rounds is what nothing disturbed.
pub(crate) fn measure(
    probe: &Image,
    rounds: usize,
    workspace: &Workspace,
    progress: Progress,
) -> Result<UnitCosts, Box<dyn Error>> {
    progress.say(format!("What a call and an event cost in the kernel: about {} s.", 9 * rounds));
    let call = census::hook(probe, rounds, workspace)?;
    let container = Container::start(&Engine::Runc, probe, "cost", &Options::default(), workspace)?;
    let (mut without, mut low, mut full) = (Vec::new(), Vec::new(), Vec::new());
    let mut calls_per_event = f64::NAN;
    for _ in 0..rounds {
        without.push(per_event(&generate(&container)?));
        let recorder = Leased::start(&["--window", "1s", "--container", container.id()], 1, workspace)?;
        pin(recorder.pid(), CORES.0)?;
        recorder.lease(Depth::Census)?;
        let at_low = generate(&container)?;
        recorder.lease(Depth::Full)?;
        let at_full = generate(&container)?;
        calls_per_event = calls(&recorder.finish()?.windows) / (at_low.events() + at_full.events()) as f64;
        low.push(per_event(&at_low));
        full.push(per_event(&at_full));
        without.push(per_event(&generate(&container)?));
    }
    for (name, ns) in [("unwatched", &without), ("at census depth", &low), ("at full depth", &full)] {
        let Spread { min, median, max } = Spread::of(ns);
        println!("an event {name}: {min:.0} ns (median {median:.0}, worst {max:.0})");
    }
    println!("{calls_per_event:.2} calls an event of the generator");
    let beyond = |ns: &[f64], of: fn(Spread) -> f64| {
        (of(Spread::of(ns)) - of(Spread::of(&without)) - calls_per_event * call).max(0.0)
    };
    let [best, middle] = [|spread: Spread| spread.min, |spread: Spread| spread.median];
    let medians = [&full, &low].map(|ns| beyond(ns, middle));
    Ok(UnitCosts { call, event: beyond(&full, best), cell: beyond(&low, best), medians })
}

/// The generator's mix of events at full speed.
fn generate(container: &Container) -> Result<Generated, HarnessError> {
    Generator::start(container, TIME, 0.0, Some(CORES.1))?.finish()
}

/// What an event takes, with all that is done for it, in nanoseconds.
fn per_event(done: &Generated) -> f64 {
    done.seconds * 1e9 / done.events() as f64
}

/// How many calls of containers were counted in windows.
pub(crate) fn calls(windows: &[Value]) -> f64 {
    let counters = windows.iter().filter_map(|window| window["counters"].as_object()).flatten();
    counters.filter(|(name, _)| name.starts_with("syscall.")).filter_map(|(_, count)| count.as_f64()).sum()
}
