//! Runs that are kept, by model key: what tells that there is something to learn from.

use std::collections::HashMap;

use vaectl_schemas::Timestamp;

/// Six hours of one run count as one more, in nanoseconds.
pub const RUN_NS: u64 = 6 * 3600 * 1_000_000_000;

/// So many runs teach and calibrate a model.
const LEAST: u32 = 2;

/// How many runs one container has been so far.
#[derive(Debug, Default)]
pub(crate) struct Life {
    began: Option<Timestamp>,
    runs: u64,
}

impl Life {
    /// Takes in a window that was kept; says whether a run begins with it.
    pub(crate) fn begins_a_run(&mut self, at: Timestamp) -> bool {
        let began = *self.began.get_or_insert(at);
        let runs = at.as_ns().saturating_sub(began.as_ns()) / RUN_NS + 1;
        let begins = runs > self.runs;
        self.runs = self.runs.max(runs);
        begins
    }
}

/// Runs of every key since the stage began.
#[derive(Debug)]
pub(crate) struct Runs {
    keys: HashMap<String, u32>,
    most: usize,
    learnable: Vec<String>,
}

impl Runs {
    /// Counts up to `most` keys apart.
    pub(crate) fn new(most: usize) -> Self {
        Self { keys: HashMap::new(), most, learnable: Vec::new() }
    }

    /// Counts a run of `key`; it can be learned from where it is not the first.
    pub(crate) fn count(&mut self, key: &str) {
        // Jobs with other arguments every time are keys without end. What is forgotten is told of a run later.
        if self.keys.len() >= self.most && !self.keys.contains_key(key) {
            self.keys.clear();
        }
        let runs = self.keys.entry(key.to_owned()).or_default();
        *runs += 1;
        if *runs >= LEAST && !self.learnable.iter().any(|known| known == key) {
            self.learnable.push(key.to_owned());
        }
    }

    /// The keys that can be learned from and had a new run since the last call.
    pub(crate) fn take_learnable(&mut self) -> Vec<String> {
        std::mem::take(&mut self.learnable)
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::Timestamp;

    use super::{Life, RUN_NS, Runs};

    #[test]
    fn every_six_hours_of_one_container_are_a_run() {
        let mut life = Life::default();
        let begin: Vec<u64> =
            (0..30).filter(|hour| life.begins_a_run(Timestamp::from_ns(7 + hour * RUN_NS / 6))).collect();
        assert_eq!(begin, [0, 6, 12, 18, 24]);
    }

    #[test]
    fn a_key_is_told_of_from_its_second_run_on() {
        let mut runs = Runs::new(8);
        runs.count("a");
        runs.count("b");
        assert!(runs.take_learnable().is_empty());
        runs.count("b");
        runs.count("b");
        assert_eq!(runs.take_learnable(), ["b"]);
        assert!(runs.take_learnable().is_empty());
        runs.count("b");
        assert_eq!(runs.take_learnable(), ["b"], "there is more to learn from");
    }

    #[test]
    fn keys_without_end_take_no_room_without_end() {
        let mut runs = Runs::new(8);
        (0..1000).for_each(|at| runs.count(&at.to_string()));
        assert!(runs.keys.len() <= 8);
    }
}
