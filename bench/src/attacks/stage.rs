//! The containers of a part, their load, and what they need to be there.

use std::fs;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::deed::ORDERS;
use super::plan::Replica;
use super::service::SERVICES;
use crate::command::run;
use crate::error::Naming;
use crate::image::{compile, recipes};
use crate::{Container, Engine, HarnessError, Image, Load, Workspace};

/// Who owns the database's files, on every Debian and in the image: nobody.
const NOBODY: u32 = 65534;

/// What is made once for all parts.
#[derive(Debug)]
pub(super) struct Stock {
    images: Vec<Image>,
    /// An empty database cluster.
    cluster: PathBuf,
    /// The program of `tests/containers/payload/intruder.c`.
    intruder: PathBuf,
    pub(super) workspace: Workspace,
}

/// A container with its load.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) replica: &'a Replica,
    pub(super) intruder: PathBuf,
    image: &'a Image,
    began: Instant,
    // Load ends before its container.
    load: Mutex<Option<Load>>,
    container: Mutex<Container>,
}

impl Stock {
    pub(super) fn new() -> Result<Self, HarnessError> {
        let workspace = Workspace::new("attacks")?;
        let images = SERVICES.iter().map(|service| Image::build(service.image, workspace.path()));
        let images = images.collect::<Result<Vec<_>, _>>()?;
        let intruder = workspace.path().join("intruder");
        compile(&recipes().join("payload/intruder.c"), &intruder)?;
        let cluster = workspace.path().join("cluster");
        fs::create_dir_all(&cluster)
            .and_then(|()| chown(&cluster, Some(NOBODY), Some(NOBODY)))
            .naming("make", &cluster)?;
        let mut make = Command::new("setpriv");
        make.args(["--reuid=65534", "--regid=65534", "--clear-groups", "/usr/lib/postgresql/15/bin/initdb"]);
        make.args(["--wal-segsize=1", "--no-sync", "-A", "trust", "-U", "postgres", "--locale=C", "-D"]).arg(&cluster);
        run(&mut make)?;
        let settings = cluster.join("postgresql.auto.conf");
        fs::write(&settings, SETTINGS).naming("write", &settings)?;
        Ok(Self { images, cluster, intruder, workspace })
    }

    /// The full name of a replica's container, known before there is one.
    pub(super) fn name_of(&self, replica: &Replica) -> String {
        format!("{}-{}", replica.name, self.workspace.tag())
    }

    /// Starts a replica; the shape of its load begins at `began`.
    pub(super) fn start<'a>(&'a self, replica: &'a Replica, began: Instant) -> Result<Member<'a>, HarnessError> {
        let service = replica.service;
        let image = self.images.iter().find(|image| image.name == service.image).ok_or(HarnessError::Interrupted)?;
        let control = self.workspace.path().join(self.name_of(replica)).join("control");
        fs::create_dir_all(&control).naming("create", &control)?;
        if service.image == "postgres" {
            run(Command::new("cp").arg("-a").arg(&self.cluster).arg(control.join("data")))?;
        }
        // Under one name for all that is brought in, and another for who is there from the beginning.
        for name in ["intruder", "helper"] {
            fs::copy(&self.intruder, control.join(name)).naming("copy to", &control)?;
        }
        let orders = control.join(ORDERS);
        mknodat(CWD, &orders, FileType::Fifo, Mode::from_raw_mode(0o600), 0)
            .map_err(Into::into)
            .naming("create", &orders)?;
        let options = service.options(replica.confined);
        let container = Container::start(&Engine::Runc, image, &replica.name, &options, &self.workspace)?;
        let member = Member {
            replica,
            intruder: self.intruder.clone(),
            image,
            began,
            load: Mutex::new(None),
            container: Mutex::new(container),
        };
        member.settle()?;
        Ok(member)
    }
}

impl Member<'_> {
    pub(super) fn container(&self) -> MutexGuard<'_, Container> {
        self.container.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self) -> MutexGuard<'_, Option<Load>> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests that were answered, and that were not, since the container was started the last time.
    pub(super) fn requests(&self) -> (u64, u64) {
        self.load().as_ref().map_or((0, 0), |load| (load.done(), load.failed()))
    }

    /// Stops the container, and the load on it before.
    pub(super) fn stop(&self) -> Result<(), HarnessError> {
        *self.load() = None;
        self.container().stop()
    }

    /// Stops the container and starts it again, with the load on it.
    pub(super) fn restart(&self) -> Result<(), HarnessError> {
        *self.load() = None;
        self.container().restart(self.image, &self.replica.service.options(self.replica.confined))?;
        self.settle()
    }

    /// Starts what is in every container from its beginning: load, and the hole that an intruder without a program uses.
    fn settle(&self) -> Result<(), HarnessError> {
        let Replica { service, shape, seed, .. } = self.replica;
        let container = self.container();
        container.run_inside(&format!("exec /control/helper resident /control/{ORDERS}"))?;
        if let Some((protocol, per_second)) = service.load {
            *self.load() = Some(Load::shaped(&container, protocol, (per_second, shape.clone(), self.began), *seed)?);
        }
        Ok(())
    }
}

/// Of the database: no more of the disk than it needs, and a log.
const SETTINGS: &str = "listen_addresses = '*'
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
shared_buffers = 16MB
max_wal_size = 16MB
min_wal_size = 2MB
synchronous_commit = off
timezone = 'GMT'
log_timezone = 'GMT'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql.log'
log_connections = on
";
