//! `run` on a real container while its stages are killed; recorders that meet on one socket.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use vaectl_bench::{Container, Engine, Options, Workspace};
use vaectl_schemas::Timestamp;

use super::control::lease;
use super::recording::{Lines, Recording, Stage, events, is, windows};
use super::{probe, skipped};
use crate::support::{command, stage_of, until};

/// `run --stages record,score` on a container of its own, with a control socket that nobody named.
struct Scene {
    run: Stage,
    lines: Lines,
    container: Container,
    log: PathBuf,
    folder: PathBuf,
    _workspace: Workspace,
}

fn scene() -> Scene {
    let (workspace, image) = probe();
    let container = Container::start(&Engine::Runc, &image, "kept", &Options::default(), &workspace).unwrap();
    let [config, log, folder] = ["vaectl.toml", "run.log", "runtime"].map(|name| workspace.path().join(name));
    let text = format!(
        "[record]\nwindow = '500ms'\ncontainer = ['{}']\n[score]\nmodels = 'none'\npass-windows = true\n",
        container.id()
    );
    fs::write(&config, text).unwrap();
    fs::create_dir(&folder).unwrap();
    let mut command = command(&["run", "--stages", "record,score", "-c", config.to_str().unwrap()]);
    command.env("RUNTIME_DIRECTORY", &folder).stderr(fs::File::create(&log).unwrap());
    let mut run = Stage(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
    let lines = Lines::of(run.0.stdout.take().unwrap(), std::io::sink());
    let scene = Scene { run, lines, container, log, folder, _workspace: workspace };
    scene.settle();
    scene.connected(1);
    scene
}

impl Scene {
    /// Waits for two more windows of the container.
    fn settle(&self) {
        let count = |lines: &[Value]| windows(lines).filter(|line| is(line, self.container.id())).count();
        let before = count(&self.lines.get());
        self.lines.until("two more windows", |lines| count(lines) >= before + 2);
    }

    /// Waits until a scorer has connected to the control socket so often.
    fn connected(&self, times: usize) {
        let told = || fs::read_to_string(&self.log).unwrap().matches("A scorer has connected").count();
        until("the scorer is connected", || (told() >= times).then_some(()));
    }

    fn kill(&self, stage: &str) -> Pid {
        let pid = stage_of(self.run.0.id(), stage);
        kill_process(pid, Signal::KILL).unwrap();
        until("it has a successor", || (stage_of(self.run.0.id(), stage) != pid).then_some(()));
        pid
    }

    /// Waits for the hello of the latest process of a stage.
    fn hello(&self, stage: &str, times: usize) {
        let hello = |line: &&Value| line["type"] == "hello" && line["vaectl"]["stage"] == stage;
        self.lines.until("the successor says hello", |lines| lines.iter().filter(hello).count() >= times);
    }

    /// Runs a program in the container, and waits until it is told of.
    fn is_watched(&self, program: &str) {
        self.container.run_inside(&format!("/usr/bin/probe noop {program}")).unwrap();
        let told = |lines: &[Value]| events(lines, "exec").any(|event| event["process"]["args"][2] == program);
        self.lines.until("the program is told", told);
    }

    /// Leases the depth of the census for longer than the test takes, as a scorer would that goes by a model.
    fn watch_less(&self) {
        let folder = fs::read_dir(&self.folder).unwrap().next().unwrap().unwrap().path();
        let run = self.lines.get().iter().find_map(|line| Some(line["vaectl"]["run"].as_str()?.to_owned())).unwrap();
        lease(&folder.join("control.sock"), &run, "census", 300_000);
    }

    fn stop(self) -> Vec<Value> {
        self.run.terminate();
        self.run.finish();
        assert_eq!(fs::read_dir(&self.folder).unwrap().count(), 0, "no folder and no socket is left");
        self.lines.all()
    }
}

/// What a process holds in the kernel: its programs and maps, by number.
pub(crate) fn held(pid: Pid) -> BTreeMap<&'static str, BTreeSet<u32>> {
    let folder = format!("/proc/{}/fdinfo", pid.as_raw_nonzero());
    let texts = fs::read_dir(folder).unwrap().filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok());
    let texts: Vec<_> = texts.collect();
    let numbers = |key: &str| {
        let lines = texts.iter().flat_map(|text| text.lines());
        lines.filter_map(|line| line.strip_prefix(key)?.trim().parse().ok()).collect()
    };
    ["prog_id:", "map_id:"].map(|key| (key, numbers(key))).into()
}

/// The numbers of all programs and maps in the kernel.
fn loaded() -> BTreeMap<&'static str, BTreeSet<u32>> {
    let programs = aya::programs::loaded_programs().filter_map(|info| Some(info.ok()?.id()));
    let maps = aya::maps::loaded_maps().filter_map(|info| Some(info.ok()?.id()));
    [("prog_id:", programs.collect()), ("map_id:", maps.collect())].into()
}

