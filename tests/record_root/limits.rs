//! What is bounded, and what it says of the rest; and how a recording ends.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use vaectl_bench::probe::Generator;
use vaectl_bench::{Container, Engine, Options, Workspace};

use super::recording::{Recording, counted, executions, is, windows};
use super::{alone, probe, skipped};
use crate::support::{command, until, wait};

#[test]
fn every_event_that_is_lost_is_told_of() {
    if skipped("every_event_that_is_lost_is_told_of") {
        return;
    }
    alone();
    let (workspace, image) = probe();
    let recording = Recording::start(&["--window", "200ms", "--ring-bytes", "16K", "--backlog-bytes", "16K"], &[]);
    let container = Container::start(&Engine::Runc, &image, "flood", &Options::default(), &workspace).unwrap();
    Generator::start(&container, Duration::from_secs(1), 0.0, None).unwrap().finish().unwrap();
    let id = container.id().to_owned();
    drop(container);
    let lines = recording.stop_after_the_end_of(&id);
    let lost = |of: &dyn Fn(&Value) -> Option<u64>| lines.iter().filter_map(of).sum::<u64>();
    let told = lost(&|line| line["vaectl"]["lost"].as_u64());
    assert!(told > 0, "a ring of 16 KiB overflows");
    assert_eq!(told, lost(&|line| line["vaectl"]["window"]["lost"].as_u64()), "in gaps and on windows");
    // The census loses nothing: what it counted was either told or lost.
    let counters = [
        "process.exec",
        "process.fork",
        "process.exit",
        "file.open_write",
        "file.rename",
        "file.unlink",
        "file.chmod",
        "net.connect",
        "net.accept",
        "net.close",
        "syscall.listen",
    ];
    let happened: u64 = counters.iter().map(|counter| counted(&lines, counter)).sum();
    let events = lines.iter().filter(|line| line["type"] == "event").count() as u64;
    assert_eq!(happened, events + told);
}

#[test]
fn the_kernel_takes_the_memory_that_the_check_says() {
    if skipped("the_kernel_takes_the_memory_that_the_check_says") {
        return;
    }
    let check = String::from_utf8(command(&["check"]).output().unwrap().stdout).unwrap();
    let workspace = Workspace::new("memory").unwrap();
    let socket = workspace.path().join("control.sock");
    let line = check.lines().find(|line| line.contains(" MB in the kernel")).unwrap();
    let said: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [plain, most, leased] = said[..] else { panic!("{line}") };
    assert_eq!(most, 512);
    is_taken(plain, &[]);
    is_taken(leased, &["--control", socket.to_str().unwrap()]);
}

/// With these arguments `record` takes so many megabytes in the kernel, or a little less.
fn is_taken(said: u64, args: &[&str]) {
    let recording = Recording::start(&[&["--window", "500ms"], args].concat(), &[]);
    // A map has a descriptor, and in what the kernel says of that is what it takes.
    let infos = std::fs::read_dir(format!("/proc/{}/fdinfo", recording.pid())).unwrap();
    let maps: std::collections::BTreeMap<u64, u64> = infos
        .filter_map(|info| {
            let text = std::fs::read_to_string(info.ok()?.path()).ok()?;
            let number = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            Some((number("map_id:")?, number("memlock:")?))
        })
        .collect();
    let taken = maps.values().sum::<u64>() as f64 / f64::from(1 << 20);
    assert!((0.95..1.1).contains(&(said as f64 / taken)), "{said} MB are said, {taken} MB taken: {maps:?}");
}

