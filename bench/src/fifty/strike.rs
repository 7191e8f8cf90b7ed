//! Attacks under a publisher, and what its incidents tell of them.

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vaectl_schemas::Timestamp;

use super::fleet::SERVER_RATE;
use super::incidents::{Incident, incidents, search};
use super::plan::{Plan, draw};
use super::publishers::{Publisher, Surroundings};
use crate::attack::mining;
use crate::{Attack, AttackKind, INTRUDER, Progress, Truth, interrupt};

/// Attacks and recovery under one publisher.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Phase {
    pub(super) publisher: Publisher,
    pub(super) seconds: f64,
    pub(super) cpu_s: f64,
    pub(super) bytes: [u64; 2],
    /// What it left on the disk of the server, in bytes, the usual of that time included.
    pub(super) stored: f64,
    pub(super) attacks: Vec<Told>,
    /// Incidents that no attack explains, by what they say.
    pub(super) false_incidents: Vec<String>,
}

/// An attack, and what was told of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) truth: Truth,
    /// Seconds from its beginning to the decision, by the incident's own time; `None`: not found.
    pub(super) delay_s: Option<f64>,
    /// What the injector made, and whether an event of an incident tells of it.
    pub(super) deeds: Vec<(String, bool)>,
    /// Events of its incidents: seconds since the attack began, and the action.
    pub(super) events: Vec<(f64, String)>,
}

/// Runs the attacks of a seed while a publisher works.
pub(super) fn phase(
    around: &Surroundings<'_>,
    plan: &Plan,
    publisher: Publisher,
    (seed, turn): (u64, usize),
    progress: Progress,
) -> Result<Phase, Box<dyn Error>> {
    let fleet = around.fleet;
    let stored = || Ok::<f64, Box<dyn Error>>(around.node.stored(&around.streams(publisher)).ok_or("no sizes")?.bytes);
    let before = stored()?;
    let strikes = draw(seed, turn, fleet.containers().len(), fleet.servers());
    let since = Timestamp::now();
    let mut running = around.start(publisher)?;
    interrupt::pause(Duration::from_secs(plan.settle_s))?;
    let (bytes, cpu, began) = (running.proxy.bytes(), running.cgroup.cpu_time()?, Instant::now());
    let (time, mut attacks) = (Duration::from_secs(plan.attack_s), Vec::new());
    let mut due = vec![(AttackKind::Miner, strikes.miner), (AttackKind::Flood, strikes.flood)];
    let length = strikes.after.iter().max().copied().unwrap_or_default() + time + Duration::from_secs(plan.recovery_s);
    while began.elapsed() < length {
        interrupt::pause(Duration::from_millis(50))?;
        for (kind, target) in
            due.extract_if(.., |(kind, _)| strikes.after[usize::from(*kind == AttackKind::Flood)] <= began.elapsed())
        {
            let target = &fleet.containers()[target];
            progress.say(format!("Attack under {}: {kind} on {}.", publisher.name(), target.name()));
            attacks.push(Attack::start(kind, target, time, seed)?);
        }
        attacks.iter_mut().for_each(Attack::end_when_over);
    }
    running.alive()?;
    let seconds = began.elapsed().as_secs_f64();
    let (cpu_s, now) = (running.cgroup.cpu_time()?.saturating_sub(cpu).as_secs_f64(), running.proxy.bytes());
    running.finish()?;
    let incidents = incidents(around, publisher, since)?;
    let explained = |incident: &Incident| attacks.iter().any(|attack| incident.is_about(&attack.truth));
    let told = |attack| told(around, publisher, attack, &incidents, time);
    let attacks = attacks.iter().map(told).collect::<Result<_, _>>()?;
    let false_incidents = incidents.into_iter().filter(|i| !explained(i)).map(Incident::told).collect();
    let stored = stored()? - before;
    let bytes = [now[0] - bytes[0], now[1] - bytes[1]];
    Ok(Phase { publisher, seconds, cpu_s, bytes, stored, attacks, false_incidents })
}

/// Whether the incidents of an attack tell what the injector knows.
fn told(
    around: &Surroundings<'_>,
    publisher: Publisher,
    attack: &Attack,
    incidents: &[Incident],
    time: Duration,
) -> Result<Told, Box<dyn Error>> {
    let truth = &attack.truth;
    let own: Vec<&Incident> = incidents.iter().filter(|incident| incident.is_about(truth)).collect();
    let ids: Vec<&str> = own.iter().map(|incident| &*incident.id).collect();
    let since = |at: u64| (at as f64 - truth.began.as_ns() as f64) / 1e9;
    let delay_s = own.iter().map(|incident| since(incident.at.as_ns())).reduce(f64::min);
    let mut events = Vec::new();
    if !ids.is_empty() {
        let query = json!({"bool": {"filter": [
            {"terms": {"vaectl.incident": ids}},
            {"exists": {"field": "event.action"}},
            {"range": {"@timestamp": {"gte": truth.began.to_string()}}},
        ]}});
        events = search(around.node, &around.streams(publisher), &query)?;
    }
    let decided = own.iter().map(|incident| incident.at).min();
    let deeds = deeds(truth, time, decided.unwrap_or(truth.began), attack.requests());
    let deeds = deeds.into_iter().map(|deed| (deed.to_string(), deed.is_told(&events))).collect();
    let times = events.iter().filter_map(|event| {
        let at: Timestamp = serde_json::from_value(event["@timestamp"].clone()).ok()?;
        Some((since(at.as_ns()), event["event"]["action"].as_str()?.to_owned()))
    });
    Ok(Told { truth: truth.clone(), delay_s, deeds, events: times.collect() })
}

