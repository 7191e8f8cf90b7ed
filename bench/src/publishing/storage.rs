//! `bench/run storage`: what a real server stores for a stable container-hour and for an event of an incident.

use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{ExitCode, Stdio};

use elasticsearch::http::Method;
use serde_json::{Value, json};

use super::lines::{event, summary, window};
use crate::node::Node;
use crate::stage::{mortal, vaectl};
use crate::{Workspace, interrupt};

const TARGET_HOUR: f64 = 400.0;
const TARGET_EVENT: f64 = 100.0;
/// Fifty containers for two days, and for ten.
const HOURS: [u64; 2] = [2400, 12_000];
/// The same containers for a few minutes.
const WINDOWS: [u64; 2] = [2400, 24_000];
const WINDOWS_AN_HOUR: f64 = 720.0;
const EVENTS: [u64; 2] = [20_000, 100_000];

/// What lines cost.
struct Cost {
    /// Each of many.
    marginal: f64,
    /// The index that they are in, with one of them.
    fixed: f64,
}

/// Where documents are measured.
struct Scale<'a> {
    node: &'a Node,
    folder: &'a Path,
    namespace: String,
    /// Whether to print what each field takes.
    fields: bool,
}

/// Runs the bench; fails above 400 bytes a stable container-hour or 100 bytes an event of an incident.
///
/// Sizes are of all stores after a flush and a merge into one segment. What a line costs is the difference between a
/// smaller and a larger number of them, so that the fixed cost of an index, which is that of one line, is apart. Each saving is measured by publishing
/// without it. `fields` prints what each field of each index takes.
pub fn run(fields: bool) -> Result<ExitCode, Box<dyn Error>> {
    let Some(node) = Node::plain() else {
        println!("bench storage: skipped=no_jdk");
        return Ok(ExitCode::SUCCESS);
    };
    let folder = Workspace::new("bench-storage")?;
    let namespace = format!("storage_{}", std::process::id());
    let scale = Scale { node: &node, folder: folder.path(), namespace, fields };

    let hour = scale.weigh("stable container-hours", HOURS, &summary, &[])?;
    let windows = scale.weigh("their windows, every five seconds", WINDOWS, &window, &["--windows"])?;
    saved("one summary an hour", hour.marginal, windows.marginal * WINDOWS_AN_HOUR);

    let merged = scale.weigh("events of an incident", EVENTS, &event, &[])?;
    for (saving, kinds) in [("exec and exit as one", [0, 1, 2, 3]), ("connections as flows", [4, 4, 5, 6])] {
        let line = |n: u64| event(n / 4 * 8 + kinds[n as usize % 4]);
        let with = scale.weigh("those alone", EVENTS, &line, &[])?;
        let without = scale.weigh("those without merging", EVENTS, &line, &["--no-merge"])?;
        saved(saving, with.marginal, without.marginal);
    }
    let apart = scale.weigh("all events without merging", EVENTS, &event, &["--no-merge"])?;
    saved("both", merged.marginal, apart.marginal);
    let set = |what, settings| scale.set(&settings, || scale.weigh(what, EVENTS, &event, &[]));
    let quick = set("events with the default codec", json!({"index": {"codec": "default"}}))?;
    saved("best compression", merged.marginal, quick.marginal);
    // As a basic licence has it: sources are kept as they came.
    let logs = json!({"index": {"mode": "logsdb", "mapping": {"source": {"mode": "stored"}}}});
    saved("logsdb, where it is chosen", set("events in logsdb", logs)?.marginal, merged.marginal);
    println!(
        "bench storage: bytes_per_stable_container_hour={:.0} bytes_per_event_in_incident={:.1} fixed_bytes={:.0}",
        hour.marginal, merged.marginal, hour.fixed
    );
    let reached = hour.marginal <= TARGET_HOUR && merged.marginal <= TARGET_EVENT;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn saved(by: &str, with: f64, without: f64) {
    println!("saved by {by}: {:.1} % ({without:.1} without, {with:.1} with)", (1.0 - with / without) * 100.0);
}

impl Scale<'_> {
    /// What lines cost: of a small and of a large number of them.
    fn weigh(
        &self,
        what: &str,
        numbers: [u64; 2],
        line: &dyn Fn(u64) -> String,
        options: &[&str],
    ) -> Result<Cost, Box<dyn Error>> {
        let fixed = self.size(1, line, options)?;
        let few = self.size(numbers[0], line, options)?;
        let many = self.size(numbers[1], line, options)?;
        let marginal = (many - few) / (numbers[1] - numbers[0]) as f64;
        println!("{what}: {marginal:.1} bytes each, {fixed:.0} an index with one");
        Ok(Cost { marginal, fixed })
    }

    /// The size of the stores with so many lines in them.
    fn size(&self, number: u64, line: &dyn Fn(u64) -> String, options: &[&str]) -> Result<f64, Box<dyn Error>> {
        interrupt::check()?;
        let mut child = mortal(vaectl())
            .args(["publish", "--to", &self.node.url, "--namespace", &self.namespace, "--log-level", "error"])
            .args(options)
            .current_dir(self.folder)
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
        let streams = format!("vaectl-*-{}", self.namespace);
        let size = self.node.stored(&streams).ok_or("the server gives no sizes")?.bytes;
        if self.fields {
            self.print_fields(&streams);
        }
        self.node.clear(&self.namespace);
        Ok(size)
    }

    /// Works under settings of the operator's own.
    fn set<T>(&self, settings: &Value, work: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<T, Box<dyn Error>> {
        let paths = ["process", "network", "file"].map(|tier| format!("_component_template/vaectl-{tier}@custom"));
        let template = json!({"template": {"settings": settings}});
        for path in &paths {
            let answer = self.node.ask(Method::Put, path, Some(&template));
            if answer["acknowledged"] != true {
                return Err(format!("{path}: {answer}").into());
            }
        }
        let result = work();
        for path in &paths {
            let answer = self.node.ask(Method::Put, path, Some(&json!({"template": {}})));
            if answer["acknowledged"] != true {
                return Err(format!("{path}: {answer}").into());
            }
        }
        result
    }

    /// Where the bytes go, by the server's own analysis.
    fn print_fields(&self, streams: &str) {
        let path = format!("{streams}/_disk_usage?run_expensive_tasks=true&flush=true");
        let answer = self.node.ask(Method::Post, &path, None);
        for (index, usage) in answer.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with(".ds")) {
            println!("  {index}: {} bytes", usage["store_size_in_bytes"]);
            let mut fields: Vec<_> = usage["fields"].as_object().into_iter().flatten().collect();
            fields.sort_by_key(|(_, field)| std::cmp::Reverse(field["total_in_bytes"].as_u64()));
            for (name, field) in fields {
                let part = |name: &str| match &field[name] {
                    Value::Object(parts) => parts["total_in_bytes"].as_u64().unwrap_or_default(),
                    value => value.as_u64().unwrap_or_default(),
                };
                let parts = ["inverted_index", "stored_fields_in_bytes", "doc_values_in_bytes", "points_in_bytes"];
                let [inverted, stored, values, points] = parts.map(part);
                let total = part("total_in_bytes");
                println!("    {name}: {total} (terms {inverted}, source {stored}, values {values}, points {points})");
            }
        }
    }
}