#[test]
fn programs_beyond_the_first_of_a_container_are_counted_as_others() {
    if skipped("programs_beyond_the_first_of_a_container_are_counted_as_others") {
        return;
    }
    let (workspace, image) = probe();
    let recording = Recording::start(&["--window", "500ms", "--depth", "census"], &[]);
    let container = Container::start(&Engine::Runc, &image, "many", &Options::default(), &workspace).unwrap();
    let each = "mv /tmp/p$i /tmp/p$((i+1)); i=$((i+1)); /tmp/p$i noop";
    let script =
        format!("cp /usr/bin/probe /tmp/p0; i=0; while [ $i -lt 80 ]; do {each}; done; mv /tmp/p80 /control/done");
    container.run_inside(&script).unwrap();
    let done = container.control().join("done");
    until("eighty programs have run", || done.exists().then_some(()));
    let id = container.id().to_owned();
    drop(container);
    let lines = recording.stop_after_the_end_of(&id);
    let [first, last, others] = ["/tmp/p1", "/tmp/p80", "(other)"].map(|program| executions(&lines, program));
    assert_eq!((first, last), (1, 0));
    assert!(others >= 80 - 64, "{others}");
    let names = windows(&lines).flat_map(|window| window["execs"].as_object().unwrap().keys());
    let all: u64 = names.collect::<std::collections::BTreeSet<_>>().iter().map(|name| executions(&lines, name)).sum();
    assert_eq!(all, counted(&lines, "process.exec"));
}

#[test]
fn a_container_beyond_those_that_there_is_room_for_is_a_gap() {
    if skipped("a_container_beyond_those_that_there_is_room_for_is_a_gap") {
        return;
    }
    alone();
    let (workspace, image) = probe();
    let names = ["first", "second", "third"];
    // Nobody else's container takes the room for good.
    let cgroups = names.map(|name| format!("--cgroup=/{name}-{}", workspace.tag()));
    let args = [&["--window", "200ms", "--max-containers", "1"][..], &cgroups.each_ref().map(String::as_str)].concat();
    let recording = Recording::start(&args, &[]);
    let start = |name| Container::start(&Engine::Runc, &image, name, &Options::default(), &workspace).unwrap();
    let mut fleet = Vec::from(names.map(start));
    recording.until("a gap", |lines| lines.iter().any(|line| line["type"] == "gap"));
    let followed = |lines: &[Value], container: &Container| {
        lines.iter().any(|line| is(line, container.id()) && line["vaectl"]["status"] == "started")
    };
    let followed_one = |lines: &[Value]| fleet.iter().position(|container| followed(lines, container));
    recording.until("one is followed", |lines| followed_one(lines).is_some());
    let one = followed_one(&recording.lines()).unwrap();
    drop(fleet.remove(one));
    recording.until("its place is another's", |lines| fleet.iter().any(|container| followed(lines, container)));
    let lines = recording.stop();
    let gaps: Vec<&Value> = lines.iter().filter(|line| line["type"] == "gap").map(|gap| &gap["vaectl"]).collect();
    assert!(gaps.iter().all(|gap| gap["cause"] == "containers"), "{gaps:?}");
    assert_eq!(gaps.iter().map(|gap| gap["lost"].as_u64().unwrap()).sum::<u64>(), 2, "{gaps:?}");
}

#[test]
fn a_recording_of_a_certain_duration_ends_with_its_account() {
    if skipped("a_recording_of_a_certain_duration_ends_with_its_account") {
        return;
    }
    let out = command(&["record", "--window", "200ms", "--duration", "700ms", "--log-level", "warn"]).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let lines: Vec<Value> =
        String::from_utf8(out.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, .., ledger, end] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&first["type"], &ledger["type"], &end["type"]), (&json!("hello"), &json!("ledger"), &json!("end")));
    assert_eq!((&end["vaectl"]["cause"], &end["vaectl"]["lines"]), (&json!("duration"), &json!(lines.len() - 1)));
    let of_host = windows(&lines).filter(|window| is(window, "host")).count();
    assert!(of_host >= 2, "{of_host} windows of 200 ms in 700 ms");
    assert_eq!(ledger["vaectl"]["datasets"]["vaectl.window"]["seen"], windows(&lines).count());
}

#[test]
fn a_recorder_that_has_nothing_to_say_notices_that_its_reader_is_gone() {
    if skipped("a_recorder_that_has_nothing_to_say_notices_that_its_reader_is_gone") {
        return;
    }
    let nobody = ["--window", "1h", "--container", "nobody-has-this-name", "--log-level", "warn"];
    let mut record =
        command(&[&["record"], &nobody[..]].concat()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut hello = [0; 8];
    let mut stdout = record.stdout.take().unwrap();
    std::io::Read::read_exact(&mut stdout, &mut hello).unwrap();
    drop(stdout);
    assert_eq!(wait(&mut record), Some(0));
}
