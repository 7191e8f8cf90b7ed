//! One container that does what it never did: how fast it is watched, and whether what came before is told.

use std::error::Error;
use std::time::Duration;
use std::{fmt, fs};

use vaectl_schemas::{Event, State, Timestamp};

use super::fleet::Fleet;
use super::publishers::Adaptive;
use crate::probe::Generated;
use crate::{Container, interrupt};

const CONNECTIONS: u64 = 50_000;
/// Twenty a second behind them.
const MORE: u32 = 400;
/// How long before its verdict a program and a connection must still be known.
const BEFORE_NS: u64 = 10_000_000_000;
const LIMIT: Duration = Duration::from_secs(40);

/// What was found of it.
pub(super) struct Found {
    /// From the end of the window whose verdict raised the depth to the first event that only the new depth shows, by the
    /// event's own time.
    pub(super) depth_ms: f64,
    execs: usize,
    connects: usize,
    accepts: u64,
}

impl Found {
    pub(super) fn history_is_whole(&self) -> bool {
        self.execs > 0 && self.connects > 0 && self.accepts >= CONNECTIONS
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "first event {:.0} ms after the verdict; told from 10 s and more before it: {} programs, {} connections; \
             {} accepts between",
            self.depth_ms, self.execs, self.connects, self.accepts
        )
    }
}

/// Fifty thousand connections at once, and then one now and then for twenty seconds, in which an incident opens.
pub(super) fn provoke(fleet: &Fleet, adaptive: &Adaptive) -> Result<Found, Box<dyn Error>> {
    let calm = |container: &&Container| adaptive.is_calm(container.id());
    let container = fleet.probes().iter().find(calm).ok_or("no container with the generator's load is stable")?;
    // The flood is over when its window closes; what follows shows within a twentieth of a second that the depth was raised.
    adaptive.await_window()?;
    let since = Timestamp::now();
    container.run_inside(&format!("/usr/bin/probe accepts {CONNECTIONS} {MORE} >/control/accepts"))?;
    let wait = |what: &str, states: &[State]| -> Result<Timestamp, Box<dyn Error>> {
        let mut said = None;
        interrupt::until(what, LIMIT, || {
            said = adaptive.said(container.id(), states, since);
            said.is_some()
        })?;
        Ok(said.ok_or("the wait ended with it")?)
    };
    let raised = wait("the flood was not noticed", &[State::Suspect, State::Unstable])?;
    let verdict = wait("no incident was opened", &[State::Unstable])?;
    let accepts = accepted(container)?;
    let mut live = None;
    interrupt::until("the incident has no history or nothing live", LIMIT, || {
        let events = adaptive.events(container.id());
        // Programs are told at lower depths too.
        let is_deep = |event: &Event<'_>| !matches!(event.event.action.as_deref(), Some("exec" | "exit") | None);
        let is_live = |event: &&Event<'_>| !event.vaectl.history && event.timestamp >= since && is_deep(event);
        live = events.iter().filter(is_live).map(|event| event.timestamp).min();
        live.is_some() && events.iter().any(|event| event.vaectl.history)
    })?;
    let live = live.filter(|live| *live > raised).ok_or("it was watched in full before its verdict")?;
    let events = adaptive.events(container.id());
    let old = |action: &str| {
        let told = events.iter().filter(|e| e.vaectl.history && e.event.action.as_deref() == Some(action));
        told.filter(|event| event.timestamp.as_ns() + BEFORE_NS <= verdict.as_ns()).count()
    };
    Ok(Found {
        depth_ms: (live.as_ns() - raised.as_ns()) as f64 / 1e6,
        execs: old("exec"),
        connects: old("connect"),
        accepts,
    })
}

/// How many connections the flood has made; none before it is over.
fn accepted(container: &Container) -> Result<u64, Box<dyn Error>> {
    let said = fs::read_to_string(container.control().join("accepts"))?;
    Ok(said.lines().next().map(serde_json::from_str::<Generated>).transpose()?.map_or(0, |flood| flood.connections))
}
