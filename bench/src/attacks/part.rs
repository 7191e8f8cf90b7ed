//! Recording one part: truth first, then the containers, then what the truth says; kept whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::Serialize;
use vaectl_schemas::Timestamp;

use super::catalog::{OPERATOR, RESIDENT};
use super::plan::{Deed, PREFIX, Part, What};
use super::stage::{Member, Stock};
use crate::error::Naming;
use crate::stage::{DRAIN, Stage};
use crate::{HarnessError, Progress, interrupt};

/// The lines of a part, the same as calls counted in slices tell it, and its truth.
pub(super) const LINES: &str = "lines.ndjson.zst";
pub(super) const SLICES: &str = "slices.ndjson.zst";
pub(super) const TRUTH: &str = "truth.ndjson";

/// What a line of truth has of a deed that could not be done.
pub(super) const NOT_MADE: &str = r#""label":-1"#;

/// What it takes to start one container, at most and on average.
const START: Duration = Duration::from_millis(600);

/// How long the recorder may take to load its programs.
const ATTACHED: Duration = Duration::from_secs(20);

/// How long the recorder may take to see that containers are gone.
const LAST: Duration = Duration::from_secs(6);

/// How often the user hears from a wait.
const NEWS: Duration = Duration::from_mins(1);

const LEVEL: i32 = 3;

/// What every part is recorded by, and into which of its files. Nobody prolongs the slices: no scorer is there to ask.
const RECORDERS: [(&str, &[&str]); 2] =
    [(LINES, &["--depth", "process"]), (SLICES, &["--depth", "census", "--census-duty", "0.1"])];

/// A line of truth, as an evaluation reads it.
#[derive(Debug, Serialize)]
struct Line {
    container: String,
    began: Timestamp,
    ends: Timestamp,
    event: String,
    /// 1 for an attack, 0 for a benign change, -1 where it could not be made.
    label: i8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    features: Vec<&'static str>,
}

/// Records a part into its folder in the archive.
pub(super) fn record(part: &Part, archive: &Path, stock: &Stock, progress: Progress) -> Result<(), HarnessError> {
    let folder = archive.join(format!("{}.part", part.name));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).naming("create", &folder)?;
    let count = part.replicas.len() as u32;
    let lead = Duration::from_secs(5) + START * count;
    let (began, from) = (Instant::now() + lead, Timestamp::from_ns(Timestamp::now().as_ns() + lead.as_nanos() as u64));
    write_truth(&folder, part, stock, from, &[])?;
    progress.say(format!("{}: {count} containers, {} s from now on.", part.name, (lead.as_secs() + part.seconds)));
    let recorders = RECORDERS.iter().map(|(file, args)| Recorder::start(&folder.join(file), args, stock));
    let mut recorders = recorders.collect::<Result<Vec<_>, _>>()?;
    let failed = stage(part, stock, began, &mut recorders, progress)?;
    recorders.into_iter().try_for_each(Recorder::finish)?;
    if !failed.is_empty() {
        write_truth(&folder, part, stock, from, &failed)?;
    }
    let kept = archive.join(&part.name);
    fs::rename(&folder, &kept).naming("rename to", &kept)
}

/// A recorder, and who packs what it writes.
struct Recorder {
    stage: Stage,
    packing: JoinHandle<io::Result<()>>,
    lines: PathBuf,
}

impl Recorder {
    /// Starts one with these further arguments, and waits until its programs are attached: a container that began before
    /// would be one that was there already.
    fn start(lines: &Path, args: &[&str], stock: &Stock) -> Result<Self, HarnessError> {
        let args = [&["record", "--container", PREFIX, "--max-line-bytes", "65536"], args].concat();
        let folder = stock.workspace.path().join(lines.file_stem().unwrap_or_default());
        fs::create_dir_all(&folder).naming("create", &folder)?;
        let mut stage = Stage::start(&args, Stdio::null(), Stdio::piped(), &folder)?;
        let output = stage.output();
        let file = File::create(lines).naming("create", lines)?;
        let (told, hello) = mpsc::channel();
        let packing = thread::spawn(move || pack(output, file, &told));
        interrupt::until("record did not say hello", ATTACHED, || hello.try_recv().is_ok())?;
        Ok(Self { stage, packing, lines: lines.to_owned() })
    }

    fn finish(self) -> Result<(), HarnessError> {
        self.stage.finish(DRAIN)?;
        let packed = self.packing.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")));
        packed.naming("write", &self.lines)
    }
}

