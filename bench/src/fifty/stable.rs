//! The stable phase: blocks of all publishers in turn, on one fleet.

use std::error::Error;
use std::time::Instant;

use elasticsearch::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vaectl_schemas::Timestamp;

use super::fleet::Work;
use super::incidents::{Incident, incidents};
use super::peer;
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
    /// CPU seconds of the server; `None` where it is not one that was started here.
    pub(super) node_cpu_s: Option<f64>,
    /// The sum of the most that each of its processes had resident, in bytes.
    pub(super) peak_memory: u64,
    /// What the BPF maps that its processes hold take in the kernel at its end, in bytes.
    pub(super) map_memory: u64,
    /// What its recorder says of all from its start to its end; `None` where none says so.
    pub(super) totals: Option<Totals>,
    /// Events that it lost from its start to its end; `None` where nobody publishes.
    pub(super) lost: Option<u64>,
    /// What the containers did meanwhile.
    pub(super) work: Work,
    /// Incidents from its start to its end, all of them false, by what they say.
    pub(super) false_incidents: Vec<String>,
}

/// Who is next, by the round among those of all seeds: of two rounds the second is the first one backwards, so that what
/// drifts meets all alike, and each two begin with others.
fn order(mut publishers: Vec<Publisher>, round: usize) -> Vec<Publisher> {
    let first = round / 2 * 2 % publishers.len();
    publishers.rotate_left(first);
    if round % 2 == 1 {
        publishers.reverse();
    }
    publishers
}

/// All blocks of one fleet; `seed` is the seed's place among all.
pub(super) fn blocks(
    around: &Surroundings<'_>,
    plan: &Plan,
    seed: usize,
    progress: Progress,
) -> Result<Vec<Block>, Box<dyn Error>> {
    let mut blocks = Vec::new();
    for round in 0..plan.rounds {
        for publisher in order(plan.publishers(), seed * plan.rounds + round) {
            progress.say(format!("Round {} of {}: {}.", round + 1, plan.rounds, publisher.name()));
            blocks.push(block(around, plan, publisher)?);
        }
    }
    Ok(blocks)
}

/// One block, from a publisher's start to its end.
pub(super) fn block(around: &Surroundings<'_>, plan: &Plan, publisher: Publisher) -> Result<Block, Box<dyn Error>> {
    let (since, at_start) = (Timestamp::now(), documents(around, publisher)?);
    let mut running = around.start(publisher)?;
    interrupt::pause(std::time::Duration::from_secs(plan.settle_s))?;
    running.alive()?;
    let node = || around.node.pid().and_then(cpu_time);
    let before = documents(around, publisher)?;
    let (bytes, cpu, node_cpu, began) = (running.proxy.bytes(), running.cgroup.cpu_time()?, node(), Instant::now());
    let work = around.fleet.during(|| interrupt::pause(plan.block()))?;
    running.alive()?;
    let seconds = began.elapsed().as_secs_f64();
    let node_cpu = node().zip(node_cpu).and_then(|(now, before)| now.checked_sub(before));
    let (cpu_s, now) = (running.cgroup.cpu_time()?.saturating_sub(cpu).as_secs_f64(), running.proxy.bytes());
    let documents = documents(around, publisher)?.checked_sub(before).ok_or("the server lost documents")?;
    let (peak_memory, map_memory) = (running.cgroup.peak_memory()?, running.cgroup.map_memory()?);
    let totals = running.finish()?;
    let indexed = self::documents(around, publisher)?.checked_sub(at_start).ok_or("the server lost documents")?;
    let lost = match publisher {
        Publisher::Peer => Some(peer::lost(&around.folder(publisher)?)?),
        // Whose events are documents has lost what is none in the end.
        Publisher::Conventional => totals.map(|totals| totals.lost + totals.events.saturating_sub(indexed)),
        _ => totals.map(|totals| totals.lost),
    };
    let incidents = incidents(around, publisher, since)?;
    Ok(Block {
        publisher,
        seconds,
        cpu_s,
        bytes: [now[0] - bytes[0], now[1] - bytes[1]],
        documents,
        node_cpu_s: node_cpu.map(|time| time.as_secs_f64()),
        peak_memory,
        map_memory,
        totals,
        lost,
        work,
        false_incidents: incidents.into_iter().map(Incident::told).collect(),
    })
}

/// How many documents a publisher has at the server.
fn documents(around: &Surroundings<'_>, publisher: Publisher) -> Result<u64, Box<dyn Error>> {
    let streams = around.streams(publisher);
    let _ = around.node.ask(Method::Post, &format!("{streams}/_refresh?ignore_unavailable=true"), None);
    let answer = around.node.ask(Method::Post, &format!("{streams}/_count?ignore_unavailable=true"), Some(&json!({})));
    Ok(answer["count"].as_u64().ok_or_else(|| format!("{streams}: {answer}"))?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Plan, order};

    #[test]
    fn each_is_first_at_some_time_and_no_place_in_a_seed_favours_any() {
        let plan = Plan::full();
        let order = |seed: usize, round| order(plan.publishers(), seed * plan.rounds + round);
        let mut firsts = BTreeSet::new();
        for seed in 0..plan.seeds.len() {
            let rounds: Vec<_> = (0..plan.rounds).map(|round| order(seed, round)).collect();
            firsts.extend(rounds.iter().map(|order| order[0]));
            let place = |publisher| move |order: &Vec<_>| order.iter().position(|other| *other == publisher).unwrap();
            for publisher in plan.publishers() {
                let places: usize = rounds.iter().map(place(publisher)).sum();
                assert_eq!(places, plan.rounds * (plan.publishers().len() - 1) / 2);
            }
        }
        assert_eq!(firsts.len(), plan.publishers().len());
    }
}
