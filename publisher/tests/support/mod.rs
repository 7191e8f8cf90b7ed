pub(crate) mod node;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use vaectl_bench::fake::{Fake, Reply, Request};
use vaectl_publisher::{Config, Line, PublishError, Totals, publish};

/// An event as `record` writes it.
pub(crate) fn event(n: usize) -> String {
    format!(
        r#"{{"type":"event","vaectl":{{"v":1}},"process":{{"pid":{n},"executable":"/bin/p{n}","args":["p{n}"]}},"@timestamp":"2026-11-24T03:48:26.{n:09}Z","ecs":{{"version":"9.0.0"}},"event":{{"kind":"event","dataset":"vaectl.process","action":"exec","id":"run-{n:x}","sequence":{n}}},"container":{{"id":"c1","name":"web-1"}}}}"#
    )
}

/// What a run of `publish` came to: its result and what it wrote to standard output.
pub(crate) struct Run {
    pub(crate) result: Result<Totals, PublishError>,
    pub(crate) out: String,
}

/// Publishes lines to their end.
pub(crate) fn run(config: Config, lines: &[impl AsRef<[u8]>]) -> Run {
    run_until(config, lines, std::future::pending())
}

/// Publishes lines until `shutdown`; the feeder holds its end of the channel open for as long.
pub(crate) fn run_until(config: Config, lines: &[impl AsRef<[u8]>], shutdown: impl Future<Output = ()>) -> Run {
    let (feed, receiver) = mpsc::channel(lines.len().max(1));
    for (index, line) in lines.iter().enumerate() {
        let line = Line { number: index as u64 + 1, bytes: line.as_ref().to_vec(), ..Line::default() };
        feed.try_send(line).unwrap();
    }
    drop(feed);
    run_fed(config, receiver, shutdown, || ())
}

/// Publishes what a channel brings.
pub(crate) fn run_fed(
    config: Config,
    lines: mpsc::Receiver<Line>,
    shutdown: impl Future<Output = ()>,
    enough: impl FnOnce(),
) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut out = Vec::new();
    let result = runtime.block_on(publish(config, lines, &mut out, shutdown, enough));
    Run { result, out: String::from_utf8(out).unwrap() }
}

/// A server that replies by a script.
pub(crate) fn served(script: impl FnMut(&Request) -> Reply + Send + 'static) -> Fake {
    Fake::new(script).unwrap()
}

/// A configuration that gives up soon and keeps its dead letters in `folder`.
pub(crate) fn config(target: &str, folder: &Path) -> Config {
    let mut config = Config::new(target.parse().unwrap());
    config.retry_for = Duration::from_secs(20);
    config.dead_letter = Some(letters(folder));
    config
}

pub(crate) fn letters(folder: &Path) -> PathBuf {
    folder.join("dead.ndjson")
}

/// The lines of a file as JSON; none where there is no file.
pub(crate) fn read(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "{} ends within a line", path.display());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines that dead letters quote.
pub(crate) fn originals(folder: &Path) -> Vec<String> {
    read(&letters(folder)).iter().map(|letter| letter["vaectl"]["original"].as_str().unwrap().to_owned()).collect()
}

/// Checks that every line is accounted for, and gives the totals.
pub(crate) fn balanced(totals: &Totals) -> vaectl_publisher::Counts {
    for (dataset, counts) in totals.ledger.iter() {
        assert_eq!(counts.received, counts.settled(), "{dataset}: {counts:?}");
    }
    totals.ledger.total()
}
