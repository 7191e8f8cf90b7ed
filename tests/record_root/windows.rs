//! What windows count, over how long, and what each depth leaves out.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vaectl_bench::probe::Generator;
use vaectl_bench::{Container, Engine, Options, skip};

use super::recording::{Recording, counted, events, executions, is, windows};
use super::{probe, skipped};

#[test]
fn windows_count_what_a_known_loop_did() {
    if skipped("windows_count_what_a_known_loop_did") {
        return;
    }
    let (workspace, image) = probe();
    let recording = Recording::start(&["--window", "500ms"], &[]);
    let container = Container::start(&Engine::Runc, &image, "loop", &Options::default(), &workspace).unwrap();
    let id = container.id().to_owned();
    let done = Generator::start(&container, Duration::from_millis(1200), 3000.0, None).unwrap().finish().unwrap();
    drop(container);
    let lines = recording.stop_after_the_end_of(&id);
    assert!(windows(&lines).count() >= 3, "a window each half second");
    for (counter, expected) in [
        ("file.unlink", done.files),
        ("syscall.unlink", done.files),
        // And the answer of the probe, which the shell renames.
        ("file.rename", done.renames + 1),
        ("net.connect", done.connections),
        ("net.accept", done.connections),
        ("net.close", 2 * done.connections),
        ("syscall.accept4", done.connections),
        ("syscall.bind", 1),
        ("syscall.listen", 1),
        ("net.connect_failed", 0),
    ] {
        assert_eq!(counted(&lines, counter), expected, "{counter} of {done:?}");
    }
    let probe = &events(&lines, "listen").next().unwrap()["process"]["pid"];
    let forks = events(&lines, "fork").filter(|event| event["process"]["parent"]["pid"] == *probe).count();
    assert_eq!(forks as u64, done.forks);
    for (counter, action) in [("process.fork", "fork"), ("process.exit", "exit"), ("net.close", "close")] {
        assert_eq!(counted(&lines, counter), events(&lines, action).count() as u64, "{counter}");
    }
    assert!(windows(&lines).all(|window| window["vaectl"]["window"]["lost"] == 0));
    assert_eq!(executions(&lines, "/usr/bin/probe"), 1);
    let all = counted(&lines, "process.exec");
    assert_eq!(
        all,
        ["/usr/bin/probe", "/usr/bin/busybox"].map(|program| executions(&lines, program)).iter().sum::<u64>()
    );
}

#[test]
fn a_container_shorter_than_a_window_gets_a_part_of_one_with_its_real_duration() {
    if skipped("a_container_shorter_than_a_window_gets_a_part_of_one_with_its_real_duration") {
        return;
    }
    let (workspace, image) = probe();
    let recording = Recording::start(&["--window", "1h"], &[]);
    let began = Instant::now();
    let container = Container::start(&Engine::Runc, &image, "short", &Options::default(), &workspace).unwrap();
    let up = Instant::now();
    let id = container.id().to_owned();
    std::thread::sleep(Duration::from_millis(300));
    let lived = up.elapsed();
    drop(container);
    let most = began.elapsed() + Duration::from_millis(500);
    let lines = recording.stop_after_the_end_of(&id);
    let [window] = windows(&lines).collect::<Vec<_>>()[..] else { panic!("{lines:#?}") };
    let info = &window["vaectl"]["window"];
    assert_eq!((&info["part"], &info["nominal_ns"]), (&Value::from(true), &Value::from(3_600_000_000_000_u64)));
    let duration = Duration::from_nanos(info["duration_ns"].as_u64().unwrap());
    assert!(lived < duration && duration < most, "{duration:?} is not between {lived:?} and {most:?}");
    assert_eq!(executions(&lines, "/usr/bin/busybox"), counted(&lines, "process.exec"), "{window}");
    let cpu = counted(&lines, "cpu.user_ns") + counted(&lines, "cpu.system_ns");
    assert!(cpu > 0, "it is counted though the cgroup is gone");
}

/// A container that runc has made and not started.
struct Created(String);

