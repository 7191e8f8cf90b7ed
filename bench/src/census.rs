//! `bench/run census`: what counting costs, in the kernel for each call and in the recorder for fifty containers.

use std::error::Error;
use std::process::{ExitCode, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use vaectl_schemas::{Kind, Window, peek};

use crate::measure::{Spread, cpu_time, interleaved, pin, rss_anon};
use crate::probe::{self, Generator};
use crate::stage::{DRAIN, Stage};
use crate::{Container, Engine, HarnessError, Image, Load, Options, Progress, Workspace, interrupt};

const ROUNDS: usize = 8;
/// The best of many short loops is one that nothing disturbed.
const LOOPS: u32 = 150;
/// The recorder's core, and the loop's.
pub(crate) const CORES: (u32, u32) = (0, 1);
const ARGS: [&str; 5] = ["record", "--depth", "census", "--window", "5s"];
const CONTAINERS: usize = 50;
const TIME: Duration = Duration::from_mins(1);
/// The ring is mapped twice and is not anonymous: its size counts once.
const RING_BYTES: u64 = 16 << 20;
const LIMIT: Duration = Duration::from_secs(15);

/// Upper bounds of what the bench prints, in its order.
const TARGETS: [(&str, f64); 5] =
    [("hook_ns", 130.0), ("user_cpu_percent", 1.0), ("rss_mb", 40.0), ("hello_s", 2.0), ("first_window_s", 5.2)];

/// Runs the bench; fails where a figure is above its bound.
pub fn run() -> Result<ExitCode, Box<dyn Error>> {
    let progress = Progress::default();
    let workspace = Workspace::new("census")?;
    progress.say(format!("A loop of getppid, hooked and not, in {ROUNDS} interleaved rounds."));
    let probe = Image::build("probe", workspace.path())?;
    let hook_ns = hook(&probe, ROUNDS, &workspace)?;
    let [cpu, memory, hello, first] = fleet(probe, &workspace, progress)?;
    let figures = [hook_ns, cpu, memory, hello, first];
    let line: Vec<_> = TARGETS.iter().zip(figures).map(|((name, _), value)| format!("{name}={value:.2}")).collect();
    println!("bench census: {} containers={CONTAINERS}", line.join(" "));
    let reached = TARGETS.iter().zip(figures).all(|((_, bound), value)| value <= *bound);
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the hook and the count add to a call of a container, in nanoseconds: the best hooked round less the best
/// unhooked one.
pub(crate) fn hook(probe: &Image, rounds: usize, workspace: &Workspace) -> Result<f64, Box<dyn Error>> {
    let container = Container::start(&Engine::Runc, probe, "loop", &Options::default(), workspace)?;
    let unhooked = || Ok::<_, Box<dyn Error>>(probe::calls(&container, LOOPS, CORES.1)?.ns);
    let hooked = || {
        let (record, lines) = start(&ARGS, workspace)?;
        pin(record.pid(), CORES.0)?;
        arrival(&lines, Kind::Hello)?;
        let done = probe::calls(&container, LOOPS, CORES.1)?;
        record.terminate();
        record.finish(DRAIN)?;
        let counted: f64 = lines.iter().filter_map(|line| line.window()?.counters.get("syscall.getppid")).sum();
        // A hook that does not count is cheap.
        if counted < done.calls as f64 {
            Err(format!("{counted} of {} calls were counted", done.calls))?;
        }
        Ok(done.ns)
    };
    let (on, off) = interleaved(rounds, hooked, unhooked)?;
    let (on, off) = (Spread::of(&on), Spread::of(&off));
    println!("getppid unhooked: {:.1} ns (median {:.1}, worst {:.1})", off.min, off.median, off.max);
    println!("getppid hooked:   {:.1} ns (median {:.1}, worst {:.1})", on.min, on.median, on.max);
    Ok(on.min - off.min)
}

/// CPU in percent of one core, memory in MB, and seconds until the first line and from it to the first window.
fn fleet(probe: Image, workspace: &Workspace, progress: Progress) -> Result<[f64; 4], HarnessError> {
    progress.say(format!("Starting {CONTAINERS} containers and their load."));
    let images = ["nginx", "redis", "worker"];
    let mut images =
        images.into_iter().map(|name| Image::build(name, workspace.path())).collect::<Result<Vec<_>, _>>()?;
    images.push(probe);
    let containers = (0..CONTAINERS)
        .map(|i| {
            let image = &images[(i % 5).min(images.len() - 1)];
            Container::start(&Engine::Runc, image, &format!("{}-{i}", image.name), &Options::default(), workspace)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut loads = Vec::new();
    let mut generators = Vec::new();
    for (container, seed) in containers.iter().zip(1..) {
        match container.image() {
            "nginx" => loads.push(Load::http(container, 20.0, seed)?),
            "redis" => loads.push(Load::redis(container, 100.0, seed)?),
            "probe" => generators.push(Generator::start(container, TIME + LIMIT, 100.0, None)?),
            _ => {}
        }
    }
    progress.say(format!("Recording their census for {} s.", TIME.as_secs()));
    let began = Instant::now();
    let (mut record, lines) = start(&ARGS, workspace)?;
    let (hello, first) = {
        let hello = arrival(&lines, Kind::Hello)?;
        (hello - began, arrival(&lines, Kind::Window)? - hello)
    };
    let (before, from) = (cpu_time(record.pid()).unwrap_or_default(), Instant::now());
    interrupt::pause(TIME)?;
    record.alive()?;
    let cpu = cpu_time(record.pid()).unwrap_or_default().saturating_sub(before);
    let share = cpu.as_secs_f64() / from.elapsed().as_secs_f64() * 100.0;
    let memory = rss_anon(record.pid()).unwrap_or(u64::MAX) + RING_BYTES;
    record.terminate();
    record.finish(DRAIN)?;
    let windows = lines.iter().filter(|line| line.kind == Kind::Window).count();
    let requests: u64 = loads.iter().map(Load::done).sum();
    println!("{windows} windows in {:.0} s, {requests} requests answered", from.elapsed().as_secs_f64());
    println!("recorder: {share:.2} % of a core, user and system; {:.1} MB, ring included", memory as f64 / 1e6);
    drop(generators);
    Ok([share, memory as f64 / 1e6, hello.as_secs_f64(), first.as_secs_f64()])
}

/// A line, its type, and when it came.
pub(crate) struct Arrival {
    kind: Kind,
    at: Instant,
    line: Vec<u8>,
}

impl Arrival {
    pub(crate) fn window(&self) -> Option<Window<'_>> {
        (self.kind == Kind::Window).then(|| serde_json::from_slice(&self.line).ok())?
    }
}

/// A recorder, and what it writes.
pub(crate) fn start(args: &[&str], workspace: &Workspace) -> Result<(Stage, Receiver<Arrival>), HarnessError> {
    let mut record = Stage::start(args, Stdio::null(), Stdio::piped(), workspace.path())?;
    let arrival = |line: Vec<u8>| Some(Arrival { kind: peek(&line).ok()?, at: Instant::now(), line });
    let lines = record.lines(arrival);
    Ok((record, lines))
}

/// When the next line of a kind came.
pub(crate) fn arrival(lines: &Receiver<Arrival>, kind: Kind) -> Result<Instant, HarnessError> {
    let end = Instant::now() + LIMIT;
    while let Ok(line) = lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
        if line.kind == kind {
            return Ok(line.at);
        }
    }
    Err(HarnessError::Timeout { what: format!("no {kind:?} line was written"), limit: LIMIT })
}
