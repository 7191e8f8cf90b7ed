//! The two publishers that are compared.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use vaectl_schemas::{Event, Grade, Kind, State, Timestamp, Verdict, Window, peek};

use super::{WINDOW, text};
use crate::measure::cpu_time;
use crate::publishing::null::NullServer;
use crate::stage::{DRAIN, Stage};
use crate::{HarnessError, Workspace, interrupt};

/// What closing windows takes at most.
const CLOSING: Duration = Duration::from_millis(300);

/// The state and the grade of a container at the depth of the census.
const CALM: (State, Option<Grade>) = (State::Stable, Some(Grade::Established));

/// The adaptive stages.
pub(super) const STAGES: [&str; 3] = ["record", "score", "publish"];

/// What a publisher has used and done, or did in a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    pub(super) seconds: f64,
    /// User and system time of all its processes.
    pub(super) cpu_s: f64,
    /// Of each of them.
    pub(super) stages: Vec<f64>,
    /// Documents at its server.
    pub(super) documents: u64,
}

impl Sample {
    fn of(stages: &[Stage], server: &NullServer) -> Self {
        let stages: Vec<f64> =
            stages.iter().map(|stage| cpu_time(stage.pid()).unwrap_or_default().as_secs_f64()).collect();
        Self { seconds: 0.0, cpu_s: stages.iter().sum(), stages, documents: server.taken() }
    }

    pub(super) fn since(&self, before: &Self, time: Duration) -> Self {
        Self {
            seconds: time.as_secs_f64(),
            cpu_s: self.cpu_s - before.cpu_s,
            stages: self.stages.iter().zip(&before.stages).map(|(now, before)| now - before).collect(),
            documents: self.documents - before.documents,
        }
    }
}

/// `record --depth full | publish --no-merge`: every event is a document.
pub(super) struct Conventional {
    stages: Vec<Stage>,
    server: NullServer,
}

impl Conventional {
    pub(super) fn start(workspace: &Workspace) -> Result<Self, Box<dyn Error>> {
        let server = NullServer::start()?;
        let folder = workspace.path().join("conventional");
        std::fs::create_dir_all(&folder)?;
        let mut record = Stage::start(&["record", "--depth", "full"], Stdio::null(), Stdio::piped(), &folder)?;
        let lines = record.output().into();
        let letters = text(&folder.join("dead-letter.ndjson"));
        let args = ["publish", "--no-merge", "--no-setup", "--dead-letter", &letters, "--to", server.url()];
        let publish = Stage::start(&args, lines, Stdio::null(), &folder)?;
        Ok(Self { stages: vec![record, publish], server })
    }

    pub(super) fn alive(&mut self) -> Result<(), HarnessError> {
        self.stages.iter_mut().try_for_each(Stage::alive)
    }

    pub(super) fn sample(&self) -> Sample {
        Sample::of(&self.stages, &self.server)
    }

    pub(super) fn finish(self) -> Result<(), HarnessError> {
        self.stages[0].terminate();
        self.stages.into_iter().try_for_each(|stage| stage.finish(DRAIN))
    }
}

/// `record --control | score --control | publish`, with an eye on what `score` writes. Windows that `score` was asked to
/// pass are for that eye only.
pub(super) struct Adaptive {
    stages: Vec<Stage>,
    server: NullServer,
    seen: Arc<Mutex<Seen>>,
}

/// What `score` wrote so far.
#[derive(Debug, Default)]
struct Seen {
    /// The last state of each container, and the grade of its model.
    states: BTreeMap<String, (State, Option<Grade>)>,
    /// Why each was last taken for unstable.
    alarms: BTreeMap<String, String>,
    /// The end of the latest window that a verdict told of.
    closed: Option<Timestamp>,
    /// Changes of state, with the end of the window that each is for.
    changes: Vec<(String, State, Timestamp)>,
    events: Vec<Event<'static>>,
    /// How long containers were watched since the last look, and for how much of it their calls were counted, in ns.
    watched: (f64, f64),
}

/// In what states the containers are.
#[derive(Debug, Default)]
pub(super) struct Calm {
    /// Stable under an established model: at the depth of the census.
    pub(super) established: usize,
    others: Vec<String>,
}

impl fmt::Display for Calm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} stable under an established model", self.established)?;
        self.others.iter().try_for_each(|other| write!(f, "\n  {other}"))
    }
}

