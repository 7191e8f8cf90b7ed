//! What hours of stable containers come to: recorded windows, drawn again and again, through `score | publish` at many times their pace.
//!
//! `publish` lets documents wait for each other by the clock: what it waits for is shortened as the hours are, so that as
//! many documents share a request as live.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vaectl_schemas::Timestamp;

use super::incidents::search;
use super::proxy::Proxy;
use crate::node::Node;
use crate::stage::Stage;
use crate::{Workspace, interrupt};

/// The hours that are told apart: their difference has neither the index's fixed cost nor the warming up.
const HOURS: [u64; 2] = [1, 4];
/// Times as fast as they were.
const PACE: u32 = 144;
/// What `publish` waits for by default: for a request to fill, and for summaries to be sent together.
const BATCH_AGE: Duration = Duration::from_secs(1);
const SUMMARY_AGE: Duration = Duration::from_mins(15);
/// Windows of a container that come as they came, one after the other: half a minute of five-second ones.
pub(super) const SPELL: u64 = 6;
const NS_PER_HOUR: u64 = 3_600_000_000_000;
const LIMIT: Duration = Duration::from_mins(1);

/// Bytes, requests, documents and incidents of so many hours.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Hours {
    pub(super) number: u64,
    pub(super) bytes: [u64; 2],
    pub(super) requests: u64,
    pub(super) documents: u64,
    /// All of them false, and each as often as its windows are drawn.
    pub(super) incidents: u64,
    pub(super) stored: f64,
}

/// Publishes windows of `recording` as hours of the same.
pub(super) fn measure(
    recording: &Path,
    models: &Path,
    node: &Node,
    workspace: &Workspace,
) -> Result<Vec<Hours>, Box<dyn Error>> {
    std::thread::scope(|scope| {
        let publish = |hours| move || publish(hours, recording, models, node, workspace).map_err(|why| why.to_string());
        let hours = HOURS.map(|hours| scope.spawn(publish(hours)));
        hours.into_iter().map(|hours| Ok(hours.join().map_err(|_| "a thread panicked")??)).collect()
    })
}

fn publish(
    hours: u64,
    recording: &Path,
    models: &Path,
    node: &Node,
    workspace: &Workspace,
) -> Result<Hours, Box<dyn Error>> {
    let folder = workspace.path().join(format!("hours-{hours}"));
    std::fs::create_dir_all(&folder)?;
    let proxy = Proxy::start(node.url.trim_start_matches("http://"))?;
    let namespace = format!("fifty_hours_{hours}_{}", workspace.tag());
    let args = ["score", "--models", &models.to_string_lossy()];
    let mut score = Stage::start(&args, Stdio::piped(), Stdio::piped(), &folder)?;
    let (input, output) = (score.input(), score.output().into());
    let age = |age: Duration| format!("{}us", (age / PACE).as_micros());
    let (letters, batch_age, summary_age) = (folder.join("dead-letter.ndjson"), age(BATCH_AGE), age(SUMMARY_AGE));
    let args = [
        "publish",
        // The templates are there already, from the publishers before.
        "--no-setup",
        "--to",
        &proxy.url(),
        "--namespace",
        &namespace,
        "--dead-letter",
        &letters.to_string_lossy(),
        "--batch-age",
        &batch_age,
        "--summary-age",
        &summary_age,
    ];
    let publish = Stage::start(&args, output, Stdio::null(), &folder)?;
    repeat(recording, hours * NS_PER_HOUR, PACE, input)?;
    score.finish(LIMIT)?;
    publish.finish(LIMIT)?;
    let stored = node.stored(&format!("vaectl-*-{namespace}")).ok_or("the server gives no sizes")?;
    let incidents = incidents(node, &namespace)?;
    node.clear(&namespace);
    let (bytes, requests) = (proxy.bytes(), proxy.requests());
    Ok(Hours { number: hours, bytes, requests, documents: stored.documents, incidents, stored: stored.bytes })
}

fn incidents(node: &Node, namespace: &str) -> Result<u64, Box<dyn Error>> {
    let query = json!({"term": {"event.dataset": "vaectl.incident"}});
    let told = search(node, &format!("vaectl-incident-{namespace}"), &query)?;
    let opened: BTreeSet<&str> = told.iter().filter_map(|source| source["vaectl"]["incident"].as_str()).collect();
    Ok(opened.len() as u64)
}

