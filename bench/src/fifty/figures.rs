//! From legs to factors.

use std::fmt;

use serde::Serialize;

use super::alarms::Alarms;
use super::plan::Plan;
use super::publishers::Publisher;
use super::stable::Block;
use super::strike::Phase;
use super::{Costs, Overhead, Ratios, Seed};
use crate::adaptive::kernel::Balance;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// All blocks of one publisher.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Side {
    pub(super) publisher: Publisher,
    pub(super) cpu_ms_per_s: f64,
    /// The least and the most of its blocks.
    pub(super) cpu_spread: [f64; 2],
    pub(super) documents_per_s: f64,
    pub(super) bytes_per_s: f64,
    pub(super) node_cpu_ms_per_s: Option<f64>,
    pub(super) peak_memory: u64,
    pub(super) map_memory: u64,
    pub(super) lost: Option<u64>,
    /// The share of the time in which its recorder counted calls.
    pub(super) counted: f64,
    pub(super) request_cpu_us: f64,
    pub(super) request_cpu_spread: [f64; 2],
    pub(super) p99_ms: f64,
    pub(super) p99_spread: [f64; 2],
    pub(super) requests_per_s: f64,
    /// Requests that nobody answered.
    pub(super) failed: u64,
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
    /// Of the second to the fourth hour: neither the indices' own room nor the warming up.
    pub(super) stored: f64,
    /// Of the first hour, and of all four, with both.
    pub(super) stored_in_all: [f64; 2],
    /// What both take, of all containers together.
    pub(super) beginning: f64,
    /// Requests and documents of the four hours, of all containers together.
    pub(super) requests: f64,
    pub(super) documents: f64,
    /// On the connection, for each attack that was found.
    pub(super) episode_network: f64,
    /// On the disk, for each attack that was found.
    pub(super) episode_stored: f64,
}

/// A figure, and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    pub(super) name: &'static str,
    pub(super) value: f64,
    /// What the paper claims.
    pub(super) paper: Option<f64>,
    pub(super) asked: Asked,
}

/// Where a figure has to lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Asked {
    AtLeast(f64),
    AtMost(f64),
    Nothing,
}

impl Goal {
    /// Of which nothing is asked.
    fn told(name: &'static str, value: f64) -> Self {
        Self::own(name, value, Asked::Nothing)
    }

    /// Of which the paper says nothing.
    fn own(name: &'static str, value: f64, asked: Asked) -> Self {
        Self { name, value, paper: None, asked }
    }

    fn claimed(name: &'static str, value: f64, paper: f64, asked: Asked) -> Self {
        Self { paper: Some(paper), ..Self::own(name, value, asked) }
    }

    /// Whether it lies there; what is no number does not.
    pub(super) fn is_reached(&self) -> bool {
        match self.asked {
            Asked::AtLeast(least) => self.value.is_finite() && self.value >= least,
            Asked::AtMost(most) => self.value <= most,
            Asked::Nothing => true,
        }
    }
}

