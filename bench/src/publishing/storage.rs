//! `bench/run storage`: what a real server stores for a stable container-hour and for an event of an incident.

use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{ExitCode, Stdio};

use elasticsearch::http::Method;

use super::lines::{event, summary, window};
use crate::node::Node;
use crate::stage::{mortal, vaectl};
use crate::{Workspace, interrupt};

const TARGET_HOUR: f64 = 400.0;
const TARGET_EVENT: f64 = 100.0;

/// What documents cost: each of them, and the index they are in.
struct Cost {
    marginal: f64,
    fixed: f64,
}

/// Runs the bench; fails above 400 bytes a stable container-hour or 100 bytes an event of an incident.
///
/// Sizes are of all stores after a flush and a merge into one segment. What a document costs is the difference between
/// a small and a large number of them, so that the fixed cost of an index is apart. Each saving is measured by
/// publishing without it: events without merging, hours as a window every five seconds.
pub fn run(args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    crate::no_arguments("storage", args)?;
    let Some(node) = Node::plain() else {
        println!("bench storage: skipped=no_jdk");
        return Ok(ExitCode::SUCCESS);
    };
    let folder = Workspace::new("bench-storage")?;
    let cost = |what: &str, numbers: [u64; 2], line: &dyn Fn(u64) -> String, options: &[&str]| {
        let cost = measure(&node, folder.path(), numbers, line, options)?;
        println!("{what}: {:.1} bytes each, {:.0} fixed", cost.marginal, cost.fixed);
        Ok::<_, Box<dyn Error>>(cost)
    };
    // Fifty containers for two days, and for ten.
    let hour = cost("stable container-hours", [2400, 12_000], &summary, &[])?;
    let windows = cost("windows of them", [2400, 24_000], &window, &["--windows"])?;
    let merged = cost("events of an incident", [20_000, 100_000], &event, &[])?;
    let apart = cost("events without merging", [20_000, 100_000], &event, &["--no-merge"])?;
    let saved = |with: f64, without: f64| (1.0 - with / without) * 100.0;
    println!(
        "saved by one summary an hour instead of 720 windows: {:.1} %; by merging events: {:.1} %",
        saved(hour.marginal, windows.marginal * 720.0),
        saved(merged.marginal, apart.marginal)
    );
    println!(
        "bench storage: bytes_per_stable_container_hour={:.0} bytes_per_event_in_incident={:.1} fixed_bytes={:.0}",
        hour.marginal, merged.marginal, hour.fixed
    );
    let reached = hour.marginal <= TARGET_HOUR && merged.marginal <= TARGET_EVENT;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(
    node: &Node,
    folder: &Path,
    numbers: [u64; 2],
    line: &dyn Fn(u64) -> String,
    options: &[&str],
) -> Result<Cost, Box<dyn Error>> {
    let namespace = format!("storage_{}", std::process::id());
    let mut sizes = [0.0; 2];
    for (size, number) in sizes.iter_mut().zip(numbers) {
        interrupt::check()?;
        let mut child = mortal(vaectl())
            .args(["publish", "--to", &node.url, "--namespace", &namespace, "--log-level", "error"])
            .args(options)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut stdin = BufWriter::new(child.stdin.take().ok_or("it was started with a pipe")?);
        (0..number).try_for_each(|n| writeln!(stdin, "{}", line(n)))?;
        stdin.flush()?;
        drop(stdin);
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("vaectl publish failed: {status}").into());
        }
        let streams = format!("vaectl-*-{namespace}");
        for step in ["_flush", "_forcemerge?max_num_segments=1", "_flush", "_refresh"] {
            let _ = node.ask(Method::Post, &format!("{streams}/{step}"), None);
        }
        let answer = node.ask(Method::Get, &format!("{streams}/_stats/store"), None);
        *size = answer["_all"]["primaries"]["store"]["size_in_bytes"].as_f64().ok_or("the server gives no sizes")?;
        node.clear(&namespace);
    }
    let [few, many] = numbers.map(|number| number as f64);
    let marginal = (sizes[1] - sizes[0]) / (many - few);
    Ok(Cost { marginal, fixed: sizes[0] - marginal * few })
}
