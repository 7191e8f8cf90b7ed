//! The helper program in the `probe` image: known actions, and events at a known rate.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::error::Naming;
use crate::{Container, HarnessError, interrupt};

const SCRIPT_LIMIT: Duration = Duration::from_secs(10);

/// One thing that the script did, in its own words. Process ids are those of the container's namespace: start it with
/// [`Options::host_pids`](crate::Options::host_pids) to have the host's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    /// `exec`, `open`, `rename`, `connect`, ...: see `tests/containers/probe/probe.c`.
    pub action: String,
    /// Who did it.
    pub pid: u32,
    /// 0, or the negative number of the error.
    pub result: i64,
    /// On which file.
    pub path: Option<String>,
    /// Where a rename led to.
    pub target: Option<String>,
    /// The new mode in octal.
    pub mode: Option<String>,
    /// The arguments of a program.
    #[serde(default)]
    pub args: Vec<String>,
    /// The exit code.
    pub code: Option<i64>,
    /// The process that was forked.
    pub child: Option<u32>,
    /// The process that it was done to.
    pub target_pid: Option<i64>,
    /// The signal.
    pub signal: Option<u64>,
    /// The port that was called.
    pub port: Option<u16>,
    /// The port it was called from.
    pub source_port: Option<u16>,
    /// How much was sent.
    pub bytes: Option<u64>,
    /// The namespaces that were left.
    pub flags: Option<u64>,
    /// The capability that was given up.
    pub dropped: Option<String>,
    /// The user that it became.
    pub uid: Option<u32>,
}

/// Runs the same kinds of deeds by other calls, and rarer ones, as [`script`] does: see
/// `tests/containers/probe/variants.c`.
pub fn variants(container: &Container) -> Result<Vec<Deed>, HarnessError> {
    let answer = start(container, "variants")?;
    lines(container, &answer, SCRIPT_LIMIT)
}

/// Runs the script in a container of the `probe` image and returns what it did, in order.
pub fn script(container: &Container) -> Result<Vec<Deed>, HarnessError> {
    let answer = start(container, "probe script")?;
    lines(container, &answer, SCRIPT_LIMIT)
}

/// What a loop of `getppid` took.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// How many calls there were.
    pub calls: u64,
    /// What one of them took in the best of the rounds, in nanoseconds.
    pub ns: f64,
    /// What one of them took on average.
    pub mean_ns: f64,
}

/// Times `rounds` of 50,000 calls in a container of the `probe` image, on one core.
pub fn calls(container: &Container, rounds: u32, core: u32) -> Result<Calls, HarnessError> {
    let answer = start(container, &format!("probe calls 50000 {rounds} {core}"))?;
    last(container, &answer, SCRIPT_LIMIT)
}

/// What a generator did.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// How long it worked.
    pub seconds: f64,
    /// Files created and unlinked: two events each.
    pub files: u64,
    /// Files renamed: one event each.
    pub renames: u64,
    /// Processes forked that exited: two events each.
    pub forks: u64,
    /// Connections made, accepted and closed on both sides: four events each.
    pub connections: u64,
}

impl Generated {
    /// How many events of the three kinds that is.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.files * 2 + self.renames + self.forks * 2 + self.connections * 4
    }
}

/// A generator at work in a container of the `probe` image.
#[derive(Debug)]
pub struct Generator<'a> {
    container: &'a Container,
    answer: PathBuf,
    time: Duration,
}

impl<'a> Generator<'a> {
    /// Starts one for `time` at about `per_second` events (0: as many as it can), pinned to `cpu` where one is given.
    pub fn start(
        container: &'a Container,
        time: Duration,
        per_second: f64,
        cpu: Option<u32>,
    ) -> Result<Self, HarnessError> {
        let cpu = cpu.map_or_else(|| "-1".to_owned(), |cpu| cpu.to_string());
        let answer = start(container, &format!("probe generate {} {per_second} {cpu}", time.as_secs_f64()))?;
        Ok(Self { container, answer, time })
    }

    /// Waits for its end and returns what it did.
    pub fn finish(self) -> Result<Generated, HarnessError> {
        last(self.container, &self.answer, self.time + SCRIPT_LIMIT)
    }
}

/// Starts a program of the image as a child of the workload; its answer is there once it is whole.
fn start(container: &Container, program: &str) -> Result<PathBuf, HarnessError> {
    let answer = container.control().join("answer");
    if answer.exists() {
        fs::remove_file(&answer).naming("remove", &answer)?;
    }
    container.run_inside(&format!("/usr/bin/{program} >/control/part; mv /control/part /control/answer"))?;
    Ok(answer)
}

fn last<T: for<'de> Deserialize<'de>>(
    container: &Container,
    answer: &PathBuf,
    limit: Duration,
) -> Result<T, HarnessError> {
    let said = lines(container, answer, limit)?.pop();
    said.ok_or_else(|| std::io::Error::other("the probe said nothing")).naming("read", answer)
}

fn lines<T: for<'de> Deserialize<'de>>(
    container: &Container,
    answer: &PathBuf,
    limit: Duration,
) -> Result<Vec<T>, HarnessError> {
    interrupt::until(&format!("the probe in {} did not end", container.name()), limit, || answer.exists())?;
    let text = fs::read_to_string(answer).naming("read", answer)?;
    let parsed: Result<_, _> = text.lines().map(serde_json::from_str).collect();
    parsed.map_err(std::io::Error::other).naming("parse", answer)
}
