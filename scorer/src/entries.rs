//! What came into a container from outside: an operator's commands are told, and health checks are learned.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use vaectl_schemas::Timestamp;

/// A command that came in so often is told no more, until it stayed away for an hour: it is a health check.
const TOLD: u32 = 3;
const AWAY_NS: u64 = 3_600_000_000_000;
/// How many commands are told apart; beyond it every one is told.
const MAX_COMMANDS: usize = 64;

/// Commands, with how often each came in and when it did last.
#[derive(Debug, Default)]
pub(crate) struct Entries(BTreeMap<u64, (u32, Timestamp)>);

impl Entries {
    /// Whether a command that comes in now is to be told.
    pub(crate) fn is_news(&mut self, command: &str, now: Timestamp) -> bool {
        let mut hasher = DefaultHasher::new();
        command.hash(&mut hasher);
        let key = hasher.finish();
        self.0.retain(|_, (_, last)| last.as_ns() + AWAY_NS >= now.as_ns());
        if self.0.len() >= MAX_COMMANDS && !self.0.contains_key(&key) {
            return true;
        }
        let (times, last) = self.0.entry(key).or_default();
        (*times, *last) = (times.saturating_add(1), now);
        *times <= TOLD
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::Timestamp;

    use super::{AWAY_NS, Entries, MAX_COMMANDS};

    #[test]
    fn what_comes_in_again_and_again_is_learned_and_news_after_an_hour() {
        let mut entries = Entries::default();
        let mut news = |command: &str, at: u64| entries.is_news(command, Timestamp::from_ns(at));
        let told: Vec<bool> = (1..=5).map(|at| news("check", at)).collect();
        assert_eq!(told, [true, true, true, false, false]);
        assert!(news("sh", 6) && !news("check", 7));
        assert!(!news("check", 7 + AWAY_NS) && news("check", 8 + 2 * AWAY_NS));
    }

    #[test]
    fn of_too_many_commands_every_one_is_told() {
        let mut entries = Entries::default();
        let mut all = || (0..1000).filter(|n| entries.is_news(&n.to_string(), Timestamp::default())).count();
        assert_eq!([all(), all(), all(), all()], [1000, 1000, 1000, 1000 - MAX_COMMANDS]);
    }
}
