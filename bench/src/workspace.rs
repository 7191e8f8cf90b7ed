//! The folder of one run of the harness, gone with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::Naming;
use crate::lock::Lock;
use crate::{HarnessError, leftovers};

/// How the names of all workspaces begin.
pub(crate) const PREFIX: &str = "vaectl-";

/// The file of a workspace that is held while its harness lives.
pub(crate) const LOCK: &str = "lock";

/// A temporary folder that is removed when it is dropped; what a killed harness could not remove, the next one does.
#[derive(Debug)]
pub struct Workspace {
    path: PathBuf,
    tag: String,
    _lock: Lock,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Workspace {
    /// A new folder; `what` stands in its name.
    pub fn new(what: &str) -> Result<Self, HarnessError> {
        leftovers::sweep(&std::env::temp_dir());
        let tag = format!("{:x}x{:x}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("{PREFIX}{what}-{tag}"));
        fs::create_dir_all(&path).naming("create", &path)?;
        let lock = Lock::take(&path.join(LOCK), "another harness")?;
        Ok(Self { path, tag, _lock: lock })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A few characters that no other run on this machine has now, to end container names with.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("The folder {} could not be removed: {error}", self.path.display());
        }
    }
}
