//! What goes wrong in containers, and costs nobody but them.

use std::time::Duration;

use serde_json::{Value, json};
use vaectl_bench::probe::Generator;
use vaectl_bench::{Container, Engine, Options};

use super::control::{lease, scene};
use super::recording::{Recording, counted, events, is, windows};
use super::{alone, probe, skipped};

/// How many processes the container of the fork bomb may have.
const MOST: u32 = 48;

#[test]
fn a_container_that_dies_during_its_incident_is_told_of_to_its_end() {
    if skipped("a_container_that_dies_during_its_incident_is_told_of_to_its_end") {
        return;
    }
    let scene = scene(&[]);
    let id = scene.container.id().to_owned();
    lease(&scene.socket, &scene.run, "full", 60_000);
    let generator = Generator::start(&scene.container, Duration::from_mins(1), 2000.0, None).unwrap();
    scene.recording.until("events of the incident", |lines| events(lines, "accept").count() > 20);
    drop(generator);
    drop(scene.container);
    let lines = scene.recording.stop_after_the_end_of(&id);
    let [.., window, end] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(end["vaectl"]["status"], "ended", "nothing comes after its end");
    assert_eq!((&window["type"], &window["vaectl"]["window"]["part"]), (&json!("window"), &json!(true)));
    let killed = events(&lines, "exit").filter(|event| event["process"]["exit_code"] == 137).count();
    assert!(killed >= 2, "its first process and the generator were killed");
    assert_eq!(counted(&lines, "process.exit"), events(&lines, "exit").count() as u64);
    assert!(windows(&lines).all(|window| window["vaectl"]["window"]["lost"] == 0));
}

/// Two containers: what one does, and that the other, of a known load meanwhile, lost nothing of it.
fn beside(args: &[&str], options: &Options, wrong: impl FnOnce(&Container, &Recording)) -> Vec<Value> {
    let (workspace, image) = probe();
    // Nobody else's container has to do with it.
    let cgroups = ["bad", "good"].map(|name| format!("/{name}-{}", workspace.tag()));
    let args = [args, &["--window", "200ms", "--cgroup", &cgroups[0], "--cgroup", &cgroups[1]]].concat();
    let recording = Recording::start(&args, &[]);
    let start = |name, options| Container::start(&Engine::Runc, &image, name, options, &workspace).unwrap();
    let (bad, good) = (start("bad", options), start("good", &Options::default()));
    // Its share of the ring holds seconds of this.
    let generator = Generator::start(&good, Duration::from_secs(2), 40.0, None).unwrap();
    wrong(&bad, &recording);
    let done = generator.finish().unwrap();
    let (bad_id, good_id) = (bad.id().to_owned(), good.id().to_owned());
    drop((bad, good));
    let ended = |line: &Value| line["vaectl"]["status"] == "ended";
    recording.until("both ended", |lines| {
        [&bad_id, &good_id].iter().all(|id| lines.iter().any(|line| is(line, id) && ended(line)))
    });
    let lines = recording.stop();
    let own: Vec<Value> = lines.iter().filter(|line| is(line, &good_id)).cloned().collect();
    let gaps: Vec<&Value> = own.iter().filter(|line| line["type"] == "gap").map(|gap| &gap["vaectl"]).collect();
    assert!(gaps.is_empty(), "the other container lost events too: {gaps:?}");
    let told = [("unlink", done.files), ("accept", done.connections), ("connect", done.connections)];
    for (action, happened) in told {
        assert_eq!(events(&own, action).count() as u64, happened, "{action} of {done:?}");
    }
    lines.into_iter().filter(|line| is(line, &bad_id)).collect()
}

#[test]
fn a_flood_costs_the_container_that_makes_it_its_own_events_and_nobody_else_any() {
    if skipped("a_flood_costs_the_container_that_makes_it_its_own_events_and_nobody_else_any") {
        return;
    }
    alone();
    let flood = |bad: &Container, recording: &Recording| {
        // However fast it is, it does not keep up.
        recording.pause();
        Generator::start(bad, Duration::from_secs(1), 0.0, None).unwrap().finish().unwrap();
        recording.resume();
    };
    let lines = beside(&["--ring-bytes", "512K", "--backlog-bytes", "512K"], &Options::default(), flood);
    let gaps: Vec<&Value> = lines.iter().filter(|line| line["type"] == "gap").collect();
    assert!(gaps.iter().any(|gap| gap["vaectl"]["cause"] == "quota"), "{gaps:?}");
    let lost: u64 = gaps.iter().map(|gap| gap["vaectl"]["lost"].as_u64().unwrap()).sum();
    let on_windows: u64 = windows(&lines).map(|window| window["vaectl"]["window"]["lost"].as_u64().unwrap()).sum();
    assert_eq!(lost, on_windows);
}

#[test]
fn a_fork_bomb_within_its_limit_is_counted_and_costs_the_others_nothing() {
    if skipped("a_fork_bomb_within_its_limit_is_counted_and_costs_the_others_nothing") {
        return;
    }
    alone();
    let bomb = |bad: &Container, _: &Recording| {
        // Each shell starts two of its kind, until there is no room for more.
        bad.run_inside("echo '/bin/sh /tmp/bomb & /bin/sh /tmp/bomb & sleep 0.1' >/tmp/bomb; /bin/sh /tmp/bomb &")
            .unwrap();
    };
    let options = Options { most_processes: Some(MOST), ..Options::default() };
    let lines = beside(&[], &options, bomb);
    assert!(counted(&lines, "syscall_failed.EAGAIN") > 0, "the limit was met");
    assert!(counted(&lines, "process.fork") > u64::from(MOST) / 2);
    let processes = windows(&lines).filter_map(|window| window["gauges"]["pids"].as_u64());
    assert!(processes.max().is_some_and(|most| most <= u64::from(MOST)));
    let lost: u64 = windows(&lines).map(|window| window["vaectl"]["window"]["lost"].as_u64().unwrap()).sum();
    let (ended, told) = (counted(&lines, "process.exit"), events(&lines, "exit").count() as u64);
    assert!((told..=told + lost).contains(&ended), "{ended} ended, {told} were told of, {lost} events were lost");
}