/// All that the last line says, and what it is made of.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    pub(super) sides: Vec<Side>,
    pub(super) hour: ContainerHour,
    pub(super) balance: Balance,
    /// CPU of processes, theirs over ours, at the load as it was.
    pub(super) user_factor: f64,
    /// The same at 10,000 events a second: theirs grows with events, and ours stays.
    pub(super) user_factor_10k: f64,
    /// What an episode takes of the processor beyond what stable containers take, in seconds, by the attacks found.
    pub(super) episode_cpu_s: f64,
    /// `user_factor` with one false episode a container-day.
    pub(super) user_factor_with_false: f64,
    pub(super) total_factor_duty: f64,
    /// CPU of processes alone, on both sides.
    pub(super) peer_factor: f64,
    /// The same with the kernel's part of ours, and none of theirs.
    pub(super) peer_factor_at_least: f64,
    pub(super) network_factor: f64,
    pub(super) storage_factor: f64,
    /// In percent of the CPU of a request: the mean, and the upper end of its 95 % interval.
    pub(super) overhead: [f64; 2],
    pub(super) overhead_duty: [f64; 2],
    pub(super) attacks_found: usize,
    pub(super) alarms: Alarms,
    /// The share of what the injector made that incidents tell of.
    pub(super) coverage: f64,
    /// The same with the duty cycle, which nothing is asked of: what a container does to files between slices is seen by
    /// nobody.
    pub(super) coverage_duty: f64,
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
            cpu_spread: spread(blocks.iter().map(|block| block.cpu_s / block.seconds * 1e3)),
            documents_per_s: sum(|block| block.documents as f64) / seconds,
            bytes_per_s: sum(|block| (block.bytes[0] + block.bytes[1]) as f64) / seconds,
            node_cpu_ms_per_s: blocks.iter().map(|b| b.node_cpu_s).sum::<Option<f64>>().map(|s| s / seconds * 1e3),
            peak_memory: blocks.iter().map(|block| block.peak_memory).max().unwrap_or_default(),
            map_memory: blocks.iter().map(|block| block.map_memory).max().unwrap_or_default(),
            lost: blocks.iter().map(|block| block.lost).sum(),
            counted: sum(|block| block.totals.map_or(1.0, |totals| totals.counted)) / blocks.len() as f64,
            request_cpu_us: sum(|block| block.work.cpu_s) * 1e6 / requests,
            request_cpu_spread: spread(blocks.iter().map(|block| block.work.cpu_us_per_request())),
            p99_ms: sum(|block| block.work.p99_ms) / blocks.len() as f64,
            p99_spread: spread(blocks.iter().map(|block| block.work.p99_ms)),
            requests_per_s: requests / seconds,
            failed: blocks.iter().map(|block| block.work.failed).sum(),
            stored_per_document: (documents > 0)
                .then(|| stored.iter().map(|stored| stored.bytes).sum::<f64>() / documents as f64),
        }
    }
}

/// The least and the most.
pub(super) fn spread(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], value| [least.min(value), most.max(value)])
}

fn blocks(publisher: Publisher, seeds: &[Seed]) -> impl Iterator<Item = &Block> {
    seeds.iter().flat_map(|seed| &seed.blocks).filter(move |block| block.publisher == publisher)
}