/// What an attack made.
#[derive(Clone, Debug, PartialEq)]
enum Deed {
    /// A program by its command line.
    Program(String),
    /// What was done to it, and its path.
    File(&'static str, &'static str),
    /// Connections from a peer within some time, and more of them than so many.
    Connections { peer: &'static str, within: [Timestamp; 2], more_than: f64 },
}

/// What the injector knows that it makes; a flood has made so many requests, and was `decided` to be one.
fn deeds(truth: &Truth, time: Duration, decided: Timestamp, requests: u64) -> Vec<Deed> {
    match truth.attack {
        // The shell makes the folder and the copy itself: busybox executes no program for that.
        AttackKind::Miner => vec![
            Deed::Program(format!("sh -c {}", mining(time))),
            Deed::Program(format!("{INTRUDER} {}", time.as_secs())),
            Deed::File("create", "/tmp/.x"),
            Deed::File("create", INTRUDER),
            Deed::File("chmod", INTRUDER),
        ],
        AttackKind::Flood => {
            let seconds = |from: Timestamp| truth.ends.since(from).as_secs_f64();
            let left = seconds(decided);
            // The container's usual requests come from the same peer. What was before the decision is told from a flight
            // recorder of two windows, which a flood overflows.
            let made = requests as f64 * left / seconds(truth.began);
            let more_than = made / 2.0 + SERVER_RATE * left;
            vec![Deed::Connections { peer: "127.0.0.1", within: [decided, truth.ends], more_than }]
        }
    }
}

impl Deed {
    fn is_told(&self, events: &[Value]) -> bool {
        match self {
            Self::Program(line) => events.iter().any(|event| {
                event["process"]["args"].as_array().is_some_and(|args| {
                    let words: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
                    words.join(" ") == *line
                })
            }),
            Self::File(action, path) => {
                events.iter().any(|event| event["event"]["action"] == *action && event["file"]["path"] == *path)
            }
            Self::Connections { peer, within: [from, to], more_than } => {
                let is_within = |at: &Value| {
                    serde_json::from_value(at.clone()).is_ok_and(|at: Timestamp| (*from..=*to).contains(&at))
                };
                let of = events.iter().filter(|e| e["source"]["ip"] == *peer && is_within(&e["@timestamp"]));
                of.map(connections).sum::<u64>() as f64 > *more_than
            }
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(line) => write!(f, "`{line}`"),
            Self::File(action, path) => write!(f, "{action} {path}"),
            Self::Connections { peer, more_than, .. } => write!(f, "more than {more_than:.0} connections from {peer}"),
        }
    }
}

/// How many connections a document tells of: one that was accepted, or those that it stands for. An end is no other one.
fn connections(event: &Value) -> u64 {
    event["vaectl"]["connections"].as_u64().unwrap_or_else(|| u64::from(event["event"]["action"] == "accept"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use vaectl_schemas::Timestamp;

    use super::{AttackKind, SERVER_RATE, Truth, deeds};

    fn at(second: u64) -> Timestamp {
        Timestamp::from_ns(second * 1_000_000_000)
    }

    fn truth(attack: AttackKind) -> Truth {
        Truth { attack, container: "a".into(), name: "a".into(), began: at(100), ends: at(140) }
    }

    #[test]
    fn a_deed_is_told_by_an_event_with_its_words_and_by_no_other() {
        let miner = deeds(&truth(AttackKind::Miner), Duration::from_secs(20), at(100), 0);
        let event = json!({"process": {"args": ["/tmp/.x/kworkerd", "20"]}, "file": {"path": "/tmp/.x/other"}});
        let told: Vec<bool> = miner.iter().map(|deed| deed.is_told(std::slice::from_ref(&event))).collect();
        assert_eq!(told, [false, true, false, false, false]);
    }

    #[test]
    fn a_flood_is_told_by_half_of_its_requests_beyond_the_usual_ones_and_only_while_it_lasts() {
        let flood = |requests| deeds(&truth(AttackKind::Flood), Duration::from_secs(40), at(110), requests).remove(0);
        // 40,000 requests in 40 seconds, 30,000 of them after the decision; beside them usual ones for 30 seconds.
        let bound = 15_000 + SERVER_RATE as u64 * 30;
        let flow = |second, connections: u64| {
            json!({"@timestamp": at(second).to_string(), "event": {"action": "flow"}, "source": {"ip": "127.0.0.1"},
                   "vaectl": {"merged": 2 * connections, "connections": connections}})
        };
        let accept = json!({"@timestamp": at(111).to_string(), "event": {"action": "accept"}, "vaectl": {},
                            "source": {"ip": "127.0.0.1"}});
        let end = json!({"@timestamp": at(111).to_string(), "event": {"action": "close"}, "vaectl": {},
                         "source": {"ip": "127.0.0.1"}});
        let told = |events: &[Value]| flood(40_000).is_told(events);
        assert!(!told(&[flow(110, bound)]) && told(&[flow(110, bound), accept.clone()]));
        assert!(!told(&[flow(110, bound), end]));
        assert!(!told(&[flow(109, bound), flow(141, bound), accept]));
        // What the container usually gets is not enough, though the flood had made nothing.
        assert!(!flood(0).is_told(&[flow(120, SERVER_RATE as u64 * 30)]));
    }
}
