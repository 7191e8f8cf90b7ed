//! Calls that are counted in slices.

use std::time::Duration;

use serde_json::Value;
use vaectl_bench::probe::{self, Generator};
use vaectl_bench::{Container, Engine, Options};

use super::control::{actions, lease, scene};
use super::recording::{Recording, counted, is, windows};
use super::{probe as image, skipped};

fn coverage(window: &Value, family: &str) -> f64 {
    window["vaectl"]["window"]["coverage"][family].as_f64().unwrap()
}

#[test]
fn calls_are_counted_in_slices_and_the_rest_all_the_time() {
    if skipped("calls_are_counted_in_slices_and_the_rest_all_the_time") {
        return;
    }
    let (workspace, image) = image();
    let recording = Recording::start(&["--window", "1s", "--depth", "census", "--census-duty", "0.1"], &[]);
    let container = Container::start(&Engine::Runc, &image, "sliced", &Options::default(), &workspace).unwrap();
    let id = container.id().to_owned();
    let done = Generator::start(&container, Duration::from_secs(6), 2000.0, None).unwrap().finish().unwrap();
    drop(container);
    let lines = recording.stop_after_the_end_of(&id);
    let duration = |window: &Value| window["vaectl"]["window"]["duration_ns"].as_f64().unwrap();
    let all: f64 = windows(&lines).map(duration).sum();
    let watched: f64 = windows(&lines).map(|window| coverage(window, "syscall") * duration(window)).sum();
    let share = watched / all;
    assert!(0.0 < share && share < 0.5, "calls were counted in {share} of the time");
    for family in ["process", "net", "oncpu"] {
        assert!(windows(&lines).all(|window| window["vaectl"]["window"]["coverage"][family] == 1.0), "{family}");
    }
    // What is counted where a call ends is as counted, and not scaled; the rest is all there.
    let seen = counted(&lines, "file.unlink");
    assert!(0 < seen && seen < done.files, "{seen} of {done:?} in {share} of the time");
    assert_eq!(counted(&lines, "file.unlink"), counted(&lines, "syscall.unlink"));
    assert_eq!([counted(&lines, "net.accept"), counted(&lines, "net.close")], [done.connections, 2 * done.connections]);
    assert!(counted(&lines, "process.fork") >= done.forks);
    let names = |window: &Value| window["counters"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let samples: Vec<String> = windows(&lines).flat_map(names).filter(|name| name.starts_with("oncpu.")).collect();
    assert!(!samples.is_empty(), "a busy container has samples");
}

#[test]
fn who_is_watched_deeper_than_the_census_does_not_go_without_the_hook_and_is_counted_in_slices() {
    if skipped("who_is_watched_deeper_than_the_census_does_not_go_without_the_hook_and_is_counted_in_slices") {
        return;
    }
    let scene = scene(&["--census-duty", "0.05"]);
    let last = |lines: &[Value]| {
        let own = windows(lines).filter(|window| is(window, scene.container.id()));
        own.map(|window| coverage(window, "syscall")).last()
    };
    lease(&scene.socket, &scene.run, "census", 60_000);
    // Each lease comes by a client of its own, and the recorder hears them side by side: the next one waits for this one.
    scene.settle();
    scene.recording.until("a window in slices", |lines| last(lines).is_some_and(|share| share < 0.9));
    lease(&scene.socket, &scene.run, "process", 60_000);
    scene.settle();
    let before = scene.events().len();
    probe::script(&scene.container).unwrap();
    scene.settle();
    let share = last(&scene.recording.lines()).unwrap();
    assert!(share < 0.9, "calls were counted in {share} of the time");
    let told = scene.events().split_off(before);
    for action in ["ptrace", "mount", "unshare", "kill"] {
        assert!(actions(&told).contains(action), "{action} of {:?}", actions(&told));
    }
}
