//! How deep a container has to be watched in each state.

use vaectl_schemas::{Depth, Grade, State};

use crate::instance::Instance;

/// Containers whose data the host lost that are watched in full meanwhile.
const BLIND_IN_FULL: usize = 20;

/// How deep a run of a container is to be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch<'a> {
    /// The run, as on its lines.
    pub run: &'a str,
    /// How deep.
    pub depth: Depth,
    /// When it was last under suspicion, in nanoseconds since 1970; 0 where it never was.
    pub suspected_ns: u64,
    /// Whether what it did before is wanted. A suspicion alone is not worth it: most of them pass.
    pub history: bool,
    /// Whether the recorder may keep what it does now until history is wanted.
    pub hold: bool,
}

/// The depth of every instance that has a run.
pub(crate) fn watches<'a>(instances: impl Iterator<Item = &'a Instance>) -> impl Iterator<Item = Watch<'a>> {
    let mut blind = 0;
    instances.filter_map(move |instance| {
        let established = instance.model.as_ref().is_some_and(|(model, _)| model.about().grade == Grade::Established);
        let state = match instance.machine.state() {
            // A doubt alone opens nothing, and most pass: the next window, if it counts, finds both in the recorder's history.
            State::Suspect if !instance.machine.has_hits() => instance.lasting(),
            state => state,
        };
        let depth = match state {
            State::Suspect | State::Unstable => Depth::Full,
            State::Blind if blind < BLIND_IN_FULL => {
                blind += 1;
                Depth::Full
            }
            State::Stable if established => Depth::Census,
            State::Stable | State::Warming | State::Unknown | State::Blind => Depth::Process,
        };
        let suspected_ns = instance.last_suspected.as_ns();
        let (history, hold) = (state == State::Unstable, state == State::Suspect);
        Some(Watch { run: instance.run.as_deref()?, depth, suspected_ns, history, hold })
    })
}
