//! `bench/run adaptive`: what watching stable containers costs, against publishing all that they do.

mod fleet;
mod incident;
pub(crate) mod kernel;
pub(crate) mod leased;
mod publishers;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fleet::{Fleet, Traffic};
use incident::Found;
use kernel::UnitCosts;
use leased::Leased;
use publishers::{Adaptive, Calm, Conventional, Sample};

use vaectl_schemas::Depth;

use crate::duty::DUTY;
use crate::measure::Spread;
use crate::{HarnessError, Image, Progress, Workspace, interrupt, stage};

/// Windows of each container that the models are made of. With 25 containers of an image they are enough to calibrate what is
/// suspect on 0.2 % of windows: that takes five hundred, and fewer would make more suspicions than the program is built for.
const WINDOWS: u32 = 90;
const WINDOW: Duration = Duration::from_secs(5);
/// The windows in which a container is `warming`, and some more.
const WARM: Duration = Duration::from_mins(3);
const BLOCKS: usize = 4;
const BLOCK: Duration = Duration::from_secs(30);
const SETTLE: Duration = Duration::from_secs(5);
/// The hooks of another recorder take time in the containers, which is suspect: two windows without end a suspicion.
const CALM: Duration = Duration::from_secs(20);

/// What was seen of the adaptive stages and of the conventional publisher.
struct Compared {
    ours: Vec<Sample>,
    theirs: Vec<Sample>,
    calm: Calm,
    found: Found,
}

/// The two sides of the comparison, in CPU seconds.
#[derive(Clone, Copy, Debug)]
struct Factors {
    user_10k: f64,
    total: f64,
    ceiling: f64,
}

