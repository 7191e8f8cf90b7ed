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
use crate::stage::mortal;
use crate::{HarnessError, Image, interrupt};

/// The folder of the daemon in a workspace.
const FOLDER: &str = "dockerd";

/// The daemon, its socket and what it imported; its store goes with the workspace.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    socket: PathBuf,
    imported: Mutex<BTreeSet<String>>,
}

impl Daemon {
    pub(crate) fn start(workspace: &Path) -> Result<Self, HarnessError> {
        let folder = workspace.join(FOLDER);
        fs::create_dir_all(&folder).naming("create", &folder)?;
        let socket = folder.join("docker.sock");
        let log = folder.join("log");
        let file = File::create(&log).naming("create", &log)?;
        let child = mortal("dockerd")
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

/// Ends the daemon of a killed harness, which takes its containers down, and its containerd where it left that behind.
pub(crate) fn stop_left(workspace: &Path) -> Result<(), HarnessError> {
    let folder = workspace.join(FOLDER);
    for file in ["pid", "exec/containerd/containerd.pid"] {
        let Ok(text) = fs::read_to_string(folder.join(file)) else { continue };
        let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) else { continue };
        let command = PathBuf::from(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
        // The number may be another process's by now.
        let alive = || fs::read(&command).is_ok_and(|line| names(&line, &folder));
        if alive() {
            let _ = kill_process(pid, Signal::TERM);
            interrupt::until("dockerd did not end", Duration::from_secs(20), || !alive())?;
        }
    }
    Ok(())
}

/// Whether an argument of a command line names something below `folder`.
fn names(line: &[u8], folder: &Path) -> bool {
    String::from_utf8_lossy(line).contains(&*folder.to_string_lossy())
}
