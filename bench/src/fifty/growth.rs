//! What the recorder takes as containers and events become more.

use std::error::Error;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use vaectl_schemas::Depth;

use super::fleet::Fleet;
use super::plan::Plan;
use crate::adaptive::leased::Leased;
use crate::measure::{cpu_time, rss_anon};
use crate::{Progress, Workspace, interrupt};

const GONE: &str = "the recorder is gone";

/// One size of the fleet at one rate.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Size {
    pub(super) containers: usize,
    /// Times the usual load of each.
    pub(super) times: f64,
    pub(super) low: Watched,
    pub(super) full: Watched,
}

/// A recorder, with all containers at one depth.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Watched {
    /// User and system time, in milliseconds a second.
    pub(super) cpu_ms_per_s: f64,
    /// Anonymous memory in bytes.
    pub(super) memory: u64,
    /// Requests that the containers answered in a second.
    pub(super) requests_per_s: f64,
    /// Events that it wrote in a second, and bytes of all its lines.
    pub(super) events_per_s: f64,
    pub(super) bytes_per_s: f64,
    pub(super) lost: u64,
}

pub(super) fn measure(plan: &Plan, size: (usize, f64), progress: Progress) -> Result<Size, Box<dyn Error>> {
    let (containers, times) = size;
    let workspace = Workspace::new("growth")?;
    let fleet = Fleet::start(containers, times, 1, &workspace, progress)?;
    let watch = |depth| watch(&fleet, depth, Duration::from_secs(plan.growth_s), &workspace);
    Ok(Size { containers, times, low: watch(Depth::Census)?, full: watch(Depth::Full)? })
}

fn watch(fleet: &Fleet, depth: Depth, time: Duration, workspace: &Workspace) -> Result<Watched, Box<dyn Error>> {
    let containers = fleet.containers().len();
    // Host and slots of cgroups that are none of a container need room too.
    let room = (containers + 100).to_string();
    let recorder = Leased::start(&["--max-containers", &room], containers, workspace)?;
    recorder.lease(depth)?;
    let cpu = || cpu_time(recorder.pid()).ok_or(GONE);
    let (before, written, began) = (cpu()?, recorder.written(), Instant::now());
    let requests = fleet.during(|| interrupt::pause(time))?.requests as f64;
    let (used, seconds) = (cpu()?.saturating_sub(before).as_secs_f64(), began.elapsed().as_secs_f64());
    let now = recorder.written();
    let [events, bytes] = [0, 1].map(|part| (now[part] - written[part]) as f64);
    let memory_bytes = rss_anon(recorder.pid()).ok_or(GONE)?;
    let told = recorder.finish()?;
    Ok(Watched {
        cpu_ms_per_s: used / seconds * 1e3,
        memory: memory_bytes,
        requests_per_s: requests / seconds,
        events_per_s: events / seconds,
        bytes_per_s: bytes / seconds,
        lost: told.totals.lost,
    })
}
