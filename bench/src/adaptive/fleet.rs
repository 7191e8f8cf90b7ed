//! Fifty containers under steady load.

use std::error::Error;
use std::fmt;
use std::fs;
use std::time::Duration;

use serde_json::Value;

use super::kernel;
use crate::{Container, Engine, HarnessError, Image, Load, Options, Progress, Workspace, stage};

/// Containers in all, half of each image.
pub(super) const SIZE: usize = 50;

/// Two socket events for most of them.
const PAGES_PER_SECOND: f64 = 80.0;
/// Of every kind, by a program that ends and is started again every four seconds.
const JOB: &str = "while :; do /usr/bin/probe generate 4 120 -1 >/dev/null; done";

/// How long the traffic is measured.
const TIME: Duration = Duration::from_secs(15);

/// The containers and the load on them, which ends first.
pub(super) struct Fleet {
    _loads: Vec<Load>,
    probes: Vec<Container>,
    _servers: Vec<Container>,
}

/// What the fleet does in a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    pub(super) events_per_s: f64,
    pub(super) calls_per_s: f64,
}

impl Traffic {
    pub(super) fn calls_per_event(&self) -> f64 {
        self.calls_per_s / self.events_per_s
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events_per_s, calls_per_s } = self;
        write!(
            f,
            "{events_per_s:.0} events and {calls_per_s:.0} system calls a second, {:.0} events of each container, {:.1} \
             calls an event",
            events_per_s / SIZE as f64,
            self.calls_per_event()
        )
    }
}

impl Fleet {
    pub(super) fn start(probe: &Image, workspace: &Workspace, progress: Progress) -> Result<Self, HarnessError> {
        progress.say(format!("Starting {SIZE} containers and their load."));
        let (mut loads, mut probes, mut servers) = (Vec::new(), Vec::new(), Vec::new());
        let nginx = Image::build("nginx", workspace.path())?;
        let start = |image: &Image, i: usize| {
            let name = format!("{}-{i}", image.name);
            Container::start(&Engine::Runc, image, &name, &Options::default(), workspace)
        };
        for i in 0..SIZE / 2 {
            let server = start(&nginx, i)?;
            loads.push(Load::http(&server, PAGES_PER_SECOND, i as u64)?);
            servers.push(server);
            let container = start(probe, i)?;
            container.run_inside(JOB)?;
            probes.push(container);
        }
        Ok(Self { _loads: loads, probes, _servers: servers })
    }

    /// Containers whose job is known by its every deed.
    pub(super) fn probes(&self) -> &[Container] {
        &self.probes
    }
}

/// Counts events and calls at full depth.
pub(super) fn traffic(workspace: &Workspace) -> Result<Traffic, Box<dyn Error>> {
    let output = workspace.path().join("traffic.ndjson");
    stage::record(TIME, &["--depth", "full"], &output, workspace.path())?;
    let (mut events, mut windows) = (0_u64, Vec::new());
    for line in fs::read(&output)?.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let line: Value = serde_json::from_slice(line)?;
        match line["type"].as_str() {
            _ if line["container"]["id"] == "host" => {}
            Some("event") => events += 1,
            Some("window") => windows.push(line),
            _ => {}
        }
    }
    let seconds = TIME.as_secs_f64();
    Ok(Traffic { events_per_s: events as f64 / seconds, calls_per_s: kernel::calls(&windows) / seconds })
}