/// Writes windows for `length` nanoseconds, each container's drawn from its own in [spells](SPELL) and given the time and
/// the number that come next: windows near one another go together, and no two hours are the same. They come `pace` times
/// as fast as their times say.
fn repeat(recording: &Path, length: u64, pace: u32, to: impl Write) -> Result<(), Box<dyn Error>> {
    let lines = BufReader::new(File::open(recording)?).lines();
    let lines = lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect::<Result<Vec<Value>, Box<dyn Error>>>()?;
    let mut output = Numbered { output: BufWriter::new(to), next: 1 };
    for line in lines.iter().filter(|line| line["type"] == "hello" || line["type"] == "container") {
        output.write(line.clone())?;
    }
    let mut containers: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for window in lines.iter().filter(|line| line["type"] == "window" && line["vaectl"]["window"]["part"] != true) {
        containers.entry(window["container"]["id"].to_string()).or_default().push(window);
    }
    let time = |line: &Value| serde_json::from_value::<Timestamp>(line["@timestamp"].clone()).map(Timestamp::as_ns);
    let mut containers: Vec<(u64, Vec<&Value>, usize)> = containers
        .into_values()
        .map(|windows| Ok((time(windows[0])?, windows, 0)))
        .collect::<Result<_, Box<dyn Error>>>()?;
    containers.sort_by_key(|(first, ..)| *first);
    let (_, windows, _) = containers.first().ok_or("no window was recorded")?;
    let nominal = windows[0]["vaectl"]["window"]["nominal_ns"].as_u64().ok_or("a window has no length")?;
    let (mut noise, began) = (StdRng::seed_from_u64(length), Instant::now());
    for slot in 0..length / nominal {
        let ahead = (Duration::from_nanos(slot * nominal) / pace).saturating_sub(began.elapsed());
        if ahead > Duration::from_millis(1) {
            output.output.flush()?;
            interrupt::pause(ahead)?;
        }
        for (start, windows, at) in &mut containers {
            if slot % SPELL == 0 {
                *at = noise.random_range(0..windows.len());
            }
            let mut line = windows[*at].clone();
            *at = (*at + 1) % windows.len();
            line["@timestamp"] = Timestamp::from_ns(*start + slot * nominal).to_string().into();
            output.write(line)?;
        }
    }
    Ok(output.output.flush()?)
}

/// Lines, numbered one after the other.
struct Numbered<W: Write> {
    output: BufWriter<W>,
    next: u64,
}

impl<W: Write> Numbered<W> {
    fn write(&mut self, mut line: Value) -> std::io::Result<()> {
        if let Some((start, _)) = line["event"]["id"].as_str().and_then(|id| id.rsplit_once('-')) {
            line["event"]["id"] = format!("{start}-{:x}", self.next).into();
        }
        line["event"]["sequence"] = self.next.into();
        self.next += 1;
        writeln!(self.output, "{line}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::repeat;
    use crate::Workspace;

    #[test]
    fn an_hour_has_as_many_windows_as_an_hour_has_and_no_number_twice() {
        let folder = Workspace::new("hours").unwrap();
        let [from, to] = ["a", "b"].map(|name| folder.path().join(name));
        let window = |n: u64| {
            let at = vaectl_schemas::Timestamp::from_ns((1000 + 5 * n) * 1_000_000_000).to_string();
            json!({"type": "window", "@timestamp": at, "vaectl": {"window": {"nominal_ns": 5_000_000_000_u64}},
                   "count": n, "event": {"sequence": n, "id": format!("x-{n:x}")}})
            .to_string()
        };
        std::fs::write(&from, (0..7).map(|n| window(n) + "\n").collect::<String>()).unwrap();
        repeat(&from, super::NS_PER_HOUR, 1_000_000, std::fs::File::create(&to).unwrap()).unwrap();
        let text = std::fs::read_to_string(&to).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ids: BTreeSet<&str> = lines.iter().filter_map(|line| line["event"]["id"].as_str()).collect();
        assert!(lines.len() == 720, "{}", lines.len());
        assert_eq!(ids.len(), lines.len());
        let numbers = |from: usize| lines[from..].iter().take(7).map(|line| line["count"].as_u64()).collect::<Vec<_>>();
        assert!(numbers(0) != numbers(7) || numbers(7) != numbers(14), "spells are drawn");
        assert!(lines.is_sorted_by_key(|line| line["@timestamp"].as_str().map(str::to_owned)));
    }
}
