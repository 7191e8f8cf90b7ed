//! The loop that keeps the stages: starts them and the training beside them, passes signals on, drains, and tells the
//! service manager.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use tracing::{error, info, warn};

use super::readiness::{Readiness, Word};
use super::restart::Fate;
use super::stage::Stage;
use super::training::Training;
use crate::error::{Exit, Failure};
use crate::io::manager::{ALIVE, Manager, READY};
use crate::io::signals::Requests;
use crate::io::wake;

/// How long a stage has after its signal before the next one gets its own: the third still needs three of the four
/// seconds that all have, where its server is slow.
const PATIENCE: Duration = Duration::from_millis(300);

/// All stages, from first to last.
pub(super) struct Supervisor {
    stages: Vec<Stage>,
    training: Option<Training>,
    requests: Requests,
    readiness: Readiness,
    manager: Manager,
    /// After how long without a word the watchdog bites, where there is one. It is fed twice as often, and stages are
    /// given the same.
    watchdog: Option<Duration>,
    /// When it is fed next.
    feeding: Instant,
    /// The stages for which it was not fed.
    unwell: String,
    told: String,
    up: bool,
    drain: Option<Drain>,
    /// The exit code of a stage that would end the same way again.
    hopeless: Option<Exit>,
}

/// All have to end.
struct Drain {
    /// How many stages have got their signal.
    signalled: usize,
    since: Instant,
}

impl Supervisor {
    pub(super) fn new(
        stages: Vec<Stage>,
        training: Option<Training>,
        requests: Requests,
        readiness: Readiness,
        manager: Manager,
    ) -> Self {
        let now = Instant::now();
        Self {
            stages,
            training,
            requests,
            readiness,
            feeding: manager.watchdog().map_or(now, |limit| now + limit / 2),
            watchdog: manager.watchdog(),
            manager,
            unwell: String::new(),
            told: String::new(),
            up: false,
            drain: None,
            hopeless: None,
        }
    }

    /// Runs until every stage has ended. As `pipefail` does, the last stage that failed names the cause, unless one was
    /// hopeless.
    pub(super) fn run(mut self) -> Result<Exit, Failure> {
        loop {
            for stage in &mut self.stages {
                stage.start(self.readiness.path(), self.watchdog);
            }
            if self.stages.iter().all(Stage::is_over) {
                break;
            }
            if let (Some(training), None) = (&mut self.training, &self.drain) {
                training.start();
            }
            self.tell();
            self.wait()?;
            self.hear();
            self.take_ends()?;
            self.take_models()?;
            self.obey();
        }
        let mut exits = self.stages.iter().map(Stage::exit).rev();
        Ok(self.hopeless.or_else(|| exits.find(|exit| *exit != Exit::Done)).unwrap_or(Exit::Done))
    }

