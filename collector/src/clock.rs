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
        let step = Self::now().offset - self.offset;
        self.offset += step;
        (step.abs() > STEP_NS).then_some(step)
    }
}
