//! A comparison that was never measured, with figures that a person can follow.

use std::collections::BTreeMap;

use vaectl_schemas::Timestamp;

use super::fleet::Work;
use super::growth::{Size, Watched};
use super::hours::Hours;
use super::overhead::Overhead;
use super::plan::Plan;
use super::publishers::Publisher;
use super::seed::Seed;
use super::stable::Block;
use super::strike::{Phase, Told};
use super::{Costs, Measured, Stamp};
use crate::adaptive::kernel::UnitCosts;
use crate::node::Stored;
use crate::stage::Totals;
use crate::{AttackKind, Truth};

/// One seed, with 5000 events and 50,000 calls a second, and two turns: all goals are reached.
pub(super) fn measured(plan: Plan) -> Measured {
    let stamp = Stamp {
        vaectl: "a".into(),
        bench: "b".into(),
        plan: serde_json::Value::Null,
        kernel: "6.18".into(),
        machine: "two cores".into(),
    };
    let costs = Costs(UnitCosts { call: 50.0, event: 500.0, cell: 500.0, medians: [500.0; 2] });
    let publishers = plan.publishers();
    let adaptive = || publishers.iter().copied().filter(|publisher| publisher.is_adaptive());
    let seed = Seed {
        number: 1,
        calls_per_s: 50_000.0,
        blocks: publishers.iter().copied().map(block).collect(),
        stored: BTreeMap::from([(Publisher::Conventional, Stored { bytes: 25e6, documents: 250_000 })]),
        phases: adaptive().map(phase).collect(),
        hours: vec![hours(1, 55_000, 150_000.0), hours(4, 100_000, 240_000.0)],
    };
    let turns = || vec![[100.0, 100.0], [101.0, 101.0]];
    let overhead = adaptive().map(|publisher| Overhead { publisher, turns: turns(), false_incidents: Vec::new() });
    Measured { stamp, costs, seeds: vec![seed], overhead: overhead.collect(), growth: vec![growth()], plan }
}

fn block(publisher: Publisher) -> Block {
    let (cpu_s, documents, bytes) = match publisher {
        Publisher::Nothing => (0.0, 0, 0),
        Publisher::Conventional => (3.0, 250_000, 12_500_000),
        Publisher::Peer => (6.0, 250_000, 50_000_000),
        Publisher::Adaptive | Publisher::Duty => (0.05, 0, 1250),
    };
    Block {
        publisher,
        seconds: 50.0,
        cpu_s,
        bytes: [bytes, 0],
        documents,
        node_cpu_s: None,
        peak_memory: 1,
        map_memory: 1,
        totals: Some(Totals { lines: 0, events: documents, lost: 0, wakeups: 0, counted: 1.0 }),
        lost: None,
        work: Work { requests: 1000, failed: 0, cpu_s: 1.0, p99_ms: 1.0 },
        false_incidents: Vec::new(),
    }
}

fn phase(publisher: Publisher) -> Phase {
    let attacks = [AttackKind::Miner, AttackKind::Flood].map(|attack| Told {
        truth: Truth {
            attack,
            container: "a".into(),
            name: "a".into(),
            began: Timestamp::from_ns(0),
            ends: Timestamp::from_ns(1),
        },
        delay_s: Some(4.0),
        deeds: vec![("what it did".into(), true)],
        events: vec![(1.0, "exec".into())],
    });
    Phase {
        publisher,
        seconds: 100.0,
        cpu_s: 1.9,
        bytes: [1000, 0],
        stored: 2000.0,
        attacks: attacks.into(),
        false_incidents: Vec::new(),
    }
}

fn growth() -> Size {
    let watched = |events_per_s| Watched {
        cpu_ms_per_s: 1.0,
        memory: 1,
        requests_per_s: 1.0,
        events_per_s,
        bytes_per_s: 1.0,
        lost: 0,
    };
    Size { containers: 50, times: 1.0, low: watched(0.0), full: watched(5000.0) }
}

fn hours(number: u64, bytes: u64, stored: f64) -> Hours {
    Hours { number, bytes: [bytes, 0], requests: 10, documents: 200, incidents: 0, stored }
}
