//! Starts real containers. Needs root.
#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use vaectl_bench::probe::{self, Generator};
use vaectl_bench::{Container, Engine, HarnessError, Image, Options, Workspace, interrupt, skip};

/// Says by name that a test does not run here, and why.
fn skipped(name: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip(name, "it takes root to start containers");
    }
    !root
}

fn lives_and_leaves_nothing(engine: &Engine, workspace: &Workspace) -> Result<(), HarnessError> {
    let image = Image::build("nginx", workspace.path())?;
    let container = Container::start(engine, &image, "web", &Options::default(), workspace)?;
    let cgroup = std::fs::read_to_string(format!("/proc/{}/cgroup", container.pid())).unwrap();
    let path = cgroup.lines().find_map(|line| line.strip_prefix("0::")).unwrap();
    assert!(path.contains(container.id()), "{path} is not of {}", container.id());
    container.run_inside("echo \"$$\" > /control/got-in")?;
    let answer = container.control().join("got-in");
    interrupt::until("the hook did not run", Duration::from_secs(5), || answer.exists())?;
    assert!(container.exec(&["/bin/cat", "/control/got-in"])?.trim().parse::<u32>().is_ok());
    drop(container);
    assert!(!Path::new("/sys/fs/cgroup/unified").join(&path[1..]).exists());
    Ok(())
}

#[test]
fn a_runc_container_lives_and_leaves_nothing() {
    if !skipped("a_runc_container_lives_and_leaves_nothing") {
        let workspace = Workspace::new("test").unwrap();
        lives_and_leaves_nothing(&Engine::Runc, &workspace).unwrap();
    }
}

#[test]
fn a_podman_container_lives_and_leaves_nothing() {
    if !skipped("a_podman_container_lives_and_leaves_nothing") {
        let workspace = Workspace::new("test").unwrap();
        lives_and_leaves_nothing(&Engine::podman(), &workspace).unwrap();
    }
}

#[test]
fn a_docker_container_lives_and_leaves_nothing() {
    if !skipped("a_docker_container_lives_and_leaves_nothing") {
        let workspace = Workspace::new("test").unwrap();
        let docker = Engine::docker(&workspace).unwrap();
        lives_and_leaves_nothing(&docker, &workspace).unwrap();
    }
}

#[test]
fn the_probe_does_its_script_and_is_refused_what_the_profile_denies() {
    if skipped("the_probe_does_its_script_and_is_refused_what_the_profile_denies") {
        return;
    }
    let workspace = Workspace::new("test").unwrap();
    let image = Image::build("probe", workspace.path()).unwrap();
    let options =
        Options { privileged: true, host_pids: true, denied: vec!["keyctl".to_owned()], ..Options::default() };
    let container = Container::start(&Engine::Runc, &image, "probe", &options, &workspace).unwrap();
    let deeds = probe::script(&container).unwrap();
    let results: Vec<_> = deeds.iter().map(|deed| (deed.action.as_str(), deed.result)).collect();
    for done in ["create", "rename", "connect", "accept", "kill", "ptrace", "unshare", "mount", "capset", "setuid"] {
        assert!(results.contains(&(done, 0)), "{done} in {results:?}");
    }
    assert!(results.contains(&("keyctl", -1)), "{results:?}");
    let generated = Generator::start(&container, Duration::from_secs(1), 2000.0, Some(0)).unwrap().finish().unwrap();
    let rate = generated.events() as f64 / generated.seconds;
    assert!((500.0..3000.0).contains(&rate), "{generated:?}");
}

/// The name of the variable that makes a test be the harness that is killed.
const VICTIM: &str = "VAECTL_VICTIM";

/// Starts a container, says where, and waits to be killed.
fn be_killed(engine: impl FnOnce(&Workspace) -> Engine) {
    let workspace = Workspace::new("victim").unwrap();
    let image = Image::build("redis", workspace.path()).unwrap();
    let engine = engine(&workspace);
    let container = Container::start(&engine, &image, "left", &Options::default(), &workspace).unwrap();
    println!("\nVICTIM {} {}", container.pid(), workspace.path().display());
    interrupt::pause(Duration::from_mins(1)).unwrap();
}

/// Kills a harness that is this very test and has a container of `engine`, and starts another one.
fn what_a_killed_harness_left_is_taken_down(test: &str, engine: impl FnOnce(&Workspace) -> Engine) {
    if skipped(test) {
        return;
    }
    if std::env::var_os(VICTIM).is_some() {
        return be_killed(engine);
    }
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find_map(|line| line.strip_prefix("VICTIM ").map(str::to_owned)).unwrap();
    let (pid, folder) = line.split_once(' ').unwrap();
    let (process, folder) = (format!("/proc/{pid}"), Path::new(folder));
    drop(Workspace::new("test").unwrap());
    assert!(Path::new(&process).exists() && folder.exists(), "a harness that lives is left alone");
    victim.kill().unwrap();
    victim.wait().unwrap();
    drop(Workspace::new("test").unwrap());
    // Another test may have been first, and be at it still.
    let gone = || !Path::new(&process).exists() && !folder.exists();
    interrupt::until("the container did not go", Duration::from_secs(30), gone).unwrap();
}

#[test]
fn what_a_killed_harness_left_of_runc_is_taken_down_by_the_next() {
    what_a_killed_harness_left_is_taken_down("what_a_killed_harness_left_of_runc_is_taken_down_by_the_next", |_| {
        Engine::Runc
    });
}

#[test]
fn what_a_killed_harness_left_of_podman_is_taken_down_by_the_next() {
    what_a_killed_harness_left_is_taken_down("what_a_killed_harness_left_of_podman_is_taken_down_by_the_next", |_| {
        Engine::podman()
    });
}

#[test]
fn the_docker_of_a_killed_harness_is_taken_down_by_the_next() {
    what_a_killed_harness_left_is_taken_down("the_docker_of_a_killed_harness_is_taken_down_by_the_next", |workspace| {
        Engine::docker(workspace).unwrap()
    });
}
