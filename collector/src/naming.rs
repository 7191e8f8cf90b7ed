//! Asking runtimes what containers are called, off the loop: an engine may take its time.

use std::io;
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::runtime::{Candidate, Named, Resolver};

/// How long a runtime may take to name a container.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is asked again.
const AGAIN: Duration = Duration::from_millis(250);
/// An engine is asked for one more name only where those before took less than that.
const PASS: Duration = Duration::from_secs(1);

/// Which container is meant: a slot is used again, a cgroup is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) slot: u32,
    pub(crate) cgroup: u64,
}

struct Question {
    key: Key,
    candidate: Candidate,
    since: Instant,
    /// When it was asked last.
    asked: Instant,
}

/// A thread that names containers for as long as this value lives.
pub(crate) struct Naming {
    ask: Sender<Question>,
    answers: Receiver<(Key, Option<Named>)>,
}

impl Naming {
    /// Starts the thread; it asks engines over their sockets only where it may.
    pub(crate) fn start(ask_engines: bool) -> io::Result<Self> {
        let (ask, questions) = channel();
        let (answer, answers) = channel();
        std::thread::Builder::new()
            .name("names".to_owned())
            .spawn(move || resolve(&Resolver::new(ask_engines), &questions, &answer))?;
        Ok(Self { ask, answers })
    }

    /// Asks for the name of a container.
    pub(crate) fn ask(&self, key: Key, candidate: Candidate) {
        // The thread lives as long as this value.
        let now = Instant::now();
        let _ = self.ask.send(Question { key, candidate, since: now, asked: now });
    }

    /// The next answer that is there: a name, or that nobody knew one in time.
    pub(crate) fn answer(&self) -> Option<(Key, Option<Named>)> {
        self.answers.try_recv().ok()
    }
}

/// Asks again and again for as long as a runtime may take. Files come first, and of the questions to an engine those that
/// waited longest: one that hangs holds up nobody else.
fn resolve(resolver: &Resolver, questions: &Receiver<Question>, answer: &Sender<(Key, Option<Named>)>) {
    let mut open: Vec<Question> = Vec::new();
    loop {
        let question = if open.is_empty() {
            questions.recv().map(Some)
        } else {
            match questions.recv_timeout(AGAIN) {
                Err(RecvTimeoutError::Timeout) => Ok(None),
                other => other.map(Some).map_err(|_| RecvError),
            }
        };
        match question {
            Ok(question) => open.extend(question),
            Err(RecvError) => return,
        }
        open.extend(questions.try_iter());
        open.sort_by_key(|question| (Resolver::asks_an_engine(&question.candidate), question.asked));
        let began = Instant::now();
        open.retain_mut(|question| {
            let waits = Resolver::asks_an_engine(&question.candidate) && began.elapsed() > PASS;
            let named = if waits { None } else { resolver.resolve(&question.candidate) };
            if !waits {
                question.asked = Instant::now();
            }
            let done = named.is_some() || question.since.elapsed() > PATIENCE;
            if done {
                // A recorder that is gone wants no answer.
                let _ = answer.send((question.key, named));
            }
            !done
        });
    }
}
