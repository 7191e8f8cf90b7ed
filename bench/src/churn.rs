//! `bench/run churn`: a thousand containers that live for a second, and whether any is mixed up, missed or left behind.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;
use std::process::{ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::measure::rss_anon;
use crate::stage::{DRAIN, Stage};
use crate::{Container, Engine, HarnessError, Image, Options, Progress, Workspace, interrupt, without_bystanders};

/// Every tenth is Podman's.
const CONTAINERS: usize = 1000;
const PODMAN_EVERY: usize = 10;
/// Each of two threads keeps so many; together they are at most 50.
const ALIVE: usize = 22;
const THREADS: usize = 2;
/// Room for those, and for cgroups that are none of a container: a slot that leaks is soon missed.
const ROOM: usize = 60;
/// Memory is compared from when this many have come and gone.
const WARM: usize = 200;
/// How long the programs may take to load.
const ATTACHED: Duration = Duration::from_secs(30);
const SETTLE: Duration = Duration::from_secs(25);
const TARGET_MB: f64 = 2.0;

/// What the recorder said of one container.
#[derive(Debug, Default)]
struct Life {
    runs: BTreeSet<String>,
    /// What `container` lines said of it.
    statuses: BTreeSet<String>,
    windows: usize,
    last_is_part: bool,
    /// How often it executed the program that each executes once.
    programs: u64,
    /// What these programs were told to mark them.
    marks: Vec<usize>,
    /// Lines after its end.
    late: usize,
}

/// Runs the bench; fails where a slot leaked, a container was mixed up or missed, or memory grew by more than 2 MB.
pub fn run() -> Result<ExitCode, Box<dyn Error>> {
    let progress = Progress::default();
    let workspace = Workspace::new("churn")?;
    let image = Image::build("probe", workspace.path())?;
    let room = ROOM.to_string();
    let others = without_bystanders();
    let args = ["record", "--depth", "process", "--window", "2s", "--max-containers", &room].into_iter();
    let args: Vec<&str> = args.chain(others.iter().map(String::as_str)).collect();
    let mut record = Stage::start(&args, Stdio::null(), Stdio::piped(), workspace.path())?;
    let lines = record.lines(|line| serde_json::from_slice(&line).ok());
    let mut seen = BTreeMap::<String, Life>::new();
    let mut marks = BTreeMap::new();
    let mut no_room = 0;

    // What has begun before the programs are attached has executed its own unseen.
    let hello = || lines.try_iter().any(|line: Value| line["type"] == "hello");
    interrupt::until("record did not say hello", ATTACHED, hello)?;

    progress.say(format!("Starting {CONTAINERS} containers, at most {} at a time.", ALIVE * THREADS));
    let began = Instant::now();
    let mut memory = 0;
    std::thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        let (send, started) = channel();
        let starters: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (send, image, workspace) = (send.clone(), &image, &workspace);
                scope.spawn(move || {
                    start_all((thread..CONTAINERS).step_by(THREADS), image, workspace, |mark, id| {
                        // A bench that failed hangs up.
                        let _ = send.send((mark, id.to_owned()));
                    })
                })
            })
            .collect();
        drop(send);
        for (mark, id) in started {
            marks.insert(id, mark);
            no_room += take(&lines, &mut seen);
            if marks.len() == WARM {
                memory = rss_anon(record.pid()).unwrap_or_default();
            }
        }
        for starter in starters {
            starter.join().map_err(|_| "a starter panicked")??;
        }
        Ok(())
    })?;
    let seconds = began.elapsed().as_secs_f64();
    interrupt::pause(SETTLE)?;
    record.alive()?;
    let grown = rss_anon(record.pid()).unwrap_or_default() as f64 - memory as f64;
    no_room += take(&lines, &mut seen);

    progress.say(format!("Starting {ROOM} at once, as many as there is room for."));
    let (missing, more) = fill(&image, &workspace, &lines, &mut seen)?;
    no_room += more;
    record.terminate();
    record.finish(DRAIN)?;
    no_room += take(&lines, &mut seen);
    let churned: Vec<(usize, &Life)> = marks.iter().filter_map(|(id, mark)| Some((*mark, seen.get(id)?))).collect();
    let mixed = churned.iter().filter(|(mark, life)| !life.is_its_own(*mark)).count();
    let whole = churned.iter().filter(|(_, life)| life.is_whole()).count();
    for (mark, life) in churned.iter().filter(|(mark, life)| !life.is_its_own(*mark) || !life.is_whole()) {
        let engine = if is_podmans(*mark) { "podman" } else { "runc" };
        println!("{engine} {mark}: {life:?}");
    }
    println!(
        "{CONTAINERS} containers in {seconds:.0} s, {no_room} times no room, {missing} of {ROOM} without a slot at the end"
    );
    println!("{whole} were announced, named or said to have no name, had a last window, and ended");
    let (leaked, grown) = (missing + no_room, grown / 1e6);
    let started = churned.len();
    println!(
        "bench churn: started={started} leaked={leaked} mixed={mixed} whole={whole} rss_growth_mb={grown:.2} \
         seconds={seconds:.0}"
    );
    let reached = started == CONTAINERS && leaked == 0 && mixed == 0 && whole == CONTAINERS && grown <= TARGET_MB;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts containers one after the other; the oldest goes when there are enough.
