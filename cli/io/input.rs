//! Standard input that says when nothing is there.

use std::io::{self, BufRead, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::signals::{Cause, Requests};
use super::wake;

const BLOCK: usize = 128 * 1024;
/// How long input is still read after a signal, which a whole pipeline may have got, or after a refusal: what is under
/// way comes through.
pub(crate) const DRAIN: Duration = Duration::from_millis(700);
/// The silence that ends draining early.
const SILENCE: Duration = Duration::from_millis(300);

/// Standard input. Reading fails with `WouldBlock` where nothing is ready. Once the stage was told to end, it ends too:
/// at once where nobody reads the output, otherwise when nothing more comes.
///
/// The descriptor itself stays blocking, since other processes may share it.
pub(crate) struct Input {
    fd: OwnedFd,
    requests: Requests,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Input {
    pub(crate) fn new(fd: OwnedFd, requests: Requests) -> Self {
        Self { fd, requests, buffer: vec![0; BLOCK].into_boxed_slice(), start: 0, end: 0 }
    }

    /// Waits until there is input or a request, or so long.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.poll(timeout.map(wake::timespec).as_ref())?;
        self.requests.wake().clear();
        Ok(())
    }

    /// Waits for input or a request; whether a read would not block.
    fn poll(&self, timeout: Option<&Timespec>) -> io::Result<bool> {
        ready(&mut [self.input(), PollFd::new(self.requests.wake(), PollFlags::IN)], timeout)
    }

    /// Whether more comes soon enough, where the end was asked for at `since`.
    fn drains(&self, since: Instant) -> io::Result<bool> {
        let left = DRAIN.saturating_sub(since.elapsed());
        Ok(!left.is_zero() && ready(&mut [self.input()], Some(&wake::timespec(left.min(SILENCE))))?)
    }

    fn input(&self) -> PollFd<'_> {
        PollFd::from_borrowed_fd(self.fd.as_fd(), PollFlags::IN)
    }
}

/// Whether the first of `fds` can be read within `timeout`.
fn ready(fds: &mut [PollFd<'_>], timeout: Option<&Timespec>) -> io::Result<bool> {
    match poll(fds, timeout) {
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(!fds[0].revents().is_empty()),
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            match self.requests.cause() {
                None if self.poll(Some(&Timespec::default()))? => {}
                None => return Err(io::ErrorKind::WouldBlock.into()),
                Some((Cause::Signal | Cause::Refusal, since)) if self.drains(since)? => {}
                Some(_) => return Ok(&[]),
            }
            (self.start, self.end) = (0, rustix::io::read(&self.fd, &mut *self.buffer)?);
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.start = (self.start + amount).min(self.end);
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(out)?;
        self.consume(amount);
        Ok(amount)
    }
}

/// An [`Input`] that waits, for those who read to its end.
pub(crate) struct Patient(pub(crate) Input);

impl BufRead for Patient {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.0.fill_buf() {
                Ok(_) => return Ok(&self.0.buffer[self.0.start..self.0.end]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.0.wait(None)?,
                Err(error) => return Err(error),
            }
        }
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl Read for Patient {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(out)?;
        self.consume(amount);
        Ok(amount)
    }
}
