//! `bench/run faults`: random fault schedules of a server, and what became of every line.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use tokio::sync::mpsc;
use vaectl_publisher::{Config, Line, SpoolLimits, publish};

use super::lines::event;
use crate::fake::{Fake, Reply, Request};
use crate::{Workspace, interrupt};

const SCHEDULES: u64 = 1000;
const TIMEOUT: Duration = Duration::from_millis(50);

/// What a schedule came to.
#[derive(Default)]
struct Tally {
    lines: u64,
    /// Neither stored nor among the dead letters, or not in the ledger.
    unaccounted: u64,
    doubled: u64,
    dropped: u64,
    dead_lettered: u64,
    requests: u64,
    merged: u64,
    restarts: u64,
}

/// Runs the bench; fails where a line is unaccounted for, doubled or dropped.
///
/// Each schedule has its own server with 1 to 12 faults of every kind before it works, its own number of lines, and is
/// run with or without a spool, with or without merging. With a spool half of them are told to end in the midst of it
/// and started again.
pub fn run(first: u64) -> Result<ExitCode, Box<dyn Error>> {
    let folder = Workspace::new("bench-faults")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut sum = Tally::default();
    for seed in first..first + SCHEDULES {
        interrupt::check()?;
        let tally = runtime.block_on(schedule(seed, &folder.path().join(seed.to_string())))?;
        if tally.unaccounted + tally.doubled + tally.dropped > 0 {
            let Tally { lines, unaccounted, doubled, dropped, .. } = tally;
            println!("seed {seed}: lines={lines} unaccounted={unaccounted} doubled={doubled} dropped={dropped}");
        }
        sum.add(&tally);
    }
    let Tally { lines, unaccounted, doubled, dropped, dead_lettered, requests, merged, restarts } = sum;
    println!(
        "{lines} lines, {merged} of them merged, {dead_lettered} dead letters, {requests} requests, {restarts} restarts"
    );
    println!(
        "bench faults: schedules={SCHEDULES} unaccounted={unaccounted} doubled={doubled} dropped={dropped} seed={first}"
    );
    Ok(if unaccounted + doubled + dropped == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.unaccounted += other.unaccounted;
        self.doubled += other.doubled;
        self.dropped += other.dropped;
        self.dead_lettered += other.dead_lettered;
        self.requests += other.requests;
        self.merged += other.merged;
        self.restarts += other.restarts;
    }
}

async fn schedule(seed: u64, folder: &Path) -> Result<Tally, Box<dyn Error>> {
    let mut random = StdRng::seed_from_u64(seed);
    let lines: Vec<String> = (0..random.random_range(1..200)).map(event).collect();
    let mut faults = random.random_range(1..=12);
    let mut draws = StdRng::seed_from_u64(!seed);
    let fake = Fake::new(move |request| {
        if faults == 0 {
            return Reply::Take;
        }
        faults -= 1;
        fault(request, &mut draws)
    })?;
    let mut config = Config::new(fake.url.parse()?);
    config.dead_letter = Some(folder.join("dead.ndjson"));
    config.retry_for = Duration::from_mins(1);
    config.retry_delay = Duration::from_millis(1);
    config.merge = random.random();
    config.server.timeout = TIMEOUT;
    config.server.batch.documents = random.random_range(1..50);
    config.server.batch.age = Duration::from_millis(random.random_range(0..5));
    let spooling: bool = random.random();
    config.server.spool = spooling.then(|| SpoolLimits { folder: folder.join("spool"), bytes: 1 << 30 });

    let mut tally = Tally { lines: lines.len() as u64, ..Tally::default() };
    let stop = (spooling && random.random()).then(|| Duration::from_millis(random.random_range(0..60)));
    let mut accepted = feed(&config, &lines, stop, &mut tally).await?;
    if stop.is_some() {
        tally.restarts += 1;
        accepted += feed(&config, &lines[accepted..], None, &mut tally).await?;
    }
    if accepted < lines.len() {
        tally.unaccounted += (lines.len() - accepted) as u64;
    }
    settle(&fake, &folder.join("dead.ndjson"), &mut tally)?;
    std::fs::remove_dir_all(folder)?;
    Ok(tally)
}