impl Created {
    fn of(bundle: &Container) -> Self {
        let folder = bundle.control().parent().unwrap().to_str().unwrap().to_owned();
        let created = Self(format!("{}-created", bundle.id()));
        created.runc(&["create", "--bundle", &folder]);
        created
    }

    fn runc(&self, args: &[&str]) {
        let mut command = Command::new("runc");
        command.args(args).arg(&self.0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "runc {args:?}");
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        self.runc(&["delete", "--force"]);
    }
}

#[test]
fn the_window_in_which_a_container_begins_that_was_made_before_is_a_part() {
    if skipped("the_window_in_which_a_container_begins_that_was_made_before_is_a_part") {
        return;
    }
    let (workspace, image) = probe();
    let bundle = Container::start(&Engine::Runc, &image, "bundle", &Options::default(), &workspace).unwrap();
    let created = Created::of(&bundle);
    let recording = Recording::start(&["--window", "400ms"], &[]);
    let of_it = |line: &&Value| is(line, &created.0);
    recording.until("it is watched", |lines| windows(lines).any(|window| of_it(&window)));
    created.runc(&["start"]);
    let begins = |window: &&Value| of_it(window) && !window["execs"].as_object().unwrap().is_empty();
    recording.until("it begins", |lines| windows(lines).any(|window| begins(&window)));
    let lines = recording.lines();
    let own: Vec<&Value> = windows(&lines).filter(of_it).collect();
    let first = own.iter().position(begins).unwrap();
    let calls =
        |window: &&Value| window["counters"].as_object().unwrap().keys().any(|name| name.starts_with("syscall."));
    assert!(first > 0 && !own[..first].iter().any(calls), "what its runtime does is not counted: {own:#?}");
    assert_eq!(own[first]["vaectl"]["window"]["part"], true);
}

#[test]
fn what_a_container_writes_to_a_device_is_counted_where_the_controller_is() {
    const NAME: &str = "what_a_container_writes_to_a_device_is_counted_where_the_controller_is";
    if skipped(NAME) {
        return;
    }
    let (workspace, image) = probe();
    let recording = Recording::start(&["--window", "200ms"], &[]);
    let container = Container::start(&Engine::Runc, &image, "writer", &Options::default(), &workspace).unwrap();
    let id = container.id().to_owned();
    container.run_inside("dd if=/dev/zero of=/control/written bs=64k count=64 conv=fsync").unwrap();
    let of_it = |line: &&Value| is(line, &id);
    let so_far = windows(&recording.lines()).filter(of_it).count();
    recording.until("two windows", |lines| windows(lines).filter(of_it).count() > so_far + 1);
    let covered = |window: &Value| window["vaectl"]["window"]["coverage"].get("io").is_some();
    if !windows(&recording.lines()).filter(of_it).any(covered) {
        skip(NAME, "no controller accounts what containers write");
        return;
    }
    recording.until("it is counted", |lines| {
        let own: Vec<_> = lines.iter().filter(of_it).cloned().collect();
        counted(&own, "io.write_bytes") >= 64 * 64 * 1024
    });
    drop(container);
    recording.stop_after_the_end_of(&id);
}

#[test]
fn a_container_that_is_gone_at_once_was_there() {
    if skipped("a_container_that_is_gone_at_once_was_there") {
        return;
    }
    let (workspace, image) = probe();
    let container = Container::start(&Engine::Runc, &image, "model", &Options::default(), &workspace).unwrap();
    let bundle = container.control().parent().unwrap().to_owned();
    let mut config: Value = serde_json::from_slice(&fs::read(bundle.join("config.json")).unwrap()).unwrap();
    config["process"]["args"] = json!(["/usr/bin/probe", "noop"]);
    fs::write(bundle.join("config.json"), config.to_string()).unwrap();
    let recording = Recording::start(&["--window", "1h"], &[]);
    let id = format!("brief-{}", workspace.tag());
    assert!(Command::new("runc").args(["run", "--bundle"]).arg(&bundle).arg(&id).status().unwrap().success());
    let lines = recording.stop_after_the_end_of(&id);
    assert_eq!((executions(&lines, "/usr/bin/probe"), counted(&lines, "process.exit")), (1, 1));
    assert_eq!(windows(&lines).map(|window| &window["vaectl"]["window"]["part"]).collect::<Vec<_>>(), [&json!(true)]);
}

