//! Leases of depth, and the flight recorder of what was below it.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Uid;
use rustix::thread::set_thread_uid;
use serde_json::{Value, json};
use vaectl_bench::probe::{self, Generator};
use vaectl_bench::{Container, Engine, Options, Workspace};

use super::recording::{Recording, counted, is, windows};
use super::{probe as image, skipped};

/// A recording with a control socket, and a container that is recorded.
pub(super) struct Scene {
    pub(super) socket: PathBuf,
    pub(super) recording: Recording,
    pub(super) container: Container,
    pub(super) run: String,
    _workspace: Workspace,
}

pub(super) fn scene(more: &[&str]) -> Scene {
    let (workspace, image) = image();
    let socket = workspace.path().join("control.sock");
    // No container of another test has to do with it.
    let cgroup = format!("/leased-{}", workspace.tag());
    let own = ["--window", "500ms", "--control", socket.to_str().unwrap(), "--cgroup", &cgroup];
    let args = [&own, more].concat();
    let recording = Recording::start(&args, &[]);
    let options = Options { privileged: true, ..Options::default() };
    let container = Container::start(&Engine::Runc, &image, "leased", &options, &workspace).unwrap();
    let id = container.id().to_owned();
    let known = |lines: &[Value]| lines.iter().any(|line| line["type"] == "window" && is(line, &id));
    recording.until("a window of the container", known);
    let lines = recording.lines().clone();
    let line = lines.iter().find(|line| line["type"] == "container" && is(line, &id)).unwrap();
    let run = line["vaectl"]["run"].as_str().unwrap().to_owned();
    Scene { socket, recording, container, run, _workspace: workspace }
}

pub(super) fn lease(socket: &Path, run: &str, depth: &str, ttl_ms: u64) {
    ask(socket, &json!({"v": 1, "run": run, "depth": depth, "ttl_ms": ttl_ms}));
}

fn ask(socket: &Path, lease: &Value) {
    tell(&UnixStream::connect(socket).unwrap(), lease);
}

fn tell(mut stream: &UnixStream, lease: &Value) {
    writeln!(stream, "{lease}").unwrap();
}

/// Whether a program that was told so is among the lines.
fn tells(name: &str) -> impl Fn(&[Value]) -> bool {
    let name = json!(name);
    move |lines: &[Value]| lines.iter().any(|line| line["process"]["args"][2] == name)
}

impl Scene {
    pub(super) fn events(&self) -> Vec<Value> {
        let lines = self.recording.lines().clone();
        lines.into_iter().filter(|line| line["type"] == "event" && is(line, self.container.id())).collect()
    }

    /// Waits until two more windows were closed: what happened before is in the lines.
    pub(super) fn settle(&self) {
        let count = |lines: &[Value]| windows(lines).filter(|line| is(line, self.container.id())).count();
        let before = count(&self.recording.lines());
        self.recording.until("two more windows", |lines| count(lines) >= before + 2);
    }

    /// Has a suspicion ask for this depth, and for what is done there to be kept, for as long as `scorer` does not hang up.
    fn hold(&self, scorer: &UnixStream, depth: &str) {
        let lease = json!({"v": 1, "run": self.run, "depth": depth, "ttl_ms": 60_000, "history": false, "hold": true});
        tell(scorer, &lease);
        self.settle();
    }

    /// Has the container execute a program that is told this.
    fn work(&self, name: &str) {
        let done = self.container.control().join(name);
        self.container.run_inside(&format!("/usr/bin/probe noop {name}; echo >/control/{name}")).unwrap();
        crate::support::until("the work", || done.exists().then_some(()));
        self.settle();
    }
}

pub(super) fn actions(events: &[Value]) -> BTreeSet<&str> {
    events.iter().map(|event| event["event"]["action"].as_str().unwrap()).collect()
}

