//! The names that engines give, who came in from outside, and what a restart is.

use std::process::Command;

use serde_json::{Value, json};
use vaectl_bench::{Container, Engine, Image, Options, Workspace};

use super::recording::{Recording, events, is, windows};
use super::{probe, skipped, skipped_without};

/// The line that names a container, and its first window after that.
fn named(recording: Recording, id: &str) -> (Value, Value) {
    let is_named = |line: &&Value| is(line, id) && line["vaectl"]["status"] == "named";
    recording.until("the container is named", |lines| lines.iter().any(|line| is_named(&line)));
    let many = recording.lines().len();
    recording.until("a window follows", |lines| windows(&lines[many..]).any(|window| is(window, id)));
    let lines = recording.stop();
    let line = lines.iter().find(is_named).unwrap().clone();
    let window = windows(&lines[many..]).find(|window| is(window, id)).unwrap().clone();
    (line, window)
}

/// Starts a container under the recorder's eyes: it bears its names, and the image's digest.
fn is_named(engine: &Engine, runtime: &str, image: &Image, called: &str, workspace: &Workspace) -> (Container, String) {
    let socket = engine.socket().map(|socket| format!("unix://{}", socket.display()));
    let env: Vec<_> = socket.iter().map(|socket| ("DOCKER_HOST", socket.as_str())).collect();
    let recording = Recording::start(&["--window", "500ms"], &env);
    let command = ["/entrypoint", "/bin/sleep", "4711"];
    let options = Options { command: Some(command.map(str::to_owned).into()), ..Options::default() };
    let container = Container::start(engine, image, "named", &options, workspace).unwrap();
    let (line, window) = named(recording, container.id());
    let expected = json!({
        "id": container.id(), "name": container.name(), "runtime": runtime,
        "image": { "name": called, "tag": image.tag, "hash": line["container"]["image"]["hash"] },
    });
    assert_eq!(line["container"], expected);
    assert_eq!(window["container"], expected);
    assert_eq!(line["vaectl"]["command"], json!(command));
    assert!(line["vaectl"]["job"].is_string() && line["vaectl"]["job"] == window["vaectl"]["job"]);
    assert!(line["vaectl"]["run"].is_string() && line["vaectl"]["run"] == window["vaectl"]["run"]);
    let gauge = |name: &str| window["gauges"][name].as_u64().unwrap_or(0);
    assert!(gauge("memory.bytes") > 4096 && gauge("pids") >= 2, "{}", window["gauges"]);
    (container, line["container"]["image"]["hash"]["all"][0].as_str().unwrap().to_owned())
}

/// What an engine's command line answers.
fn answer(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_container_of_runc_is_named_by_its_bundle() {
    if !skipped("a_container_of_runc_is_named_by_its_bundle") {
        let (workspace, image) = probe();
        let (_container, digest) = is_named(&Engine::Runc, "runc", &image, "probe", &workspace);
        assert_eq!(digest, image.digest);
    }
}

#[test]
fn a_container_of_docker_is_named_by_its_daemon() {
    if !skipped_without("a_container_of_docker_is_named_by_its_daemon", &["docker", "dockerd"]) {
        let (workspace, image) = probe();
        let docker = Engine::docker(&workspace).unwrap();
        let (_container, digest) = is_named(&docker, "docker", &image, "probe", &workspace);
        let host = format!("unix://{}", docker.socket().unwrap().display());
        let inspect = ["--host", &host, "image", "inspect", "--format", "{{.Id}}", &image.reference()];
        assert_eq!(digest, answer("docker", &inspect));
    }
}

#[test]
fn an_operator_is_told_of_at_any_depth() {
    if skipped("an_operator_is_told_of_at_any_depth") {
        return;
    }
    let (workspace, image) = probe();
    let container = Container::start(&Engine::Runc, &image, "entered", &Options::default(), &workspace).unwrap();
    let only = ["--window", "500ms", "--depth", "census", "--container", container.id()];
    let recording = Recording::start(&only, &[]);
    container.run_inside("/usr/bin/probe noop").unwrap();
    container.exec(&["/usr/bin/probe", "noop"]).unwrap();
    recording.until("the operator is told of", |lines| events(lines, "exec").count() > 0);
    let lines = recording.stop();
    let told: Vec<_> = events(&lines, "exec").map(|event| event["process"].get("entry_meta").is_some()).collect();
    assert_eq!(told, [true]);
}

#[test]
fn an_orphan_is_no_operator_where_its_reaper_is_outside() {
    if skipped("an_orphan_is_no_operator_where_its_reaper_is_outside") {
        return;
    }
    let (workspace, image) = probe();
    let options = Options { host_pids: true, ..Options::default() };
    let container = Container::start(&Engine::Runc, &image, "orphan", &options, &workspace).unwrap();
    let recording = Recording::start(&["--window", "500ms", "--container", container.id()], &[]);
    container.run_inside("(/bin/sh -c 'sleep 0.5; exec /usr/bin/probe noop' &)").unwrap();
    let told = |lines: &[Value]| {
        events(lines, "exec").find(|event| event["process"]["executable"] == "/usr/bin/probe").cloned()
    };
    recording.until("its program is told", |lines| told(lines).is_some());
    let lines = recording.stop();
    assert!(
        told(&lines).unwrap()["process"].get("entry_meta").is_none(),
        "its parent is the host's first process by then"
    );
    assert!(windows(&lines).all(|window| window["vaectl"]["window"].get("entered").is_none()));
}

#[test]
fn a_container_of_podman_is_named_entered_by_an_operator_and_another_run_after_a_restart() {
    let name = "a_container_of_podman_is_named_entered_by_an_operator_and_another_run_after_a_restart";
    if skipped_without(name, &["podman"]) {
        return;
    }
    let (workspace, image) = probe();
    let (container, digest) = is_named(&Engine::podman(), "podman", &image, "localhost/probe", &workspace);
    let inspect = ["image", "inspect", "--format", "{{.Digest}}", &image.reference()];
    assert_eq!(digest, answer("podman", &inspect));

    let recording = Recording::start(&["--window", "500ms", "--container", container.name()], &[]);
    container.exec(&["/usr/bin/probe", "noop"]).unwrap();
    container.run_inside("/usr/bin/probe noop").unwrap();
    let of_probe = |event: &&Value| event["process"]["executable"] == "/usr/bin/probe";
    recording.until("both programs are told", |lines| events(lines, "exec").filter(of_probe).count() == 2);
    let settings = ["--runtime", "runc", "--cgroup-manager", "cgroupfs"];
    answer("podman", &[&settings[..], &["restart", "--time", "0", container.id()]].concat());
    let started = |line: &&Value| line["vaectl"]["status"] == "started";
    recording.until("it is there again", |lines| lines.iter().filter(started).count() == 2);
    let lines = recording.stop();

    let entry = |event: &Value| event["process"].get("entry_meta").cloned();
    let entries: Vec<_> = events(&lines, "exec").filter(of_probe).map(entry).collect();
    assert_eq!(entries, [Some(json!({ "type": "container" })), None]);
    let counts = windows(&lines).filter_map(|window| window["vaectl"]["window"]["entered"].as_u64());
    assert_eq!(counts.sum::<u64>(), 1);
    let runs: Vec<_> = lines.iter().filter(started).map(|line| &line["vaectl"]["run"]).collect();
    assert!(runs[0] != runs[1], "{runs:?}");
    assert!(lines.iter().filter_map(|line| line.get("container")).all(|named| named["id"] == container.id()));
}
