//! From legs to factors.

use std::fmt;

use serde::Serialize;

use super::publishers::Publisher;
use super::stable::Block;
use super::strike::Phase;
use super::{Costs, Overhead, Ratios, Seed};
use crate::adaptive::kernel::Balance;

/// All blocks of one publisher.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Side {
    pub(super) publisher: Publisher,
    pub(super) cpu_ms_per_s: f64,
    pub(super) documents_per_s: f64,
    pub(super) bytes_per_s: f64,
    pub(super) node_cpu_ms_per_s: f64,
    pub(super) peak_memory: u64,
    pub(super) lost: Option<u64>,
    /// The share of the time in which its recorder counted calls.
    pub(super) counted: f64,
    pub(super) request_cpu_us: f64,
    pub(super) p99_ms: f64,
    pub(super) requests_per_s: f64,
    /// Bytes on the disk for each document.
    pub(super) stored_per_document: Option<f64>,
}

/// A stable container-hour, in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ContainerHour {
    pub(super) conventional_network: f64,
    pub(super) conventional_stored: f64,
    /// Of four hours, from the containers' first windows on.
    pub(super) network: f64,
    /// Of the second to the fourth hour.
    pub(super) later_network: f64,
    pub(super) stored: f64,
    /// What the indices take that one hour has, less its own.
    pub(super) fixed: f64,
    /// On the connection, for each attack that was found.
    pub(super) episode_network: f64,
}

/// All that the last line says, and what it is made of.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    pub(super) sides: Vec<Side>,
    pub(super) hour: ContainerHour,
    pub(super) balance: Balance,
    pub(super) user_factor_10k: f64,
    pub(super) total_factor_duty: f64,
    pub(super) peer_factor: f64,
    pub(super) network_factor: f64,
    pub(super) network_factor_with_false: f64,
    pub(super) storage_factor: f64,
    /// In percent of the CPU of a request: the mean, and the upper end of its 95 % interval.
    pub(super) overhead: [f64; 2],
    pub(super) overhead_duty: [f64; 2],
    pub(super) attacks_found: usize,
    pub(super) false_incidents: usize,
    pub(super) coverage: f64,
    pub(super) events_per_s: f64,
    pub(super) calls_per_s: f64,
}

impl Side {
    fn of(publisher: Publisher, seeds: &[Seed]) -> Self {
        let blocks: Vec<&Block> = blocks(publisher, seeds).collect();
        let sum = |part: fn(&Block) -> f64| blocks.iter().map(|block| part(block)).sum::<f64>();
        let seconds = sum(|block| block.seconds);
        let requests = sum(|block| block.work.requests as f64);
        let stored: Vec<_> = seeds.iter().filter_map(|seed| seed.stored.get(&publisher)).collect();
        let documents: u64 = stored.iter().map(|stored| stored.documents).sum();
        Self {
            publisher,
            cpu_ms_per_s: sum(|block| block.cpu_s) / seconds * 1e3,
            documents_per_s: sum(|block| block.documents as f64) / seconds,
            bytes_per_s: sum(|block| (block.bytes[0] + block.bytes[1]) as f64) / seconds,
            node_cpu_ms_per_s: sum(|block| block.node_cpu_s) / seconds * 1e3,
            peak_memory: blocks.iter().map(|block| block.peak_memory).max().unwrap_or_default(),
            lost: blocks.iter().filter_map(|block| Some(block.totals?.lost)).reduce(|a, b| a + b),
            counted: sum(|block| block.totals.map_or(1.0, |totals| totals.counted)) / blocks.len() as f64,
            request_cpu_us: sum(|block| block.work.cpu_s) * 1e6 / requests,
            p99_ms: sum(|block| block.work.p99_ms) / blocks.len() as f64,
            requests_per_s: requests / seconds,
            stored_per_document: (documents > 0)
                .then(|| stored.iter().map(|stored| stored.bytes).sum::<f64>() / documents as f64),
        }
    }
}

fn blocks(publisher: Publisher, seeds: &[Seed]) -> impl Iterator<Item = &Block> {
    seeds.iter().flat_map(|seed| &seed.blocks).filter(move |block| block.publisher == publisher)
}

