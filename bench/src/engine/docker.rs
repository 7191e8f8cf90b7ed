//! A Docker daemon of our own: no bridge, no firewall rules, gone at the end.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::command::run;
use crate::error::Naming;
use crate::{HarnessError, Image, interrupt};

/// The daemon, its socket and what it imported; its store goes with the workspace.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    socket: PathBuf,
    imported: Mutex<BTreeSet<String>>,
}

impl Daemon {
    pub(crate) fn start(folder: &Path) -> Result<Self, HarnessError> {
        fs::create_dir_all(folder).naming("create", folder)?;
        let socket = folder.join("docker.sock");
        let log = folder.join("log");
        let file = File::create(&log).naming("create", &log)?;
        let child = Command::new("dockerd")
            .args(["--iptables=false", "--ip6tables=false", "--bridge=none", "--log-level=warn"])
            .arg("--host")
            .arg(format!("unix://{}", socket.display()))
            .arg("--data-root")
            .arg(folder.join("data"))
            .arg("--exec-root")
            .arg(folder.join("exec"))
            .arg("--pidfile")
            .arg(folder.join("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .naming("start", Path::new("dockerd"))?;
        let daemon = Self { child, socket, imported: Mutex::default() };
        interrupt::until("dockerd did not answer", Duration::from_secs(30), || {
            daemon.command().arg("version").output().is_ok_and(|output| output.status.success())
        })?;
        Ok(daemon)
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("docker");
        command.arg("--host").arg(format!("unix://{}", self.socket.display()));
        command
    }

    pub(crate) fn import(&self, image: &Image) -> Result<(), HarnessError> {
        let mut imported = self.imported.lock().unwrap_or_else(PoisonError::into_inner);
        if !imported.contains(&image.reference()) {
            run(self.command().arg("import").arg(&image.tar).arg(image.reference()))?;
            imported.insert(image.reference());
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            // It takes its containerd down with it, and unmounts what it mounted.
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}
