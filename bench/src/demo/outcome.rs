//! What was done, what was found, and whether the two agree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vaectl_schemas::{Event, Incident, IncidentStatus, State, Timestamp};

use crate::repository::Document;
use crate::{Container, Truth};

/// Where the lines came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Live,
    Replay,
}

/// A container of the fresh fleet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Watched {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) image: String,
    /// Its first process, by the host's number.
    #[serde(default)]
    pub(super) entry: Option<u32>,
}

impl Watched {
    pub(super) fn of(container: &Container) -> Self {
        Self {
            id: container.id().to_owned(),
            name: container.name().to_owned(),
            image: container.image().to_owned(),
            entry: Some(container.pid()),
        }
    }
}

/// What the injector and the fleet know: the part that no detector sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Scene {
    pub(super) seed: u64,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) watched: Vec<Watched>,
    pub(super) truths: Vec<Truth>,
}

/// An incident, held against the truth.
#[derive(Debug)]
pub(super) struct Finding {
    /// Its last document: closed, where it closed.
    pub(super) incident: Incident<'static>,
    /// Why it opened, in a sentence.
    pub(super) reason: String,
    /// When it could be read in the repository; in a replay, the time on its line.
    pub(super) noticed: Timestamp,
    /// Which of the attacks it is about.
    pub(super) truth: Option<usize>,
    /// The events that were published for it, oldest first.
    pub(super) events: Vec<Event<'static>>,
}

impl Finding {
    /// Whether an event was published for it.
    fn has(&self, event: &Event<'_>) -> bool {
        event.vaectl.incident.as_ref() == Some(&self.incident.vaectl.incident)
    }
}

/// A container came into a state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transition {
    pub(super) at: Timestamp,
    pub(super) previous: State,
    pub(super) state: State,
}

/// All that the report is made of.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) mode: Mode,
    pub(super) scene: Scene,
    pub(super) findings: Vec<Finding>,
    /// By container id.
    pub(super) transitions: BTreeMap<String, Vec<Transition>>,
    /// The state at the end of those that have a summary, by container id.
    pub(super) last: BTreeMap<String, State>,
    pub(super) events: usize,
}

impl Outcome {
    /// Holds what the repository has against the scene. `seen` is when an incident's opening was first read.
    pub(super) fn new(mode: Mode, scene: Scene, documents: Vec<Document>, seen: &BTreeMap<String, Timestamp>) -> Self {
        let mut incidents: BTreeMap<String, Finding> = BTreeMap::new();
        let mut events: BTreeMap<String, Vec<Event<'static>>> = BTreeMap::new();
        let mut outcome =
            Self { mode, scene, findings: Vec::new(), transitions: BTreeMap::new(), last: BTreeMap::new(), events: 0 };
        for document in documents {
            match document {
                Document::Event(event) => {
                    outcome.events += 1;
                    if let Some(id) = event.container.as_ref().and_then(|container| container.id.clone()) {
                        events.entry(id.into_owned()).or_default().push(*event);
                    }
                }
                Document::Incident(incident) => outcome.incident(*incident, &mut incidents, seen),
                Document::Verdict(verdict) => {
                    let Some(id) = verdict.container.and_then(|container| container.id) else { continue };
                    let (previous, state) = (verdict.vaectl.previous, verdict.vaectl.state);
                    let transition = Transition { at: verdict.timestamp, previous, state };
                    outcome.transitions.entry(id.into_owned()).or_default().push(transition);
                }
                Document::Summary(summary) => {
                    if let Some(id) = summary.container.and_then(|container| container.id) {
                        outcome.last.insert(id.into_owned(), summary.vaectl.state);
                    }
                }
            }
        }
        for transitions in outcome.transitions.values_mut() {
            transitions.sort_by_key(|transition| transition.at);
        }
        outcome.findings = incidents.into_values().collect();
        outcome.findings.sort_by_key(|finding| finding.noticed);
        for finding in &mut outcome.findings {
            let id = finding.incident.container.as_ref().and_then(|container| container.id.as_deref());
            let events = id.and_then(|id| events.get(id)).map(Vec::as_slice).unwrap_or_default();
            finding.events = events.iter().filter(|event| finding.has(event)).cloned().collect();
            finding.events.sort_by_key(|event| event.timestamp);
        }
        outcome
    }

