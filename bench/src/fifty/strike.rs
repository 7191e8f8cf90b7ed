//! Attacks under a publisher, and what its incidents tell of them.

use std::error::Error;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vaectl_schemas::Timestamp;

use super::incidents::{Incident, incidents, search};
use super::plan::{Plan, draw};
use super::publishers::{Publisher, Surroundings};
use crate::attack::mining;
use crate::{Attack, AttackKind, Progress, Truth, interrupt};

/// Attacks and recovery under one publisher.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Phase {
    pub(super) publisher: Publisher,
    pub(super) seconds: f64,
    pub(super) cpu_s: f64,
    pub(super) bytes: [u64; 2],
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
    let strikes = draw(seed, turn, fleet.containers().len(), fleet.servers());
    let mut running = around.start(publisher)?;
    interrupt::pause(Duration::from_secs(plan.settle_s))?;
    let (bytes, cpu) = (running.proxy.bytes(), running.cgroup.cpu_time());
    let (began, since) = (Instant::now(), Timestamp::now());
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
    let (seconds, cpu_s) = (began.elapsed().as_secs_f64(), running.cgroup.cpu_time().saturating_sub(cpu).as_secs_f64());
    let now = running.proxy.bytes();
    running.finish()?;
    let truths: Vec<Truth> = attacks.into_iter().map(|attack| attack.truth).collect();
    let incidents = incidents(around, publisher, since)?;
    let explained = |incident: &Incident| truths.iter().any(|truth| incident.is_about(truth));
    let attacks =
        truths.iter().map(|truth| told(around, publisher, truth, &incidents, time)).collect::<Result<_, _>>()?;
    let false_incidents = incidents.into_iter().filter(|i| !explained(i)).map(Incident::told).collect();
    Ok(Phase { publisher, seconds, cpu_s, bytes: [now[0] - bytes[0], now[1] - bytes[1]], attacks, false_incidents })
}

/// Whether the incidents of an attack tell what the injector knows.
fn told(
    around: &Surroundings<'_>,
    publisher: Publisher,
    truth: &Truth,
    incidents: &[Incident],
    time: Duration,
) -> Result<Told, Box<dyn Error>> {
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
        events = search(around, &around.streams(publisher), &query)?;
    }
    let deeds = deeds(truth.attack, time);
    let deeds =
        deeds.into_iter().map(|deed| (format!("{deed:?}"), events.iter().any(|event| deed.is_in(event)))).collect();
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
    Peer(&'static str),
}

/// What the injector knows that it makes.
fn deeds(kind: AttackKind, time: Duration) -> Vec<Deed> {
    match kind {
        // The shell makes the folder and the copy itself: busybox executes no program for that.
        AttackKind::Miner => vec![
            Deed::Program(format!("sh -c {}", mining(time))),
            Deed::Program(format!("/tmp/.x/kworkerd {}", time.as_secs())),
            Deed::File("create", "/tmp/.x"),
            Deed::File("create", "/tmp/.x/kworkerd"),
            Deed::File("chmod", "/tmp/.x/kworkerd"),
        ],
        AttackKind::Flood => vec![Deed::Peer("127.0.0.1")],
    }
}

impl Deed {
    fn is_in(&self, event: &Value) -> bool {
        match self {
            Self::Program(line) => event["process"]["args"].as_array().is_some_and(|args| {
                let words: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
                words.join(" ") == *line
            }),
            Self::File(action, path) => event["event"]["action"] == *action && event["file"]["path"] == *path,
            Self::Peer(address) => event["source"]["ip"] == *address,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::{AttackKind, deeds};

    #[test]
    fn a_deed_is_told_by_an_event_with_its_words_and_by_no_other() {
        let miner = deeds(AttackKind::Miner, Duration::from_secs(20));
        let event = json!({"process": {"args": ["/tmp/.x/kworkerd", "20"]}, "file": {"path": "/tmp/.x/other"}});
        let told: Vec<bool> = miner.iter().map(|deed| deed.is_in(&event)).collect();
        assert_eq!(told, [false, true, false, false, false]);
        let flood = deeds(AttackKind::Flood, Duration::from_secs(20));
        assert!(flood[0].is_in(&json!({"source": {"ip": "127.0.0.1"}})) && !flood[0].is_in(&event));
    }
}