impl Figures {
    pub(super) fn of(plan: &Plan, costs: &Costs, seeds: &[Seed], overhead: &[Overhead]) -> Self {
        let containers = plan.containers as f64;
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
        let hour = ContainerHour::of(seeds, &theirs, &phases, containers);
        let episode_cpu_s = per_episode(&phases, |phase| phase.cpu_s - ours.cpu_ms_per_s / 1e3 * phase.seconds);
        let with_false = ours.cpu_ms_per_s + episode_cpu_s * 1e3 * containers / SECONDS_PER_DAY;
        let above = |publisher| {
            overhead.iter().find(|measured| measured.publisher == publisher).map_or([f64::NAN; 2], Overhead::percent)
        };
        let coverage = |publisher| {
            let of = phases.iter().filter(|phase| phase.publisher == publisher);
            let deeds: Vec<bool> =
                of.flat_map(|phase| &phase.attacks).flat_map(|a| &a.deeds).map(|deed| deed.1).collect();
            deeds.iter().filter(|told| **told).count() as f64 / deeds.len() as f64
        };
        Self {
            user_factor: theirs.cpu_ms_per_s / ours.cpu_ms_per_s,
            user_factor_10k: their_event * 1e4 / (ours.cpu_ms_per_s / 1e3),
            episode_cpu_s,
            user_factor_with_false: theirs.cpu_ms_per_s / with_false,
            total_factor_duty,
            peer_factor: always(Publisher::Peer).cpu_ms_per_s / ours.cpu_ms_per_s,
            peer_factor_at_least: always(Publisher::Peer).cpu_ms_per_s / (balance.ours * 1e3),
            network_factor: hour.conventional_network / hour.network,
            storage_factor: hour.conventional_stored / hour.stored,
            overhead: above(Publisher::Adaptive),
            overhead_duty: above(Publisher::Duty),
            attacks_found: phases.iter().map(|phase| found(phase)).min().unwrap_or_default(),
            alarms: Alarms::of(plan, seeds, overhead),
            coverage: coverage(Publisher::Adaptive),
            coverage_duty: coverage(Publisher::Duty),
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

    /// How many times as much as the adaptive publisher others take; no number where that was not compared.
    pub(super) fn factors(&self) -> [Goal; 7] {
        [
            Goal::told("CPU of processes, measured", self.user_factor),
            Goal::claimed("CPU of processes at 10,000 events/s", self.user_factor_10k, 100.0, Asked::AtLeast(100.0)),
            Goal::told("all CPU, with the kernel's part", self.balance.factor()),
            Goal::told("all CPU, with the duty cycle", self.total_factor_duty),
            Goal::claimed("CPU of processes, the peer's", self.peer_factor, 100.0, Asked::AtLeast(100.0)),
            Goal::claimed("bytes on the connection", self.network_factor, 1e3, Asked::AtLeast(1e4)),
            Goal::claimed("bytes stored, marginal", self.storage_factor, 1e4, Asked::AtLeast(3e4)),
        ]
    }

    /// All that is asked for, and what is told beside it: the factors first.
    pub(super) fn goals(&self) -> Vec<Goal> {
        // Nothing is asked of what was not compared.
        let duty = if self.side(Publisher::Duty).is_some() { Asked::AtMost(1.0) } else { Asked::Nothing };
        let found = self.attacks_found as f64;
        let others = [
            Goal::own("all CPU, as a part of what unit costs allow", self.balance.of_ceiling(), Asked::AtLeast(0.8)),
            Goal::own("% more CPU of a request, at most", self.overhead[1], Asked::AtMost(3.0)),
            Goal::own("the same with the duty cycle", self.overhead_duty[1], duty),
            Goal::claimed("attacks found of two, the least of all phases", found, 2.0, Asked::AtLeast(2.0)),
            Goal::own("false incidents, live", self.alarms.live as f64, Asked::AtMost(0.0)),
            Goal::told("false incidents in drawn hours", self.alarms.drawn as f64),
            Goal::own("what the injector made and incidents tell of, as a part", self.coverage, Asked::AtLeast(0.99)),
        ];
        self.factors().into_iter().chain(others).collect()
    }

    /// Whether all that the comparison is to reach at least is reached.
    pub(super) fn reached(&self) -> bool {
        self.goals().iter().all(Goal::is_reached)
    }
}

fn found(phase: &Phase) -> usize {
    phase.attacks.iter().filter(|told| told.delay_s.is_some()).count()
}

/// What a phase of the adaptive publisher takes for each attack that was found; no number where none was.
fn per_episode(phases: &[&Phase], part: impl Fn(&Phase) -> f64) -> f64 {
    let own = || phases.iter().filter(|phase| phase.publisher == Publisher::Adaptive);
    let attacks: usize = own().map(|phase| found(phase)).sum();
    if attacks > 0 { own().map(|phase| part(phase)).sum::<f64>() / attacks as f64 } else { f64::NAN }
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
        Self {
            conventional_network: theirs.bytes_per_s * 3600.0 / containers,
            conventional_stored: documents * theirs.stored_per_document.unwrap_or(f64::NAN),
            network: of(1, bytes) / many,
            later_network: (of(1, bytes) - of(0, bytes)) / (many - few),
            stored,
            stored_in_all: [of(0, |h| h.stored) / few, of(1, |h| h.stored) / many],
            beginning: (of(0, |h| h.stored) - stored * few) * containers,
            requests: of(1, |h| h.requests as f64) * containers,
            documents: of(1, |h| h.documents as f64) * containers,
            episode_stored: per_episode(phases, |phase| phase.stored),
            episode_network: per_episode(phases, |phase| (phase.bytes[0] + phase.bytes[1]) as f64),
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
             request_overhead_percent_duty={:.2} attacks_found={} false_incidents={} false_incidents_drawn={} coverage={:.2} \
             coverage_duty={:.2} events_per_s={:.0} calls_per_s={:.0} user_factor={:.1}",
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
            self.alarms.live,
            self.alarms.drawn,
            self.coverage,
            self.coverage_duty,
            self.events_per_s,
            self.calls_per_s,
            self.user_factor,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::measured;
    use super::{Figures, Plan, Publisher};
    use crate::fifty::Measured;

    fn is(value: f64, expected: f64) -> bool {
        (value / expected - 1.0).abs() < 1e-9
    }

    #[test]
    fn factors_are_those_of_hand_computed_sums() {
        let figures = measured(Plan::full()).figures();
        // 60 ms a second over 1 ms; 12 us an event, 10,000 times a second.
        assert!(is(figures.user_factor, 60.0) && is(figures.user_factor_10k, 120.0), "{figures:?}");
        assert!(is(figures.peer_factor, 120.0));
        // 2.5 ms of hooks, 2.5 ms for the ring, 2.5 ms for cells.
        assert!(is(figures.balance.factor(), 65.0 / 6.0) && is(figures.balance.of_ceiling(), 5.0 / 6.0));
        // 18 MB a container-hour over 100,000 bytes of 200; 36 MB stored over 90,000 bytes of 150.
        assert!(is(figures.network_factor, 18e6 / 500.0) && is(figures.storage_factor, 36e6 / 600.0));
        assert!(is(figures.hour.beginning, 120_000.0) && is(figures.hour.stored_in_all[1], 1200.0));
        // 1.9 s in 100 s, of which 0.1 s are usual, by two attacks; 50 a day.
        assert!(is(figures.episode_cpu_s, 0.9) && is(figures.hour.episode_network, 500.0));
        assert!(is(figures.hour.episode_stored, 1000.0));
        assert!(is(figures.peer_factor_at_least, 120.0 / 6.0));
        assert!(is(figures.user_factor_with_false, 60.0 / (1.0 + 900.0 * 50.0 / 86_400.0)));
        // A block and a phase of each of two, without the first window of five seconds; two turns of each.
        let seconds = 2.0 * (50.0 * (12.0 + 50.0 - 5.0) + 48.0 * (12.0 + 100.0 - 5.0) + 50.0 * 2.0 * (2.0 + 20.0));
        assert!(is(figures.alarms.container_hours, seconds / 3600.0), "{:?}", figures.alarms);
        assert!(is(figures.alarms.per_day_at_most, 3.0 * 86_400.0 / seconds));
        assert!(figures.reached());
    }

    #[test]
    fn a_false_incident_counts_whenever_it_came() {
        let why = || vec!["a: b".to_owned()];
        let changes: [fn(&mut Measured, Vec<String>); 3] = [
            |measured, why| measured.seeds[0].blocks[2].false_incidents = why,
            |measured, why| measured.seeds[0].phases[0].false_incidents = why,
            |measured, why| measured.overhead[1].false_incidents = why,
        ];
        for change in changes {
            let mut measured = measured(Plan::full());
            change(&mut measured, why());
            let figures = measured.figures();
            assert_eq!(figures.alarms.live, 1);
            assert!(!figures.reached());
        }
    }

    #[test]
    fn each_goal_is_missed_by_itself_and_by_what_is_no_number() {
        let good = measured(Plan::full()).figures();
        let changes: [fn(&mut Figures, f64); 9] = [
            |figures, bad| figures.user_factor_10k *= bad,
            |figures, bad| figures.balance.ours /= bad,
            |figures, bad| figures.peer_factor *= bad,
            |figures, bad| figures.network_factor *= bad,
            |figures, bad| figures.storage_factor *= bad,
            |figures, bad| figures.overhead[1] = 4.0 - bad,
            |figures, bad| figures.overhead_duty[1] = 4.0 - bad,
            |figures, bad| figures.coverage *= bad,
            |figures, _| figures.attacks_found = 1,
        ];
        for (number, change) in changes.iter().enumerate() {
            for bad in [0.25, f64::NAN, -f64::INFINITY] {
                let mut figures = good.clone();
                change(&mut figures, bad);
                assert!(!figures.reached(), "{number} {bad}");
            }
        }
        assert!(good.reached());
    }

    #[test]
    fn nothing_is_asked_of_a_duty_cycle_that_was_not_compared() {
        let figures = measured(Plan { duty: false, ..Plan::full() }).figures();
        assert!(figures.overhead_duty[1].is_nan() && figures.side(Publisher::Duty).is_none());
        assert!(figures.reached());
    }
}
