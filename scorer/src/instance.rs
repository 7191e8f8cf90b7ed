//! One run of one container, and all that the gate remembers of it.

use std::collections::{BTreeMap, VecDeque};

use vaectl_schemas::{
    Attribution, Channel, Container, GapCause, Grade, Host, ModelRef, Rule, State, Timestamp, Window, derived_id,
};

use crate::Keys;
use crate::entries::Entries;
use crate::evidence::Facts;
use crate::hold::{Hold, LASTING};
use crate::judge::{Found, Library};
use crate::peers::Peers;
use crate::runs::Life;
use crate::state::Machine;
use crate::tuning::Tuning;

/// Whether it is known what a container runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Its windows wait.
    #[default]
    Awaited,
    /// Name and image arrived.
    Named,
    /// None will come: its windows are judged without.
    Unnamed,
}

/// A window with what is known of it besides its line.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) window: Box<Window<'static>>,
    pub(crate) facts: Facts,
    /// Its number among the windows of its container.
    pub(crate) segment: u32,
}

/// An open episode.
#[derive(Debug)]
pub(crate) struct Episode {
    pub(crate) id: String,
    /// The end of the first window that was out of pattern.
    pub(crate) opened: Timestamp,
    pub(crate) windows: u64,
    pub(crate) events: u64,
    pub(crate) history: u64,
    pub(crate) channels: Vec<Channel>,
    /// Of the window with the highest score, which explains the episode best.
    pub(crate) attributions: Vec<Attribution>,
    pub(crate) peak: f64,
    pub(crate) model: Option<ModelRef>,
    pub(crate) rule: Option<Rule<'static>>,
}

/// What a summary is made of.
#[derive(Debug, Default)]
pub(crate) struct Hour {
    /// The hour of line time, once there was a window.
    pub(crate) number: Option<u64>,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// The identities of the first and the last window.
    pub(crate) ids: Option<[String; 2]>,
    pub(crate) windows: u64,
    pub(crate) states: BTreeMap<State, u64>,
    pub(crate) transitions: u64,
    pub(crate) events: u64,
    pub(crate) published: u64,
    pub(crate) score_max: Option<f64>,
    pub(crate) p_value_min: Option<f64>,
}

/// Losses of a container since its last window.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    flood: bool,
    host: bool,
    /// How many losses of nobody in particular were seen.
    anybody: u64,
}

impl Losses {
    /// Takes in a gap line of the container.
    pub(crate) fn take_in(&mut self, cause: GapCause) {
        self.flood |= cause == GapCause::Quota;
        self.host |= is_the_hosts(cause);
    }

    /// What they say of `window`; begins anew for the next one.
    pub(crate) fn facts(&mut self, window: &Window<'_>, anybody: u64) -> Facts {
        let info = &window.vaectl.window;
        let facts = Facts {
            flood: self.flood,
            lost: self.host || self.anybody < anybody || info.lost > 0 && !self.flood,
            entered: info.entered.is_some_and(|n| n > 0),
            drifting: false,
        };
        *self = Self { anybody, ..Self::default() };
        facts
    }
}

/// Whether a loss is the host's fault. What a container loses by its own flood is not, and what a gate let go was not
/// needed to judge.
pub(crate) fn is_the_hosts(cause: GapCause) -> bool {
    match cause {
        GapCause::RingFull | GapCause::Backlog | GapCause::Containers | GapCause::Map => true,
        GapCause::Quota | GapCause::Hold | GapCause::Budget => false,
    }
}

/// One run of one container.
#[derive(Default)]
pub(crate) struct Instance {
    pub(crate) run: Option<String>,
    pub(crate) container: Container<'static>,
    pub(crate) host: Option<Host<'static>>,
    pub(crate) job: Option<String>,
    pub(crate) naming: Naming,
    pub(crate) waiting: VecDeque<Pending>,
    /// Up to when they wait.
    pub(crate) waits_until: Option<Timestamp>,
    pub(crate) model: Option<Found>,
    /// The reading of the model folder that `model` is from; none where the metadata changed since.
    pub(crate) reading: Option<u64>,
    pub(crate) machine: Machine,
    pub(crate) tuning: Tuning,
    pub(crate) losses: Losses,
    /// The first window of the present suspicion: its end and identity.
    pub(crate) suspected: Option<(Timestamp, String)>,
    /// The end of the latest window under suspicion, whether that passed or not; 0 without one.
    pub(crate) last_suspected: Timestamp,
    pub(crate) episode: Option<Episode>,
    pub(crate) hour: Hour,
    /// Of its windows that were kept.
    pub(crate) life: Life,
    /// What a stage before knew of it was asked for.
    pub(crate) recalled: bool,
    /// The number of the window that is being filled.
    pub(crate) segment: u32,
    pub(crate) hold: Hold,
    /// The windows before which its latest calm verdicts let events go, oldest first.
    pub(crate) calm: [u32; LASTING + 1],
    /// Whom it called lately.
    pub(crate) peers: Peers,
    /// What came into it from outside lately.
    pub(crate) entries: Entries,
    /// Events dropped since the last verdict because the hold was full.
    pub(crate) overflowed: u64,
    /// Events not published since the last verdict because the budget was spent.
    pub(crate) unaffordable: u64,
    pub(crate) last_seen: Timestamp,
    /// Its state, but for suspicions.
    lasting: Option<State>,
    /// When it had its latest verdict; before the first one, when it came.
    pub(crate) judged: Timestamp,
}