/// Publishes lines until they end or `stop` is over; how many were taken in.
async fn feed(
    config: &Config,
    lines: &[String],
    stop: Option<Duration>,
    tally: &mut Tally,
) -> Result<usize, Box<dyn Error>> {
    let (feeder, receiver) = mpsc::channel(8);
    let lines: Vec<Line> = (1..)
        .zip(lines)
        .map(|(number, line)| Line { number, bytes: line.clone().into_bytes(), ..Line::default() })
        .collect();
    let feeding = tokio::spawn(async move {
        let mut sent = 0;
        for line in lines {
            if feeder.send(line).await.is_err() {
                break;
            }
            sent += 1;
        }
        // An end that is asked for comes before that of the input.
        if stop.is_some() {
            feeder.closed().await;
        }
        sent
    });
    let shutdown = async {
        match stop {
            Some(after) => tokio::time::sleep(after).await,
            None => std::future::pending().await,
        }
    };
    let totals = publish(config.clone(), receiver, std::io::sink(), shutdown, || ()).await?;
    let total = totals.ledger.total();
    tally.unaccounted += total.received.abs_diff(total.settled());
    tally.dropped += total.dropped;
    Ok(feeding.await?)
}

/// Compares what there is at the server and among the dead letters with what was taken in.
fn settle(fake: &Fake, letters: &Path, tally: &mut Tally) -> Result<(), Box<dyn Error>> {
    let mut found: HashMap<String, u64> = HashMap::new();
    let seen = fake.seen();
    tally.requests += seen.requests.len() as u64;
    for ((_, id), line) in &seen.store {
        let stands_for = stands_for(&serde_json::from_str(line)?);
        if found.insert(id.clone(), stands_for).is_some() {
            tally.doubled += stands_for;
        }
        tally.merged += stands_for - 1;
    }
    for line in std::fs::read_to_string(letters)?.lines() {
        let letter: Value = serde_json::from_str(line)?;
        let original: Value = serde_json::from_str(letter["vaectl"]["original"].as_str().unwrap_or_default())?;
        tally.dead_lettered += 1;
        let id = original["event"]["id"].as_str().unwrap_or_default().to_owned();
        found.insert(id, stands_for(&original));
    }
    let accounted: u64 = found.values().sum();
    tally.unaccounted += tally.lines.saturating_sub(accounted);
    tally.doubled += accounted.saturating_sub(tally.lines);
    Ok(())
}

fn stands_for(line: &Value) -> u64 {
    line["vaectl"]["merged"].as_u64().unwrap_or(1)
}

/// One of the ways in which a request can fail, wholly or in part.
fn fault(request: &Request, random: &mut StdRng) -> Reply {
    let mut item = || match random.random_range(0..6) {
        0 => Some(429),
        1 => Some(400),
        2 => Some(503),
        _ => None,
    };
    let mixed: Vec<_> = request.ids().iter().map(|_| item()).collect();
    match random.random_range(0..14) {
        0 => Reply::Say(429, String::new()),
        1 => Reply::Say(503, "<html>".into()),
        2 if mixed.len() > 1 => Reply::Say(413, String::new()),
        3 if mixed.len() > 1 => Reply::Say(400, r#"{"error":{"type":"scripted","reason":"spoilt"}}"#.into()),
        4 => Reply::Say(200, "{\"items\": [{".into()),
        5 => Reply::Say(200, r#"{"errors":false,"items":[]}"#.into()),
        6 => Reply::TakeAndCut,
        7 => Reply::TakeAndCutWithin,
        8 => Reply::Cut,
        9 => Reply::CutWithin,
        10 => Reply::Hang,
        11 => Reply::TakeLate(TIMEOUT * 2),
        12 => Reply::TakeLate(TIMEOUT / 5),
        _ => Reply::TakeBut(mixed),
    }
}

#[cfg(test)]
mod tests {
    use super::schedule;

    #[tokio::test]
    async fn a_few_schedules_leave_every_line_accounted_for_once() {
        let folder = crate::Workspace::new("faults-test").unwrap();
        for seed in 0..20 {
            let tally = schedule(seed, &folder.path().join(seed.to_string())).await.unwrap();
            assert_eq!((tally.unaccounted, tally.doubled, tally.dropped), (0, 0, 0), "seed {seed}");
            assert!(tally.lines > 0 && tally.requests > 0);
        }
    }
}
