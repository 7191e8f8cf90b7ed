//! Podman on hosts with hybrid cgroups, where its default runtime refuses to work.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::command::run;
use crate::{HarnessError, Image};

pub(crate) fn command() -> Command {
    let mut command = Command::new("podman");
    command.args(["--runtime", "runc", "--cgroup-manager", "cgroupfs"]);
    command
}

/// The images that were put into Podman's store, taken out again at the end.
#[derive(Debug, Default)]
pub struct Imports(Mutex<BTreeSet<String>>);

impl Imports {
    pub(crate) fn import(&self, image: &Image) -> Result<(), HarnessError> {
        let mut imported = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !imported.contains(&image.reference()) {
            run(command().args(["import", "--quiet"]).arg(&image.tar).arg(image.reference()))?;
            imported.insert(image.reference());
        }
        Ok(())
    }
}

impl Drop for Imports {
    fn drop(&mut self) {
        for image in self.0.get_mut().unwrap_or_else(PoisonError::into_inner).iter() {
            // Another run of the harness may be using it: it goes with that one.
            let _ = run(command().args(["rmi", image]));
        }
    }
}
