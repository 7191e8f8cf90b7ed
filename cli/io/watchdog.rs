//! A stage's word to the watchdog of whoever started it: systemd, or `run`.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::manager::{ALIVE, Manager};

/// Says that the loop of a stage goes on, where anybody wants to know; nothing is sent and nothing wakes otherwise.
/// Clones are one.
#[derive(Clone)]
pub(crate) struct Watchdog(Option<Arc<Watched>>);

struct Watched {
    manager: Manager,
    /// Half of what the manager waits for: a word may be late.
    interval: Duration,
    fed: Mutex<Instant>,
    /// The only thread whose word counts. That another one goes on would hide that this one hangs.
    thread: ThreadId,
}

impl Watchdog {
    /// For the calling thread, by what the environment says.
    pub(crate) fn from_environment() -> Self {
        let manager = Manager::from_environment();
        Self(manager.watchdog().map(|limit| Arc::new(Watched::new(manager, limit))))
    }

    /// Says that the stage goes on, where it is time; in how long it is time again, where this thread is watched.
    ///
    /// It is for each turn of a loop, and for a wait that may last though nothing hangs: for a slow reader, or a server
    /// that is away.
    pub(crate) fn feed(&self) -> Option<Duration> {
        let watched = self.0.as_ref().filter(|watched| watched.thread == thread::current().id())?;
        let mut fed = watched.fed.lock().expect("nothing panics under this lock");
        let left = watched.interval.saturating_sub(fed.elapsed());
        if !left.is_zero() {
            return Some(left);
        }
        *fed = Instant::now();
        watched.manager.tell(ALIVE);
        Some(watched.interval)
    }
}

impl Watched {
    fn new(manager: Manager, limit: Duration) -> Self {
        Self { manager, interval: limit / 2, fed: Mutex::new(Instant::now()), thread: thread::current().id() }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Manager, Watchdog, Watched};

    #[test]
    fn only_the_thread_that_is_watched_has_a_say_and_twice_within_the_limit() {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let heard = || theirs.recv(&mut [0; 64]).is_ok();
        let limit = Duration::from_secs(1000);
        let mut watched = Watched::new(Manager(Some(ours)), limit);
        let mut fed = |earlier| {
            let fed = watched.fed.get_mut().unwrap();
            *fed = fed.checked_sub(earlier).expect("the machine runs for longer");
        };
        fed(limit / 2);
        let watchdog = Watchdog(Some(Arc::new(watched)));
        let elsewhere = watchdog.clone();
        assert_eq!(std::thread::spawn(move || elsewhere.feed()).join().unwrap(), None);
        assert!(!heard(), "another thread goes on");
        assert_eq!(watchdog.feed(), Some(limit / 2));
        assert!(heard());
        assert!(watchdog.feed().is_some_and(|left| left <= limit / 2) && !heard(), "it is too early");
    }

    #[test]
    fn nobody_who_asks_costs_nothing() {
        assert_eq!(Watchdog(None).feed(), None);
    }
}