impl Figures {
    pub(super) fn of(costs: &Costs, seeds: &[Seed], overhead: &[Overhead], containers: usize) -> Self {
        let measured = Publisher::ALL.into_iter().filter(|publisher| blocks(*publisher, seeds).next().is_some());
        let sides: Vec<Side> = measured.map(|publisher| Side::of(publisher, seeds)).collect();
        let side = |publisher| sides.iter().find(|side| side.publisher == publisher).copied();
        let always = |publisher| side(publisher).expect("only the duty cycle may be left out");
        let (theirs, ours) = (always(Publisher::Conventional), always(Publisher::Adaptive));
        let mean = |part: fn(&Seed) -> f64| seeds.iter().map(part).sum::<f64>() / seeds.len() as f64;
        let (events_per_s, calls_per_s) = (theirs.documents_per_s, mean(|seed| seed.calls_per_s));
        let their_event = theirs.cpu_ms_per_s / 1e3 / events_per_s;
        let balance = |side: &Side, coverage| {
            costs.0.balance(calls_per_s, events_per_s, their_event, side.cpu_ms_per_s / 1e3, coverage)
        };
        let total_factor_duty = side(Publisher::Duty).map_or(f64::NAN, |duty| balance(&duty, duty.counted).factor());
        let balance = balance(&ours, ours.counted);
        let phases: Vec<&Phase> =
            seeds.iter().flat_map(|seed| &seed.phases).filter(|p| p.publisher.is_adaptive()).collect();
        let hour = ContainerHour::of(seeds, &theirs, &phases, containers as f64);
        let in_blocks: usize = seeds.iter().flat_map(|seed| &seed.blocks).map(|b| b.false_incidents.len()).sum();
        let above = |publisher| {
            overhead.iter().find(|measured| measured.publisher == publisher).map_or([f64::NAN; 2], Overhead::percent)
        };
        let deeds = || phases.iter().flat_map(|phase| &phase.attacks).flat_map(|told| &told.deeds);
        Self {
            user_factor_10k: their_event * 1e4 / (ours.cpu_ms_per_s / 1e3),
            total_factor_duty,
            peer_factor: always(Publisher::Peer).cpu_ms_per_s / ours.cpu_ms_per_s,
            network_factor: hour.conventional_network / hour.network,
            network_factor_with_false: hour.conventional_network / (hour.network + hour.episode_network / 24.0),
            storage_factor: hour.conventional_stored / hour.stored,
            overhead: above(Publisher::Adaptive),
            overhead_duty: above(Publisher::Duty),
            attacks_found: phases.iter().map(|phase| found(phase)).min().unwrap_or_default(),
            false_incidents: in_blocks + phases.iter().map(|phase| phase.false_incidents.len()).sum::<usize>(),
            coverage: deeds().filter(|(_, told)| *told).count() as f64 / deeds().count() as f64,
            events_per_s,
            calls_per_s,
            balance,
            hour,
            sides,
        }
    }

    /// All blocks of a publisher, where it was compared.
    pub(super) fn side(&self, publisher: Publisher) -> Option<&Side> {
        self.sides.iter().find(|side| side.publisher == publisher)
    }

    pub(super) fn ratios(&self) -> Ratios {
        let documents = |publisher| self.side(publisher).map_or(0.0, |side| side.documents_per_s);
        Ratios {
            user: self.user_factor_10k,
            network: self.network_factor,
            storage: self.storage_factor,
            documents: [Publisher::Conventional, Publisher::Peer].map(documents),
            attacks_found: self.attacks_found,
            coverage: self.coverage,
        }
    }

    /// Whether all that the comparison is to reach at least is reached.
    pub(super) fn reached(&self) -> bool {
        self.user_factor_10k >= 100.0
            && self.balance.of_ceiling() >= 0.8
            && self.peer_factor >= 100.0
            && self.network_factor >= 10_000.0
            && self.storage_factor >= 30_000.0
            && self.overhead[1] <= 3.0
            && self.overhead_duty[1] <= 1.0
            && self.attacks_found == 2
            && self.false_incidents == 0
            && self.coverage >= 0.99
    }
}

fn found(phase: &Phase) -> usize {
    phase.attacks.iter().filter(|told| told.delay_s.is_some()).count()
}

impl ContainerHour {
    fn of(seeds: &[Seed], theirs: &Side, phases: &[&Phase], containers: f64) -> Self {
        let of = |hours: usize, part: fn(&super::Hours) -> f64| {
            seeds.iter().map(|seed| part(&seed.hours[hours])).sum::<f64>() / seeds.len() as f64 / containers
        };
        let bytes = |hours: &super::Hours| (hours.bytes[0] + hours.bytes[1]) as f64;
        let (few, many) = (of(0, |h| h.number as f64) * containers, of(1, |h| h.number as f64) * containers);
        let stored = (of(1, |h| h.stored) - of(0, |h| h.stored)) / (many - few);
        let documents = theirs.documents_per_s * 3600.0 / containers;
        let attacked: f64 = phases.iter().map(|phase| (phase.bytes[0] + phase.bytes[1]) as f64).sum();
        let attacks: usize = phases.iter().map(|phase| found(phase)).sum();
        Self {
            conventional_network: theirs.bytes_per_s * 3600.0 / containers,
            conventional_stored: documents * theirs.stored_per_document.unwrap_or(f64::NAN),
            network: of(1, bytes) / many,
            later_network: (of(1, bytes) - of(0, bytes)) / (many - few),
            stored,
            fixed: (of(0, |h| h.stored) - stored * few) * containers,
            episode_network: if attacks > 0 { attacked / attacks as f64 } else { f64::NAN },
        }
    }
}

/// The bench's last line.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "bench fifty: user_factor_10k={:.1} total_of_ceiling={:.2} total_factor={:.1} total_factor_duty={:.1} \
             peer_factor={:.1} network_factor={:.0} storage_factor={:.0} request_overhead_percent={:.2} \
             request_overhead_percent_duty={:.2} attacks_found={} false_incidents={} coverage={:.2} events_per_s={:.0} \
             calls_per_s={:.0}",
            self.user_factor_10k,
            self.balance.of_ceiling(),
            self.balance.factor(),
            self.total_factor_duty,
            self.peer_factor,
            self.network_factor,
            self.storage_factor,
            self.overhead[1],
            self.overhead_duty[1],
            self.attacks_found,
            self.false_incidents,
            self.coverage,
            self.events_per_s,
            self.calls_per_s,
        )
    }
}