impl Adaptive {
    /// Starts the stages with further arguments for `record` and for `score`.
    pub(super) fn start(
        name: &str,
        models: &Path,
        [for_record, for_score]: [&[&str]; 2],
        workspace: &Workspace,
    ) -> Result<Self, Box<dyn Error>> {
        let server = NullServer::start()?;
        let folder = &workspace.path().join(name);
        std::fs::create_dir_all(folder)?;
        let control = text(&folder.join("control.sock"));
        let args = [&["record", "--control", &control], for_record].concat();
        let mut record = Stage::start(&args, Stdio::null(), Stdio::piped(), folder)?;
        let models = text(models);
        let args = [&["score", "--models", &models, "--control", &control], for_score].concat();
        let mut score = Stage::start(&args, record.output().into(), Stdio::piped(), folder)?;
        let (reader, mut writer) = std::io::pipe()?;
        let letters = text(&folder.join("dead-letter.ndjson"));
        let args = ["publish", "--no-setup", "--dead-letter", &letters, "--to", server.url()];
        let publish = Stage::start(&args, reader.into(), Stdio::null(), folder)?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (theirs, output) = (Arc::clone(&seen), BufReader::new(score.output()));
        std::thread::spawn(move || {
            for mut line in output.split(b'\n').map_while(Result::ok) {
                let goes_on = theirs.lock().unwrap_or_else(PoisonError::into_inner).look(&line);
                if goes_on {
                    line.push(b'\n');
                    // A publisher that is gone fails the bench where it is asked for.
                    let _ = writer.write_all(&line);
                }
            }
        });
        Ok(Self { stages: vec![record, score, publish], server, seen })
    }

    pub(super) fn alive(&mut self) -> Result<(), HarnessError> {
        self.stages.iter_mut().try_for_each(Stage::alive)
    }

    pub(super) fn sample(&self) -> Sample {
        Sample::of(&self.stages, &self.server)
    }

    pub(super) fn states(&self) -> Calm {
        let mut calm = Calm::default();
        let seen = self.seen();
        for (container, (state, grade)) in &seen.states {
            if (*state, *grade) == CALM {
                calm.established += 1;
            } else {
                let why = seen.alarms.get(container).map_or("", String::as_str);
                calm.others.push(format!("{container} {state:?}: {why}"));
            }
        }
        calm
    }

    /// Whether a container is stable under an established model: at the depth of the census.
    pub(super) fn is_calm(&self, container: &str) -> bool {
        self.seen().states.get(container) == Some(&CALM)
    }

    /// The end of the first window since then for which `score` said that a container is in one of these states.
    pub(super) fn said(&self, container: &str, states: &[State], since: Timestamp) -> Option<Timestamp> {
        let seen = self.seen();
        let mut changes =
            seen.changes.iter().filter(|(id, state, at)| id == container && states.contains(state) && *at >= since);
        changes.next().map(|change| change.2)
    }

    /// Waits until windows have just closed: what is done then is all in one.
    pub(super) fn await_window(&self) -> Result<(), HarnessError> {
        let since_one = || {
            let closed = self.seen().closed?;
            let past = Timestamp::now().as_ns().checked_sub(closed.as_ns())?;
            Some(Duration::from_nanos(past % WINDOW.as_nanos() as u64))
        };
        interrupt::until("no window closes", 2 * WINDOW, || {
            since_one().is_some_and(|past| (CLOSING..2 * CLOSING).contains(&past))
        })
    }

    /// The events of a container that `score` let through.
    pub(super) fn events(&self, container: &str) -> Vec<Event<'static>> {
        let of_it = |event: &&Event<'_>| event.container.as_ref().is_some_and(|c| c.id.as_deref() == Some(container));
        self.seen().events.iter().filter(of_it).cloned().collect()
    }

    /// The share of the time since the last call in which calls were counted.
    pub(super) fn coverage(&self) -> f64 {
        let (watched, counted) = std::mem::take(&mut self.seen().watched);
        counted / watched
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all stages.
    pub(super) fn finish(self) -> Result<(), HarnessError> {
        self.stages[0].terminate();
        self.stages.into_iter().try_for_each(|stage| stage.finish(DRAIN))
    }
}

impl Seen {
    /// Whether the line is for the publisher.
    fn look(&mut self, line: &[u8]) -> bool {
        match peek(line) {
            Ok(Kind::Window) => {
                if let Ok(window) = serde_json::from_slice::<Window<'_>>(line) {
                    let meta = &window.vaectl.window;
                    self.watched.0 += meta.duration_ns as f64;
                    self.watched.1 += meta.duration_ns as f64 * meta.coverage.get("syscall").unwrap_or(0.0);
                }
                return false;
            }
            Ok(Kind::Verdict) => {
                let Ok(verdict) = serde_json::from_slice::<Verdict<'_>>(line) else { return true };
                self.closed = Some(verdict.timestamp);
                let Some(id) = verdict.container.and_then(|container| container.id) else { return true };
                let grade = verdict.vaectl.model.map(|model| model.grade);
                self.states.insert(id.to_string(), (verdict.vaectl.state, grade));
                if let (State::Unstable, true, Some(reason)) =
                    (verdict.vaectl.state, verdict.vaectl.transition, verdict.event.reason)
                {
                    self.alarms.insert(id.to_string(), reason.into_owned());
                }
                if verdict.vaectl.transition {
                    self.changes.push((id.to_string(), verdict.vaectl.state, verdict.timestamp));
                }
            }
            Ok(Kind::Event) => self.events.extend(serde_json::from_slice::<Event<'static>>(line).ok()),
            _ => {}
        }
        true
    }
}
