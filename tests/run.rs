//! `run`: stages that are kept, drained and told of.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{clean_stream, command, golden, output, stage_of, until, wait};

/// A configuration in a folder of its own.
pub(crate) fn configured(text: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("vaectl.toml");
    fs::write(&config, text).unwrap();
    (folder, config)
}

/// `run` with these stages.
pub(crate) fn run(stages: &str, config: &Path) -> Command {
    command(&["run", "--stages", stages, "-c", config.to_str().unwrap()])
}

/// `run` as a child with pipes.
pub(crate) fn start(mut command: Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn send(pid: Pid, signal: Signal) {
    kill_process(pid, signal).unwrap();
}

pub(crate) const PASSING: &str =
    "log-level = 'error'\n[score]\nmodels = 'none'\n[publish]\nto = 'stdout:'\nbatch-age = '10ms'\n";

#[test]
fn it_joins_the_stages_of_its_configuration() {
    let (_folder, config) = configured(&format!(
        "log-level = 'error'\n[record]\nreplay = '{}'\n[score]\nmodels = 'none'\n[publish]\nto = 'stdout:'\n",
        golden("stream.jsonl").display()
    ));
    let all = output(&mut assert_cmd::Command::from_std(run("record,score,publish", &config)));
    assert_eq!(all.code, Some(1), "one line of the stream is broken: {all}");
    assert!(all.stdout.lines().any(|line| line.contains(r#""type":"verdict""#)), "{all}");
    let two = output(&mut assert_cmd::Command::from_std(run("record,score", &config)));
    assert!(two.stdout.lines().last().unwrap().contains(r#""stage":"score""#), "{two}");
}

#[test]
fn stages_stand_in_their_order_and_each_once() {
    let (_folder, config) = configured("");
    for stages in ["score,record", "record,record"] {
        let run = output(&mut assert_cmd::Command::from_std(run(stages, &config)));
        insta::allow_duplicates! {
            insta::assert_snapshot!(run, @r"
            --- stderr ---
            error: a pipe is made of record, score and publish, in this order
            hint: give some of them to --stages, each once
            [exit 2]
            ");
        }
    }
}

#[test]
fn what_is_wrong_in_the_configuration_of_a_stage_is_said_before_any_starts() {
    let (_folder, config) = configured("[record]\nwindow = 'soon'\n[score]\nmodels = 'none'\n");
    let run = output(&mut assert_cmd::Command::from_std(run("record,score", &config)));
    assert_eq!((run.code, run.stderr.lines().count()), (Some(2), 1), "{run}");
    assert!(run.stderr.contains("--window"), "{run}");
}

#[test]
fn a_stage_that_cannot_go_on_ends_all_with_its_exit_code() {
    let (_folder, config) = configured("[score]\nmodels = 'none'\n[publish]\n");
    let mut child = start(run("score,publish", &config));
    let stdin = child.stdin.take();
    assert_eq!(wait(&mut child), Some(2), "publish has nowhere to publish to");
    drop(stdin);
    let (_folder, config) = configured("[record]\nreplay = 'nowhere'\n[score]\nmodels = 'none'\n");
    let mut child = start(run("record,score", &config));
    assert_eq!(wait(&mut child), Some(2), "record has nothing to replay");
}

#[test]
fn of_stages_that_failed_each_in_its_way_the_last_names_the_exit_code() {
    let (folder, config) = configured(
        "log-level = 'error'\n[score]\nmodels = 'none'\n\
         [publish]\nto = 'http://127.0.0.1:1'\nretry-for = '100ms'\ndead-letter = 'letters'\n",
    );
    let mut run = run("score,publish", &config);
    run.current_dir(folder.path());
    let run = output(assert_cmd::Command::from_std(run).write_stdin("no line\n"));
    assert_eq!(run.code, Some(4), "score ends with 1, and publish, whose server is away, with 4: {run}");
}

#[test]
fn a_signal_ends_the_stages_in_order() {
    let (_folder, config) = configured(PASSING);
    let mut child = start(run("score,publish", &config));
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    stdin.write_all(&clean_stream()).unwrap();
    assert!(lines.any(|line| line.contains(r#""type":"event""#)));
    send(Pid::from_child(&child), Signal::TERM);
    let rest: Vec<_> = lines.collect();
    assert!(rest.last().unwrap().contains(r#""type":"end""#), "{rest:?}");
    assert_eq!(wait(&mut child), Some(0));
    drop(stdin);
}

/// What a child says on standard error until a line has this in it.
fn says(child: &mut Child, text: &str) -> BufReader<std::process::ChildStderr> {
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ends without saying {text:?}");
    }
    said
}

#[test]
fn a_hangup_reaches_the_stages() {
    let models = TempDir::new().unwrap();
    let (_folder, config) = configured(&format!(
        "log-level = 'warn'\n[score]\nmodels = '{}'\n[publish]\nto = 'stdout:'\nbatch-age = '10ms'\n",
        models.path().display()
    ));
    let mut child = start(run("score,publish", &config));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&clean_stream()).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(r#""type":"event""#)), "both are up");
    fs::create_dir(models.path().join("key")).unwrap();
    fs::write(models.path().join("key/current"), "none").unwrap();
    send(Pid::from_child(&child), Signal::HUP);
    let said = says(&mut child, "A model is not used.");
    drop(stdin);
    assert!(lines.last().unwrap().contains(r#""type":"end""#), "and ends nothing");
    assert_eq!(wait(&mut child), Some(5), "what was said of the model is in the exit code");
    drop(said);
}

#[test]
fn a_stage_that_cannot_be_started_is_tried_again() {
    let (_folder, config) = configured(&PASSING.replace("'error'", "'warn'"));
    let mut child = start(run("score,publish", &config));
    let pid = Pid::from_child(&child);
    let publish = stage_of(child.id(), "publish");
    // Fewer files than it has open, and as many as it polls.
    let few = Rlimit { current: Some(5), ..getrlimit(Resource::Nofile) };
    let before = prlimit(Some(pid), Resource::Nofile, few).unwrap();
    send(publish, Signal::KILL);
    let said = says(&mut child, "A stage could not be started");
    prlimit(Some(pid), Resource::Nofile, before).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&clean_stream()).unwrap();
    drop(stdin);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.last().unwrap().contains(r#""type":"end""#), "its successor reads what came");
    assert_eq!(wait(&mut child), Some(0));
    drop(said);
}

#[test]
fn a_typo_in_the_file_ends_nothing_that_was_up_before() {
    let (folder, config) = configured(&PASSING.replace("'error'", "'warn'"));
    let good = fs::read_to_string(&config).unwrap();
    let mut child = start(run("score,publish", &config));
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    stdin.write_all(&clean_stream()).unwrap();
    assert!(lines.any(|line| line.contains(r#""type":"event""#)), "it is up");
    fs::write(&config, good.replace("to = 'stdout:'\n", "")).unwrap();
    send(stage_of(child.id(), "publish"), Signal::KILL);
    let said = says(&mut child, "exit status: 2");
    fs::write(&config, good).unwrap();
    stdin.write_all(&clean_stream()).unwrap();
    assert!(lines.any(|line| line.contains(r#""type":"event""#)), "and again, once that is put right");
    drop(stdin);
    assert!(lines.last().unwrap().contains(r#""type":"end""#));
    assert_eq!(wait(&mut child), Some(0));
    drop((said, folder));
}

#[test]
fn signals_harm_no_stage_that_is_only_starting() {
    let (_folder, config) = configured(&PASSING.replace("'error'", "'warn'"));
    for signal in [Signal::HUP, Signal::TERM] {
        let mut child = start(run("score,publish", &config));
        stage_of(child.id(), "score");
        send(Pid::from_child(&child), signal);
        if signal == Signal::HUP {
            drop(child.stdin.take());
        }
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(signal == Signal::TERM || !said.contains("died"), "{said}");
    }
}

/// A recording of one container's windows, numbered from 1, and how long each of its lines is.
pub(crate) fn windows(folder: &Path, count: u64) -> (PathBuf, usize) {
    let text = String::from_utf8(clean_stream()).unwrap();
    let window = text.lines().find(|line| line.contains(r#""type":"window""#)).unwrap();
    let mut window: Value = serde_json::from_str(window).unwrap();
    let lines: Vec<_> = (1..=count)
        .map(|number| {
            window["event"]["sequence"] = number.into();
            window["event"]["id"] = format!("window-{number}").into();
            let ns = 1_760_000_000_000_000_000 + number * 5_000_000_000;
            window["@timestamp"] = vaectl_schemas::Timestamp::from_ns(ns).to_string().into();
            window.to_string()
        })
        .collect();
    let recording = folder.join("recording.jsonl");
    fs::write(&recording, lines.join("\n") + "\n").unwrap();
    (recording, lines[0].len())
}

#[test]
fn a_stage_that_is_killed_is_started_again_and_only_what_it_had_read_is_lost() {
    let folder = TempDir::new().unwrap();
    let (recording, length) = windows(folder.path(), 4000);
    let (_folder, config) = configured(&format!(
        "log-level = 'error'\n[record]\nreplay = '{}'\n\
         [score]\nmodels = 'none'\npass-windows = true\nbacklog-bytes = '64K'\n",
        recording.display()
    ));
    let mut child = start(run("record,score", &config));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    let pid = stage_of(child.id(), "score");
    // Nobody reads: it stands in the middle of a write.
    std::thread::sleep(Duration::from_millis(300));
    send(pid, Signal::KILL);
    until("it has a successor", || (stage_of(child.id(), "score") != pid).then_some(()));
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let exit = wait(&mut child);

    let all: Vec<&str> =
        std::iter::once(first.trim_end()).chain(rest.lines()).filter(|line| !line.is_empty()).collect();
    let json = |line: &&str| serde_json::from_str::<Value>(line).ok();
    let cut: Vec<_> = all.iter().filter(|line| json(line).is_none()).collect();
    assert!(cut.len() <= 1, "at most the line that it was writing is cut");
    assert!(cut.iter().all(|line| line.matches("@timestamp").count() <= 1), "and stands alone: {cut:?}");
    let lines: Vec<Value> = all.iter().filter_map(json).collect();
    let of = |kind: &'static str| lines.iter().filter(move |line| line["type"] == kind);
    assert_eq!(of("hello").count(), 2, "one of each scorer");
    let broken = of("dead_letter").count();
    assert!(broken <= 1, "at most the line that the successor began in the middle of");
    assert_eq!(exit, Some(broken as i32), "{stderr}");
    let came: Vec<u64> = of("window").map(|line| line["event"]["sequence"].as_u64().unwrap()).collect();
    assert!(came.is_sorted_by(|a, b| a < b) && came.last() == Some(&4000), "{:?}", came.last());
    let gaps: Vec<u64> = came.windows(2).map(|pair| pair[1] - pair[0] - 1).filter(|missing| *missing > 0).collect();
    let [missing] = gaps[..] else { panic!("one part was lost, not {gaps:?}") };
    // What it had read, gathered, and not written: each of these is bounded.
    assert!(missing as usize * length < 1 << 20, "{missing}");
}

#[test]
fn a_killed_reader_of_the_last_pipe_is_no_end_for_the_stage_before_it() {
    let (_folder, config) = configured(PASSING);
    let mut child = start(run("score,publish", &config));
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let (score, publish) = (stage_of(child.id(), "score"), stage_of(child.id(), "publish"));
    send(publish, Signal::KILL);
    stdin.write_all(&clean_stream()).unwrap();
    assert!(lines.any(|line| line.contains(r#""type":"event""#)), "its successor reads what comes");
    assert_eq!(stage_of(child.id(), "score"), score);
    drop(stdin);
    assert!(lines.last().unwrap().contains(r#""type":"end""#));
    assert_eq!(wait(&mut child), Some(0));
}

#[test]
fn a_server_that_does_not_answer_keeps_no_pipe_from_ending_and_what_it_lacks_is_on_the_disk() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = TempDir::new().unwrap();
    let (recording, spool) = (folder.path().join("recording"), folder.path().join("spool"));
    fs::write(&recording, clean_stream()).unwrap();
    let (_folder, config) = configured(&format!(
        "log-level = 'error'\n[record]\nreplay = '{}'\n[score]\nmodels = 'none'\n\
         [publish]\nto = 'http://{}'\nno-setup = true\nspool = '{}'\n",
        recording.display(),
        server.local_addr().unwrap(),
        spool.display()
    ));
    let mut command = run("record,score,publish", &config);
    command.current_dir(folder.path());
    let mut child = start(command);
    let asking = server.accept().unwrap();
    let batches = || -> Option<usize> {
        let names = fs::read_dir(&spool).ok()?.map(|entry| entry.unwrap().path());
        Some(names.filter(|name| name.extension().is_some_and(|extension| extension == "zst")).count())
    };
    until("a batch is on the disk", || batches().filter(|count| *count > 0));
    send(Pid::from_child(&child), Signal::TERM);
    assert_eq!(wait(&mut child), Some(0));
    assert_ne!(batches(), Some(0));
    drop(asking);
}

#[test]
fn its_folder_is_its_own_and_goes_with_it() {
    let folder = TempDir::new().unwrap();
    let (_folder, config) = configured(PASSING);
    let mut command = run("score,publish", &config);
    command.env("RUNTIME_DIRECTORY", folder.path());
    let mut child = start(command);
    stage_of(child.id(), "publish");
    let inside: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [own] = &inside[..] else { panic!("{inside:?}") };
    assert_eq!(fs::metadata(own).unwrap().permissions().mode() & 0o777, 0o700);
    drop(child.stdin.take());
    assert_eq!(wait(&mut child), Some(0));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_second_signal_ends_it_at_once_and_leaves_no_folder() {
    let folder = TempDir::new().unwrap();
    let (_folder, config) = configured(PASSING);
    let mut command = run("score,publish", &config);
    command.env("RUNTIME_DIRECTORY", folder.path());
    let mut child = start(command);
    let stages = ["score", "publish"].map(|stage| stage_of(child.id(), stage));
    // They cannot drain.
    for stage in stages {
        send(stage, Signal::STOP);
    }
    let pid = Pid::from_child(&child);
    send(pid, Signal::TERM);
    send(pid, Signal::INT);
    assert_eq!(wait(&mut child), Some(1));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    for stage in stages {
        // The kernel lets stopped processes go on whose parent is gone: they may have ended by themselves.
        let _ = kill_process(stage, Signal::KILL);
    }
}

#[test]
fn leases_are_sent_though_the_input_never_pauses() {
    let folder = TempDir::new().unwrap();
    let (recording, _) = windows(folder.path(), 20_000);
    let socket = folder.path().join("control.sock");
    let recorder = UnixListener::bind(&socket).unwrap();
    let mut command = command(&["score", "--models", "none", "--control", socket.to_str().unwrap()]);
    command.stdin(fs::File::open(recording).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    assert_eq!(wait(&mut child), Some(0));
    recorder.set_nonblocking(true).unwrap();
    let (mut leases, mut text) = (recorder.accept().expect("it has connected").0, String::new());
    leases.set_nonblocking(false).unwrap();
    leases.read_to_string(&mut text).unwrap();
    assert!(text.contains(r#""depth":"process""#), "{text}");
}
