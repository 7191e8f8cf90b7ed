//! Containers of seven kinds under a fixed, seeded load.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Naming;
use crate::{Container, Engine, HarnessError, Image, Load, Options, Progress, Workspace, cgroup, interrupt};

/// Images, with how many there are among fifty and how many requests a second each gets. Web servers come first.
const KINDS: [(&str, usize, f64); 7] = [
    ("nginx", 10, 250.0),
    ("web", 8, 75.0),
    ("redis", 8, 250.0),
    ("database", 6, 40.0),
    ("worker", 6, 0.0),
    ("cron", 6, 0.0),
    ("idle", 6, 0.0),
];
const SIZE: usize = 50;
/// Requests a second that each of the first containers, a web server, usually gets.
pub(super) const SERVER_RATE: f64 = KINDS[0].2;
/// Those that have something to do without being asked.
const WORK_ALONE: [&str; 2] = ["worker", "cron"];
const IDLE: &str = "idle";
/// Those that take a second of the processor to start: beyond what two hundred containers have of them there are web
/// servers in their place, or a thousand would take a quarter of an hour.
const SLOW: [&str; 2] = ["web", "database"];
/// Clusters are made and caches fill before anything is measured.
const SETTLE: Duration = Duration::from_secs(5);
/// One in so many requests may fail.
const SERVED: u64 = 1000;

/// The containers and the load on them, which ends first.
pub(super) struct Fleet {
    loads: Vec<Load>,
    containers: Vec<Container>,
    cgroups: Vec<PathBuf>,
    servers: usize,
}

/// What the fleet was asked, or was in a block.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Work {
    pub(super) requests: u64,
    pub(super) failed: u64,
    /// CPU seconds of the containers.
    pub(super) cpu_s: f64,
    /// The 99th percentile of the time to an answer, in milliseconds.
    pub(super) p99_ms: f64,
}

impl Work {
    pub(super) fn cpu_us_per_request(&self) -> f64 {
        self.cpu_s * 1e6 / self.requests as f64
    }

    /// Fails where the load was not served: then it was another load.
    fn served(self) -> Result<Self, HarnessError> {
        if self.requests == 0 || self.failed * SERVED > self.requests + self.failed {
            return Err(HarnessError::Unserved { done: self.requests, failed: self.failed });
        }
        Ok(self)
    }
}

