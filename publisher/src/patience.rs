use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::stop::Stop;

const LAST_DELAY: Duration = Duration::from_secs(10);

/// How long to wait, and when to give up, on a repository that does not take what it is given.
#[derive(Clone)]
pub(crate) struct Patience {
    limit: Duration,
    first: Duration,
    stop: Stop,
    /// When the first of the attempts failed: nothing that nobody asked for counts against a repository.
    since: Instant,
    attempts: u32,
}

impl Patience {
    /// Gives up `limit` after the first attempt that failed since the last [`progress`](Self::progress).
    ///
    /// The first pause is `first`.
    pub(crate) fn new(limit: Duration, first: Duration, stop: &Stop) -> Self {
        Self { limit, first, stop: stop.clone(), since: Instant::now(), attempts: 0 }
    }

    /// Something was taken: starts anew.
    pub(crate) fn progress(&mut self) {
        self.attempts = 0;
    }

    /// Whether no attempt failed since something was taken.
    pub(crate) fn is_fresh(&self) -> bool {
        self.attempts == 0
    }

    /// When the next attempt is due; `None` where there shall be none, which with `endures` is never so before the end
    /// is asked for.
    pub(crate) fn next(&mut self, endures: bool) -> Option<Instant> {
        let now = Instant::now();
        if self.is_fresh() {
            self.since = now;
        }
        let due = now + delay(self.first, self.attempts, rand::random());
        self.attempts += 1;
        let limit = Some(self.since + self.limit).filter(|_| !endures);
        match limit.into_iter().chain(self.stop.deadline()).min() {
            Some(end) if now >= end => None,
            Some(end) => Some(due.min(end)),
            None => Some(due),
        }
    }

    /// Waits before the next attempt; false where there shall be none.
    ///
    /// When the end is asked for, the next attempt comes at once, and the last one before the end.
    pub(crate) async fn pause(&mut self) -> bool {
        let Some(due) = self.next(false) else { return false };
        if self.stop.deadline().is_some() {
            sleep_until(due).await;
        } else {
            tokio::select! {
                () = sleep_until(due) => {}
                _ = self.stop.requested() => {}
            }
        }
        true
    }
}

/// The delay before the attempt after `attempts` failed ones: doubling from `first` to 10 s, and of that between half
/// and all, by `jitter` from 0 to 1, so that many publishers do not come back at once.
fn delay(first: Duration, attempts: u32, jitter: f64) -> Duration {
    let full = first.saturating_mul(1 << attempts.min(16)).min(LAST_DELAY);
    full.mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::{Patience, delay};
    use crate::stop::Stop;

    const FIRST: Duration = Duration::from_millis(100);

    #[test]
    fn delays_double_up_to_a_limit_and_are_jittered_by_half() {
        assert_eq!(delay(FIRST, 0, 1.0), Duration::from_millis(100));
        assert_eq!(delay(FIRST, 3, 1.0), Duration::from_millis(800));
        assert_eq!(delay(FIRST, 3, 0.0), Duration::from_millis(400));
        assert_eq!(delay(FIRST, 40, 1.0), Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_progress_renews_it() {
        let (stop, _watching) = Stop::on::<()>(pending());
        let mut patience = Patience::new(Duration::from_secs(5), FIRST, &stop);
        let mut attempts = 0;
        while patience.pause().await {
            attempts += 1;
        }
        assert!((5..=9).contains(&attempts), "{attempts}");
        patience.progress();
        assert!(patience.pause().await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_in_which_nothing_was_asked_for_does_not_count() {
        let (stop, _watching) = Stop::on::<()>(pending());
        let mut patience = Patience::new(Duration::from_secs(5), FIRST, &stop);
        patience.progress();
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!(patience.pause().await && patience.pause().await);
    }
}
