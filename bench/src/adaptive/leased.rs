//! A recorder whose depths the bench itself asks for.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::Value;
use vaectl_schemas::{Depth, Lease, VERSION};

use crate::Workspace;
use crate::stage::{DRAIN, Stage, Totals};

/// From one window to the next, of which the first comes when all containers have been looked at.
const LIMIT: Duration = Duration::from_mins(1);
/// Longer than any bench asks for.
const TTL_MS: u64 = 600_000;

/// A recorder with a control socket, and the containers that it told of.
pub(crate) struct Leased {
    stage: Stage,
    control: PathBuf,
    runs: BTreeSet<String>,
    windows: Vec<Value>,
    lines: Receiver<Value>,
    written: Arc<Written>,
}

/// Counters of what it wrote so far.
#[derive(Debug, Default)]
struct Written {
    events: AtomicU64,
    bytes: AtomicU64,
}

/// What it said in all.
pub(crate) struct Recorded {
    pub(crate) windows: Vec<Value>,
    pub(crate) totals: Totals,
}

impl Leased {
    /// Starts `record --control` with further arguments, and waits for a window of `containers` containers.
    pub(crate) fn start(args: &[&str], containers: usize, workspace: &Workspace) -> Result<Self, Box<dyn Error>> {
        let control = workspace.path().join("leased.sock");
        let path = control.to_string_lossy();
        let args = [&["record", "--log-format", "json", "--control", &path], args].concat();
        let mut stage = Stage::start(&args, Stdio::null(), Stdio::piped(), workspace.path())?;
        let written = Arc::new(Written::default());
        let counters = Arc::clone(&written);
        let lines = stage.lines(move |line| {
            counters.bytes.fetch_add(line.len() as u64 + 1, Ordering::Relaxed);
            let line: Value = serde_json::from_slice(&line).ok()?;
            counters.events.fetch_add(u64::from(line["type"] == "event"), Ordering::Relaxed);
            (line["type"] == "window" && line["container"]["id"] != "host").then_some(line)
        });
        let mut leased = Self { stage, control, runs: BTreeSet::new(), windows: Vec::new(), lines, written };
        while leased.runs.len() < containers {
            let window = leased.lines.recv_timeout(LIMIT)?;
            leased.runs.extend(window["vaectl"]["run"].as_str().map(str::to_owned));
            leased.windows.push(window);
        }
        Ok(leased)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.stage.pid()
    }

    /// How many events it wrote so far, and how many bytes in all.
    pub(crate) fn written(&self) -> [u64; 2] {
        [&self.written.events, &self.written.bytes].map(|counter| counter.load(Ordering::Relaxed))
    }

    /// Asks for a depth of all containers.
    pub(crate) fn lease(&self, depth: Depth) -> Result<(), Box<dyn Error>> {
        let mut socket = UnixStream::connect(&self.control)?;
        for run in &self.runs {
            let lease = Lease {
                v: VERSION,
                run: run.clone(),
                depth,
                ttl_ms: TTL_MS,
                suspected_ns: 0,
                history: true,
                hold: false,
            };
            writeln!(socket, "{}", serde_json::to_string(&lease)?)?;
        }
        // The recorder reads it when it comes by.
        std::thread::sleep(Duration::from_millis(300));
        Ok(())
    }

    /// Ends it.
    pub(crate) fn finish(self) -> Result<Recorded, Box<dyn Error>> {
        let Self { stage, mut windows, lines, .. } = self;
        stage.terminate();
        let log = stage.last_words(DRAIN)?;
        windows.extend(lines);
        let totals = Totals::said(&log).ok_or("the recorder did not say what it recorded")?;
        Ok(Recorded { windows, totals })
    }
}
