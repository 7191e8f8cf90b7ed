//! Signals, and a reader that went away: what ends a stage from outside.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};
use tokio::sync::Notify;
use tracing::error;

use super::wake::{self, Wake};

/// How long a stage may take to drain after the first signal.
const GRACE: Duration = Duration::from_secs(4);

/// Why a stage was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Signal,
    /// The stage itself takes no more.
    Refusal,
    ReaderGone,
}

/// What was asked for since the stage began. Clones see the same.
#[derive(Clone)]
pub(crate) struct Requests {
    stop: Arc<AtomicBool>,
    cause: Arc<Mutex<Option<(Cause, Instant)>>>,
    reload: Arc<AtomicBool>,
    wake: Wake,
    /// The same as the wake of a request to end, for a task.
    ending: Arc<Notify>,
}

impl Requests {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            stop: Arc::default(),
            cause: Arc::default(),
            reload: Arc::default(),
            wake: Wake::new()?,
            ending: Arc::default(),
        })
    }

    /// The flag that is set once the stage has to end.
    pub(crate) fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Why the stage has to end, if it has to, and since when.
    pub(crate) fn cause(&self) -> Option<(Cause, Instant)> {
        *self.cause.lock().expect("nothing panics under this lock")
    }

    /// Asks the stage to end. That nobody reads any more outweighs a signal; otherwise the first cause stays.
    pub(crate) fn stop(&self, cause: Cause) {
        let mut known = self.cause.lock().expect("nothing panics under this lock");
        if known.is_none() || cause == Cause::ReaderGone {
            *known = Some((cause, Instant::now()));
        }
        drop(known);
        self.stop.store(true, Ordering::SeqCst);
        self.wake.raise();
        // Stays for a task that waits only later.
        self.ending.notify_one();
    }

    /// Waits until the stage has to end; for one task.
    pub(crate) async fn stopped(&self) {
        while self.cause().is_none() {
            self.ending.notified().await;
        }
    }

    /// Whether a reload was asked for since the last call.
    pub(crate) fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::SeqCst)
    }

    /// What is raised whenever something was asked for.
    pub(crate) fn wake(&self) -> &Wake {
        &self.wake
    }
}

/// Listens until it is dropped.
pub(crate) struct Signals(Vec<SigId>);

impl Signals {
    /// Listens for signals and for the end of `stdout`'s reader; `at_once` is called at the first signal, and `at_last`
    /// before the process leaves with work undone: at the second one, or where draining takes too long.
    pub(crate) fn listen(
        requests: Requests,
        stdout: OwnedFd,
        at_once: impl Fn() + Send + 'static,
        at_last: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let (ends, end) = UnixStream::pair()?;
        let (reloads, reload) = UnixStream::pair()?;
        let mut registered = Vec::new();
        for signal in [SIGTERM, SIGINT] {
            registered.push(low_level::pipe::register(signal, end.try_clone()?)?);
        }
        registered.push(flag::register(SIGHUP, Arc::clone(&requests.reload))?);
        registered.push(low_level::pipe::register(SIGHUP, reload)?);
        let watch = Watch { requests, ends, reloads, stdout };
        thread::Builder::new().name("signals".into()).spawn(move || watch.run(&at_once, &at_last))?;
        Ok(Self(registered))
    }
}

impl Drop for Signals {
    /// The last sender goes with the registrations, which ends the thread.
    fn drop(&mut self) {
        for id in self.0.drain(..) {
            low_level::unregister(id);
        }
    }
}

struct Watch {
    requests: Requests,
    /// A byte for each signal to end.
    ends: UnixStream,
    /// A byte for each to reload.
    reloads: UnixStream,
    stdout: OwnedFd,
}

impl Watch {
    fn run(mut self, at_once: &dyn Fn(), at_last: &dyn Fn()) {
        let mut deadline: Option<Instant> = None;
        let mut signals = 0;
        let mut reader_gone = false;
        let leave = || -> ! {
            at_last();
            std::process::exit(1)
        };
        loop {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            let timeout = left.map(wake::timespec);
            let mut fds = vec![PollFd::new(&self.ends, PollFlags::IN), PollFd::new(&self.reloads, PollFlags::IN)];
            if !reader_gone {
                fds.push(PollFd::from_borrowed_fd(self.stdout.as_fd(), PollFlags::empty()));
            }
            match poll(&mut fds, timeout.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
                Ok(0) => {
                    error!("Could not finish within four seconds of the signal: what is not on the disk is lost.");
                    leave();
                }
                Ok(_) => {}
            }
            let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
            let [to_end, to_reload] = [0, 1].map(|at: usize| !fds[at].revents().is_empty());
            if fds.get(2).is_some_and(|fd| fd.revents().intersects(gone)) {
                reader_gone = true;
                self.requests.stop(Cause::ReaderGone);
            }
            if to_reload {
                match self.reloads.read(&mut [0; 64]) {
                    Ok(0) => return,
                    Ok(_) => self.requests.wake.raise(),
                    Err(_) => {}
                }
            }
            if to_end {
                match self.ends.read(&mut [0; 64]) {
                    Ok(0) => return,
                    Ok(count) => signals += count,
                    Err(_) => {}
                }
                if signals > 1 {
                    leave();
                }
                if signals == 1 && deadline.is_none() {
                    deadline = Some(Instant::now() + GRACE);
                    at_once();
                    self.requests.stop(Cause::Signal);
                }
            }
        }
    }
}
