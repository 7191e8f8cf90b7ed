//! What a verb gets beside its own options.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use crate::args::Shared;
use crate::io::input::Input;
use crate::io::manager::{Manager, READY};
use crate::io::output::{Output, Pending};
use crate::io::plain::Plain;
use crate::io::signals::{Requests, Signals};
use crate::io::watchdog::Watchdog;

/// The options of all verbs, and the standard streams, not yet in use.
pub(crate) struct Context {
    pub(crate) shared: Shared,
    pub(crate) stdin: OwnedFd,
    pub(crate) stdout: OwnedFd,
}

/// A running stage's side of its streams.
pub(crate) struct Streams<P: Pending> {
    pub(crate) input: Input,
    pub(crate) output: Output<P>,
    pub(crate) requests: Requests,
    pub(crate) signals: Signals,
    /// Of the thread that took the streams.
    pub(crate) watchdog: Watchdog,
}

impl Context {
    /// Standard output for a verb that only prints.
    pub(crate) fn into_stdout(self) -> File {
        File::from(self.stdout)
    }

    /// Takes signals and both streams into use, which is when a stage is up, with output that holds the stage back where its reader is slow.
    pub(crate) fn streams(self) -> io::Result<Streams<Plain>> {
        self.streams_with(Plain::default())
    }

    /// The same, with `pending` between the stage and its reader.
    pub(crate) fn streams_with<P: Pending>(self, pending: P) -> io::Result<Streams<P>> {
        let requests = Requests::new()?;
        let watched = self.stdout.as_fd().try_clone_to_owned()?;
        let opening: &[u8] = if self.shared.resumed { b"\n" } else { b"" };
        let watchdog = Watchdog::from_environment();
        let output = Output::start(self.stdout, opening, pending, requests.clone(), watchdog.clone())?;
        let flusher = output.flusher();
        let signals = Signals::listen(requests.clone(), watched, move || flusher.flush(), || {})?;
        Manager::from_environment().tell(READY);
        Ok(Streams { input: Input::new(self.stdin, requests.clone()), output, requests, signals, watchdog })
    }
}