#[test]
fn what_was_below_its_depth_is_told_in_order_once_the_depth_is_raised() {
    if skipped("what_was_below_its_depth_is_told_in_order_once_the_depth_is_raised") {
        return;
    }
    let scene = scene(&[]);
    assert_eq!(std::fs::metadata(&scene.socket).unwrap().permissions().mode() & 0o777, 0o600);
    lease(&scene.socket, &scene.run, "census", 60_000);
    scene.settle();
    let before = scene.events().len();
    probe::script(&scene.container).unwrap();
    scene.settle();
    assert_eq!(scene.events().len(), before, "nothing is told at the depth of the census");

    lease(&scene.socket, &scene.run, "full", 60_000);
    let history = |lines: &[Value]| lines.iter().any(|line| line["vaectl"]["history"] == true);
    scene.recording.until("the history", history);
    scene.settle();
    let told = scene.events().split_off(before);
    let history: Vec<Value> = told.iter().filter(|event| event["vaectl"]["history"] == true).cloned().collect();
    for action in ["exec", "exit", "fork", "create", "connect", "accept", "close", "kill", "ptrace", "mount"] {
        assert!(actions(&history).contains(action), "{action} of {:?}", actions(&history));
    }
    let exec = history.iter().find(|event| event["process"]["args"] == json!(["sh", "-c", "exit 3"])).unwrap();
    assert_eq!(exec["process"]["executable"], "/usr/bin/busybox");
    let times: Vec<&str> = history.iter().map(|event| event["@timestamp"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");

    let count = told.len();
    probe::script(&scene.container).unwrap();
    scene.settle();
    let live = scene.events().split_off(before + count);
    assert!(live.iter().all(|event| event["vaectl"]["history"].is_null()), "what is told live is told once");
    assert!(actions(&live).contains("fork"));
}

/// As a suspicion that becomes an incident raises the depth first and asks for history after that.
#[test]
fn history_stays_where_it_is_until_it_is_asked_for_and_knows_who_was_called_again_and_again() {
    if skipped("history_stays_where_it_is_until_it_is_asked_for_and_knows_who_was_called_again_and_again") {
        return;
    }
    // So few cells for programs that the calls are a ring and more apart.
    let scene = scene(&["--flight-bytes", "64K"]);
    lease(&scene.socket, &scene.run, "census", 60_000);
    scene.settle();
    let work = "nc 127.0.0.1 4444; for i in $(seq 200); do /usr/bin/probe noop; done";
    let done = scene.container.control().join("done");
    scene.container.run_inside(&format!("{work}; {work}; nc 127.0.0.1 4444; echo >/control/done")).unwrap();
    crate::support::until("the work", || done.exists().then_some(()));
    scene.settle();

    let is_history = |line: &Value| line["vaectl"]["history"] == true;
    ask(&scene.socket, &json!({"v": 1, "run": scene.run, "depth": "full", "ttl_ms": 60_000, "history": false}));
    scene.settle();
    assert!(!scene.events().iter().any(is_history), "a suspicion asks for none");
    lease(&scene.socket, &scene.run, "full", 60_000);
    let called = |line: &Value| is_history(line) && line["destination"]["port"] == 4444;
    scene.recording.until("who was called", |lines| lines.iter().any(called));
}

/// As a suspicion does that becomes an incident, and one that passes.
#[test]
fn what_a_suspicion_does_is_told_with_its_history_and_counted_where_nobody_asked() {
    if skipped("what_a_suspicion_does_is_told_with_its_history_and_counted_where_nobody_asked") {
        return;
    }
    let scene = scene(&[]);
    let scorer = UnixStream::connect(&scene.socket).unwrap();
    lease(&scene.socket, &scene.run, "census", 60_000);
    scene.settle();
    scene.work("before");
    scene.hold(&scorer, "full");
    scene.work("meanwhile");
    assert!(!tells("meanwhile")(&scene.events()), "nobody has asked for it");
    lease(&scene.socket, &scene.run, "full", 60_000);
    scene.recording.until("what was held", tells("meanwhile"));
    let history: Vec<Value> = scene.events().into_iter().filter(|line| line["vaectl"]["history"] == true).collect();
    assert!(tells("before")(&history) && tells("meanwhile")(&history));
    let times: Vec<&str> = history.iter().map(|event| event["@timestamp"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");

    scene.hold(&scorer, "full");
    scene.work("in-vain");
    scene.hold(&scorer, "census");
    let Scene { recording, container: _container, .. } = scene;
    let lines = recording.stop();
    assert!(!tells("in-vain")(&lines), "the suspicion has passed");
    let events = lines.iter().filter(|line| line["type"] == "event").count() as u64;
    let ledger = lines.iter().find(|line| line["type"] == "ledger").unwrap();
    let counts = &ledger["vaectl"]["datasets"]["vaectl.event"];
    let unwanted = counts["suppressed"].as_u64().unwrap();
    assert!(unwanted > 0 && counts["seen"] == events + unwanted, "{counts} and {events} events");
}

/// As when `run` starts one again at once, which begins without the suspicion.
#[test]
fn what_is_kept_for_a_scorer_that_dies_is_told_live_whatever_its_successor_asks_for() {
    if skipped("what_is_kept_for_a_scorer_that_dies_is_told_live_whatever_its_successor_asks_for") {
        return;
    }
    let scene = scene(&[]);
    let scorer = UnixStream::connect(&scene.socket).unwrap();
    scene.hold(&scorer, "full");
    scene.work("meanwhile");
    assert!(!tells("meanwhile")(&scene.events()), "nobody has asked for it");
    drop(scorer);
    lease(&scene.socket, &scene.run, "process", 60_000);
    scene.recording.until("what was kept", tells("meanwhile"));
    let told = scene.events();
    let told: Vec<Value> = told.into_iter().filter(|line| line["process"]["args"][2] == "meanwhile").collect();
    assert!(told.iter().all(|line| line["vaectl"]["history"].is_null()), "{told:?}");
}

#[test]
fn nothing_is_lost_and_nothing_told_twice_while_the_depth_goes_up_and_down() {
    if skipped("nothing_is_lost_and_nothing_told_twice_while_the_depth_goes_up_and_down") {
        return;
    }
    let sizes = ["--max-containers", "16", "--flight-bytes", "8M", "--ring-bytes", "64M", "--backlog-bytes", "512M"];
    let Scene { socket, recording, container, run, _workspace } = scene(&sizes);
    let generator = Generator::start(&container, Duration::from_secs(2), 5000.0, None).unwrap();
    for _ in 0..50 {
        for depth in ["census", "full"] {
            lease(&socket, &run, depth, 60_000);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let done = generator.finish().unwrap();
    let id = container.id().to_owned();
    drop(container);
    let lines = recording.stop_after_the_end_of(&id);
    assert!(done.files > 1000, "{done:?}");
    assert_eq!(counted(&lines, "file.unlink"), done.files, "{done:?}");
    let told: Vec<_> = lines.iter().filter(|line| line["type"] == "event").collect();
    let history = told.iter().filter(|event| event["vaectl"]["history"] == true).count();
    assert!(history > 100 && told.len() - history > 100, "{history} of {} were told later", told.len());
    // Of calls to one peer a flight recorder keeps the first.
    let mut missing = 0;
    for (counter, actions) in [
        ("process.exec", &["exec"][..]),
        ("process.fork", &["fork"]),
        ("process.exit", &["exit"]),
        ("file.open_write", &["open", "create"]),
        ("file.rename", &["rename"]),
        ("file.unlink", &["unlink"]),
        ("net.accept", &["accept"]),
        ("net.close", &["close"]),
    ] {
        let action = |event: &&&Value| actions.iter().any(|action| event["event"]["action"] == *action);
        let (happened, told) = (counted(&lines, counter), told.iter().filter(action).count() as u64);
        assert!(told <= happened, "{told} {actions:?} of {happened}");
        missing += happened - told;
    }
    let gaps: u64 =
        lines.iter().filter(|line| line["type"] == "gap").filter_map(|gap| gap["vaectl"]["lost"].as_u64()).sum();
    assert_eq!(missing, gaps);
    let mark = |event: &&Value| {
        [&event["@timestamp"], &event["process"]["pid"], &event["event"]["action"], &event["file"]["path"]]
            .map(Value::to_string)
    };
    assert_eq!(told.iter().map(mark).collect::<BTreeSet<_>>().len(), told.len(), "each is told once");
}

#[test]
fn a_program_too_long_for_the_flight_recorder_is_told_as_far_as_it_was_kept() {
    if skipped("a_program_too_long_for_the_flight_recorder_is_told_as_far_as_it_was_kept") {
        return;
    }
    let scene = scene(&[]);
    lease(&scene.socket, &scene.run, "census", 60_000);
    scene.settle();
    let (folder, argument) = (format!("/tmp{}", format!("/{}", "d".repeat(60)).repeat(20)), "a".repeat(900));
    let work = format!("mkdir -p {folder}; cd {folder}; /usr/bin/probe noop {argument}; echo >/control/done");
    scene.container.run_inside(&work).unwrap();
    let done = scene.container.control().join("done");
    crate::support::until("the program", || done.exists().then_some(()));
    lease(&scene.socket, &scene.run, "full", 60_000);
    let is_it = |line: &&Value| line["event"]["action"] == "exec" && line["process"]["executable"] == "/usr/bin/probe";
    scene.recording.until("the program", |lines| lines.iter().any(|line| is_it(&line)));
    let lines = scene.recording.lines();
    let exec = lines.iter().find(is_it).unwrap();
    assert_eq!((&exec["vaectl"]["history"], &exec["vaectl"]["truncated"]), (&json!(true), &json!(["process.args"])));
    assert_eq!((&exec["process"]["args"][1], &exec["process"]["working_directory"]), (&json!("noop"), &json!(folder)));
}

#[test]
fn a_flood_of_accepts_does_not_wash_out_the_program_and_the_call_before_it() {
    if skipped("a_flood_of_accepts_does_not_wash_out_the_program_and_the_call_before_it") {
        return;
    }
    let scene = scene(&[]);
    lease(&scene.socket, &scene.run, "census", 60_000);
    scene.settle();
    // Nobody listens there: who was called is told all the same.
    let cause = "/usr/bin/probe noop first; nc 127.0.0.1 4444; echo >/control/done";
    scene.container.run_inside(cause).unwrap();
    let done = scene.container.control().join("done");
    crate::support::until("the program", || done.exists().then_some(()));
    let time = Duration::from_secs(2);
    let done = Generator::start(&scene.container, time, 0.0, None).unwrap().finish().unwrap();
    assert!(done.connections > 2000, "{done:?}");
    lease(&scene.socket, &scene.run, "full", 60_000);
    let history = |line: &&Value| line["vaectl"]["history"] == true;
    let both = |lines: &[Value]| {
        lines.iter().filter(history).any(|line| line["process"]["args"][2] == "first")
            && lines.iter().filter(history).any(|line| line["destination"]["port"] == 4444)
    };
    scene.recording.until("the program and whom it called", both);
    let accepts = scene.events().iter().filter(history).filter(|event| event["event"]["action"] == "accept").count();
    assert!((accepts as u64) < done.connections, "the flood has washed out its own beginning");
}

#[test]
fn a_container_whose_lease_ran_out_returns_to_process_depth() {
    if skipped("a_container_whose_lease_ran_out_returns_to_process_depth") {
        return;
    }
    let scene = scene(&[]);
    lease(&scene.socket, &scene.run, "census", 200);
    scene.settle();
    let before = scene.events().len();
    probe::script(&scene.container).unwrap();
    scene.settle();
    let told = scene.events().split_off(before);
    assert!(actions(&told).contains("exec") && !actions(&told).contains("fork"), "{:?}", actions(&told));
}

#[test]
fn a_stranger_is_turned_away_though_the_file_s_mode_lets_him_in() {
    if skipped("a_stranger_is_turned_away_though_the_file_s_mode_lets_him_in") {
        return;
    }
    let scene = scene(&[]);
    std::fs::set_permissions(&scene.socket, PermissionsExt::from_mode(0o666)).unwrap();
    let (socket, run) = (scene.socket.clone(), scene.run.clone());
    // A thread may be another user than its process.
    let stranger = std::thread::spawn(move || {
        set_thread_uid(Uid::from_raw(65534)).unwrap();
        let mut stream = UnixStream::connect(&socket).unwrap();
        // He may be turned away before he has said it all.
        let _ = writeln!(stream, "{}", json!({"v": 1, "run": run, "depth": "full", "ttl_ms": 60_000}));
        matches!(std::io::Read::read(&mut stream, &mut [0; 1]), Ok(0) | Err(_))
    });
    assert!(stranger.join().unwrap(), "he was let in");
    scene.settle();
    probe::script(&scene.container).unwrap();
    scene.settle();
    assert!(!actions(&scene.events()).contains("fork"), "and nothing is as he wished");
    lease(&scene.socket, &scene.run, "full", 60_000);
    scene.settle();
    probe::script(&scene.container).unwrap();
    let forked = |line: &Value| line["event"]["action"] == "fork" && line["vaectl"]["history"].is_null();
    scene.recording.until("a fork", |lines| lines.iter().any(forked));
}

#[test]
fn a_request_that_is_no_lease_costs_its_client_the_connection_and_nobody_else() {
    if skipped("a_request_that_is_no_lease_costs_its_client_the_connection_and_nobody_else") {
        return;
    }
    let scene = scene(&[]);
    let long = format!("{{\"v\":1,\"run\":\"{}\"}}", "x".repeat(1 << 20));
    for request in ["no lease", "{\"v\":99}", "\0\u{1}", &long] {
        let mut stream = UnixStream::connect(&scene.socket).unwrap();
        // It may be cut off before it has said it all.
        let _ = writeln!(stream, "{request}");
        let answer = std::io::Read::read(&mut stream, &mut [0; 1]);
        assert!(matches!(answer, Ok(0) | Err(_)), "{request:.20} was not cut off");
    }
    lease(&scene.socket, &scene.run, "full", 60_000);
    scene.settle();
    probe::script(&scene.container).unwrap();
    scene.recording.until("a fork", |lines| lines.iter().any(|line| line["event"]["action"] == "fork"));
}
