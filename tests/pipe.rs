//! The program as the child of a pipe: a shell's, a shipper's, a supervisor's.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{clean_stream, command, run, start, stream, wait};

const SCORE: [&str; 3] = ["score", "--models", "none"];

fn send(child: &std::process::Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn a_closed_reader_is_success_and_nothing_is_said() {
    for args in [&SCORE[..], &["publish", "--to", "stdout:"], &["schema"]] {
        let mut child = start(args);
        drop(child.stdout.take());
        let mut stdin = child.stdin.take().unwrap();
        // The program may be gone before it has read all of it; the broken line among them is nobody's concern then.
        let _ = stdin.write_all(&stream().repeat(200));
        drop(stdin);
        assert_eq!(wait(&mut child), Some(0), "{args:?}");
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr, "", "{args:?}");
    }
}

#[test]
fn a_silent_stage_notices_that_its_reader_is_gone() {
    for args in [&SCORE[..], &["publish", "--to", "stdout:"]] {
        let mut child = start(args);
        let stdin = child.stdin.take();
        drop(child.stdout.take());
        assert_eq!(wait(&mut child), Some(0), "{args:?}");
        drop(stdin);
    }
}

#[test]
fn one_line_comes_out_while_the_input_stays_open() {
    let mut child = start(&["publish", "--to", "stdout:", "--batch-age", "10ms"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in String::from_utf8(clean_stream()).unwrap().lines().filter(|line| line.contains(r#""type":"event""#)) {
        writeln!(stdin, "{line}").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), line);
    }
    drop(stdin);
    assert_eq!(wait(&mut child), Some(0));
}

#[test]
fn a_verdict_comes_out_while_the_input_stays_open() {
    let mut child = start(&SCORE);
    let mut stdin = child.stdin.take().unwrap();
    // Without a model a window waits for its container's metadata: these lines have it.
    stdin.write_all(&clean_stream()).unwrap();
    let verdict = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find(|line| line.starts_with(r#"{"type":"verdict""#));
    assert!(verdict.is_some());
    drop(stdin);
    assert_eq!(wait(&mut child), Some(0));
}

#[test]
fn the_first_signal_ends_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut child = start(&SCORE);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&clean_stream()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.next().unwrap().contains("hello"));
        send(&child, signal);
        let rest: Vec<_> = lines.collect();
        assert!(rest.last().unwrap().contains(r#""cause":"signal""#), "{rest:?}");
        assert_eq!(wait(&mut child), Some(0));
    }
}

#[test]
fn a_signal_lets_publish_deliver_what_it_holds() {
    let mut child = start(&["publish", "--to", "stdout:", "--batch-age", "1h"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&clean_stream()).unwrap();
    // Lines wait for a batch: only the log could tell that they were read, and there is none at this level.
    std::thread::sleep(Duration::from_millis(300));
    send(&child, Signal::TERM);
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(out.contains(r#""type":"event""#), "{out}");
    assert_eq!(out.lines().filter(|line| line.contains(r#""type":"end""#)).count(), 1, "{out}");
    wait(&mut child);
}

#[test]
fn a_second_signal_leaves_at_once() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = command(&SCORE).stdin(Stdio::piped()).stdout(writer).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&clean_stream().repeat(100)).unwrap();
    // Nobody reads: the stage cannot drain.
    std::thread::sleep(Duration::from_millis(300));
    send(&child, Signal::TERM);
    std::thread::sleep(Duration::from_millis(200));
    let asked = Instant::now();
    send(&child, Signal::TERM);
    assert_eq!(wait(&mut child), Some(1));
    assert!(asked.elapsed() < Duration::from_secs(2), "it left after {:?}", asked.elapsed());
    drop(reader);
}

#[test]
fn a_hangup_reloads_and_ends_nothing() {
    let mut child = start(&SCORE);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&clean_stream()).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.next().unwrap().contains("hello"));
    send(&child, Signal::HUP);
    stdin.write_all(&clean_stream()).unwrap();
    drop(stdin);
    assert!(lines.last().unwrap().contains(r#""cause":"eof""#));
    assert_eq!(wait(&mut child), Some(0));
}

#[test]
fn an_empty_environment_and_a_folder_that_is_gone_change_nothing() {
    let folder = tempfile::TempDir::new().unwrap();
    let inside = folder.path().join("gone");
    fs::create_dir(&inside).unwrap();
    let here = run(&["publish", "--to", "stdout:"], clean_stream());
    let script = r#"cd "$1" && rmdir "$1" && shift && exec "$@""#;
    let mut shell = std::process::Command::new("/bin/sh");
    shell.env_clear().args(["-c", script, "sh"]).arg(&inside).arg(crate::support::VAECTL);
    shell.args(["publish", "--to", "stdout:", "--exit-wait", "0"]);
    let there = crate::support::output(assert_cmd::Command::from_std(shell).write_stdin(clean_stream()));
    let events = |text: &str| text.lines().filter(|line| line.contains(r#""type":"event""#)).count();
    assert_eq!((events(&there.stdout), there.code), (events(&here.stdout), here.code), "{there}");
    assert!(events(&here.stdout) > 0);
}

#[test]
fn a_source_never_reads_standard_input() {
    let folder = tempfile::TempDir::new().unwrap();
    let recording = folder.path().join("recording.jsonl");
    fs::write(&recording, clean_stream()).unwrap();
    let input = folder.path().join("input");
    fs::write(&input, "untouched\n").unwrap();
    let stdin = File::open(&input).unwrap();
    let mut shared = stdin.try_clone().unwrap();
    let status = command(&["record", "--replay", recording.to_str().unwrap()])
        .stdin(stdin)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let mut left = String::new();
    shared.read_to_string(&mut left).unwrap();
    assert_eq!((status.code(), left.as_str()), (Some(0), "untouched\n"));
}

#[test]
fn a_failing_exit_waits_where_a_shipper_would_restart_at_once() {
    // The settings are known, cannot be read, and are wrong.
    for args in [&["score"][..], &["score", "--config", "nowhere.toml"], &["score", "--widnow"]] {
        let (_reader, writer) = std::io::pipe().unwrap();
        let begin = Instant::now();
        let status = std::process::Command::new(crate::support::VAECTL)
            .env_clear()
            .args(args)
            .stdout(writer)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(2), "{args:?}");
        assert!(begin.elapsed() >= Duration::from_secs(1), "{args:?}");
    }
}

/// Standard error that nobody reads any more.
fn deaf() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}

#[test]
fn a_failure_that_nobody_hears_keeps_its_exit_code() {
    for args in [&["score"][..], &["score", "--config", "nowhere.toml"], &["score", "--widnow"]] {
        let status = command(args).stdout(Stdio::null()).stderr(deaf()).status().unwrap();
        assert_eq!(status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_stage_that_nobody_hears_leaves_after_four_seconds_when_it_cannot_drain() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = command(&SCORE).stdin(Stdio::piped()).stdout(writer).stderr(deaf()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&clean_stream().repeat(100)).unwrap();
    send(&child, Signal::TERM);
    assert_eq!(wait(&mut child), Some(1));
    drop((reader, stdin));
}

#[test]
fn logs_can_be_json_and_stay_off_standard_output() {
    let output = run(&["score", "--log-format", "json"], "");
    assert_eq!(output.stdout, "");
    let line: serde_json::Value = serde_json::from_str(output.stderr.trim()).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert!(line["message"].as_str().unwrap().contains("no folder of models"), "{line}");
}

#[test]
fn one_process_can_run_commands_one_after_the_other() {
    for _ in 0..2 {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let args = ["vaectl", "publish", "--to", "stdout:"].map(Into::into);
        let (stdin, mut feed) = std::io::pipe().unwrap();
        feed.write_all(&clean_stream()).unwrap();
        drop(feed);
        let exit = vaectl::run(args, stdin.into(), writer.into());
        let mut out = String::new();
        reader.read_to_string(&mut out).unwrap();
        assert_eq!(exit, vaectl::Exit::Done);
        assert!(out.contains(r#""type":"end""#), "{out}");
    }
}
