//! The stable phase: blocks of all publishers in turn, on one fleet.

use std::error::Error;
use std::time::Instant;

use elasticsearch::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vaectl_schemas::Timestamp;

use super::fleet::Work;
use super::incidents::{Incident, incidents};
use super::plan::Plan;
use super::publishers::{Publisher, Surroundings};
use crate::measure::cpu_time;
use crate::stage::Totals;
use crate::{Progress, interrupt};

/// What one publisher did and took in one block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Block {
    pub(super) publisher: Publisher,
    pub(super) seconds: f64,
    /// CPU seconds of all its processes.
    pub(super) cpu_s: f64,
    /// Bytes to the server and back.
    pub(super) bytes: [u64; 2],
    /// Documents that became searchable at the server.
    pub(super) documents: u64,
    /// CPU seconds of the server.
    pub(super) node_cpu_s: f64,
    /// The sum of the most that each of its processes had resident, in bytes.
    pub(super) peak_memory: u64,
    /// What its recorder says of all from its start to its end; `None` where none says so.
    pub(super) totals: Option<Totals>,
    /// What the containers did meanwhile.
    pub(super) work: Work,
    /// Incidents from its start to its end, all of them false, by what they say.
    pub(super) false_incidents: Vec<String>,
}

/// Who is next, by the round: each is first, and each follows another one, in turn.
fn order(mut publishers: Vec<Publisher>, round: usize) -> Vec<Publisher> {
    if round % 2 == 1 {
        publishers.reverse();
    }
    let first = round / 2 % publishers.len();
    publishers.rotate_left(first);
    publishers
}

/// All blocks of one fleet.
pub(super) fn blocks(around: &Surroundings<'_>, plan: &Plan, progress: Progress) -> Result<Vec<Block>, Box<dyn Error>> {
    let mut blocks = Vec::new();
    for round in 0..plan.rounds {
        for publisher in order(plan.publishers(), round) {
            progress.say(format!("Round {} of {}: {}.", round + 1, plan.rounds, publisher.name()));
            blocks.push(block(around, plan, publisher)?);
        }
    }
    Ok(blocks)
}

/// One block, from a publisher's start to its end.
pub(super) fn block(around: &Surroundings<'_>, plan: &Plan, publisher: Publisher) -> Result<Block, Box<dyn Error>> {
    let since = Timestamp::now();
    let mut running = around.start(publisher)?;
    interrupt::pause(std::time::Duration::from_secs(plan.settle_s))?;
    running.alive()?;
    let node = || around.node.pid().and_then(cpu_time).unwrap_or_default();
    let documents = documents(around, publisher);
    let (bytes, cpu, node_cpu, began) = (running.proxy.bytes(), running.cgroup.cpu_time(), node(), Instant::now());
    let work = around.fleet.during(|| interrupt::pause(plan.block()))?;
    running.alive()?;
    let (seconds, node_cpu_s) = (began.elapsed().as_secs_f64(), node().saturating_sub(node_cpu).as_secs_f64());
    let (cpu_s, now) = (running.cgroup.cpu_time().saturating_sub(cpu).as_secs_f64(), running.proxy.bytes());
    let documents = self::documents(around, publisher) - documents;
    let peak_memory = running.cgroup.peak_memory();
    let totals = running.finish()?;
    let incidents = incidents(around, publisher, since)?;
    Ok(Block {
        publisher,
        seconds,
        cpu_s,
        bytes: [now[0] - bytes[0], now[1] - bytes[1]],
        documents,
        node_cpu_s,
        peak_memory,
        totals,
        work,
        false_incidents: incidents.into_iter().map(Incident::told).collect(),
    })
}

/// How many documents a publisher has at the server.
fn documents(around: &Surroundings<'_>, publisher: Publisher) -> u64 {
    let streams = around.streams(publisher);
    let _ = around.node.ask(Method::Post, &format!("{streams}/_refresh"), None);
    let answer = around.node.ask(Method::Post, &format!("{streams}/_count"), Some(&json!({})));
    answer["count"].as_u64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Publisher, order};

    #[test]
    fn every_round_has_all_publishers_and_another_one_first() {
        let order = |round| order(Publisher::ALL.to_vec(), round);
        let firsts: std::collections::BTreeSet<_> = (0..4).map(|round| order(round)[0]).collect();
        assert!(firsts.len() > 2, "{firsts:?}");
        assert!((0..9).all(|round| Publisher::ALL.iter().all(|publisher| order(round).contains(publisher))));
    }
}
