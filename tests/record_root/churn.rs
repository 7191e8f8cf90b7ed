//! Containers that come and go while slots are used again and again.

use std::collections::BTreeMap;

use serde_json::Value;
use vaectl_bench::{Container, Engine, Image, Options, Workspace, without_bystanders};

use super::recording::{Recording, counted, events, executions, is, windows};
use super::{probe, skipped};
use crate::support::until;

/// More than there are slots, so that each is used again; two live at a time, beside those of other tests.
const CONTAINERS: usize = 80;
const SLOTS: &str = "36";

/// A container that has executed one program, which was told `mark`.
fn start(mark: &str, image: &Image, workspace: &Workspace) -> Container {
    let script = format!("/usr/bin/probe noop {mark}; : >/control/done; exec /bin/sleep 1000");
    let command = ["/entrypoint", "/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let options = Options { command: Some(command), ..Options::default() };
    let container = Container::start(&Engine::Runc, image, &format!("churn-{mark}"), &options, workspace).unwrap();
    let done = container.control().join("done");
    until("its program has run", || done.exists().then_some(()));
    container
}

/// A recording of what comes from now on.
fn start_recording(args: &[&str]) -> Recording {
    let others = without_bystanders();
    let args = ["--window", "200ms", "--depth", "process"].iter().chain(args).copied();
    Recording::start(&args.chain(others.iter().map(String::as_str)).collect::<Vec<_>>(), &[])
}

#[test]
fn containers_that_come_and_go_are_whole_and_never_mixed_up() {
    if skipped("containers_that_come_and_go_are_whole_and_never_mixed_up") {
        return;
    }
    let (workspace, image) = probe();
    let recording = start_recording(&["--max-containers", SLOTS]);
    let marks: BTreeMap<String, String> = std::thread::scope(|scope| {
        let churn = |thread: usize| {
            let (image, workspace) = (&image, &workspace);
            scope.spawn(move || {
                let marks = (thread..CONTAINERS).step_by(2).map(|mark| mark.to_string());
                marks.map(|mark| (start(&mark, image, workspace).id().to_owned(), mark)).collect::<Vec<_>>()
            })
        };
        [0, 1].map(churn).into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let ended = |lines: &[Value]| {
        let ended = lines.iter().filter(|line| line["vaectl"]["status"] == "ended");
        ended.filter(|line| line["container"]["id"].as_str().is_some_and(|id| marks.contains_key(id))).count()
    };
    recording.until("all of them ended", |lines| ended(lines) == CONTAINERS);
    let lines = recording.stop();
    for (id, mark) in &marks {
        let own: Vec<_> = lines.iter().filter(|line| is(line, id)).cloned().collect();
        let programs: Vec<_> = events(&own, "exec").filter(|event| event["process"]["args"][1] == "noop").collect();
        let [program] = programs[..] else { panic!("{id}: {programs:#?}") };
        assert_eq!(program["process"]["args"][2], **mark);
        assert_eq!(events(&own, "exit").count() as u64, counted(&own, "process.exit"), "{id}: {own:#?}");
        assert_eq!(executions(&own, "/usr/bin/probe"), 1, "{id}");
        assert!(windows(&own).last().is_some_and(|window| window["vaectl"]["window"]["part"] == true), "{id}");
        assert_eq!(own.last().unwrap()["vaectl"]["status"], "ended", "{id}");
    }
}

#[test]
fn a_container_that_began_before_the_recorder_is_followed_from_its_hello_on() {
    if skipped("a_container_that_began_before_the_recorder_is_followed_from_its_hello_on") {
        return;
    }
    let (workspace, image) = probe();
    let container = start("before", &image, &workspace);
    let recording = Recording::start(&["--window", "200ms", "--container", container.id()], &[]);
    container.run_inside("/usr/bin/probe noop after").unwrap();
    let id = container.id().to_owned();
    recording.until("its program is told", |lines| {
        events(lines, "exec").any(|event| is(event, &id) && event["process"]["args"][2] == "after")
    });
    drop(container);
    let lines = recording.stop_after_the_end_of(&id);
    assert_eq!(lines[0]["vaectl"]["status"], "started");
    assert_eq!(executions(&lines, "/usr/bin/probe"), 1, "what it executed before is nobody's");
}
