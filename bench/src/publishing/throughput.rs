//! `bench/run publish`: how many records of an incident a second `vaectl publish` takes on one core, and its memory.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::lines::event;
use super::null::NullServer;
use crate::measure::{pin, rss_anon};
use crate::stage::{mortal, vaectl};
use crate::{Workspace, interrupt};

const RECORDS: u64 = 600_000;
const TARGET_PER_S: f64 = 100_000.0;
const TARGET_RSS: f64 = 64.0;

/// Runs the bench; fails below 100,000 records a second or above 64 MB.
///
/// All of it is on: redaction, merging, the spool with its syncs, compression, two requests at a time. The server is a
/// null one on the other core, which decompresses, counts, and keeps nothing. The best of three rounds counts.
pub fn run() -> Result<ExitCode, Box<dyn Error>> {
    let folder = Workspace::new("bench-publish")?;
    let file = folder.path().join("lines.ndjson");
    let mut lines = BufWriter::new(File::create(&file)?);
    for n in 0..RECORDS {
        writeln!(lines, "{}", event(n))?;
    }
    lines.flush()?;
    let megabytes = file.metadata()?.len() as f64 / 1e6;
    println!("{RECORDS} records, {megabytes:.0} MB");
    let reports = folder.path().join("reports.ndjson");
    pin(0, 1)?;
    let server = NullServer::start()?;
    let (mut best, mut rss) = (0.0_f64, 0.0_f64);
    for round in 1..=3 {
        let began = Instant::now();
        let mut child = mortal(vaectl())
            .args(["publish", "--to", server.url(), "--log-level", "error", "--spool", "spool"])
            .arg(&file)
            .current_dir(folder.path())
            .stdout(File::create(&reports)?)
            .spawn()?;
        pin(child.id(), 0)?;
        let status = loop {
            interrupt::pause(Duration::from_millis(20))?;
            if let Some(status) = child.try_wait()? {
                break status;
            }
            rss = rss.max(rss_anon(child.id()).unwrap_or_default() as f64 / 1e6);
        };
        let seconds = began.elapsed().as_secs_f64();
        let [indexed, merged] = counts(&fs::read_to_string(&reports)?);
        println!("round {round}: {seconds:.2} s, {indexed} documents, {merged} records merged into them");
        if !status.success() || indexed + merged != RECORDS {
            return Err(format!("{indexed} and {merged} of {RECORDS} records: {status}").into());
        }
        best = best.max(RECORDS as f64 / seconds);
    }
    println!("bench publish: records_per_s={best:.0} rss_mb={rss:.1}");
    Ok(if best >= TARGET_PER_S && rss <= TARGET_RSS { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the last ledger says was indexed and merged.
fn counts(report: &str) -> [u64; 2] {
    let mut parsed = report.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let last = parsed.find(|line| line["type"] == "ledger").unwrap_or_default();
    let datasets = last["vaectl"]["datasets"].as_object();
    ["indexed", "merged"].map(|column| {
        datasets.into_iter().flatten().map(|(_, columns)| columns[column].as_u64().unwrap_or_default()).sum()
    })
}
