//! Starts real containers. Needs root.

use vaectl_bench::{Container, Engine, HarnessError, Image, Options, Workspace, interrupt};

/// Says by name that a test does not run here, and why.
fn skipped(name: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: {name}: it takes root to start containers");
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
    interrupt::until("the hook did not run", std::time::Duration::from_secs(5), || answer.exists())?;
    assert!(container.exec(&["/bin/cat", "/control/got-in"])?.trim().parse::<u32>().is_ok());
    drop(container);
    assert!(!std::path::Path::new("/sys/fs/cgroup/unified").join(&path[1..]).exists());
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
