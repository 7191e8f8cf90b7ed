//! What a harness left behind that was killed and could not clean up.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::run;
use crate::engine::{self, docker};
use crate::error::Naming;
use crate::lock::Lock;
use crate::workspace::{LOCK, PREFIX};
use crate::{HarnessError, container};

/// Takes down the containers, daemons and folders of every workspace in `parent` whose harness is gone.
pub(crate) fn sweep(parent: &Path) {
    let mine = |path: &Path| fs::metadata(path).is_ok_and(|about| about.uid() == rustix::process::geteuid().as_raw());
    for path in folders(parent).filter(|path| is_workspace(path) && mine(path)) {
        // Held for as long as it takes: two harnesses may start at once.
        if let Some(_lock) = Lock::of_the_dead(&path.join(LOCK)) {
            eprintln!("A harness was killed: taking down what it left in {}.", path.display());
            if let Err(error) = remove(&path) {
                eprintln!("{} could not be cleaned up: {error}", path.display());
            }
        }
    }
}

fn remove(workspace: &Path) -> Result<(), HarnessError> {
    for folder in folders(workspace) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Ok(engine) = fs::read_to_string(folder.join(container::ENGINE)) {
            engine::remove_left(&engine, &name)?;
        }
    }
    docker::stop_left(workspace)?;
    for mount in mounts(workspace)? {
        run(Command::new("umount").arg("--lazy").arg(mount))?;
    }
    fs::remove_dir_all(workspace).naming("remove", workspace)
}

fn is_workspace(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
}

fn folders(parent: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}

/// What is mounted below a folder, the innermost first.
fn mounts(folder: &Path) -> Result<Vec<PathBuf>, HarnessError> {
    let table = Path::new("/proc/self/mountinfo");
    let text = fs::read_to_string(table).naming("read", table)?;
    let points = text.lines().filter_map(|line| line.split(' ').nth(4)).map(PathBuf::from);
    let mut inside: Vec<_> = points.filter(|point| point.starts_with(folder)).collect();
    inside.reverse();
    Ok(inside)
}
