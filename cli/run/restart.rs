//! What becomes of a stage that ended.
//!
//! runit and s6 try again once a second for ever, Vector's `exec` every five seconds; systemd gives up after five
//! starts in ten seconds, which would lose what is in the pipes. So a stage is tried for ever, at ever longer intervals;
//! but from the fifth death without a minute's peace on, the watchdog of a service manager hears nothing any more, and
//! whoever set one decides.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use crate::error::Exit;

/// How long the first pause is; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(250);
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(30);
/// A stage that ran for so long has put its earlier deaths behind it.
pub(super) const SETTLED: Duration = Duration::from_mins(1);
/// So many deaths are a storm.
const STORM: u32 = 5;

/// What is done about an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The stage has done what there was to do.
    Done,
    /// It is started again after this pause.
    Again(Duration),
    /// Another try would end the same way: everything ends.
    Hopeless,
}

/// Deaths of one stage since it last ran well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Deaths(u32);

impl Deaths {
    /// Takes in how a stage ended that had run for `ran`; `more` is whether its input goes on: otherwise it says with any
    /// code of its own that it has done what it could. One that is `proven` once did what it was asked for, and what
    /// keeps it from that now, such as a typo in its configuration, may be put right.
    pub(super) fn take(&mut self, status: ExitStatus, ran: Duration, more: bool, proven: bool) -> Fate {
        match status.code() {
            Some(0 | 1) => return Fate::Done,
            Some(2..=5) if !more => return Fate::Done,
            Some(2 | 3 | 5) if !proven => return Fate::Hopeless,
            _ => {}
        }
        Fate::Again(self.again(ran))
    }

    /// Takes in one more death; the pause before the next try.
    pub(super) fn again(&mut self, ran: Duration) -> Duration {
        self.0 = if ran >= SETTLED { 1 } else { self.0.saturating_add(1) };
        FIRST.saturating_mul(1 << (self.0 - 1).min(16)).min(LONGEST)
    }

    /// Whether they come one after the other, where the stage has run for `running` since the last.
    pub(super) fn storm(self, running: Duration) -> bool {
        self.0 >= STORM && running < SETTLED
    }
}

/// The exit code that a stage's end comes to; a stage that was killed did not do all of its work.
pub(super) fn exit(status: ExitStatus) -> Exit {
    match (status.signal(), status.code()) {
        (None, Some(0)) => Exit::Done,
        (None, Some(2)) => Exit::Usage,
        (None, Some(3)) => Exit::Host,
        (None, Some(4)) => Exit::Peer,
        (None, Some(5)) => Exit::Model,
        _ => Exit::Partial,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;
    use std::time::Duration;

    use super::{Deaths, Fate};

    const KILLED: i32 = 9;
    const MOMENT: Duration = Duration::from_millis(10);

    fn fate(deaths: &mut Deaths, raw: i32, ran: Duration) -> Fate {
        deaths.take(ExitStatus::from_raw(raw), ran, true, false)
    }

    #[test]
    fn a_stage_that_says_why_it_ended_is_not_started_again() {
        let after = |code: i32| fate(&mut Deaths::default(), code << 8, MOMENT);
        assert_eq!([0, 1].map(after), [Fate::Done; 2]);
        assert_eq!([2, 3, 5].map(after), [Fate::Hopeless; 3]);
        assert_eq!([4, 101].map(after), [Fate::Again(Duration::from_millis(250)); 2]);
    }

    #[test]
    fn a_stage_that_has_been_up_is_started_again_whatever_it_says() {
        let after = |raw: i32| Deaths::default().take(ExitStatus::from_raw(raw), MOMENT, true, true);
        assert_eq!([0, 1].map(|code| after(code << 8)), [Fate::Done; 2]);
        assert_eq!([2, 3, 4, 5].map(|code| after(code << 8)), [Fate::Again(Duration::from_millis(250)); 4]);
    }

    #[test]
    fn a_stage_whose_input_is_over_is_started_again_only_where_it_was_killed() {
        let after = |raw: i32| Deaths::default().take(ExitStatus::from_raw(raw), MOMENT, false, false);
        assert_eq!([2, 3, 4, 5].map(|code| after(code << 8)), [Fate::Done; 4]);
        assert_eq!([KILLED, 101 << 8].map(after), [Fate::Again(Duration::from_millis(250)); 2]);
    }

    #[test]
    fn the_pause_doubles_up_to_half_a_minute() {
        let mut deaths = Deaths::default();
        let pauses = (0..40).map(|_| match fate(&mut deaths, KILLED, MOMENT) {
            Fate::Again(pause) => pause.as_millis(),
            other => panic!("{other:?}"),
        });
        let pauses: Vec<_> = pauses.collect();
        assert_eq!(pauses[..9], [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!(pauses[39], 30_000);
    }

    #[test]
    fn a_minute_of_peace_forgives_earlier_deaths() {
        let mut deaths = Deaths::default();
        for _ in 0..4 {
            fate(&mut deaths, KILLED, MOMENT);
            assert!(!deaths.storm(MOMENT));
        }
        fate(&mut deaths, KILLED, MOMENT);
        assert!(deaths.storm(MOMENT) && !deaths.storm(Duration::from_mins(1)));
        assert_eq!(fate(&mut deaths, KILLED, Duration::from_mins(1)), Fate::Again(Duration::from_millis(250)));
        assert!(!deaths.storm(MOMENT));
    }
}
