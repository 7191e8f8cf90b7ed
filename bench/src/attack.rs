//! Attacks on containers, and the truth about them.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vaectl_schemas::Timestamp;

use crate::image::{compile, recipes};
use crate::{Container, HarnessError, Load};

/// What is done to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttackKind {
    /// A program that hashes on one core is brought in and started from within the workload.
    Miner,
    /// Many times the usual requests, from outside.
    Flood,
}

impl fmt::Display for AttackKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Miner => "CPU miner",
            Self::Flood => "HTTP flood",
        })
    }
}

/// One line of truth: what was done to whom and when. A detector never reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// What.
    pub attack: AttackKind,
    /// The id of the container.
    pub container: String,
    /// Its name.
    pub name: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended, or was to end.
    pub ends: Timestamp,
}

impl Truth {
    /// Whether an incident that opened at `at` in the container may be about it: not before it, nor long after.
    #[must_use]
    pub fn explains(&self, at: Timestamp) -> bool {
        const AFTER_NS: u64 = 15_000_000_000;
        self.began <= at && at.as_ns() <= self.ends.as_ns() + AFTER_NS
    }
}

/// An attack that is under way; a flood ends with it, a miner by itself.
#[derive(Debug)]
pub struct Attack {
    /// What will be compared with the verdicts.
    pub truth: Truth,
    flood: Option<Load>,
    /// Requests of a flood that is over.
    requests: u64,
}

impl Attack {
    /// Starts an attack that lasts `time`.
    pub fn start(kind: AttackKind, container: &Container, time: Duration, seed: u64) -> Result<Self, HarnessError> {
        let began = Timestamp::now();
        let flood = match kind {
            AttackKind::Miner => {
                mine(container, time)?;
                None
            }
            AttackKind::Flood => Some(Load::flood(container, FLOOD_PER_SECOND, seed)?),
        };
        let ends = Timestamp::from_ns(began.as_ns() + time.as_nanos() as u64);
        let truth =
            Truth { attack: kind, container: container.id().into(), name: container.name().into(), began, ends };
        Ok(Self { truth, flood, requests: 0 })
    }

    /// Ends a flood whose time is over; to be called now and then.
    pub fn end_when_over(&mut self) {
        if Timestamp::now() >= self.truth.ends
            && let Some(flood) = self.flood.take()
        {
            self.requests = flood.done();
        }
    }

    /// Requests of a flood that were answered, once it is over.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }
}

/// About thirty times what the demo's servers are used to, and a fraction of what they can answer.
const FLOOD_PER_SECOND: f64 = 1500.0;

/// How an intruder's program is called in the container.
pub const INTRUDER: &str = "/tmp/.x/kworkerd";

/// As an intruder does it: the program is fetched, named like a kernel thread, made executable, started.
fn mine(container: &Container, time: Duration) -> Result<(), HarnessError> {
    let payload = container.control().join("payload");
    compile(&recipes().join("payload/miner.c"), Path::new(&payload))?;
    container.run_inside(&mining(time))
}

/// What the intruder's shell is told.
pub(crate) fn mining(time: Duration) -> String {
    format!(
        "mkdir -p /tmp/.x && cp /control/payload {INTRUDER} && chmod 755 {INTRUDER} && {INTRUDER} {}",
        time.as_secs()
    )
}
