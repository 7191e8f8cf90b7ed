//! What is on the disk before it is sent, and survives whatever becomes of server and process.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use vaectl_bench::fake::Reply;
use vaectl_publisher::{Config, ErrorKind, Line, SpoolLimits};

use crate::support::{balanced, config, event, originals, run, run_fed, run_until, served};

const NOBODY: &str = "http://127.0.0.1:1";

fn spooling(target: &str, folder: &Path) -> Config {
    let mut config = config(target, folder);
    config.server.spool = Some(SpoolLimits { folder: folder.join("spool"), bytes: 1 << 20 });
    config.server.batch.documents = 10;
    config
}

fn events(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(event).collect()
}

/// An end that is asked for when everything was read.
async fn soon() {
    tokio::time::sleep(Duration::from_millis(500)).await;
}

fn batches(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder.join("spool")).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".zst")).count()
}

fn summary(n: usize) -> String {
    event(n).replace(r#""type":"event""#, r#""type":"summary""#).replace("vaectl.process", "vaectl.summary")
}

#[test]
fn an_outage_stops_no_reading_and_the_next_start_delivers_what_waited() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = run_until(spooling(NOBODY, folder.path()), &events(0..95), soon());
    let total = balanced(&stopped.result.unwrap());
    assert_eq!((total.received, total.spooled, total.dead_lettered), (95, 95, 0));
    assert!(stopped.out.contains(r#""accepted":{"line":95}"#), "{}", stopped.out);

    let fake = served(|_| Reply::Take);
    let total = balanced(&run(spooling(&fake.url, folder.path()), &events(95..100)).result.unwrap());
    assert_eq!((total.received, total.indexed, total.spooled), (100, 100, 0));
    assert_eq!((fake.count(), batches(folder.path())), (100, 0));
}

#[test]
fn an_input_that_ends_while_the_server_is_away_fails_and_says_where_it_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = spooling(NOBODY, folder.path());
    config.retry_for = Duration::from_millis(200);
    let error = run(config, &events(0..15)).result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Peer);
    assert!(error.to_string().contains("15 documents wait in") && originals(folder.path()).is_empty(), "{error}");
}

#[test]
fn refused_credentials_leave_everything_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let fake = served(|_| Reply::Say(401, String::new()));
    let error = run(spooling(&fake.url, folder.path()), &events(0..25)).result.unwrap_err();
    assert!(error.to_string().contains("25 documents wait in") && originals(folder.path()).is_empty(), "{error}");

    let fake = served(|_| Reply::Take);
    let total = balanced(&run(spooling(&fake.url, folder.path()), &[] as &[&str]).result.unwrap());
    assert_eq!((total.indexed, fake.count()), (25, 25));
}

#[test]
fn a_batch_is_on_the_disk_until_its_last_document_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().to_owned();
    let mut seen = Vec::new();
    let (tell, told) = std::sync::mpsc::channel();
    let fake = served(move |request| {
        seen.push(request.ids().len());
        tell.send((request.ids().len(), batches(&spool))).unwrap();
        if seen.len() == 1 { Reply::TakeBut(vec![None, Some(429), None, Some(503)]) } else { Reply::Take }
    });
    let total = balanced(&run(spooling(&fake.url, folder.path()), &events(0..4)).result.unwrap());
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [(4, 1), (2, 1)]);
    assert_eq!((total.indexed, batches(folder.path())), (4, 0));
}