/// Waits until nothing of this is in the kernel.
fn is_gone(held: &BTreeMap<&'static str, BTreeSet<u32>>) {
    assert!(held.values().all(|numbers| !numbers.is_empty()), "{held:?}");
    until("the kernel has let go of it", || {
        let loaded = loaded();
        held.iter().all(|(key, numbers)| numbers.is_disjoint(&loaded[key])).then_some(())
    });
}

/// The start ids of the recorders that wrote these lines; no two of their lines have one identity.
fn starts(lines: &[Value]) -> BTreeSet<&str> {
    let ids: Vec<_> = lines.iter().filter_map(|line| line["event"]["id"].as_str()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "identities are unique");
    lines.iter().filter_map(|line| line["vaectl"]["start"].as_str()).collect()
}

#[test]
fn a_killed_scorer_is_replaced_and_connects_again_while_record_goes_on() {
    if skipped("a_killed_scorer_is_replaced_and_connects_again_while_record_goes_on") {
        return;
    }
    let scene = scene();
    scene.is_watched("before");
    let record = stage_of(scene.run.0.id(), "record");
    scene.watch_less();
    scene.settle();
    scene.kill("score");
    // The lease, and each scorer.
    scene.connected(3);
    scene.settle();
    scene.is_watched("after");
    assert_eq!(stage_of(scene.run.0.id(), "record"), record, "the recorder has noticed nothing");
    let id = scene.container.id().to_owned();
    let lines = scene.stop();
    assert_eq!(starts(&lines).len(), 1);
    let of_it: Vec<_> = windows(&lines).filter(|line| is(line, &id)).collect();
    let end = |window: &Value| window["@timestamp"].as_str().unwrap().parse::<Timestamp>().unwrap().as_ns();
    let missing = of_it.windows(2).filter(|pair| {
        let length = pair[1]["vaectl"]["window"]["duration_ns"].as_u64().unwrap();
        end(pair[1]) - end(pair[0]) > length + length / 2
    });
    assert!(missing.count() <= 1, "at most the window that the dead one had read is lost");
}

#[test]
fn a_killed_recorder_leaves_nothing_and_its_successor_has_an_identity_of_its_own() {
    if skipped("a_killed_recorder_leaves_nothing_and_its_successor_has_an_identity_of_its_own") {
        return;
    }
    let scene = scene();
    scene.is_watched("before");
    let held = held(stage_of(scene.run.0.id(), "record"));
    let score = stage_of(scene.run.0.id(), "score");
    scene.kill("record");
    is_gone(&held);
    scene.hello("record", 2);
    scene.connected(2);
    scene.is_watched("after");
    assert_eq!(stage_of(scene.run.0.id(), "score"), score, "the scorer has seen no end of its input");
    let lines = scene.stop();
    assert_eq!(starts(&lines).len(), 2);
    let broken = lines.iter().filter(|line| line["type"] == "dead_letter").count();
    assert!(broken <= 1, "at most the line that it was writing");
}

#[test]
fn both_may_be_killed_at_once() {
    if skipped("both_may_be_killed_at_once") {
        return;
    }
    let scene = scene();
    let pids = ["record", "score"].map(|stage| stage_of(scene.run.0.id(), stage));
    let held = held(pids[0]);
    for pid in pids {
        kill_process(pid, Signal::KILL).unwrap();
    }
    is_gone(&held);
    scene.hello("record", 2);
    scene.connected(2);
    scene.settle();
    scene.is_watched("after");
    assert_eq!(starts(&scene.stop()).len(), 2);
}

#[test]
fn a_second_recorder_on_a_socket_is_refused_and_the_file_of_a_dead_one_is_replaced() {
    if skipped("a_second_recorder_on_a_socket_is_refused_and_the_file_of_a_dead_one_is_replaced") {
        return;
    }
    let workspace = Workspace::new("second").unwrap();
    let socket = workspace.path().join("control.sock");
    let args = ["--control", socket.to_str().unwrap()];
    let first = Recording::start(&args, &[]);
    let second = command(&["record", args[0], args[1]]).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!((second.status.code(), said.matches("error:").count()), (Some(2), 1), "{said}");
    assert!(said.contains("another recorder listens there") && said.contains(args[1]), "{said}");
    kill_process(Pid::from_raw(first.pid().cast_signed()).unwrap(), Signal::KILL).unwrap();
    drop(first);
    assert!(socket.exists() && UnixStream::connect(&socket).is_err(), "its file outlives it");
    let third = Recording::start(&args, &[]);
    UnixStream::connect(&socket).unwrap();
    third.stop();
    assert!(!socket.exists());
}
