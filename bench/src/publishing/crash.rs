//! `bench/run crash`: `kill -9` at random moments, and what the server has in the end.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::time::Duration;

use elasticsearch::http::Method;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::lines::event;
use crate::node::Node;
use crate::stage::{mortal, vaectl};
use crate::{Workspace, interrupt};

const KILLS: u64 = 50;
/// More than it reads before it is killed.
const LINES_A_LIFE: u64 = 20_000;

/// Runs the bench; fails where a line is missing or doubled.
///
/// `vaectl publish` reads a file of numbered events into a server, is killed after 50 to 700 ms, and is started again on
/// the same file and spool; the last start lives to the end. A merged document counts for the lines that it stands for.
pub fn run(seed: u64) -> Result<ExitCode, Box<dyn Error>> {
    let Some(node) = Node::plain() else {
        println!("bench crash: skipped=no_jdk");
        return Ok(ExitCode::SUCCESS);
    };
    let folder = Workspace::new("bench-crash")?;
    let namespace = format!("crash_{}", std::process::id());
    let mut random = StdRng::seed_from_u64(seed);
    let file = folder.path().join("lines.ndjson");
    let mut lines = BufWriter::new(File::create(&file)?);
    let (mut written, mut read) = (0, 0);
    for kill in 1..=KILLS {
        written = append(&mut lines, written, read + LINES_A_LIFE)?;
        let mut child = start(&node.url, &namespace, &file, Stdio::piped())?;
        interrupt::pause(Duration::from_millis(random.random_range(50..700)))?;
        child.kill()?;
        read = accepted(child)?.unwrap_or(read);
        if kill % 10 == 0 {
            println!("{kill} kills, {read} of {written} lines accepted");
        }
    }
    let status = start(&node.url, &namespace, &file, Stdio::null())?.wait()?;
    let (stored, doubled) = there(&node, &namespace);
    node.clear(&namespace);
    let missing = written.saturating_sub(stored);
    let doubled = doubled + stored.saturating_sub(written);
    println!("bench crash: kills={KILLS} missing={missing} doubled={doubled} lines={written} seed={seed}");
    Ok(if status.success() && missing + doubled == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes lines up to number `upto`; how many there are then.
fn append(file: &mut BufWriter<File>, from: u64, upto: u64) -> std::io::Result<u64> {
    for n in from..upto {
        writeln!(file, "{}", event(n))?;
    }
    file.flush()?;
    Ok(from.max(upto))
}

fn start(url: &str, namespace: &str, file: &Path, stdout: Stdio) -> Result<Child, Box<dyn Error>> {
    let folder = file.parent().unwrap_or(file);
    let child = mortal(vaectl())
        .args(["publish", "--to", url, "--namespace", namespace, "--log-level", "error", "--batch-age", "50ms"])
        .args(["--batch-documents", "500", "--spool", "spool"])
        .arg(file)
        .current_dir(folder)
        .stdout(stdout)
        .spawn()?;
    Ok(child)
}

/// The last line that it reported as accepted before its end.
fn accepted(mut child: Child) -> Result<Option<u64>, Box<dyn Error>> {
    let stdout = child.stdout.take().ok_or("it was started with a pipe")?;
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    // What it was killed in the midst of is no report.
    let reports =
        lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok()?["vaectl"]["accepted"]["line"].as_u64());
    let last = reports.last();
    child.wait()?;
    Ok(last)
}

/// How many lines the server's documents stand for, and how many of them stand there twice.
fn there(node: &Node, namespace: &str) -> (u64, u64) {
    let streams = format!("vaectl-*-{namespace}");
    let _ = node.ask(Method::Post, &format!("{streams}/_refresh"), None);
    let query = json!({"size": 0, "track_total_hits": true, "aggs": {
        "merged": {"stats": {"field": "vaectl.merged"}},
        "distinct": {"cardinality": {"field": "event.id", "precision_threshold": 40_000}},
        "twice": {"terms": {"field": "event.id", "min_doc_count": 2, "size": 1000}},
    }});
    let answer = node.ask(Method::Post, &format!("{streams}/_search"), Some(&query));
    let documents = answer["hits"]["total"]["value"].as_u64().unwrap_or_default();
    let merged = &answer["aggregations"]["merged"];
    let (of, sum) = (merged["count"].as_u64().unwrap_or_default(), merged["sum"].as_f64().unwrap_or_default() as u64);
    let twice = answer["aggregations"]["twice"]["buckets"]
        .as_array()
        .map_or(0, |buckets| buckets.iter().map(|bucket| bucket["doc_count"].as_u64().unwrap_or_default() - 1).sum());
    (documents - of + sum, twice)
}
