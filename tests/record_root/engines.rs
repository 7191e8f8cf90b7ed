//! The names that engines give, and who came in from outside.

use serde_json::{Value, json};
use vaectl_bench::{Container, Engine, Image, Options, Workspace};

use super::recording::{Recording, events, is, windows};
use super::{probe, skipped};

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

fn start(engine: &Engine, image: &Image, name: &str, workspace: &Workspace) -> Container {
    let command: Vec<String> = ["/entrypoint", "/bin/sleep", "4711"].map(str::to_owned).into();
    let options = Options { command: Some(command), ..Options::default() };
    Container::start(engine, image, name, &options, workspace).unwrap()
}

/// A container that starts under the recorder's eyes bears its names; its digest, which is returned, is the engine's.
fn is_named(engine: &Engine, runtime: &str, image_name: &str, workspace: &Workspace, image: &Image) -> String {
    let socket = engine.socket().map(|socket| format!("unix://{}", socket.display()));
    let env: Vec<_> = socket.iter().map(|socket| ("DOCKER_HOST", socket.as_str())).collect();
    let recording = Recording::start(&["--window", "500ms"], &env);
    let container = start(engine, image, "named", workspace);
    let (line, window) = named(recording, container.id());
    let expected = json!({
        "id": container.id(), "name": container.name(), "runtime": runtime,
        "image": { "name": image_name, "tag": image.tag, "hash": line["container"]["image"]["hash"] },
    });
    assert_eq!(line["container"], expected);
    assert_eq!(window["container"], expected);
    assert_eq!(line["vaectl"]["command"], json!(["/entrypoint", "/bin/sleep", "4711"]));
    assert!(line["vaectl"]["job"].is_string() && line["vaectl"]["job"] == window["vaectl"]["job"]);
    assert!(line["vaectl"]["run"].is_string() && line["vaectl"]["run"] == window["vaectl"]["run"]);
    let gauge = |name: &str| window["gauges"][name].as_u64().unwrap_or(0);
    assert!(gauge("memory.bytes") > 4096 && gauge("pids") >= 2, "{}", window["gauges"]);
    let digest = line["container"]["image"]["hash"]["all"][0].as_str().unwrap().to_owned();
    assert!(digest.starts_with("sha256:") && digest.len() == 71, "{digest}");
    digest
}

#[test]
fn a_container_of_runc_is_named_by_its_bundle() {
    if !skipped("a_container_of_runc_is_named_by_its_bundle") {
        let (workspace, image) = probe();
        let digest = is_named(&Engine::Runc, "runc", "probe", &workspace, &image);
        assert_eq!(digest, image.digest);
    }
}

#[test]
fn a_container_of_podman_is_named_by_its_store_and_an_operator_s_command_has_entered_it() {
    if skipped("a_container_of_podman_is_named_by_its_store_and_an_operator_s_command_has_entered_it") {
        return;
    }
    let (workspace, image) = probe();
    let podman = Engine::podman();
    is_named(&podman, "podman", "localhost/probe", &workspace, &image);
    let container = start(&podman, &image, "entered", &workspace);
    let recording = Recording::start(&["--window", "500ms", "--container", container.name()], &[]);
    container.exec(&["/usr/bin/probe", "noop"]).unwrap();
    container.run_inside("/usr/bin/probe noop").unwrap();
    let of_probe = |event: &&Value| is(event, container.id()) && event["process"]["executable"] == "/usr/bin/probe";
    recording.until("both programs are told", |lines| events(lines, "exec").filter(of_probe).count() == 2);
    let lines = recording.stop();
    let entered: Vec<_> =
        events(&lines, "exec").filter(of_probe).map(|event| event["process"].get("entry_meta")).collect();
    assert_eq!(entered, [Some(&json!({ "type": "container" })), None]);
    let counts: u64 = windows(&lines).filter_map(|window| window["vaectl"]["window"]["entered"].as_u64()).sum();
    assert_eq!(counts, 1);
}

#[test]
fn a_container_of_docker_is_named_by_its_daemon() {
    if skipped("a_container_of_docker_is_named_by_its_daemon") {
        return;
    }
    let (workspace, image) = probe();
    let docker = Engine::docker(&workspace).unwrap();
    is_named(&docker, "docker", "probe", &workspace, &image);
}
