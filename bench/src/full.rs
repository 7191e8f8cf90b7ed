//! `bench/run full`: how many events one core records, and whether it loses any.

use std::error::Error;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use crate::measure::{cpu_time, pin};
use crate::probe::{Generated, Generator};
use crate::stage::{DRAIN, Stage, Totals};
use crate::{Container, Engine, HarnessError, Image, Options, Progress, Workspace, interrupt};

const CONTAINERS: usize = 10;
const TIME: Duration = Duration::from_mins(1);
/// The recorder's core, and the generators'.
const CORES: (u32, u32) = (0, 1);
/// Programs and maps are loaded, and the set-up of the containers is over.
const SETTLE: Duration = Duration::from_secs(3);
const TARGET_PER_S: f64 = 50_000.0;

/// Runs the bench; fails below 50,000 events a second, and where one was lost.
///
/// Generators make as many events as they can: it is their core that may be the limit, and the recorder's use of its
/// own says how far it was from its.
pub fn run() -> Result<ExitCode, Box<dyn Error>> {
    let progress = Progress::default();
    let workspace = Workspace::new("full")?;
    progress.say(format!("Starting {CONTAINERS} containers."));
    let image = Image::build("probe", workspace.path())?;
    let containers = (0..CONTAINERS)
        .map(|i| Container::start(&Engine::Runc, &image, &format!("probe-{i}"), &Options::default(), &workspace))
        .collect::<Result<Vec<_>, _>>()?;
    let args = ["record", "--depth", "full", "--log-format", "json"];
    let mut record = Stage::start(&args, Stdio::null(), Stdio::null(), workspace.path())?;
    pin(record.pid(), CORES.0)?;
    interrupt::pause(SETTLE)?;
    record.alive()?;
    progress.say(format!("Generating events for {} s.", TIME.as_secs()));
    let before = cpu_time(record.pid()).unwrap_or_default();
    let done = generate(&containers)?;
    let cpu = cpu_time(record.pid()).unwrap_or_default().saturating_sub(before);
    record.terminate();
    let log = record.last_words(DRAIN)?;
    let totals = Totals::said(&log).ok_or("the recorder did not say what it recorded")?;

    let known: u64 = done.iter().map(Generated::events).sum();
    let seconds = done.iter().map(|g| g.seconds).fold(0.0, f64::max);
    for (container, done) in containers.iter().zip(&done) {
        println!(
            "{}: {:.0} events/s: {} files made and removed, {} renamed, {} forks, {} connections",
            container.name(),
            done.events() as f64 / done.seconds,
            done.files,
            done.renames,
            done.forks,
            done.connections
        );
    }
    let (rate, share) = (known as f64 / seconds, cpu.as_secs_f64() / seconds * 100.0);
    let each = cpu.as_secs_f64() * 1e6 / totals.events as f64;
    println!("recorded {} events of {known} known and their surroundings' in {} lines", totals.events, totals.lines);
    println!("recorder: {share:.0} % of its core, {each:.2} us an event; one run, the others' noise is in it");
    println!(
        "bench full: events_per_s={rate:.0} lost={} seconds={seconds:.0} recorder_cpu_percent={share:.0} \
         us_per_event={each:.2}",
        totals.lost
    );
    let reached = rate >= TARGET_PER_S && totals.lost == 0 && totals.events >= known;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn generate(containers: &[Container]) -> Result<Vec<Generated>, HarnessError> {
    let generators = containers
        .iter()
        .map(|container| Generator::start(container, TIME, 0.0, Some(CORES.1)))
        .collect::<Result<Vec<_>, _>>()?;
    generators.into_iter().map(Generator::finish).collect()
}
