//! What hours of stable containers come to: recorded windows, repeated, through `score | publish`.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vaectl_schemas::Timestamp;

use super::proxy::Proxy;
use crate::Workspace;
use crate::node::Node;
use crate::stage::Stage;

/// The hours that are told apart: their difference has neither the index's fixed cost nor the warming up.
const HOURS: [u64; 2] = [1, 4];
const NS_PER_HOUR: u64 = 3_600_000_000_000;
const LIMIT: Duration = Duration::from_mins(5);

/// Bytes and documents of so many hours.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Hours {
    pub(super) number: u64,
    pub(super) bytes: [u64; 2],
    pub(super) documents: u64,
    pub(super) stored: f64,
}

/// Publishes the windows of `recording` as hours of the same.
pub(super) fn measure(
    recording: &Path,
    models: &Path,
    node: &Node,
    workspace: &Workspace,
) -> Result<Vec<Hours>, Box<dyn Error>> {
    HOURS.iter().map(|hours| publish(*hours, recording, models, node, workspace)).collect()
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
    let lines = folder.join("lines.ndjson");
    repeat(recording, hours * NS_PER_HOUR, &lines)?;
    let proxy = Proxy::start(node.url.trim_start_matches("http://"))?;
    let namespace = format!("fifty_hours_{hours}_{}", workspace.tag());
    let models = models.to_string_lossy();
    // The templates are there already, from the publishers before.
    let letters = folder.join("dead-letter.ndjson");
    let args = ["score", "--models", &models];
    let mut score = Stage::start(&args, File::open(&lines)?.into(), Stdio::piped(), &folder)?;
    let output = score.output().into();
    let args = [
        "publish",
        "--no-setup",
        "--to",
        &proxy.url(),
        "--namespace",
        &namespace,
        "--dead-letter",
        &letters.to_string_lossy(),
    ];
    let publish = Stage::start(&args, output, Stdio::null(), &folder)?;
    score.finish(LIMIT)?;
    publish.finish(LIMIT)?;
    std::fs::remove_file(lines)?;
    let stored = node.stored(&format!("vaectl-*-{namespace}")).ok_or("the server gives no sizes")?;
    node.clear(&namespace);
    Ok(Hours { number: hours, bytes: proxy.bytes(), documents: stored.documents, stored: stored.bytes })
}

/// Writes the windows again and again, each time later and under other numbers, until they fill `length` nanoseconds.
fn repeat(recording: &Path, length: u64, to: &Path) -> Result<(), Box<dyn Error>> {
    let lines = BufReader::new(File::open(recording)?).lines();
    let lines = lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect::<Result<Vec<Value>, Box<dyn Error>>>()?;
    let (windows, others): (Vec<Value>, Vec<Value>) = lines.into_iter().partition(|line| line["type"] == "window");
    let mut output = BufWriter::new(File::create(to)?);
    for line in others.iter().filter(|line| line["type"] == "hello" || line["type"] == "container") {
        writeln!(output, "{line}")?;
    }
    let time = |line: &Value| serde_json::from_value::<Timestamp>(line["@timestamp"].clone()).map(Timestamp::as_ns);
    let nominal = windows.first().and_then(|window| window["vaectl"]["window"]["nominal_ns"].as_u64());
    let (first, last) = (windows.first().ok_or("no window was recorded")?, windows.last().ok_or("none")?);
    // What is repeated begins a window's length after what was.
    let span = time(last)? - time(first)? + nominal.ok_or("a window has no length")?;
    let number =
        windows.iter().chain(&others).filter_map(|line| line["event"]["sequence"].as_u64()).max().unwrap_or(0) + 1;
    for turn in 0..length.div_ceil(span) {
        for window in &windows {
            let at = time(window)? + turn * span;
            if at - time(first)? > length {
                break;
            }
            let mut line = window.clone();
            line["@timestamp"] = Timestamp::from_ns(at).to_string().into();
            let sequence = line["event"]["sequence"].as_u64().unwrap_or_default() + turn * number;
            line["event"]["sequence"] = sequence.into();
            if let Some((start, _)) = window["event"]["id"].as_str().and_then(|id| id.rsplit_once('-')) {
                line["event"]["id"] = format!("{start}-{sequence:x}").into();
            }
            writeln!(output, "{line}")?;
        }
    }
    Ok(output.flush()?)
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
                   "event": {"sequence": n, "id": format!("x-{n:x}")}})
            .to_string()
        };
        std::fs::write(&from, (0..7).map(|n| window(n) + "\n").collect::<String>()).unwrap();
        repeat(&from, super::NS_PER_HOUR, &to).unwrap();
        let text = std::fs::read_to_string(&to).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ids: BTreeSet<&str> = lines.iter().filter_map(|line| line["event"]["id"].as_str()).collect();
        assert!((720..=721).contains(&lines.len()), "{}", lines.len());
        assert_eq!(ids.len(), lines.len());
        assert!(lines.is_sorted_by_key(|line| line["@timestamp"].as_str().map(str::to_owned)));
    }
}
