//! Containers that end with the value that stands for them.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

use crate::command::run;
use crate::error::Naming;
use crate::{Engine, HarnessError, Image, Workspace, interrupt, netns};

/// The file in a container's folder that names its engine.
pub(crate) const ENGINE: &str = "engine";

const LISTEN_LIMIT: Duration = Duration::from_secs(10);

/// How long one may take to end by itself.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// How a container differs from its image.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Another command than the image's: another job.
    pub command: Option<Vec<String>>,
    /// Every capability instead of the usual few.
    pub privileged: bool,
    /// The host's process ids instead of a namespace of its own.
    pub host_pids: bool,
    /// System calls that a seccomp profile refuses with EPERM, beyond what the engine refuses on its own.
    pub denied: Vec<String>,
    /// How many processes there may be in it.
    pub most_processes: Option<u32>,
}

/// A running container; dropping it kills it and removes what it left.
#[derive(Debug)]
pub struct Container {
    engine: Engine,
    id: String,
    name: String,
    image: String,
    pid: u32,
    folder: PathBuf,
}

impl Container {
    /// Starts a container of `image`, with a network namespace of its own, and waits until it listens.
    ///
    /// Its full name ends with the workspace's tag, so that two runs of the harness do not meet.
    pub fn start(
        engine: &Engine,
        image: &Image,
        name: &str,
        options: &Options,
        workspace: &Workspace,
    ) -> Result<Self, HarnessError> {
        interrupt::check()?;
        let name = format!("{name}-{}", workspace.tag());
        let folder = workspace.path().join(&name);
        let control = folder.join("control");
        fs::create_dir_all(&control).naming("create", &control)?;
        let hook = control.join("hook");
        mknodat(CWD, &hook, FileType::Fifo, Mode::from_raw_mode(0o600), 0)
            .map_err(Into::into)
            .naming("create", &hook)?;
        let marker = folder.join(ENGINE);
        fs::write(&marker, engine.name()).naming("write", &marker)?;
        let (id, pid) = engine.start(image, &name, options, &folder).inspect_err(|_| {
            // Half a container may be there, where a signal or a limit ended the engine's command.
            let _ = engine.remove(&name);
        })?;
        let container = Self { engine: engine.clone(), id, name, image: image.name.clone(), pid, folder };
        container.ready(image.port)?;
        Ok(container)
    }

    /// Stops it as an engine does, with a signal first.
    pub fn stop(&self) -> Result<(), HarnessError> {
        run(self.engine.command("kill").args([&self.id, "TERM"]))?;
        let process = PathBuf::from(format!("/proc/{}", self.pid));
        // A first process without a handler does not get the signal: what comes next kills it.
        let _ = interrupt::until("it did not stop", STOP_LIMIT, || !process.exists());
        interrupt::check()?;
        self.engine.remove(&self.id)
    }

    /// Stops it and starts it again under its name: another run.
    pub fn restart(&mut self, image: &Image, options: &Options) -> Result<(), HarnessError> {
        self.stop()?;
        (self.id, self.pid) = self.engine.start(image, &self.name, options, &self.folder)?;
        self.ready(image.port)
    }

    /// Brings its loopback up, and waits until it listens.
    fn ready(&self, port: Option<u16>) -> Result<(), HarnessError> {
        run(Command::new("nsenter").args(["-t", &self.pid.to_string(), "-n", "ip", "link", "set", "lo", "up"]))?;
        port.map_or(Ok(()), |port| self.listening(port))
    }

    /// The engine's full id of it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name, with the workspace's tag at the end.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The repository of its image.
    #[must_use]
    pub fn image(&self) -> &str {
        &self.image
    }

    /// Its first process, by the host's number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// A folder of the host that the container sees as `/control`.
    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.folder.join("control")
    }

    /// Runs a shell command as a child of the workload, as code that got in through a hole in it.
    ///
    /// # Panics
    /// Never: the pipe is there once the wait is over.
    pub fn run_inside(&self, command: &str) -> Result<(), HarnessError> {
        let hook = self.control().join("hook");
        let mut open = OpenOptions::new();
        // Without a reader the open fails, instead of waiting for a container that is gone.
        open.write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let mut pipe = None;
        interrupt::until(&format!("{} did not take a command", self.name), Duration::from_secs(5), || {
            pipe = open.open(&hook).ok();
            pipe.is_some()
        })?;
        let mut pipe = pipe.expect("the wait ended with it");
        writeln!(pipe, "{command}").naming("write to", &hook)
    }

    /// Runs a command as an operator would: from outside. Returns what it wrote to stdout.
    pub fn exec(&self, command: &[&str]) -> Result<String, HarnessError> {
        run(self.engine.command("exec").arg(&self.id).args(command))
    }

    fn listening(&self, port: u16) -> Result<(), HarnessError> {
        let pid = self.pid;
        interrupt::until(&format!("{} did not listen on port {port}", self.name), LISTEN_LIMIT, || {
            netns::spawn(pid, move || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())
                .is_ok_and(|attempt| attempt.join().unwrap_or(false))
        })
        .map_err(|error| self.with_log(error))
    }

    /// A container that does not come up has said why in its log.
    fn with_log(&self, error: HarnessError) -> HarnessError {
        match (error, fs::read_to_string(log(&self.folder))) {
            (HarnessError::Timeout { what, limit }, Ok(log)) if !log.is_empty() => {
                HarnessError::Timeout { what: format!("{what} ({})", log.trim()), limit }
            }
            (error, _) => error,
        }
    }
}

pub(crate) fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}

impl Drop for Container {
    fn drop(&mut self) {
        if let Err(error) = self.engine.remove(&self.id) {
            eprintln!("The container {} could not be removed: {error}", self.name);
        }
    }
}
