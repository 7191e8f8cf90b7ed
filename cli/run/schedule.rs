//! When models are trained: some time after there is something to learn from, and again and again on the first day.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How soon, how often and for how long a new key is trained.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) after: Duration,
    pub(super) every: Duration,
    pub(super) during: Duration,
}

/// What is due when.
#[derive(Debug)]
pub(super) struct Schedule {
    pace: Pace,
    /// What was there before, whatever its keys.
    all: Option<Instant>,
    keys: BTreeMap<String, Course>,
}

/// The first day of a key.
#[derive(Debug)]
struct Course {
    due: Instant,
    until: Instant,
}

/// What is to be trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    All,
    Keys(Vec<String>),
}

impl Schedule {
    /// Nothing but, where `before` says that there is an archive already, all that it has.
    pub(super) fn new(pace: Pace, before: bool, now: Instant) -> Self {
        Self { pace, all: before.then(|| now + pace.after), keys: BTreeMap::new() }
    }

    /// A key has runs to learn from. One that was known keeps its times.
    pub(super) fn add(&mut self, key: String, now: Instant) {
        let due = now + self.pace.after;
        self.keys.entry(key).or_insert(Course { due, until: due + self.pace.during });
    }

    /// When the next training is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.keys.values().map(|course| course.due).chain(self.all).min()
    }

    /// What is due by `now`; it is due again later, as long as its first day lasts.
    pub(super) fn take(&mut self, now: Instant) -> Option<Task> {
        let every = self.pace.every;
        let mut keys = Vec::new();
        for (key, course) in self.keys.iter_mut().filter(|(_, course)| course.due <= now) {
            keys.push(key.clone());
            course.due = now + every;
        }
        self.keys.retain(|_, course| course.due <= course.until);
        if self.all.take_if(|due| *due <= now).is_some() {
            return Some(Task::All);
        }
        (!keys.is_empty()).then_some(Task::Keys(keys))
    }

    /// A task is over: where it failed, and for keys that `trained` says to have no model yet, it is due again as soon as
    /// a first one.
    pub(super) fn put_back(&mut self, task: Task, failed: bool, trained: impl Fn(&str) -> bool, now: Instant) {
        let soon = now + self.pace.after;
        match task {
            Task::All => self.all = failed.then_some(soon),
            Task::Keys(keys) => {
                for key in keys.iter().filter(|key| failed || !trained(key)) {
                    if let Some(course) = self.keys.get_mut(key) {
                        course.due = course.due.min(soon);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Pace, Schedule, Task};

    const MINUTE: Duration = Duration::from_mins(1);
    const PACE: Pace =
        Pace { after: Duration::from_mins(15), every: Duration::from_hours(1), during: Duration::from_hours(24) };

    fn keys(names: &[&str]) -> Task {
        Task::Keys(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn a_key_is_trained_after_a_quarter_of_an_hour_and_hourly_on_its_first_day() {
        let start = Instant::now();
        let mut schedule = Schedule::new(PACE, false, start);
        assert_eq!((schedule.due(), schedule.take(start + 99 * MINUTE)), (None, None));
        schedule.add("a".into(), start);
        let times: Vec<u32> = (0..3000).filter(|at| schedule.take(start + *at * MINUTE).is_some()).collect();
        assert_eq!(times, (0..=24).map(|hour| 15 + 60 * hour).collect::<Vec<_>>());
        assert_eq!(schedule.due(), None);
    }

    #[test]
    fn what_is_told_again_keeps_its_times_and_others_have_their_own() {
        let start = Instant::now();
        let mut schedule = Schedule::new(PACE, false, start);
        schedule.add("b".into(), start);
        schedule.add("a".into(), start + 10 * MINUTE);
        schedule.add("b".into(), start + 14 * MINUTE);
        assert_eq!(schedule.due(), Some(start + 15 * MINUTE));
        assert_eq!(schedule.take(start + 15 * MINUTE), Some(keys(&["b"])));
        assert_eq!(schedule.take(start + 80 * MINUTE), Some(keys(&["a", "b"])));
    }

    #[test]
    fn what_an_archive_has_from_before_is_trained_once() {
        let start = Instant::now();
        let mut schedule = Schedule::new(PACE, true, start);
        assert_eq!(schedule.take(start + 14 * MINUTE), None);
        assert_eq!(schedule.take(start + 15 * MINUTE), Some(Task::All));
        assert_eq!(schedule.due(), None);
    }

    #[test]
    fn a_key_that_got_no_model_is_tried_again_sooner() {
        let start = Instant::now();
        let mut schedule = Schedule::new(PACE, false, start);
        schedule.add("a".into(), start);
        schedule.add("b".into(), start);
        let task = schedule.take(start + 15 * MINUTE).unwrap();
        schedule.put_back(task, false, |key| key == "a", start + 16 * MINUTE);
        assert_eq!(schedule.take(start + 31 * MINUTE), Some(keys(&["b"])));
        assert_eq!(schedule.take(start + 75 * MINUTE), Some(keys(&["a"])));
    }

    #[test]
    fn a_training_that_failed_is_tried_again() {
        let start = Instant::now();
        let mut schedule = Schedule::new(PACE, true, start);
        for failed in [true, false] {
            let now = schedule.due().unwrap();
            let task = schedule.take(now).unwrap();
            schedule.put_back(task, failed, |_| true, now);
        }
        assert_eq!(schedule.due(), None);
    }
}
