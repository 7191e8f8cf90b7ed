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
}

impl Requests {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { stop: Arc::default(), cause: Arc::default(), reload: Arc::default(), wake: Wake::new()? })
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
    /// Listens for signals and for the end of `stdout`'s reader; `at_once` is called at the first signal.
    pub(crate) fn listen(requests: Requests, stdout: OwnedFd, at_once: impl Fn() + Send + 'static) -> io::Result<Self> {
        let signalled = Arc::new(AtomicBool::new(false));
        let (receiver, sender) = UnixStream::pair()?;
        let mut registered = Vec::new();
        for signal in [SIGTERM, SIGINT] {
            // In this order: the second signal finds the flag of the first.
            registered.push(flag::register_conditional_shutdown(signal, 1, Arc::clone(&signalled))?);
            registered.push(flag::register(signal, Arc::clone(&signalled))?);
        }
        registered.push(flag::register(SIGHUP, Arc::clone(&requests.reload))?);
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            registered.push(low_level::pipe::register(signal, sender.try_clone()?)?);
        }
        let watch = Watch { requests, signalled, receiver, stdout };
        thread::Builder::new().name("signals".into()).spawn(move || watch.run(&at_once))?;
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
    signalled: Arc<AtomicBool>,
    receiver: UnixStream,
    stdout: OwnedFd,
}

impl Watch {
    fn run(mut self, at_once: &dyn Fn()) {
        let mut deadline: Option<Instant> = None;
        let mut reader_gone = false;
        loop {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            let timeout = left.map(wake::timespec);
            let mut fds = vec![PollFd::new(&self.receiver, PollFlags::IN)];
            if !reader_gone {
                fds.push(PollFd::from_borrowed_fd(self.stdout.as_fd(), PollFlags::empty()));
            }
            match poll(&mut fds, timeout.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
                Ok(0) => {
                    eprintln!("error: could not finish within four seconds of the signal, and what was left is lost");
                    std::process::exit(1);
                }
                Ok(_) => {}
            }
            if fds.get(1).is_some_and(|fd| fd.revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)) {
                reader_gone = true;
                self.requests.stop(Cause::ReaderGone);
            }
            if !fds[0].revents().is_empty() {
                match self.receiver.read(&mut [0; 64]) {
                    Ok(0) => return,
                    Ok(_) => self.requests.wake.raise(),
                    Err(_) => continue,
                }
                if self.signalled.load(Ordering::SeqCst) && deadline.is_none() {
                    deadline = Some(Instant::now() + GRACE);
                    at_once();
                    self.requests.stop(Cause::Signal);
                }
            }
        }
    }
}