fn start_all(
    marks: impl Iterator<Item = usize>,
    image: &Image,
    workspace: &Workspace,
    tell: impl Fn(usize, &str),
) -> Result<(), HarnessError> {
    let podman = Engine::podman();
    let mut alive = VecDeque::new();
    for mark in marks {
        let engine = if is_podmans(mark) { &podman } else { &Engine::Runc };
        let container = start(engine, mark, 1, image, workspace)?;
        tell(mark, container.id());
        alive.push_back(container);
        if alive.len() == ALIVE {
            alive.pop_front();
        }
    }
    Ok(())
}

fn is_podmans(mark: usize) -> bool {
    (mark / THREADS).is_multiple_of(PODMAN_EVERY)
}

/// A container that executes one marked program and lives for so many seconds.
fn start(
    engine: &Engine,
    mark: usize,
    seconds: u64,
    image: &Image,
    workspace: &Workspace,
) -> Result<Container, HarnessError> {
    let script = format!("/usr/bin/probe noop {mark}; sleep {seconds}");
    let command = ["/entrypoint", "/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let options = Options { command: Some(command), ..Options::default() };
    Container::start(engine, image, &format!("churn-{mark}"), &options, workspace)
}

/// Starts as many as there is room for; returns how many of them got no slot, and how often there was no room.
fn fill(
    image: &Image,
    workspace: &Workspace,
    lines: &Receiver<Value>,
    seen: &mut BTreeMap<String, Life>,
) -> Result<(usize, usize), HarnessError> {
    let mut alive = Vec::new();
    for mark in CONTAINERS..CONTAINERS + ROOM {
        alive.push(start(&Engine::Runc, mark, 3600, image, workspace)?);
    }
    interrupt::pause(Duration::from_secs(5))?;
    let no_room = take(lines, seen);
    let has_slot = |container: &&Container| seen.get(container.id()).is_some_and(|life| life.windows > 0);
    Ok((ROOM - alive.iter().filter(has_slot).count(), no_room))
}

/// Takes in what the recorder said meanwhile; returns how often it had no room.
fn take(lines: &Receiver<Value>, seen: &mut BTreeMap<String, Life>) -> usize {
    let mut no_room = 0;
    for line in lines.try_iter() {
        if line["type"] == "gap" && line["vaectl"]["cause"] == "containers" {
            no_room += 1;
        }
        let Some(id) = line["container"]["id"].as_str().filter(|id| *id != "host") else { continue };
        seen.entry(id.to_owned()).or_default().take(&line);
    }
    no_room
}

impl Life {
    /// Nothing of another one was taken for its own, and nothing of its own for another's.
    fn is_its_own(&self, mark: usize) -> bool {
        self.marks == [mark] && self.programs == 1 && self.runs.len() == 1 && self.late == 0
    }

    /// It was announced, named or said to have no name, had a last window, and ended.
    fn is_whole(&self) -> bool {
        let said = |status: &str| self.statuses.contains(status);
        said("started") && (said("named") || said("unnamed")) && said("ended") && self.windows > 0 && self.last_is_part
    }

    fn take(&mut self, line: &Value) {
        self.late += usize::from(self.statuses.contains("ended"));
        self.runs.extend(line["vaectl"]["run"].as_str().map(str::to_owned));
        match line["type"].as_str() {
            Some("container") => self.statuses.extend(line["vaectl"]["status"].as_str().map(str::to_owned)),
            Some("window") => {
                self.windows += 1;
                self.last_is_part = line["vaectl"]["window"]["part"] == true;
                self.programs += line["execs"]["/usr/bin/probe"].as_u64().unwrap_or_default();
            }
            Some("event") if line["process"]["args"][1] == "noop" => {
                let theirs = line["process"]["args"][2].as_str().and_then(|mark| mark.parse().ok());
                self.marks.push(theirs.unwrap_or(usize::MAX));
            }
            _ => {}
        }
    }
}