impl Instance {
    /// A container without metadata that came at `now`; `anybody` losses came before it.
    pub(crate) fn new(id: &str, run: Option<&str>, now: Timestamp, anybody: u64) -> Self {
        Self {
            run: run.map(str::to_owned),
            container: Container { id: Some(id.to_owned().into()), ..Container::default() },
            losses: Losses { anybody, ..Losses::default() },
            judged: now,
            ..Self::default()
        }
    }

    /// Whether a state is a suspicion, or the one that there was before it.
    pub(crate) fn passes(&mut self, state: State) -> bool {
        state == State::Suspect || self.lasting.replace(state) == Some(state)
    }

    /// Its state, or the one that there was before a suspicion.
    pub(crate) fn lasting(&self) -> State {
        self.lasting.unwrap_or(State::Unknown)
    }

    /// Takes in metadata from a line of the container.
    pub(crate) fn name(&mut self, container: &Container<'static>, job: Option<&str>) {
        if self.container != *container {
            self.container = container.clone();
            self.reading = None;
        }
        if job.is_some() && self.job.as_deref() != job {
            self.job = job.map(str::to_owned);
            self.reading = None;
        }
        self.naming = Naming::Named;
    }

    /// What tells its run from others: the container's id where the lines name none.
    pub(crate) fn name_of_run(&self) -> &str {
        self.run.as_deref().or(self.container.id.as_deref()).unwrap_or_default()
    }

    /// The window before which everything was calm: what is still held of it has a claim.
    pub(crate) fn calm(&self) -> u32 {
        self.calm[LASTING]
    }

    /// The identity of the latest window of the hour; `at` stands for it where there was none.
    pub(crate) fn last_window(&self, at: Timestamp) -> String {
        let id = self.container.id.as_deref().unwrap_or_default();
        let none = || derived_id("no window", [id, &at.to_string()]);
        self.hour.ids.as_ref().map_or_else(none, |[_, last]| last.clone())
    }

    /// Finds the model anew where the metadata or the folder changed.
    pub(crate) fn find_model(&mut self, models: &dyn Library, reading: u64) {
        if self.reading == Some(reading) {
            return;
        }
        self.reading = Some(reading);
        let found = (self.naming == Naming::Named)
            .then(|| models.find(&Keys::of(&self.container, self.job.as_deref())))
            .flatten();
        let hash = |found: &Option<Found>| found.as_ref().map(|(model, _)| model.about().hash.to_owned());
        if hash(&self.model) != hash(&found) {
            self.machine.rejudge();
            self.tuning = Tuning::default();
        }
        self.model = found;
    }

    /// The key that a model of it is trained under, unless an established one is in use.
    pub(crate) fn key_to_learn(&self) -> Option<String> {
        let keys = Keys::of(&self.container, self.job.as_deref());
        let known = self.model.as_ref().map(|(model, _)| model.about());
        let known = known.filter(|about| about.grade == Grade::Established).map(|about| about.key);
        keys.best().filter(|best| known != Some(best)).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{GapCause, Timestamp, Window, WindowInfo, WindowMeta};

    use super::Losses;

    fn facts(causes: &[GapCause], lost: u64, anybody: u64) -> (bool, bool) {
        let info = WindowInfo { lost, ..WindowInfo::default() };
        let meta = WindowMeta { v: 1, window: info, run: None, job: None, state: None };
        let mut losses = Losses::default();
        for &cause in causes {
            losses.take_in(cause);
        }
        let window = Window::new(Timestamp::default(), meta);
        let facts = losses.facts(&window, anybody);
        let calm = losses.facts(
            &Window { vaectl: WindowMeta { window: WindowInfo::default(), ..window.vaectl.clone() }, ..window },
            anybody,
        );
        assert!(!calm.flood && !calm.lost, "a loss counts for one window");
        (facts.flood, facts.lost)
    }

    #[test]
    fn a_loss_without_a_cause_is_the_hosts() {
        assert_eq!(facts(&[], 3, 0), (false, true));
    }

    #[test]
    fn what_a_container_loses_by_its_own_flood_does_not_blind() {
        assert_eq!(facts(&[GapCause::Quota], 3, 0), (true, false));
    }

    #[test]
    fn a_loss_of_the_host_blinds_even_beside_a_flood() {
        assert_eq!(facts(&[GapCause::Quota, GapCause::RingFull], 3, 0), (true, true));
        assert_eq!(facts(&[GapCause::Map], 0, 0), (false, true));
    }

    #[test]
    fn a_loss_of_nobody_in_particular_is_everybodys() {
        assert_eq!(facts(&[], 0, 1), (false, true));
    }

    #[test]
    fn what_a_gate_let_go_blinds_nobody() {
        assert_eq!(facts(&[GapCause::Hold, GapCause::Budget], 0, 0), (false, false));
    }
}
