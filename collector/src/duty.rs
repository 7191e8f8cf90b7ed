//! When system calls are counted: all the time, or only in short slices at random.
//!
//! The hook costs every call of every process on the host, an empty one nearly as much as one that counts: what saves is to
//! take it out. Slices are all of one length, and the pauses between them are exponential: whatever went before, the next
//! slice is as likely to begin now as at any other time, so that no moment is safer than another.

use std::time::Duration;

const SLICE_NS: u64 = 100_000_000;

/// Whether calls are counted, and for how long they were.
#[derive(Debug)]
pub(crate) struct Duty {
    share: f64,
    began_ns: u64,
    /// Since when calls are counted, where they are.
    since_ns: Option<u64>,
    /// How long they were counted before.
    before_ns: u64,
    /// When the present slice or pause ends.
    until_ns: u64,
}

impl Duty {
    /// Calls are to be counted in this share of the time, and are since `now_ns`.
    pub(crate) fn new(share: f64, now_ns: u64) -> Self {
        Self { share, began_ns: now_ns, since_ns: Some(now_ns), before_ns: 0, until_ns: now_ns + SLICE_NS }
    }

    /// Whether the hook has to go in (`true`) or out now. While it is `held`, it stays in, and for a slice more.
    pub(crate) fn turn(&mut self, now_ns: u64, held: bool) -> Option<bool> {
        let on = self.since_ns.is_some();
        if self.share >= 1.0 {
            return None;
        }
        if held {
            self.until_ns = now_ns + SLICE_NS;
            return (!on).then_some(true);
        }
        if now_ns < self.until_ns {
            return None;
        }
        self.until_ns = now_ns + if on { pause_ns(self.share, rand::random()) } else { SLICE_NS };
        Some(!on)
    }

    /// The hook went in or out.
    pub(crate) fn switched(&mut self, on: bool, now_ns: u64) {
        self.before_ns = self.watched_ns(now_ns);
        self.since_ns = on.then_some(now_ns);
    }

    /// For how long calls had been counted at a time not before the present slice or pause.
    pub(crate) fn watched_ns(&self, at_ns: u64) -> u64 {
        self.before_ns + self.since_ns.map_or(0, |since| at_ns.saturating_sub(since))
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
    use super::{Duty, SLICE_NS, pause_ns};

    /// Turns until `end`, as often as there is something to do.
    fn run(duty: &mut Duty, mut now: u64, end: u64, held: bool) {
        while now < end {
            if let Some(on) = duty.turn(now, held) {
                duty.switched(on, now);
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
    fn what_is_held_is_watched_until_it_is_let_go() {
        let mut duty = Duty::new(0.1, 0);
        run(&mut duty, 0, 10 * SLICE_NS, false);
        let (before, from) = (duty.watched_ns(10 * SLICE_NS), 10 * SLICE_NS);
        assert_ne!(duty.turn(from, true), Some(false));
        duty.switched(true, from);
        run(&mut duty, from, 20 * SLICE_NS, true);
        assert_eq!(duty.watched_ns(20 * SLICE_NS) - before, 10 * SLICE_NS);
        assert_eq!(duty.turn(20 * SLICE_NS - 1, false), None);
        assert_eq!(duty.turn(20 * SLICE_NS, false), Some(false));
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