    fn incident(
        &self,
        incident: Incident<'static>,
        incidents: &mut BTreeMap<String, Finding>,
        seen: &BTreeMap<String, Timestamp>,
    ) {
        let id = incident.vaectl.incident.clone();
        if let Some(known) = incidents.get_mut(&id) {
            if incident.vaectl.status == IncidentStatus::Closed {
                known.incident = incident;
            }
            return;
        }
        let container = incident.container.as_ref().and_then(|container| container.id.as_deref());
        // It counts when it was decided: a suspicion may be older than the attack that confirmed it.
        let hit = |truth: &Truth| container == Some(&*truth.container) && truth.explains(incident.timestamp);
        let truth = self.scene.truths.iter().position(hit);
        let noticed = seen.get(&id).copied().unwrap_or(incident.timestamp);
        let reason = incident.event.reason.as_deref().unwrap_or("no reason is given").to_owned();
        incidents.insert(id, Finding { incident, reason, noticed, truth, events: Vec::new() });
    }

    /// Seconds from the beginning of each attack until its first incident was noticed.
    pub(super) fn delays(&self) -> Vec<Option<f64>> {
        let first =
            |index| self.findings.iter().filter(move |finding| finding.truth == Some(index)).map(|f| f.noticed).min();
        let since = |truth: &Truth, noticed: Timestamp| noticed.since(truth.began).as_secs_f64();
        self.scene.truths.iter().enumerate().map(|(index, truth)| Some(since(truth, first(index)?))).collect()
    }

    fn found(&self) -> usize {
        self.delays().iter().flatten().count()
    }

    fn false_incidents(&self) -> usize {
        self.findings.iter().filter(|finding| finding.truth.is_none()).count()
    }

    /// Every attack was found, and nothing else.
    pub(super) fn is_perfect(&self) -> bool {
        self.found() == self.scene.truths.len() && self.false_incidents() == 0
    }

    /// The last line of the demo.
    pub(super) fn line(&self) -> String {
        let mode = match self.mode {
            Mode::Live => "live",
            Mode::Replay => "replay",
        };
        let delay = self.delays().into_iter().flatten().reduce(f64::max);
        format!(
            "demo: mode={mode} attacks={} found={} false_incidents={} max_delay_s={} seed={}",
            self.scene.truths.len(),
            self.found(),
            self.false_incidents(),
            delay.map_or_else(|| "none".to_owned(), |delay| format!("{delay:.1}")),
            self.scene.seed
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use vaectl_schemas::{Container, Incident, IncidentInfo, Timestamp};

    use super::{Mode, Outcome, Scene};
    use crate::repository::Document;
    use crate::{AttackKind, Truth};

    fn scene() -> Scene {
        let at = |s: u64| Timestamp::from_ns(s * 1_000_000_000);
        let truth = |attack, container: &str, began| Truth {
            attack,
            container: container.to_owned(),
            name: container.to_owned(),
            began: at(began),
            ends: at(began + 20),
        };
        let truths = vec![truth(AttackKind::Miner, "a", 30), truth(AttackKind::Flood, "b", 40)];
        Scene { seed: 1, from: at(0), to: at(100), watched: Vec::new(), truths }
    }

    fn incident(container: &'static str, second: u64) -> Document {
        let at = Timestamp::from_ns(second * 1_000_000_000);
        let info = IncidentInfo { incident: format!("{container}{second}"), opened: at, ..IncidentInfo::default() };
        let mut incident = Incident::new(at, info);
        incident.container = Some(Container { id: Some(container.into()), ..Container::default() });
        Document::Incident(Box::new(incident))
    }

    #[test]
    fn an_incident_before_the_attack_or_elsewhere_is_false() {
        let documents = vec![incident("a", 20), incident("b", 44), incident("c", 50)];
        let outcome = Outcome::new(Mode::Live, scene(), documents, &BTreeMap::new());
        assert!(!outcome.is_perfect());
        assert_eq!(outcome.line(), "demo: mode=live attacks=2 found=1 false_incidents=2 max_delay_s=4.0 seed=1");
    }

    #[test]
    fn the_delay_runs_until_the_incident_could_be_read() {
        let documents = vec![incident("a", 34), incident("b", 44), incident("b", 60)];
        let seen = BTreeMap::from([("a34".to_owned(), Timestamp::from_ns(36_500_000_000))]);
        let outcome = Outcome::new(Mode::Replay, scene(), documents, &seen);
        assert!(outcome.is_perfect());
        assert_eq!(outcome.line(), "demo: mode=replay attacks=2 found=2 false_incidents=0 max_delay_s=6.5 seed=1");
    }
}
