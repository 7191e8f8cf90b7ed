//! What else runs on the machine, in cgroups that were there before.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cgroup;

/// Options that make `record` leave out every cgroup of the v2 hierarchy in which something runs by now, but the caller's
/// own and those above it.
#[must_use]
pub fn without_bystanders() -> Vec<String> {
    let Ok(root) = cgroup::root() else { return Vec::new() };
    let own = cgroup::path("self");
    let mut found = Vec::new();
    occupied(&root, Path::new("/"), &mut found);
    found.retain(|path| own.as_ref().is_none_or(|own| !own.starts_with(path)));
    found.into_iter().flat_map(|path| ["--exclude-cgroup".to_owned(), path.display().to_string()]).collect()
}

fn occupied(folder: &Path, path: &Path, found: &mut Vec<PathBuf>) {
    if fs::read_to_string(folder.join("cgroup.procs")).is_ok_and(|processes| !processes.is_empty()) {
        found.push(path.to_owned());
    }
    for below in fs::read_dir(folder).into_iter().flatten().flatten() {
        if below.file_type().is_ok_and(|kind| kind.is_dir()) {
            occupied(&below.path(), &path.join(below.file_name()), found);
        }
    }
}
