//! `bench/run duty`: what counting calls in slices saves, and what it does not see.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use rand::RngExt;
use vaectl_schemas::{Kind, Window};

use crate::census::{Arrival, CORES, arrival, start};
use crate::measure::{Spread, interleaved, pin};
use crate::stage::DRAIN;
use crate::{Container, Engine, Image, Options, Progress, Workspace, interrupt, probe};

const ALWAYS: [&str; 5] = ["record", "--depth", "census", "--window", "5s"];
/// The share of the time in which calls are counted, where that is tried.
pub(crate) const DUTY: &str = "0.1";
const ROUNDS: usize = 6;
/// Long enough for several slices and pauses.
const LOOPS: u32 = 300;
const PROBES: u64 = 100;
const BETWEEN: std::ops::Range<u64> = 100..500;

/// How often a call of one container was counted, and the program of the probe.
fn seen(lines: &[Arrival], container: &Container, call: &str) -> (f64, u64) {
    let own = |window: &Window<'_>| window.container.as_ref().is_some_and(|c| c.id.as_deref() == Some(container.id()));
    lines.iter().filter_map(Arrival::window).filter(own).fold((0.0, 0), |(calls, programs), window| {
        let program = window.execs.get("/usr/bin/probe").unwrap_or(&0);
        (calls + window.counters.get(call).unwrap_or(0.0), programs + program)
    })
}

/// Runs the bench; fails where slices save less than half, or a program that was started is not seen.
///
/// A call's cost is the mean of a long loop: the best one would lie in a pause. A probe is a program that makes calls once
/// which code makes that wants out; it is seen where its calls were counted. That it was started is always seen.
pub fn run() -> Result<ExitCode, Box<dyn Error>> {
    let progress = Progress::default();
    let workspace = Workspace::new("duty")?;
    let image = Image::build("probe", workspace.path())?;
    let container = Container::start(&Engine::Runc, &image, "loop", &Options::default(), &workspace)?;
    let in_slices = [&ALWAYS[..], &["--census-duty", DUTY]].concat();

    progress.say(format!("A loop of getppid: unhooked, hooked, and hooked in slices, in {ROUNDS} interleaved rounds."));
    let unhooked = || Ok::<_, Box<dyn Error>>(probe::calls(&container, LOOPS, CORES.1)?.mean_ns);
    let hooked = |args: &[&str], shares: &mut Vec<f64>| {
        let (ns, share) = loop_under(args, &container, &workspace)?;
        shares.push(share);
        Ok(ns)
    };
    let (mut whole, mut shares) = (Vec::new(), Vec::new());
    let (always, before) = interleaved(ROUNDS, || hooked(&ALWAYS, &mut whole), unhooked)?;
    let (duty, again) = interleaved(ROUNDS, || hooked(&in_slices, &mut shares), unhooked)?;
    // A hook that does not count is cheap.
    if whole.iter().any(|share| *share < 1.0) {
        Err(format!("calls were not counted: {whole:?}"))?;
    }
    let off = [before, again].concat();
    for (name, rounds) in [("unhooked", &off), ("hooked", &always), ("hooked in slices", &duty)] {
        let Spread { min, median, max } = Spread::of(rounds);
        println!("getppid {name}: {median:.1} ns (from {min:.1} to {max:.1})");
    }
    let [off, always, duty] = [&off, &always, &duty].map(|rounds| rounds.iter().sum::<f64>() / rounds.len() as f64);
    let (hook_ns, hook_ns_duty) = (always - off, duty - off);
    let counted = shares.iter().sum::<f64>() / shares.len() as f64;

    progress.say(format!("Starting {PROBES} probes at random times."));
    let (probes_seen, execs_seen) = probes(&in_slices, &container, &workspace)?;
    println!(
        "bench duty: hook_ns={hook_ns:.1} hook_ns_duty={hook_ns_duty:.1} saved={:.2} calls_counted={counted:.3} \
         probes_seen={probes_seen} probes={PROBES} execs_seen={execs_seen} duty={DUTY}",
        1.0 - hook_ns_duty / hook_ns
    );
    let reached = hook_ns_duty < hook_ns / 2.0 && execs_seen >= PROBES;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a call took on average under a recorder, and the share of the calls that it counted.
fn loop_under(args: &[&str], container: &Container, workspace: &Workspace) -> Result<(f64, f64), Box<dyn Error>> {
    let (record, lines) = start(args, workspace)?;
    pin(record.pid(), CORES.0)?;
    arrival(&lines, Kind::Hello)?;
    let done = probe::calls(container, LOOPS, CORES.1)?;
    record.terminate();
    record.finish(DRAIN)?;
    let (counted, _) = seen(&lines.iter().collect::<Vec<_>>(), container, "syscall.getppid");
    Ok((done.mean_ns, counted / done.calls as f64))
}

/// How many of the probes were seen by a call of theirs, and by the program that they are.
fn probes(args: &[&str], container: &Container, workspace: &Workspace) -> Result<(f64, u64), Box<dyn Error>> {
    let (record, lines) = start(args, workspace)?;
    arrival(&lines, Kind::Hello)?;
    for _ in 0..PROBES {
        container.run_inside("/usr/bin/probe escape")?;
        interrupt::pause(Duration::from_millis(rand::rng().random_range(BETWEEN)))?;
    }
    record.terminate();
    record.finish(DRAIN)?;
    Ok(seen(&lines.iter().collect::<Vec<_>>(), container, "syscall.unshare"))
}