#[test]
fn a_full_spool_loses_summaries_then_events_and_never_an_incident() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = spooling(NOBODY, folder.path());
    let incident = |n| event(n).replace(r#""type":"event""#, r#""type":"incident""#);
    let lines: Vec<String> = (0..20).map(summary).chain((20..220).map(event)).chain((220..240).map(incident)).collect();
    if let Some(spool) = &mut config.server.spool {
        spool.bytes = 6000;
    }
    let stopped = run_until(config, &lines, soon());
    let totals = stopped.result.unwrap();
    balanced(&totals);
    let of = |name: &str| totals.ledger.iter().find(|(dataset, _)| *dataset == name).unwrap().1.to_owned();
    assert_eq!(of("vaectl.summary").dropped, 20);
    let events = of("vaectl.process");
    assert!(events.dropped > 0 && events.spooled >= 20, "{events:?}");

    let fake = served(|_| Reply::Take);
    run(spooling(&fake.url, folder.path()), &[] as &[&str]).result.unwrap();
    let seen = fake.seen();
    let incidents = seen.store.values().filter(|line| line.contains(r#""type":"incident""#)).count();
    assert_eq!((incidents as u64, seen.store.len() as u64), (20, events.spooled));
}

#[test]
fn a_server_that_takes_what_it_is_sent_makes_the_room() {
    let folder = tempfile::tempdir().unwrap();
    let fake = served(|_| Reply::TakeLate(Duration::from_millis(20)));
    let mut config = spooling(&fake.url, folder.path());
    if let Some(spool) = &mut config.server.spool {
        spool.bytes = 2000;
    }
    let lines: Vec<String> = (0..200).map(|n| if n % 2 == 0 { summary(n) } else { event(n) }).collect();
    let total = balanced(&run(config, &lines).result.unwrap());
    assert_eq!((total.indexed, total.dropped, fake.count()), (200, 0, 200));
}

#[test]
fn a_full_spool_waits_for_its_server_however_long_that_takes() {
    let folder = tempfile::tempdir().unwrap();
    let up = Instant::now() + Duration::from_secs(1);
    let fake = served(move |_| if Instant::now() < up { Reply::Say(503, String::new()) } else { Reply::Take });
    let mut config = spooling(&fake.url, folder.path());
    config.retry_for = Duration::from_millis(200);
    if let Some(spool) = &mut config.server.spool {
        spool.bytes = 1000;
    }
    let lines: Vec<String> =
        events(0..100).iter().map(|line| line.replace(r#""event","v"#, r#""incident","v"#)).collect();
    let total = balanced(&run(config, &lines).result.unwrap());
    assert_eq!((total.indexed, total.dropped), (100, 0));
}

#[test]
fn a_data_stream_that_takes_nothing_holds_no_other_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut others = HashSet::new();
    let fake = served(move |request| {
        let sick = |action: &str| action.contains("vaectl-incident-");
        let actions = || request.body.lines().step_by(2);
        others.extend(actions().filter(|action| !sick(action)).map(str::to_owned));
        let status = |action: &str| Some(503).filter(|_| others.len() < 90 && sick(action));
        Reply::TakeBut(actions().map(status).collect())
    });
    let mut config = spooling(&fake.url, folder.path());
    config.retry_delay = Duration::from_millis(10);
    let incident = |n: usize| event(n).replace(r#""type":"event""#, r#""type":"incident""#);
    let lines: Vec<String> = (0..100).map(|n| if n % 10 == 0 { incident(n) } else { event(n) }).collect();
    let total = balanced(&run(config, &lines).result.unwrap());
    assert_eq!((total.indexed, total.duplicate, batches(folder.path())), (100, 0, 0));
}

#[test]
fn an_end_that_is_asked_for_in_a_pause_does_not_wait_for_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = spooling(NOBODY, folder.path());
    config.retry_delay = Duration::from_secs(20);
    // Its input goes on.
    let (feed, lines) = tokio::sync::mpsc::channel(1);
    feed.try_send(Line { number: 1, bytes: event(0).into(), ..Line::default() }).unwrap();
    let start = Instant::now();
    let total = balanced(&run_fed(config, lines, soon(), || ()).result.unwrap());
    assert!(total.spooled == 1 && start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn summaries_go_out_together() {
    let folder = tempfile::tempdir().unwrap();
    let fake = served(|_| Reply::Take);
    let mut config = spooling(&fake.url, folder.path());
    config.server.batch.documents = 100;
    config.server.batch.age = Duration::ZERO;
    let lines: Vec<String> = (0..40).map(|n| if n % 2 == 0 { summary(n) } else { event(n) }).collect();
    run(config, &lines).result.unwrap();
    let summaries = fake.bulks().iter().filter(|request| request.body.contains("vaectl-stable-")).count();
    assert_eq!((summaries, fake.count()), (1, 40));
}

#[test]
fn a_file_that_was_read_in_part_is_gone_on_with_behind_what_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let from_file = |config: Config, numbers: std::ops::Range<usize>, shutdown: bool| {
        let lines = numbers.map(|n| Line {
            number: n as u64 + 1,
            file: Some("a.ndjson".into()),
            bytes: event(n).into(),
            ..Line::default()
        });
        let lines: Vec<Line> = lines.collect();
        let (feed, receiver) = tokio::sync::mpsc::channel(lines.len());
        for line in lines {
            feed.try_send(line).unwrap();
        }
        drop(feed);
        let stop = async move { if shutdown { soon().await } else { std::future::pending().await } };
        balanced(&run_fed(config, receiver, stop, || ()).result.unwrap())
    };
    assert_eq!(from_file(spooling(NOBODY, folder.path()), 0..40, true).spooled, 40);
    let fake = served(|_| Reply::Take);
    // The forty that wait, and what is behind them in the file: those in it are not taken in again.
    let total = from_file(spooling(&fake.url, folder.path()), 0..60, false);
    assert_eq!((total.received, total.indexed, total.duplicate, fake.count()), (60, 60, 0, 60));
    // It was read to its end, so that the same file is read anew.
    assert_eq!(from_file(spooling(&fake.url, folder.path()), 0..60, false).duplicate, 60);
}
