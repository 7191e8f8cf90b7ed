//! The host-wide budget of events from containers that no model vouches for.

use vaectl_schemas::Timestamp;

/// So many events in each second of line time.
#[derive(Debug)]
pub(crate) struct Budget {
    per_second: u32,
    second: u64,
    spent: u32,
}

impl Budget {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second, second: 0, spent: 0 }
    }

    /// Spends one event of the second that `now` is in, if one is left.
    pub(crate) fn spend(&mut self, now: Timestamp) -> bool {
        let second = now.as_ns() / 1_000_000_000;
        if second != self.second {
            (self.second, self.spent) = (second, 0);
        }
        let left = self.spent < self.per_second;
        self.spent += u32::from(left);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Timestamp};

    #[test]
    fn a_second_of_line_time_has_its_budget_and_no_more() {
        let mut budget = Budget::new(50);
        let mut spend = |ns| (0..200).filter(|_| budget.spend(Timestamp::from_ns(ns))).count();
        assert_eq!([spend(1_000_000_000), spend(1_999_999_999), spend(2_000_000_000)], [50, 0, 50]);
    }
}
