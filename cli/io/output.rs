//! Standard output: whole lines, in blocks, at most 200 ms late.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::signals::{Cause, Requests};
use super::watchdog::Watchdog;

/// What is written at once.
pub(crate) const BLOCK: usize = 64 * 1024;
/// How long a line may wait for others.
const DELAY: Duration = Duration::from_millis(200);

/// Lines on their way to the writer.
pub(crate) trait Pending: Send + 'static {
    /// Takes on lines.
    fn push(&mut self, lines: &[u8]);
    /// Whether whoever pushes has to wait.
    fn full(&self) -> bool;
    /// How much there is.
    fn bytes(&self) -> usize;
    /// Moves about a block of whole lines to `out`; with `last`, a last line without its end too.
    fn take(&mut self, out: &mut Vec<u8>, last: bool);
}

/// Standard output, written by a thread of its own.
pub(crate) struct Output<P: Pending> {
    shared: Arc<Shared<P>>,
    thread: JoinHandle<()>,
    /// Back-pressure is no hang.
    watchdog: Watchdog,
}

/// Asks the writer to write what it has; outlives the output.
pub(crate) struct Flusher<P: Pending>(Arc<Shared<P>>);

struct Shared<P> {
    state: Mutex<State<P>>,
    /// Something to write, or to hurry for.
    work: Condvar,
    /// Room for more, or the end of the writer.
    room: Condvar,
}

struct State<P> {
    pending: P,
    /// When the oldest line has to be written.
    due: Option<Instant>,
    closing: bool,
    /// The writer writes no more.
    ended: bool,
    failed: Option<io::Error>,
}

impl<P: Pending> Shared<P> {
    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().expect("nothing panics under this lock")
    }

    /// Waits for room, or until it is time to feed the watchdog.
    fn wait<'a>(&self, state: MutexGuard<'a, State<P>>, watchdog: &Watchdog) -> MutexGuard<'a, State<P>> {
        let poisoned = "nothing panics under this lock";
        match watchdog.feed() {
            None => self.room.wait(state).expect(poisoned),
            Some(left) => self.room.wait_timeout(state, left).expect(poisoned).0,
        }
    }
}

impl<P: Pending> Output<P> {
    /// Writes to `fd`, before all lines `opening`; a reader that goes away ends the stage through `requests`.
    pub(crate) fn start(
        fd: OwnedFd,
        opening: &[u8],
        pending: P,
        requests: Requests,
        watchdog: Watchdog,
    ) -> io::Result<Self> {
        let state = State { pending, due: None, closing: false, ended: false, failed: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), work: Condvar::new(), room: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let mut block = Vec::with_capacity(2 * BLOCK);
        block.extend_from_slice(opening);
        let write = move || {
            let ending = Ending(theirs);
            write_all(&ending.0, fd, block, &requests);
        };
        let thread = thread::Builder::new().name("stdout".into()).spawn(write)?;
        Ok(Self { shared, thread, watchdog })
    }

    /// Hands over whole lines; waits while the reader is too far behind.
    pub(crate) fn push(&self, lines: &[u8]) -> io::Result<()> {
        let mut state = self.shared.lock();
        while state.pending.full() && state.failed.is_none() {
            state = self.shared.wait(state, &self.watchdog);
        }
        if let Some(error) = &state.failed {
            return Err(error.kind().into());
        }
        state.pending.push(lines);
        let now = Instant::now();
        let due = if urgent(lines) { now } else { now + DELAY };
        state.due = Some(state.due.map_or(due, |known| known.min(due)));
        drop(state);
        self.shared.work.notify_one();
        Ok(())
    }

    pub(crate) fn flusher(&self) -> Flusher<P> {
        Flusher(Arc::clone(&self.shared))
    }

    /// Waits until all is written.
    pub(crate) fn finish(self) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.closing = true;
        self.shared.work.notify_one();
        while !state.ended {
            state = self.shared.wait(state, &self.watchdog);
        }
        drop(state);
        let joined = self.thread.join();
        debug_assert!(joined.is_ok());
        self.shared.lock().failed.take().map_or(Ok(()), Err)
    }
}

impl<P: Pending> Flusher<P> {
    pub(crate) fn flush(&self) {
        let mut state = self.0.lock();
        if state.due.is_some() {
            state.due = Some(Instant::now());
        }
        drop(state);
        self.0.work.notify_one();
    }
}

impl<P: Pending> Write for Output<P> {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.push(lines)?;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flusher().flush();
        Ok(())
    }
}

/// Whether a line among these may not wait.
fn urgent(lines: &[u8]) -> bool {
    const URGENT: [&[u8]; 3] = [b"window\"", b"verdict\"", b"incident\""];
    let urgent = |line: &[u8]| {
        line.strip_prefix(br#"{"type":""#).is_some_and(|rest| URGENT.iter().any(|kind| rest.starts_with(kind)))
    };
    urgent(lines) || memchr::memchr_iter(b'\n', lines).any(|end| urgent(&lines[end + 1..]))
}

/// The writer's end, however it comes, for those who wait.
struct Ending<P: Pending>(Arc<Shared<P>>);

impl<P: Pending> Drop for Ending<P> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.0.room.notify_all();
    }
}

fn write_all<P: Pending>(shared: &Shared<P>, fd: OwnedFd, mut block: Vec<u8>, requests: &Requests) {
    let mut file = std::fs::File::from(fd);
    while next_block(shared, &mut block) {
        shared.room.notify_all();
        if let Err(error) = file.write_all(&block) {
            let gone = error.kind() == io::ErrorKind::BrokenPipe;
            shared.lock().failed = Some(error);
            if gone {
                requests.stop(Cause::ReaderGone);
            }
            return;
        }
        block.clear();
    }
}

/// Waits for the rest of the next block; `false` once all is written and no more will come.
fn next_block<P: Pending>(shared: &Shared<P>, block: &mut Vec<u8>) -> bool {
    let poisoned = "nothing panics under this lock";
    let mut state = shared.lock();
    loop {
        let left = state.due.map(|due| due.saturating_duration_since(Instant::now()));
        if state.closing || left == Some(Duration::ZERO) || state.pending.bytes() >= BLOCK {
            let last = state.closing;
            state.pending.take(block, last);
            if state.pending.bytes() == 0 {
                state.due = None;
            }
            if !block.is_empty() || state.closing {
                return !block.is_empty();
            }
            state.due = None;
        }
        state = match state.due.map(|due| due.saturating_duration_since(Instant::now())) {
            None => shared.work.wait(state).expect(poisoned),
            Some(left) => shared.work.wait_timeout(state, left).expect(poisoned).0,
        };
    }
}
