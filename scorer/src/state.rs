//! The state of an instance, window by window: pure, and free of what raised the evidence.

use serde::{Deserialize, Serialize};
use vaectl_schemas::State;

use crate::model::WARM_UP;

/// Windows that an episode is decided on, as a mask of the latest ones.
const LATEST: u8 = 0b111;
/// Hits among these that open an episode.
const HITS: u32 = 2;
/// Windows without a hit, loss or doubt that close an episode.
const QUIET: u32 = 12;
/// Windows within the pattern that end a suspicion.
const WITHIN: u32 = 2;

/// What one window says.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and all combinations occur")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Some model exists for the container.
    pub(crate) model: bool,
    /// It is of just this image and command.
    pub(crate) exact: bool,
    /// The window was scored.
    pub(crate) scored: bool,
    /// It is beyond the suspect threshold, has a weak novelty, or the container flooded its quota.
    pub(crate) doubt: bool,
    /// It counts towards an episode.
    pub(crate) hit: bool,
    /// It opens an episode by itself.
    pub(crate) alone: bool,
    /// The host lost data of the container.
    pub(crate) lost: bool,
}

/// The state with the memory that it needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    state: State,
    scored: u32,
    hits: u8,
    /// Quiet windows in a row, while an episode is open. It ends with the stage.
    #[serde(skip)]
    episode: Option<u32>,
    /// Windows within the pattern in a row, while there is suspicion.
    suspicion: Option<u32>,
}

impl Machine {
    /// The state after the latest window.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Whether one of the latest windows counts towards an episode.
    pub(crate) fn has_hits(&self) -> bool {
        self.hits != 0
    }

    /// Another model judges from now on: the warm-up begins anew, and an open episode stays open.
    pub(crate) fn rejudge(&mut self) {
        self.scored = 0;
    }

    /// What the latest windows said is too old to count with the next ones.
    pub(crate) fn forget_latest(&mut self) {
        (self.hits, self.suspicion) = (0, None);
    }

    /// Takes one window in and returns the state after it.
    ///
    /// A window that was not scored moves neither an episode nor a suspicion, and one that lost data never counts as
    /// quiet.
    pub(crate) fn step(&mut self, seen: Evidence) -> State {
        let within = !seen.doubt && !seen.hit && !seen.alone && !seen.lost && (seen.scored || !seen.model);
        if seen.scored || seen.hit {
            self.hits = (self.hits << 1 | u8::from(seen.hit)) & LATEST;
        }
        match &mut self.episode {
            None if seen.alone || self.hits.count_ones() >= HITS => self.episode = Some(0),
            Some(quiet) if within => *quiet += 1,
            Some(quiet) if seen.doubt || seen.hit || seen.alone => *quiet = 0,
            _ => {}
        }
        if self.episode.is_some_and(|quiet| quiet >= QUIET) {
            (self.episode, self.suspicion, self.hits) = (None, None, 0);
        }
        match &mut self.suspicion {
            _ if seen.doubt => self.suspicion = Some(0),
            Some(calm) if within => *calm += 1,
            _ => {}
        }
        if self.suspicion.is_some_and(|calm| calm >= WITHIN) {
            self.suspicion = None;
        }
        let warm = self.scored as usize >= WARM_UP;
        self.scored = self.scored.saturating_add(u32::from(seen.scored));
        self.state = if self.episode.is_some() {
            State::Unstable
        } else if seen.lost {
            State::Blind
        } else if self.suspicion.is_some() {
            State::Suspect
        } else if !seen.exact {
            State::Unknown
        } else if warm {
            State::Stable
        } else {
            State::Warming
        };
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Machine, QUIET, WARM_UP};
    use vaectl_schemas::State::{self, Blind, Stable, Suspect, Unknown, Unstable, Warming};

    const CALM: Evidence =
        Evidence { model: true, exact: true, scored: true, doubt: false, hit: false, alone: false, lost: false };
    const DOUBT: Evidence = Evidence { doubt: true, ..CALM };
    const HIT: Evidence = Evidence { doubt: true, hit: true, ..CALM };
    const ALONE: Evidence = Evidence { alone: true, ..CALM };
    const LOST: Evidence = Evidence { lost: true, ..CALM };
    const UNSCORED: Evidence = Evidence { scored: false, ..CALM };
    const OTHER_MODEL: Evidence = Evidence { exact: false, ..CALM };
    const NO_MODEL: Evidence = Evidence { model: false, scored: false, ..OTHER_MODEL };

    fn run(machine: &mut Machine, windows: &[Evidence]) -> Vec<State> {
        windows.iter().map(|&w| machine.step(w)).collect()
    }

    fn warm() -> Machine {
        let mut machine = Machine::default();
        run(&mut machine, &[CALM; WARM_UP]);
        machine
    }

