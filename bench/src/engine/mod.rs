//! The programs that run containers: runc alone, Podman, Docker.

pub(crate) mod docker;
mod podman;
mod runc;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::command::run;
use crate::container::Options;
use crate::{HarnessError, Image, Workspace};

/// A way to run containers. Clones share what they started.
#[derive(Clone, Debug)]
pub enum Engine {
    /// runc on a bundle: no daemon, no image store.
    Runc,
    /// Podman with its usual store.
    Podman(Arc<podman::Imports>),
    /// Docker, with a daemon of its own.
    Docker(Arc<docker::Daemon>),
}

impl Engine {
    /// Podman; images that it imports are removed with the last clone.
    #[must_use]
    pub fn podman() -> Self {
        Self::Podman(Arc::default())
    }

    /// Docker: starts a daemon whose store and socket are in the workspace, and stops it with the last clone.
    pub fn docker(workspace: &Workspace) -> Result<Self, HarnessError> {
        Ok(Self::Docker(Arc::new(docker::Daemon::start(workspace.path())?)))
    }

    /// The socket of the daemon, where there is one.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        match self {
            Self::Docker(daemon) => Some(daemon.socket()),
            Self::Runc | Self::Podman(_) => None,
        }
    }

    /// Starts a container with `folder` for its files and returns its id and its first process.
    pub(crate) fn start(
        &self,
        image: &Image,
        name: &str,
        options: &Options,
        folder: &Path,
    ) -> Result<(String, u32), HarnessError> {
        match self {
            Self::Runc => runc::start(image, name, options, folder),
            Self::Podman(imports) => {
                imports.import(image)?;
                self.run(image, name, options, folder)
            }
            Self::Docker(daemon) => {
                daemon.import(image)?;
                self.run(image, name, options, folder)
            }
        }
    }

    /// Kills a container and removes it.
    pub(crate) fn remove(&self, id: &str) -> Result<(), HarnessError> {
        let mut command = match self {
            Self::Runc => self.command("delete"),
            Self::Podman(_) | Self::Docker(_) => self.command("rm"),
        };
        run(command.args(["--force", id])).map(drop)
    }

    /// What its command is called.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::Podman(_) => "podman",
            Self::Docker(_) => "docker",
        }
    }

    /// The engine's command line up to the verb.
    pub(crate) fn command(&self, verb: &str) -> Command {
        let mut command = match self {
            Self::Runc => Command::new("runc"),
            Self::Podman(_) => podman::command(),
            Self::Docker(daemon) => daemon.command(),
        };
        command.arg(verb);
        command
    }

    /// `run` as Podman and Docker have it in common.
    fn run(&self, image: &Image, name: &str, options: &Options, folder: &Path) -> Result<(String, u32), HarnessError> {
        let mut start = self.command("run");
        start.args(["--detach", "--network", "none", "--read-only", "--name", name]);
        for folder in ["/run", "/tmp", "/var"] {
            start.args(["--tmpfs", &format!("{folder}:rw,exec,mode=1777")]);
        }
        start.arg("--volume").arg(format!("{}:/control", folder.join("control").display()));
        for variable in &image.env {
            start.args(["--env", variable]);
        }
        if let Self::Podman(_) = self {
            // Podman raises these to the host's limits, which takes a capability that a container host may lack.
            start.args(["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]);
        }
        if options.privileged {
            start.args(["--cap-add", "all"]);
        }
        if options.host_pids {
            start.args(["--pid", "host"]);
        }
        if let Some(most) = options.most_processes {
            start.args(["--pids-limit", &most.to_string()]);
        }
        if !options.denied.is_empty() {
            let profile = folder.join("seccomp.json");
            runc::write_json(&profile, &runc::seccomp(&options.denied))?;
            start.arg("--security-opt").arg(format!("seccomp={}", profile.display()));
        }
        start.arg(image.reference()).args(options.command.as_ref().unwrap_or(&image.command));
        let id = run(&mut start)?.trim().to_owned();
        let pid = run(self.command("inspect").args(["--format", "{{.State.Pid}}", &id]));
        let parsed = pid.map(|pid| pid.trim().parse());
        match parsed {
            Ok(Ok(pid)) if pid != 0 => Ok((id, pid)),
            other => {
                let logs = run(self.command("logs").arg(&id)).unwrap_or_default();
                self.remove(&id)?;
                other.map(|_| ())?;
                Err(HarnessError::Timeout {
                    what: format!("{name} did not stay up ({})", logs.trim()),
                    limit: std::time::Duration::ZERO,
                })
            }
        }
    }
}

/// Removes a container that a killed harness left; one of Docker's goes with its daemon.
pub(crate) fn remove_left(engine: &str, name: &str) -> Result<(), HarnessError> {
    match engine {
        "runc" => Engine::Runc.remove(name),
        "podman" => run(podman::command().args(["rm", "--force", "--ignore", name])).map(drop),
        _ => Ok(()),
    }
}