/// What runs, and under which load, for a person.
pub(super) fn load(size: usize) -> String {
    let told = |same: &[(&'static str, f64)]| {
        let ((kind, rate), number) = (same[0], same.len());
        if rate > 0.0 { format!("{number} x {kind} at {rate} requests/s each") } else { format!("{number} x {kind}") }
    };
    kinds(size).chunk_by(|a, b| a.0 == b.0).map(told).collect::<Vec<_>>().join(", ")
}

/// The kinds of the first `size` containers, web servers first: each kind has its share.
fn kinds(size: usize) -> Vec<(&'static str, f64)> {
    if size < KINDS.len() {
        // A model takes several containers of a kind.
        let few = |i| if i * 2 < size { KINDS[0] } else { KINDS[5] };
        return (0..size).map(few).map(|(name, _, rate)| (name, rate)).collect();
    }
    let place = |index: usize| {
        let mut left = index;
        KINDS.iter().find_map(|&(name, number, rate)| {
            if left < number {
                return Some((name, rate));
            }
            left -= number;
            None
        })
    };
    // Spread over the fifty, and then sorted again by kind.
    let mut places: Vec<usize> = (0..size).map(|i| if size < SIZE { i * SIZE / size } else { i % SIZE }).collect();
    places.sort_unstable();
    let mut kinds: Vec<_> = places.into_iter().filter_map(place).collect();
    let mut replace = |own: &str, most: usize, by: (&'static str, f64)| {
        kinds.iter_mut().filter(|(kind, _)| *kind == own).skip(most).for_each(|surplus| *surplus = by);
    };
    for (own, most, rate) in KINDS {
        // Who works on its own works as much whatever the load: more of them would be more events.
        if WORK_ALONE.contains(&own) {
            replace(own, most, (IDLE, rate));
        } else if SLOW.contains(&own) {
            replace(own, 4 * most, (KINDS[0].0, rate));
        }
    }
    kinds
}

impl Fleet {
    /// Starts `size` containers, each under `times` its usual load.
    pub(super) fn start(
        size: usize,
        times: f64,
        seed: u64,
        workspace: &Workspace,
        progress: Progress,
    ) -> Result<Self, HarnessError> {
        progress.say(format!("Starting {size} containers and their load."));
        let images = KINDS.map(|(name, ..)| Image::build(name, workspace.path()));
        let images = images.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (mut loads, mut containers): (Vec<Load>, Vec<Container>) = (Vec::new(), Vec::new());
        for (index, (kind, rate)) in kinds(size).into_iter().enumerate() {
            let image = images.iter().find(|image| image.name == kind).expect("all kinds have been built");
            let name = format!("{kind}-{index}");
            let container = Container::start(&Engine::Runc, image, &name, &Options::default(), workspace)?;
            let (rate, seed) = (rate * times, seed.wrapping_mul(1000) + index as u64);
            match kind {
                "nginx" | "web" => loads.push(Load::http(&container, rate, seed)?),
                "redis" => loads.push(Load::redis(&container, rate, seed)?),
                "database" => loads.push(Load::postgres(&container, rate, seed)?),
                _ => {}
            }
            containers.push(container);
        }
        let servers = containers.iter().filter(|container| container.image() == "nginx").count();
        let cgroups = containers.iter().map(|container| cgroup::of(container.pid())).collect::<Result<_, _>>()?;
        interrupt::pause(SETTLE)?;
        Ok(Self { loads, containers, cgroups, servers })
    }

    pub(super) fn containers(&self) -> &[Container] {
        &self.containers
    }

    /// How many of the first are nginx.
    pub(super) fn servers(&self) -> usize {
        self.servers
    }

    pub(super) fn ids(&self) -> Vec<&str> {
        self.containers.iter().map(Container::id).collect()
    }

    /// Their cgroups' numbers in the kernel.
    pub(super) fn cgroup_ids(&self) -> Result<Vec<u64>, HarnessError> {
        use std::os::unix::fs::MetadataExt;
        self.cgroups.iter().map(|path| Ok(path.metadata().naming("look at", path)?.ino())).collect()
    }

    /// What is done during `block`.
    pub(super) fn during<E: From<HarnessError>>(&self, block: impl FnOnce() -> Result<(), E>) -> Result<Work, E> {
        let sum = |count: fn(&Load) -> u64| self.loads.iter().map(count).sum::<u64>();
        self.loads.iter().for_each(|load| drop(load.take_latencies()));
        let (requests, failed, cpu) = (sum(Load::done), sum(Load::failed), self.cpu_time()?);
        block()?;
        let cpu_s = self.cpu_time()?.saturating_sub(cpu).as_secs_f64();
        let mut latencies: Vec<u32> = self.loads.iter().flat_map(Load::take_latencies).collect();
        latencies.sort_unstable();
        let p99_ms = latencies.get(latencies.len() * 99 / 100).map_or(f64::NAN, |us| f64::from(*us) / 1e3);
        let work = Work { requests: sum(Load::done) - requests, failed: sum(Load::failed) - failed, cpu_s, p99_ms };
        Ok(work.served()?)
    }

    fn cpu_time(&self) -> Result<Duration, HarnessError> {
        self.cgroups.iter().map(|path| cgroup::cpu_time(path)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{SIZE, Work, kinds};

    #[test]
    fn a_load_of_which_more_than_one_in_a_thousand_fails_is_refused_and_so_is_none() {
        let served = |requests, failed| Work { requests, failed, ..Work::default() }.served().is_ok();
        assert!(served(999, 1) && !served(998, 2) && !served(0, 0));
    }

    #[test]
    fn every_size_has_a_miner_s_victim_and_a_web_server() {
        for size in [5, 10, SIZE, 200, 1000] {
            let kinds = kinds(size);
            assert_eq!(kinds.len(), size);
            assert_eq!(kinds[0].0, "nginx");
            assert!(kinds.iter().any(|(kind, _)| *kind == "idle" || *kind == "cron"));
        }
        let number = |size, kind| kinds(size).iter().filter(|(name, _)| *name == kind).count();
        assert_eq!([number(SIZE, "database"), number(SIZE, "cron"), number(SIZE, "idle")], [6, 6, 6]);
        assert_eq!([number(1000, "database"), number(1000, "cron"), number(1000, "idle")], [24, 6, 348]);
        assert_eq!([number(1000, "web"), number(1000, "nginx")], [32, 200 + 128 + 96]);
    }
}