/// Keeps the containers of this bench and their load up for so long, for whoever profiles.
pub fn hold(time: Duration) -> Result<ExitCode, Box<dyn Error>> {
    let workspace = Workspace::new("adaptive")?;
    let probe = Image::build("probe", workspace.path())?;
    let _fleet = Fleet::start(&probe, &workspace, Progress::default())?;
    println!("bench fleet: containers={}", fleet::SIZE);
    interrupt::pause(time)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the bench; fails where a goal is missed.
///
/// Fifty containers under steady load are watched by `record | score | publish` with models that know them, so that
/// all stand at the depth of the census. In turn with that alone, `record --depth full | publish --no-merge` runs
/// beside it; then another set of stages counts calls in slices. The kernel's side is counted as calls and events times what
/// one costs, measured before on one container.
pub fn run() -> Result<ExitCode, Box<dyn Error>> {
    let progress = Progress::default();
    let workspace = Workspace::new("adaptive")?;
    let probe = Image::build("probe", workspace.path())?;
    let costs = kernel::measure(&probe, kernel::ROUNDS, &workspace, progress)?;
    println!("kernel: {costs}");
    let fleet = Fleet::start(&probe, &workspace, progress)?;
    interrupt::pause(SETTLE)?;
    let traffic = fleet::traffic(&workspace)?;
    println!("load: {traffic}");
    train("models", &[], &workspace, progress)?;

    let Compared { ours, theirs, calm, found } = compare(&fleet, &workspace, progress)?;
    print_theirs(&theirs);
    print_ours("adaptive", &ours);
    let factors = factors(&costs, &traffic, &ours, &theirs, 1.0);

    train("models-duty", &["--census-duty", DUTY], &workspace, progress)?;
    let (in_slices, coverage) = in_slices(&workspace, progress)?;
    let wakeups = wakeups(&workspace, progress)?;
    print_ours("adaptive, calls counted in slices", &in_slices);
    println!("calls were counted for {:.1} % of the time there", coverage * 100.0);
    let duty = self::factors(&costs, &traffic, &in_slices, &theirs, coverage);
    let line = format!(
        "user_factor_10k={:.0} total_of_ceiling={:.2} total_factor={:.1} total_factor_duty={:.1} \
         ceiling={:.1} wakeups={wakeups} depth_ms={:.0} history_ok={} events_per_s={:.0} calls_per_event={:.1} stable={}",
        factors.user_10k,
        factors.total / factors.ceiling,
        factors.total,
        duty.total,
        factors.ceiling,
        found.depth_ms,
        u8::from(found.history_is_whole()),
        traffic.events_per_s,
        traffic.calls_per_event(),
        calm.established,
    );
    println!("bench adaptive: {line}");
    let reached = factors.user_10k >= 50.0
        && factors.total / factors.ceiling >= 0.8
        && wakeups == 0
        && found.depth_ms <= 100.0
        && found.history_is_whole()
        && calm.established == fleet::SIZE;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Blocks of the adaptive stages alone, in turn with blocks of the conventional publisher beside them; then one container
/// floods.
fn compare(fleet: &Fleet, workspace: &Workspace, progress: Progress) -> Result<Compared, Box<dyn Error>> {
    let mut adaptive = watch("adaptive", "models", [&[], &[]], workspace, progress)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for block in 1..=BLOCKS {
        progress.say(format!("Block {block} of {BLOCKS}: {} s each.", BLOCK.as_secs()));
        if block % 2 == 0 {
            theirs.push(conventional(workspace)?);
        }
        ours.push(alone(&mut adaptive)?);
        if block % 2 == 1 {
            theirs.push(conventional(workspace)?);
        }
    }
    let calm = adaptive.states();
    println!("states: {calm}");
    progress.say("One container: 50,000 connections at once.");
    let found = incident::provoke(fleet, &adaptive)?;
    println!("incident: {found}");
    adaptive.finish()?;
    Ok(Compared { ours, theirs, calm, found })
}

/// Blocks of adaptive stages that count calls in slices, and for which share of the time they counted them.
///
/// They do not run beside the others: the hooks of a second recorder take time in the containers that the models were not
/// taught.
fn in_slices(workspace: &Workspace, progress: Progress) -> Result<(Vec<Sample>, f64), Box<dyn Error>> {
    // Windows say how long calls were counted: only here does that vary, and passing them costs something.
    let mut duty = watch("duty", "models-duty", [&["--census-duty", DUTY], &["--pass-windows"]], workspace, progress)?;
    duty.coverage();
    let blocks = (0..BLOCKS).map(|_| block(&mut duty)).collect::<Result<_, _>>()?;
    let coverage = duty.coverage();
    duty.finish()?;
    Ok((blocks, coverage))
}

/// Starts adaptive stages and waits until the containers are stable.
fn watch(
    name: &str,
    models: &str,
    further: [&[&str]; 2],
    workspace: &Workspace,
    progress: Progress,
) -> Result<Adaptive, Box<dyn Error>> {
    progress.say(format!("Watching ({name}): {} s until all are stable.", WARM.as_secs()));
    let stages = Adaptive::start(name, &workspace.path().join(models), further, workspace)?;
    interrupt::pause(WARM)?;
    Ok(stages)
}

fn train(models: &str, further: &[&str], workspace: &Workspace, progress: Progress) -> Result<(), HarnessError> {
    let time = WINDOW * (WINDOWS + 1);
    progress.say(format!("Recording {WINDOWS} windows of each container ({models}): {} s.", time.as_secs()));
    let (folder, recording) = (workspace.path(), workspace.path().join("train.ndjson"));
    stage::record(time, &[&["--depth", "census"], further].concat(), &recording, folder)?;
    progress.say("Training.");
    stage::train(&[recording], &folder.join(models), folder)
}

/// How often an event wakes the recorder in a minute in which all containers are kept at the depth of the census.
fn wakeups(workspace: &Workspace, progress: Progress) -> Result<u64, Box<dyn Error>> {
    progress.say("A minute at the depth of the census.");
    let recorder = Leased::start(&[], fleet::SIZE, workspace)?;
    recorder.lease(Depth::Census)?;
    interrupt::pause(Duration::from_mins(1))?;
    Ok(recorder.finish()?.totals.wakeups)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What adaptive stages take once what another publisher beside them has caused is over.
fn alone(stages: &mut Adaptive) -> Result<Sample, Box<dyn Error>> {
    interrupt::pause(CALM)?;
    block(stages)
}

/// What adaptive stages take in one block.
fn block(stages: &mut Adaptive) -> Result<Sample, Box<dyn Error>> {
    stages.alive()?;
    let (before, began) = (stages.sample(), Instant::now());
    interrupt::pause(BLOCK)?;
    Ok(stages.sample().since(&before, began.elapsed()))
}

/// What a conventional publisher takes.
fn conventional(workspace: &Workspace) -> Result<Sample, Box<dyn Error>> {
    let mut publisher = Conventional::start(workspace)?;
    interrupt::pause(SETTLE)?;
    publisher.alive()?;
    let (before, began) = (publisher.sample(), Instant::now());
    interrupt::pause(BLOCK)?;
    let sample = publisher.sample().since(&before, began.elapsed());
    publisher.finish()?;
    Ok(sample)
}

/// The factors, from the blocks' sums, where the hooks were in for this share of the time; prints what they are made of.
fn factors(costs: &UnitCosts, traffic: &Traffic, ours: &[Sample], theirs: &[Sample], coverage: f64) -> Factors {
    let documents: u64 = theirs.iter().map(|sample| sample.documents).sum();
    let their_user = theirs.iter().map(|sample| sample.cpu_s).sum::<f64>() / documents as f64;
    let our_user = ours.iter().map(|s| s.cpu_s).sum::<f64>() / ours.iter().map(|s| s.seconds).sum::<f64>();
    let balance = costs.balance(traffic.calls_per_s, traffic.events_per_s, their_user, our_user, coverage);
    println!(
        "conventional, ms a second: {:.2} in its processes, {:.2} in hooks, {:.2} for the ring; adaptive: {:.2}, {:.2}, \
         {:.2} for the flight recorder",
        their_user * traffic.events_per_s * 1e3,
        balance.hooks * 1e3,
        balance.ring * 1e3,
        our_user * 1e3,
        balance.hooks * coverage * 1e3,
        balance.cells * 1e3,
    );
    let factors =
        Factors { user_10k: their_user * 10_000.0 / our_user, total: balance.factor(), ceiling: balance.ceiling() };
    println!(
        "that is {:.0} for the processes at 10,000 events a second, {:.1} in all",
        factors.user_10k, factors.total
    );
    factors
}

/// What the conventional publisher takes, and how much of the load it carries.
fn print_theirs(theirs: &[Sample]) {
    let per_event: Vec<f64> = theirs.iter().map(|sample| sample.cpu_s / sample.documents as f64 * 1e6).collect();
    print_spread("conventional: user and system CPU, us an event", &per_event);
    let documents: u64 = theirs.iter().map(|sample| sample.documents).sum();
    let published = documents as f64 / theirs.iter().map(|sample| sample.seconds).sum::<f64>();
    println!("conventional: {published:.0} documents a second at the server");
}

/// What adaptive stages take.
fn print_ours(name: &str, ours: &[Sample]) {
    let per_second: Vec<f64> = ours.iter().map(|sample| sample.cpu_s / sample.seconds * 1e3).collect();
    print_spread(&format!("{name}: user and system CPU of all stages, ms a second"), &per_second);
    for (index, stage) in publishers::STAGES.iter().enumerate() {
        let share = ours.iter().map(|sample| sample.stages[index]).sum::<f64>() / ours.len() as f64;
        println!("  of it {stage}: {:.3} ms a second", share / BLOCK.as_secs_f64() * 1e3);
    }
}

fn print_spread(what: &str, values: &[f64]) {
    let Spread { min, median, max } = Spread::of(values);
    println!("{what}: median {median:.3}, from {min:.3} to {max:.3}");
}
