//! What a service manager is told: when all is up, how it goes, and by its watchdog that it goes on.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal};
use tempfile::TempDir;

use crate::run::{PASSING, configured, run, send, start, windows};
use crate::support::manager::{heard, is_fed, starves, watched};
use crate::support::{clean_stream, command, stage_of, until, wait};

/// After how long without a word a stage hangs.
const WATCHDOG: Duration = Duration::from_millis(100);
/// Heard so often, nobody was silent for long.
const OFTEN: usize = 20;

#[test]
fn a_stage_alone_feeds_the_watchdog_until_it_hangs() {
    let folder = TempDir::new().unwrap();
    for stage in [&["score", "--models", "none"][..], &["publish", "--to", "stdout:"]] {
        let folder = TempDir::new_in(&folder).unwrap();
        let mut command = command(stage);
        let manager = watched(&mut command, folder.path(), WATCHDOG);
        let mut child = start(command);
        let stdin = child.stdin.take();
        heard(&manager, "READY=1", "WATCHDOG=1");
        is_fed(&manager, OFTEN);
        send(Pid::from_child(&child), Signal::STOP);
        starves(&manager, WATCHDOG);
        send(Pid::from_child(&child), Signal::CONT);
        is_fed(&manager, OFTEN);
        drop(stdin);
        assert_eq!(wait(&mut child), Some(0));
    }
}

#[test]
fn a_stage_that_hangs_while_its_other_threads_go_on_lets_the_watchdog_starve() {
    let folder = TempDir::new().unwrap();
    let recording = folder.path().join("recording");
    mkfifoat(CWD, &recording, Mode::RUSR | Mode::WUSR).unwrap();
    // For both, which waits for nobody. A recording without a writer is over, also where this test fails.
    let mut writer = fs::File::options().read(true).write(true).open(&recording).unwrap();
    let passing = PASSING.replace("'error'", "'warn'");
    let (_folder, config) = configured(&format!("{passing}[record]\nreplay = '{}'\n", recording.display()));
    let mut command = run("record,score,publish", &config);
    let manager = watched(&mut command, folder.path(), WATCHDOG);
    let mut child = start(command);
    heard(&manager, "READY=1", "STOPPING=1");
    // It is up, and stands in a call that does not return.
    starves(&manager, WATCHDOG);
    let stages = ["record", "score", "publish"].map(|stage| stage_of(child.id(), stage));
    writer.write_all(&clean_stream()).unwrap();
    drop(writer);
    let published = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(published.last().unwrap().contains(r#""type":"end""#), "nothing of {stages:?} was harmed");
    assert_eq!(wait(&mut child), Some(0));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.lines().any(|line| line.contains("not fed") && line.contains(r#"stages="record""#)), "{said}");
}

#[test]
fn a_stage_that_its_reader_holds_back_does_not_hang() {
    // More than pipes and backlogs take, and so little that the last stage alone is left, with its end to write.
    for count in [20_000, 300] {
        let folder = TempDir::new().unwrap();
        let (recording, _) = windows(folder.path(), count);
        let (_folder, config) = configured(&format!(
            "log-level = 'error'\n[record]\nreplay = '{}'\n\
             [score]\nmodels = 'none'\npass-windows = true\nbacklog-bytes = '64K'\n\
             [publish]\nto = 'stdout:'\nwindows = true\nbatch-age = '10ms'\n",
            recording.display()
        ));
        let mut command = run("record,score,publish", &config);
        let manager = watched(&mut command, folder.path(), WATCHDOG);
        let mut child = start(command);
        let mut stdout = child.stdout.take().unwrap();
        // A pipe has room for 64 KiB, and its last page need not fill.
        until("its output is full", || (ioctl_fionread(&stdout).unwrap() > 60 << 10).then_some(()));
        is_fed(&manager, OFTEN);
        assert!(child.try_wait().unwrap().is_none(), "it waits for its reader");
        let mut out = String::new();
        stdout.read_to_string(&mut out).unwrap();
        assert_eq!(out.matches(r#""type":"window""#).count() as u64, count);
        assert_eq!(wait(&mut child), Some(0));
    }
}

#[test]
fn a_publisher_that_waits_for_a_server_does_not_hang() {
    // Connections are made, and nobody answers.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let (_folder, config) = configured(&format!(
        "log-level = 'error'\n[score]\nmodels = 'none'\n[publish]\nto = 'http://{}'\n",
        server.local_addr().unwrap()
    ));
    let folder = TempDir::new().unwrap();
    let mut command = run("score,publish", &config);
    // What it leaves when it is killed goes with the folder.
    command.current_dir(folder.path()).env("RUNTIME_DIRECTORY", folder.path());
    let manager = watched(&mut command, folder.path(), WATCHDOG);
    let mut child = start(command);
    child.stdin.as_ref().unwrap().write_all(&clean_stream()).unwrap();
    let (asking, _) = server.accept().unwrap();
    is_fed(&manager, OFTEN);
    drop((asking, server));
    child.kill().unwrap();
    wait(&mut child);
}

#[test]
fn a_service_manager_is_told_when_all_is_up_how_it_goes_and_that_it_ends() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notify.sock");
    let name = format!("vaectl-test-{}", std::process::id());
    let managers = [
        (path.display().to_string(), UnixDatagram::bind(&path).unwrap()),
        (
            format!("@{name}"),
            UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name.as_bytes()).unwrap()).unwrap(),
        ),
    ];
    for (address, manager) in managers {
        manager.set_read_timeout(Some(crate::support::LIMIT)).unwrap();
        let (_folder, config) = configured(PASSING);
        let mut command = run("score,publish", &config);
        command.env("NOTIFY_SOCKET", &address).env("WATCHDOG_USEC", "100000");
        let mut child = start(command);
        let stdin = child.stdin.take();
        heard(&manager, "READY=1", "STOPPING=1");
        heard(&manager, "WATCHDOG=1", "STOPPING=1");
        let publish = stage_of(child.id(), "publish");
        send(publish, Signal::STOP);
        starves(&manager, WATCHDOG);
        send(publish, Signal::CONT);
        heard(&manager, "WATCHDOG=1", "STOPPING=1");

        send(stage_of(child.id(), "score"), Signal::KILL);
        heard(&manager, "STATUS=Waiting for: score.", "STOPPING=1");
        heard(&manager, "STATUS=Running: score, publish.", "READY=1");
        send(Pid::from_child(&child), Signal::TERM);
        heard(&manager, "STOPPING=1", "READY=1");
        assert_eq!(wait(&mut child), Some(0));
        drop(stdin);
    }
}
