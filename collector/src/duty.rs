//! When system calls are counted: all the time, or only in short slices at random.
//!
//! The hook costs every call of every process on the host, an empty one nearly as much as one that counts: what saves is to
//! take it out. Where somebody is watched deeper it stays in for what it tells, and counts in slices as ever: a window in
//! which all calls were counted is none that a model of slices has seen. Slices are all of one length, and the pauses between
//! them are exponential: whatever went before, the next slice is as likely to begin now as at any other time, so that no
//! moment is safer than another.

use std::time::Duration;

const SLICE_NS: u64 = 100_000_000;

/// What the hook on calls does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    /// It counts them, and tells of those that are told of.
    Counted,
    /// It tells, and counts none.
    Told,
    /// It is not there.
    Unseen,
}

/// Whether calls are counted, and for how long they were.
#[derive(Debug)]
pub(crate) struct Duty {
    share: f64,
    calls: Calls,
    began_ns: u64,
    /// Since when the hook does what it does.
    since_ns: u64,
    /// How long they were counted before.
    before_ns: u64,
    /// When the present slice or pause ends.
    until_ns: u64,
}

impl Duty {
    /// Calls are to be counted in this share of the time, and are since `now_ns`.
    pub(crate) fn new(share: f64, now_ns: u64) -> Self {
        let calls = Calls::Counted;
        Self { share, calls, began_ns: now_ns, since_ns: now_ns, before_ns: 0, until_ns: now_ns + SLICE_NS }
    }

    /// What the hook has to do from now on, where that is something else; it stays in while it is `held`.
    pub(crate) fn turn(&mut self, now_ns: u64, held: bool) -> Option<Calls> {
        if self.share >= 1.0 {
            return None;
        }
        let mut counts = self.calls == Calls::Counted;
        if now_ns >= self.until_ns {
            counts = !counts;
            self.until_ns = now_ns + if counts { SLICE_NS } else { pause_ns(self.share, rand::random()) };
        }
        let calls = match (counts, held) {
            (true, _) => Calls::Counted,
            (false, true) => Calls::Told,
            (false, false) => Calls::Unseen,
        };
        (calls != self.calls).then_some(calls)
    }

    /// The hook does that now.
    pub(crate) fn switched(&mut self, calls: Calls, now_ns: u64) {
        self.before_ns = self.watched_ns(now_ns);
        (self.calls, self.since_ns) = (calls, now_ns);
    }

    /// For how long calls had been counted at a time not before the present slice or pause.
    pub(crate) fn watched_ns(&self, at_ns: u64) -> u64 {
        self.before_ns + if self.calls == Calls::Counted { at_ns.saturating_sub(self.since_ns) } else { 0 }
    }

    /// The share of the time in which calls had been counted, under the same condition; 1 at the beginning.
    pub(crate) fn watched_share(&self, at_ns: u64) -> f64 {
        match at_ns.saturating_sub(self.began_ns) {
            0 => 1.0,
            time => self.watched_ns(at_ns) as f64 / time as f64,
        }
    }

    /// How long nothing has to be done.
    pub(crate) fn left(&self, now_ns: u64) -> Duration {
        if self.share >= 1.0 { Duration::MAX } else { Duration::from_nanos(self.until_ns.saturating_sub(now_ns)) }
    }
}

/// The pause for a number that is uniform between 0 and 1.
fn pause_ns(share: f64, uniform: f64) -> u64 {
    let mean = SLICE_NS as f64 * (1.0 - share) / share;
    (-(1.0 - uniform).ln() * mean) as u64
}

#[cfg(test)]
mod tests {
    use super::{Calls, Duty, SLICE_NS, pause_ns};

    /// Turns until `end`, as often as there is something to do.
    fn run(duty: &mut Duty, mut now: u64, end: u64, held: bool) {
        while now < end {
            if let Some(calls) = duty.turn(now, held) {
                duty.switched(calls, now);
            }
            now += duty.left(now).as_nanos().clamp(1_000_000, 100_000_000) as u64;
        }
    }

    #[test]
    fn a_share_of_the_time_is_watched() {
        let (begin, end) = (SLICE_NS, 10_000 * SLICE_NS);
        let mut duty = Duty::new(0.1, begin);
        run(&mut duty, begin, end, false);
        let share = duty.watched_share(end);
        assert!((0.08..0.12).contains(&share), "{share}");
    }

    #[test]
    fn what_is_held_is_told_all_the_time_and_counted_in_slices() {
        let (begin, end) = (SLICE_NS, 10_000 * SLICE_NS);
        let mut duty = Duty::new(0.1, begin);
        run(&mut duty, begin, end, true);
        assert_ne!(duty.calls, Calls::Unseen);
        let share = duty.watched_share(end);
        assert!((0.08..0.12).contains(&share), "{share}");
    }

    #[test]
    fn the_hook_goes_in_at_once_where_it_is_held_and_out_where_it_is_let_go() {
        let mut duty = Duty::new(0.1, 0);
        assert_eq!(duty.turn(0, true), None, "a slice has just begun");
        let pause = duty.turn(SLICE_NS, false).unwrap();
        assert_eq!(pause, Calls::Unseen);
        duty.switched(pause, SLICE_NS);
        duty.until_ns = u64::MAX;
        assert_eq!(duty.turn(SLICE_NS + 1, true), Some(Calls::Told));
        duty.switched(Calls::Told, SLICE_NS + 1);
        assert_eq!(duty.turn(SLICE_NS + 2, false), Some(Calls::Unseen));
        assert_eq!(duty.watched_ns(SLICE_NS + 2), SLICE_NS);
    }

    #[test]
    fn without_a_duty_cycle_calls_are_always_counted() {
        let mut duty = Duty::new(1.0, 5);
        assert_eq!((duty.turn(u64::MAX, false), duty.watched_ns(1005)), (None, 1000));
    }

    #[test]
    fn pauses_are_exponential() {
        let at = |uniform| pause_ns(0.1, uniform) as f64 / SLICE_NS as f64;
        assert!(at(0.0) < 1e-9);
        // The median of an exponential is its mean, nine slices, times ln 2.
        assert!((at(0.5) - 9.0 * 2.0_f64.ln()).abs() < 1e-6);
    }
}