    /// Sleeps until something happened, or something is due.
    fn wait(&self) -> io::Result<()> {
        let due = self.stages.iter().filter_map(Stage::due);
        let next = self.drain.as_ref().filter(|drain| drain.signalled < self.stages.len());
        let next = next.map(|drain| PATIENCE.saturating_sub(drain.since.elapsed()));
        let feeding = self.watchdog.map(|_| self.feeding.saturating_duration_since(Instant::now()));
        let lesson = self.training.as_ref().filter(|_| self.drain.is_none()).and_then(Training::due);
        let timeout = due.chain(next).chain(feeding).chain(lesson).min().map(wake::timespec);
        let mut fds =
            vec![PollFd::new(self.requests.wake(), PollFlags::IN), PollFd::new(&self.readiness, PollFlags::IN)];
        let processes = self.stages.iter().filter_map(Stage::process);
        let processes = processes.chain(self.training.as_ref().and_then(Training::process));
        fds.extend(processes.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        match poll(&mut fds, timeout.as_ref()) {
            Err(rustix::io::Errno::INTR) | Ok(_) => self.requests.wake().clear(),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Takes in what the stages have said.
    fn hear(&mut self) {
        while let Some(word) = self.readiness.take() {
            match (word, &mut self.training) {
                (Word::Up(pid), _) => self.stages.iter_mut().for_each(|stage| stage.take_readiness(pid)),
                (Word::Alive(pid), _) => self.stages.iter_mut().for_each(|stage| stage.take_life(pid)),
                (Word::Learnable(key), Some(training)) => training.add(key),
                (Word::Learnable(_), None) => {}
            }
        }
    }

    /// Lets `score` read its models again where a training put others in use.
    fn take_models(&mut self) -> io::Result<()> {
        if let Some(training) = &mut self.training
            && training.take_end()?
        {
            self.reload(|stage| stage.name == "score");
        }
        Ok(())
    }

    /// Has stages read again what they read on SIGHUP: one that is up by now may have read it before it changed.
    fn reload(&mut self, wanted: impl Fn(&Stage) -> bool) {
        self.hear();
        self.stages.iter().filter(|stage| wanted(stage)).for_each(Stage::reload);
    }

    fn take_ends(&mut self) -> io::Result<()> {
        let mut more = true;
        for stage in &mut self.stages {
            match stage.take_end(more)? {
                Some(Fate::Again(_)) if self.drain.is_some() => stage.give_up(),
                Some(Fate::Hopeless) => {
                    error!(stage = stage.name, "A stage cannot go on, and all others end with it.");
                    self.hopeless.get_or_insert(stage.exit());
                }
                Some(Fate::Again(_) | Fate::Done) | None => {}
            }
            more = !stage.is_over();
        }
        Ok(())
    }

    /// Passes on what was asked for. A signal to end goes to the first stage; each later one sees its input end, and
    /// gets the signal too where the one before it takes long.
    fn obey(&mut self) {
        if self.requests.take_reload() {
            self.reload(|_| true);
        }
        if self.drain.is_none() && (self.requests.cause().is_some() || self.hopeless.is_some()) {
            info!("Ending.");
            self.drain = Some(Drain { signalled: 0, since: Instant::now() });
            // A source has nothing more to say; what lies before any other is still read.
            if let Some((first, others)) = self.stages.split_first_mut() {
                first.give_up();
                others.iter_mut().for_each(Stage::hurry);
            }
            if let Some(training) = &mut self.training {
                training.end();
            }
        }
        if let Some(drain) = &mut self.drain
            && drain.signalled < self.stages.len()
            && (drain.signalled == 0 || drain.since.elapsed() >= PATIENCE)
        {
            self.stages[drain.signalled].send(Signal::TERM);
            *drain = Drain { signalled: drain.signalled + 1, since: Instant::now() };
        }
    }

    /// Tells the service manager how things are: what has changed, and that all are well while they are.
    fn tell(&mut self) {
        let mut state = Vec::new();
        if !self.up && self.drain.is_none() && self.stages.iter().all(Stage::is_ready) {
            self.up = true;
            state.push(READY.to_owned());
        }
        let status = self.status();
        if status != self.told {
            state.push(format!("STATUS={status}"));
            state.extend(self.drain.as_ref().map(|_| "STOPPING=1".to_owned()));
            self.told = status;
        }
        if let Some(limit) = self.watchdog
            && self.feeding <= Instant::now()
        {
            state.extend(self.feed(limit).then(|| ALIVE.to_owned()));
        }
        if !state.is_empty() {
            self.manager.tell(&state.join("\n"));
        }
    }

    /// Whether the watchdog is fed, which is while all stages are well. Otherwise it may be once more before it bites.
    fn feed(&mut self, limit: Duration) -> bool {
        let unwell = self.those(|stage| !stage.is_well(limit));
        let fed = unwell.is_empty();
        self.feeding = Instant::now() + if fed { limit / 2 } else { limit / 8 };
        if !fed && unwell != self.unwell {
            // Whoever is restarted for it wants to know of whom it was.
            warn!(stages = unwell, "The watchdog is not fed: a stage hangs, dies again and again, or is not up.");
        }
        self.unwell = unwell;
        fed
    }

    /// The names of stages.
    fn those(&self, wanted: impl Fn(&Stage) -> bool) -> String {
        let names: Vec<_> = self.stages.iter().filter(|stage| wanted(stage)).map(|s| s.name.as_str()).collect();
        names.join(", ")
    }

    fn status(&self) -> String {
        if self.drain.is_some() {
            return "Draining.".to_owned();
        }
        match self.those(|stage| !stage.is_ready()) {
            none if none.is_empty() => format!("Running: {}.", self.those(|stage| !stage.is_over())),
            waiting => format!("Waiting for: {waiting}."),
        }
    }
}