#[test]
fn a_window_is_of_the_length_that_was_asked_for_and_they_follow_each_other() {
    if skipped("a_window_is_of_the_length_that_was_asked_for_and_they_follow_each_other") {
        return;
    }
    let recording = Recording::start(&["--window", "200ms"], &[]);
    recording.until("five windows", |lines| windows(lines).filter(|window| is(window, "host")).count() >= 5);
    let lines = recording.stop();
    let own: Vec<_> = windows(&lines).filter(|window| is(window, "host")).collect();
    let (last, whole) = own.split_last().unwrap();
    assert_eq!(last["vaectl"]["window"]["part"], true, "the one that the end cut");
    let time = |window: &Value| window["@timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    for pair in whole.windows(2) {
        let between = time(pair[1]).duration_since(time(pair[0])).as_nanos() as f64;
        let duration = pair[1]["vaectl"]["window"]["duration_ns"].as_f64().unwrap();
        // Each window has its own offset of the wall clock.
        assert!((between / duration - 1.0).abs() < 0.01, "{between} ns between windows, of {duration} ns");
    }
}

/// Records the script at a depth: the lines of its container, and the actions of their events.
fn at_depth(depth: &str) -> (Vec<Value>, BTreeSet<String>) {
    let (workspace, image) = probe();
    let recording = Recording::start(&["--window", "500ms", "--depth", depth], &[]);
    let options = Options { privileged: true, ..Options::default() };
    let container = Container::start(&Engine::Runc, &image, depth, &options, &workspace).unwrap();
    let id = container.id().to_owned();
    vaectl_bench::probe::script(&container).unwrap();
    drop(container);
    let lines = recording.stop_after_the_end_of(&id);
    let told = lines.iter().filter(|line| line["type"] == "event");
    let actions = told.map(|event| event["event"]["action"].as_str().unwrap().to_owned()).collect();
    (lines, actions)
}

#[test]
fn at_census_depth_there_are_counters_and_no_event() {
    if skipped("at_census_depth_there_are_counters_and_no_event") {
        return;
    }
    let (lines, actions) = at_depth("census");
    assert_eq!(actions, BTreeSet::new());
    for counter in ["process.exec", "process.fork", "file.unlink", "net.accept", "net.close", "syscall.ptrace"] {
        assert!(counted(&lines, counter) > 0, "{counter}");
    }
    assert_eq!(executions(&lines, "/usr/bin/probe"), 1, "what is new shows at every depth");
}

static AT_PROCESS: LazyLock<(Vec<Value>, BTreeSet<String>)> = LazyLock::new(|| at_depth("process"));

#[test]
fn at_process_depth_there_are_programs_and_rare_calls_only() {
    if skipped("at_process_depth_there_are_programs_and_rare_calls_only") {
        return;
    }
    let (lines, actions) = &*AT_PROCESS;
    let expected = [
        "bpf",
        "capset",
        "exec",
        "exit",
        "kill",
        "module_load",
        "mount",
        "ptrace",
        "rare_call",
        "setuid",
        "umount",
        "unshare",
    ];
    assert_eq!(*actions, expected.map(str::to_owned).into());
    assert!(counted(lines, "file.unlink") > 0 && counted(lines, "net.accept") > 0);
}

#[test]
fn a_signal_names_its_target_by_the_host_s_number_though_the_sender_has_another() {
    if skipped("a_signal_names_its_target_by_the_host_s_number_though_the_sender_has_another") {
        return;
    }
    let (lines, _) = &*AT_PROCESS;
    for (signal, code) in [(15, 143), (9, 137)] {
        let of_it = |event: &&Value| event["vaectl"]["argument"] == signal;
        let killed: Vec<_> = events(lines, "kill").filter(of_it).map(|event| &event["vaectl"]["target_pid"]).collect();
        let ended = events(lines, "exit").filter(|event| event["process"]["exit_code"] == code);
        let ended: Vec<_> = ended.map(|event| &event["process"]["pid"]).take(1).collect();
        assert_eq!(killed, ended);
    }
}
