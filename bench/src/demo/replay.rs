//! The demo on a recording of itself.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use vaectl_schemas::{DEFAULT_MAX_LINE_BYTES, Host, LineReader, open};

use super::Folder;
use super::live::train;
use super::outcome::{Mode, Outcome, Scene};
use super::pipeline::Pipeline;
use crate::error::Naming;
use crate::repository::Repository;
use crate::stage::DRAIN;
use crate::{HarnessError, Progress};

const TRAIN: &str = "train.ndjson";
const LIVE: &str = "live.ndjson";
const SCENE: &str = "scene.json";

/// The recording comes with the sources; it must stay small.
const LIMIT: u64 = 5_000_000;

/// Packs 80 MB in a few seconds; the strongest levels take a minute and save a fifth.
const LEVEL: i32 = 14;

pub(super) fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recording")
}

fn packed(name: &str) -> PathBuf {
    shipped().join(format!("{name}.zst"))
}

/// Room for all that is recorded: a replay comes at once, and what a live `publish` keeps up with is no loss here.
const BACKLOG: &str = "256M";

/// Trains on the shipped recording, then sends its other half through `record --replay | score | publish`.
pub(super) fn run(folder: &Folder, progress: Progress) -> Result<Outcome, HarnessError> {
    let path = shipped().join(SCENE);
    let scene: Scene = serde_json::from_slice(&fs::read(&path).naming("read", &path)?)
        .map_err(std::io::Error::other)
        .naming("parse", &path)?;
    train(&packed(TRAIN), folder, progress)?;
    progress.say("Sending the other half through record --replay | score | publish: about 5 s.");
    let live = packed(LIVE);
    let pipeline = Pipeline::configure(&format!("replay = '{}'", live.display()), BACKLOG, folder)?;
    pipeline.start("record,score,publish", Stdio::null(), folder)?.finish(DRAIN * 6)?;
    let documents = Repository::new(&folder.repository()).poll()?;
    Ok(Outcome::new(Mode::Replay, scene, documents, &BTreeMap::new()))
}

/// Makes what a live run recorded the shipped recording: only the demo's own containers, under a neutral host name.
pub(super) fn keep(folder: &Folder, tag: &str, scene: &Scene, progress: Progress) -> Result<(), HarnessError> {
    progress.say("Packing the recording: about 10 s.");
    let path = shipped().join(SCENE);
    fs::create_dir_all(shipped()).naming("create", &shipped())?;
    let text = serde_json::to_string_pretty(scene).map_err(std::io::Error::other).naming("write", &path)?;
    fs::write(&path, text + "\n").naming("write", &path)?;
    let mut bytes = 0;
    for name in [TRAIN, LIVE] {
        pack(&folder.file(name), &packed(name), tag)?;
        bytes += fs::metadata(packed(name)).naming("read", &packed(name))?.len();
    }
    progress.say(format!("The recording takes {:.1} MB in {}.", bytes as f64 / 1e6, shipped().display()));
    if bytes > LIMIT {
        let too_large = std::io::Error::other(format!("{bytes} bytes are more than the {LIMIT} that may be shipped"));
        return Err(too_large).naming("keep", &shipped());
    }
    Ok(())
}

/// The part of a line that decides what becomes of it.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    host: Option<Host<'a>>,
    #[serde(borrow)]
    container: Option<vaectl_schemas::Container<'a>>,
}

fn pack(from: &Path, to: &Path, tag: &str) -> Result<(), HarnessError> {
    let input = open(from).map_err(std::io::Error::other).naming("read", from)?;
    let mut lines = LineReader::new(input, DEFAULT_MAX_LINE_BYTES);
    let output = BufWriter::new(File::create(to).naming("create", to)?);
    let mut output = zstd::Encoder::new(output, LEVEL).naming("write", to)?;
    let of_host = neutral_names();
    while let Some(line) = lines.next_line().naming("read", from)? {
        let head: Head<'_> = serde_json::from_slice(line.bytes).map_err(std::io::Error::other).naming("parse", from)?;
        let id = head.container.and_then(|container| container.id);
        if id.is_some_and(|id| !id.ends_with(tag)) {
            continue;
        }
        let mut text = String::from_utf8_lossy(line.bytes).into_owned();
        for (own, neutral) in head.host.as_ref().map(neutral_host).iter().chain(&of_host) {
            text = text.replace(own, neutral);
        }
        writeln!(output, "{text}").naming("write", to)?;
    }
    output.finish().and_then(|mut output| output.flush()).naming("write", to)
}

/// What a line says of its host, and what it says instead.
fn neutral_host(host: &Host<'_>) -> (String, String) {
    let text = |host: &Host<'_>| format!("\"host\":{}", serde_json::to_string(host).unwrap_or_default());
    let neutral = Host { id: host.id.as_ref().map(|_| "demo".into()), name: host.name.as_ref().map(|_| "demo".into()) };
    (text(host), text(&neutral))
}

/// The names of this host's first process and kernel, and what stands for them.
fn neutral_names() -> [(String, String); 2] {
    let first = fs::read_to_string("/proc/1/comm").unwrap_or_default();
    let init = |name: &str| format!("\"pid\":1,\"name\":\"{name}\"");
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let kernel = |release: &str| format!("\"kernel\":\"{release}\"");
    [(init(first.trim()), init("init")), (kernel(&release), kernel(release.split('-').next().unwrap_or_default()))]
}