/// Packs all of `output`, and tells once the first of it is there.
fn pack(mut output: impl io::Read, file: File, told: &mpsc::Sender<()>) -> io::Result<()> {
    let mut packed = zstd::Encoder::new(io::BufWriter::new(file), LEVEL)?;
    let mut first = [0; 4096];
    let length = output.read(&mut first)?;
    // Nobody waits for it any more where the wait was too long.
    let _ = told.send(());
    packed.write_all(&first[..length])?;
    io::copy(&mut output, &mut packed)?;
    packed.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Starts the containers, does what is planned, and waits for the end. Returns the deeds that failed, by their index.
fn stage(
    part: &Part,
    stock: &Stock,
    began: Instant,
    recorders: &mut [Recorder],
    progress: Progress,
) -> Result<Vec<usize>, HarnessError> {
    let members = part.replicas.iter().map(|replica| stock.start(replica, began)).collect::<Result<Vec<_>, _>>()?;
    let late = began.elapsed();
    progress.say(format!("{}: all containers are up{}.", part.name, if late.is_zero() { "" } else { ", and late" }));
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| -> Result<(), HarnessError> {
        let mut news = Instant::now();
        let mut deeds = part.deeds.iter().enumerate().peekable();
        let end = began + Duration::from_secs(part.seconds);
        while Instant::now() < end {
            interrupt::pause(Duration::from_millis(50))?;
            recorders.iter_mut().try_for_each(|recorder| recorder.stage.alive())?;
            while let Some((index, deed)) = deeds.next_if(|(_, deed)| began.elapsed().as_secs_f64() >= deed.at) {
                let (member, failed) = (&members[deed.replica], &failed);
                scope.spawn(move || {
                    if let Err(error) = member.act(&deed.what, member.replica.seed + index as u64) {
                        progress.say(format!("{} on {}: {error}", name(&deed.what), member.replica.name));
                        failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(index);
                    }
                });
            }
            if news.elapsed() > NEWS {
                news = Instant::now();
                let left = end.saturating_duration_since(news).as_secs();
                progress.say(format!("{}: {left} s left, {} deeds to come.", part.name, deeds.len()));
            }
        }
        Ok(())
    })?;
    let requests = members.iter().map(Member::requests);
    let (done, refused) = requests.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    progress.say(format!("{}: {done} requests were answered, {refused} were not.", part.name));
    if part.teaches() {
        // Every run ends, and to be stopped is a part of it.
        thread::scope(|scope| {
            let stops: Vec<_> = members.iter().map(|member| scope.spawn(|| member.stop())).collect();
            stops.into_iter().try_for_each(|stop| stop.join().unwrap_or(Err(HarnessError::Interrupted)))
        })?;
        interrupt::pause(LAST)?;
    }
    for recorder in recorders.iter() {
        recorder.stage.terminate();
    }
    Ok(failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn name(what: &What) -> String {
    match what {
        What::Attack(attack, true) => attack.name.into(),
        What::Attack(attack, false) => format!("{}{RESIDENT}", attack.name),
        What::Change(change) | What::Routine(change) => change.name().into(),
    }
}

fn write_truth(
    folder: &Path,
    part: &Part,
    stock: &Stock,
    from: Timestamp,
    failed: &[usize],
) -> Result<(), HarnessError> {
    let after = |seconds: f64| Timestamp::from_ns(from.as_ns() + (seconds * 1e9) as u64);
    let mut text = String::new();
    for (index, Deed { at, replica, what }) in part.deeds.iter().enumerate() {
        let (label, features) = match what {
            What::Routine(_) => continue,
            _ if failed.contains(&index) => (-1, Vec::new()),
            What::Attack(attack, with_program) => {
                let touched = attack.touched.iter().copied();
                (1, touched.filter(|feature| *with_program || *feature != "exec:*").collect())
            }
            What::Change(_) => (0, Vec::new()),
        };
        let line = Line {
            container: stock.name_of(&part.replicas[*replica]),
            began: after(*at),
            ends: after(at + what.seconds() as f64),
            event: name(what),
            label,
            features,
        };
        text += &serde_json::to_string(&line).map_err(io::Error::other).naming("write", folder)?;
        text.push('\n');
    }
    let path = folder.join(TRUTH);
    fs::write(&path, text).naming("write", &path)
}

/// Whether a change is counted apart from those that may not open an incident.
pub(super) fn is_apart(event: &str) -> bool {
    event == OPERATOR
}
