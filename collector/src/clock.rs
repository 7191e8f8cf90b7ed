//! The clocks: events carry time since boot; lines carry wall time.

use rustix::time::{ClockId, clock_gettime};
use vaectl_schemas::Timestamp;

/// A wall clock that moved by more than this was stepped.
const STEP_NS: i64 = 100_000_000;

fn read(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Nanoseconds since boot, suspended time included.
pub(crate) fn boot_ns() -> u64 {
    read(ClockId::Boottime).unsigned_abs()
}

/// From time since boot to wall time; one offset a window, so that the lines of a window agree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    offset: i64,
}

impl Clock {
    pub(crate) fn now() -> Self {
        Self { offset: read(ClockId::Realtime) - read(ClockId::Boottime) }
    }

    /// Wall time of an instant since boot.
    pub(crate) fn wall(self, boot_ns: u64) -> Timestamp {
        Timestamp::from_ns(boot_ns.saturating_add_signed(self.offset))
    }

    /// Takes the offset anew; by how much the wall clock was stepped, where it was.
    pub(crate) fn refresh(&mut self) -> Option<i64> {
        self.follow(Self::now())
    }

    fn follow(&mut self, now: Self) -> Option<i64> {
        let step = now.offset - self.offset;
        self.offset = now.offset;
        (step.abs() > STEP_NS).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    const HOUR: i64 = 3_600_000_000_000;

    #[test]
    fn a_step_is_told_once_and_wall_time_follows_it_in_both_directions() {
        let mut clock = Clock { offset: 10 * HOUR };
        assert_eq!(clock.follow(Clock { offset: 11 * HOUR }), Some(HOUR));
        assert_eq!(clock.wall(5).as_ns(), (11 * HOUR + 5) as u64);
        assert_eq!(clock.follow(Clock { offset: 11 * HOUR }), None);
        assert_eq!(clock.follow(Clock { offset: 9 * HOUR }), Some(-2 * HOUR));
        assert_eq!(clock.wall(5).as_ns(), (9 * HOUR + 5) as u64);
    }

    #[test]
    fn a_clock_that_is_slewed_was_not_stepped() {
        let mut clock = Clock { offset: HOUR };
        for slewed in 1..=100 {
            assert_eq!(clock.follow(Clock { offset: HOUR + slewed * 100_000_000 }), None);
        }
        assert_eq!(clock.wall(0).as_ns(), (HOUR + 10_000_000_000) as u64);
    }
}