    fn unstable() -> Machine {
        let mut machine = warm();
        assert_eq!(run(&mut machine, &[HIT, HIT]), [Suspect, Unstable]);
        machine
    }

    #[test]
    fn a_hit_without_doubt_waits_for_another() {
        let hit = Evidence { doubt: false, ..HIT };
        assert_eq!(
            run(&mut warm(), &[hit, CALM, CALM, hit, CALM, hit]),
            [Stable, Stable, Stable, Stable, Stable, Unstable]
        );
    }

    #[test]
    fn thirty_windows_are_warming_and_the_next_is_stable() {
        let mut machine = Machine::default();
        assert_eq!(run(&mut machine, &[CALM; 30]), [Warming; 30]);
        assert_eq!(machine.step(CALM), Stable);
    }

    #[test]
    fn without_an_exact_model_nothing_is_ever_stable() {
        let mut machine = Machine::default();
        assert_eq!(run(&mut machine, &[OTHER_MODEL; 100]), [Unknown; 100]);
        assert_eq!(run(&mut Machine::default(), &[NO_MODEL; 100]), [Unknown; 100]);
    }

    #[test]
    fn a_model_of_another_command_can_raise_suspicion_and_an_episode() {
        let hit = Evidence { exact: false, ..HIT };
        assert_eq!(run(&mut Machine::default(), &[OTHER_MODEL, hit, hit]), [Unknown, Suspect, Unstable]);
    }

    #[test]
    fn warming_can_become_suspect_and_unstable() {
        assert_eq!(run(&mut Machine::default(), &[CALM, DOUBT, ALONE]), [Warming, Suspect, Unstable]);
    }

    #[test]
    fn suspicion_ends_after_two_windows_within() {
        assert_eq!(run(&mut warm(), &[DOUBT, CALM, DOUBT, CALM, CALM]), [Suspect, Suspect, Suspect, Suspect, Stable]);
    }

    #[test]
    fn two_hits_of_three_open_an_episode_and_of_four_do_not() {
        assert_eq!(run(&mut warm(), &[HIT, CALM, HIT])[2], Unstable);
        assert_eq!(run(&mut warm(), &[HIT, CALM, CALM, HIT])[3], Suspect);
    }

    #[test]
    fn what_opens_alone_opens_in_any_state() {
        assert_eq!(warm().step(ALONE), Unstable);
        assert_eq!(Machine::default().step(Evidence { exact: false, ..ALONE }), Unstable);
        assert_eq!(warm().step(Evidence { lost: true, ..ALONE }), Unstable);
    }

    #[test]
    fn an_episode_closes_after_twelve_quiet_windows_and_not_before() {
        let mut machine = unstable();
        assert_eq!(run(&mut machine, &[CALM; QUIET as usize - 1]), [Unstable; QUIET as usize - 1]);
        assert_eq!(machine.step(CALM), Stable);
        assert_eq!(machine.step(HIT), Suspect, "hits of a closed episode open no other");
    }

    #[test]
    fn a_hit_or_a_doubt_begins_the_quiet_anew() {
        for evidence in [HIT, DOUBT, ALONE] {
            let mut machine = unstable();
            run(&mut machine, &[CALM; 11]);
            assert_eq!(machine.step(evidence), Unstable);
            assert_eq!(run(&mut machine, &[CALM; 11]), [Unstable; 11]);
            assert_eq!(machine.step(CALM), Stable);
        }
    }

    #[test]
    fn loss_and_unscored_windows_are_never_quiet() {
        for evidence in [LOST, UNSCORED] {
            let mut machine = unstable();
            run(&mut machine, &[CALM; 11]);
            assert_eq!(run(&mut machine, &[evidence; 20]), [Unstable; 20]);
            assert_eq!(machine.step(CALM), Stable);
        }
    }

    #[test]
    fn loss_blinds_every_state_but_unstable() {
        assert_eq!(warm().step(LOST), Blind);
        assert_eq!(Machine::default().step(Evidence { lost: true, ..NO_MODEL }), Blind);
        assert_eq!(run(&mut warm(), &[DOUBT, LOST, CALM, CALM]), [Suspect, Blind, Suspect, Stable]);
        assert_eq!(unstable().step(LOST), Unstable);
    }

    #[test]
    fn unscored_windows_warm_nothing_up() {
        assert_eq!(run(&mut Machine::default(), &[UNSCORED; 60])[59], Warming);
    }

    #[test]
    fn an_episode_without_a_model_any_more_closes() {
        assert_eq!(run(&mut unstable(), &[NO_MODEL; 12])[11], Unknown);
    }

    #[test]
    fn another_model_warms_up_anew_and_keeps_the_episode() {
        let mut machine = unstable();
        machine.rejudge();
        assert_eq!(machine.step(CALM), Unstable);
        let mut machine = warm();
        machine.rejudge();
        assert_eq!(machine.step(CALM), Warming);
    }
}
