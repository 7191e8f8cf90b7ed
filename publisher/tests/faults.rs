use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use tokio::sync::mpsc;
use vaectl_bench::fake::{Fake, Reply, Request};
use vaectl_publisher::{Config, Credentials, ErrorKind, Line, Secret};

use crate::support::{Run, balanced, config, event, letters, originals, read, run, run_fed, run_until, served};

fn events(count: usize) -> Vec<String> {
    (0..count).map(event).collect()
}

fn line(n: usize) -> Line {
    Line { number: n as u64 + 1, bytes: event(n).into(), ..Line::default() }
}

fn publish(fake: &Fake, folder: &tempfile::TempDir, lines: &[String]) -> Run {
    run(config(&fake.url, folder.path()), lines)
}

/// A script that replies by the number of the `_bulk` request, from 0.
fn by_number(mut reply: impl FnMut(usize) -> Reply + Send + 'static) -> Fake {
    let mut number = 0;
    served(move |_| {
        number += 1;
        reply(number - 1)
    })
}

#[test]
fn only_the_items_that_failed_are_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let fake = by_number(|n| match n {
        0 => Reply::TakeBut(vec![None, Some(429), Some(400), Some(503), Some(409)]),
        _ => Reply::Take,
    });
    let totals = publish(&fake, &folder, &events(5)).result.unwrap();

    let ids: Vec<_> = fake.bulks().iter().map(Request::ids).collect();
    assert_eq!(ids, [vec!["run-0", "run-1", "run-2", "run-3", "run-4"], vec!["run-1", "run-3"]]);
    let total = balanced(&totals);
    assert_eq!((total.indexed, total.duplicate, total.dead_lettered), (3, 1, 1));
    assert_eq!(totals.failed(), 1);
    let letter = &read(&letters(folder.path()))[0];
    assert_eq!(letter["vaectl"]["original"], event(2));
    assert_eq!((letter["vaectl"]["status"].as_u64(), letter["vaectl"]["line"].as_u64()), (Some(400), Some(3)));
    assert_eq!(letter["vaectl"]["reason"], "status 400, scripted: item 400");
}

#[test]
fn a_request_that_is_too_large_is_halved() {
    let folder = tempfile::tempdir().unwrap();
    let fake = served(|request| if request.ids().len() > 3 { Reply::Say(413, String::new()) } else { Reply::Take });
    let totals = publish(&fake, &folder, &events(20)).result.unwrap();
    assert_eq!((balanced(&totals).indexed, fake.count()), (20, 20));
}

#[test]
fn a_document_that_is_too_large_alone_is_a_dead_letter() {
    let folder = tempfile::tempdir().unwrap();
    let fake =
        served(|request| if request.body.contains("run-2\"") { Reply::Say(413, String::new()) } else { Reply::Take });
    let totals = publish(&fake, &folder, &events(6)).result.unwrap();
    assert_eq!((balanced(&totals).indexed, fake.count()), (5, 5));
    assert_eq!(originals(folder.path()), [event(2)]);
}

#[test]
fn a_document_that_spoils_its_request_takes_no_other_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let fake = served(|request| {
        let refusal = r#"{"error":{"type":"illegal_argument_exception","reason":"spoilt"},"status":400}"#;
        if request.body.contains("run-7\"") { Reply::Say(400, refusal.into()) } else { Reply::Take }
    });
    let totals = publish(&fake, &folder, &events(50)).result.unwrap();
    assert_eq!((balanced(&totals).indexed, fake.count()), (49, 49));
    assert_eq!(originals(folder.path()), [event(7)]);
    assert!(fake.bulks().len() < 25, "{} requests to find one document", fake.bulks().len());
}

#[test]
fn an_answer_that_was_lost_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let fake = by_number(|n| if n == 0 { Reply::TakeAndCut } else { Reply::Take });
    let totals = publish(&fake, &folder, &events(4)).result.unwrap();
    assert_eq!((balanced(&totals).duplicate, fake.count()), (4, 4));
    assert_eq!(totals.failed(), 0);
}

#[test]
fn an_answer_that_says_nothing_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let fake = by_number(|n| match n {
        0 => Reply::Say(200, "{\"items\": [{".into()),
        1 => Reply::Say(200, "{\"errors\":false,\"items\":[]}".into()),
        2 => Reply::CutWithin,
        3 => Reply::Say(502, "<html>".into()),
        _ => Reply::Take,
    });
    let totals = publish(&fake, &folder, &events(3)).result.unwrap();
    assert_eq!((balanced(&totals).indexed, fake.bulks().len()), (3, 5));
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let fake = by_number(|n| if n == 0 { Reply::Hang } else { Reply::Take });
    let mut config = config(&fake.url, folder.path());
    config.server.timeout = Duration::from_millis(300);
    let totals = run(config, &events(2)).result.unwrap();
    assert_eq!((balanced(&totals).indexed, fake.bulks().len()), (2, 2));
}

#[test]
fn refused_credentials_end_it_with_one_line_and_everything_kept() {
    for status in [401, 403] {
        let folder = tempfile::tempdir().unwrap();
        let fake = by_number(move |_| Reply::Say(status, String::new()));
        let mut config = config(&fake.url, folder.path());
        config.server.credentials = Some(Credentials::ApiKey(Secret::new("aHVudGVyMg==\n")));
        let error = run(config, &events(3)).result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Peer);
        let text = error.to_string();
        assert!(text.contains(&format!("status {status}")) && !text.contains('\n'), "{text}");
        assert!(!format!("{text}{error:?}").contains("aHVudGVyMg"), "{text}");
        assert_eq!(originals(folder.path()), events(3));
        assert_eq!(fake.bulks().len(), 1);
        assert_eq!(fake.bulks()[0].authorization, "ApiKey aHVudGVyMg==");
    }
}

#[test]
fn an_item_that_may_not_be_written_ends_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let fake = by_number(|_| Reply::TakeBut(vec![None, Some(403)]));
    let run = publish(&fake, &folder, &events(3));
    assert_eq!(run.result.unwrap_err().kind(), ErrorKind::Peer);
    assert_eq!(originals(folder.path()), [event(1)]);
    assert_eq!(fake.count(), 2);
}

#[test]
fn a_server_that_is_not_there_stops_the_reading_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut config = config(&format!("http://{free}"), folder.path());
    config.retry_for = Duration::from_millis(400);

    let (feed, lines) = mpsc::channel(8);
    let enough = Arc::new(AtomicBool::new(false));
    let asked = enough.clone();
    let feeder = std::thread::spawn(move || {
        (0..1000).take_while(|&n| !asked.load(SeqCst) && feed.blocking_send(line(n)).is_ok()).count()
    });
    let run = run_fed(config, lines, std::future::pending(), || enough.store(true, SeqCst));
    let error = run.result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Peer);
    assert!(error.to_string().contains("refused"), "{error}");
    let accepted = feeder.join().unwrap();
    assert!((8..=10).contains(&accepted), "{accepted} lines were read for a server that is not there");
    assert_eq!(originals(folder.path()), events(accepted));
    let ledger: Vec<serde_json::Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ledger[0]["vaectl"]["datasets"]["vaectl.process"]["dead_lettered"], accepted);
    assert_eq!(ledger[1]["vaectl"]["cause"], "error");
}

#[test]
fn an_end_that_is_asked_for_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let fake = by_number(|_| Reply::Hang);
    let run = run_until(config(&fake.url, folder.path()), &events(3), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
    });
    assert_eq!(run.result.unwrap_err().kind(), ErrorKind::Peer);
    assert_eq!(originals(folder.path()), events(3));
}

#[test]
fn an_end_that_is_asked_for_delivers_what_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let fake = by_number(|_| Reply::Take);
    let (feed, lines) = mpsc::channel(8);
    for n in 0..3 {
        feed.try_send(line(n)).unwrap();
    }
    let run = run_fed(config(&fake.url, folder.path()), lines, std::future::ready(()), || ());
    assert_eq!((run.result.unwrap().ledger.total().indexed, fake.count()), (3, 3));
    assert!(run.out.contains("\"cause\":\"signal\""), "{}", run.out);
    assert!(feed.is_closed());
}

#[test]
fn an_endpoint_that_is_away_is_replaced_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (away, fake) = (Fake::raw(|_| Reply::Say(503, String::new())).unwrap(), by_number(|_| Reply::Take));
    let targets = format!("http://127.0.0.1:1,{},{}", away.url, fake.url);
    let totals = run(config(&targets, folder.path()), &events(3)).result.unwrap();
    assert_eq!((balanced(&totals).indexed, fake.count()), (3, 3));
    assert_eq!(away.seen().requests.len(), 1);
}

#[test]
fn two_requests_are_under_way_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let fake = by_number(|_| Reply::TakeLate(Duration::from_millis(30)));
    let mut config = config(&fake.url, folder.path());
    config.server.batch.documents = 10;
    let totals = run(config, &events(100)).result.unwrap();
    assert_eq!((balanced(&totals).indexed, fake.seen().most_at_once), (100, 2));
}

#[test]
fn documents_in_the_failure_store_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let body = r#"{"items":[{"create":{"status":201,"failure_store":"used"}},{"create":{"status":201}}]}"#;
    let fake = by_number(move |_| Reply::Say(200, body.into()));
    let run = publish(&fake, &folder, &events(2));
    let total = balanced(&run.result.unwrap());
    assert_eq!((total.indexed, total.failure_store), (2, 1));
    assert!(run.out.contains(r#""failure_store":1"#), "{}", run.out);
}

#[test]
fn templates_are_installed_before_the_first_document_or_not_at_all() {
    for setup in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let fake = by_number(|_| Reply::Take);
        let mut config = config(&fake.url, folder.path());
        config.server.setup = setup;
        run(config, &events(1)).result.unwrap();
        let seen = fake.seen();
        let puts = seen.requests.iter().filter(|request| request.method == "PUT").count();
        assert_eq!((puts, seen.requests.len()), if setup { (11, 13) } else { (0, 1) });
        if setup {
            assert_eq!(seen.requests[1].path, "/_component_template/vaectl-common");
        }
    }
}

#[test]
fn a_key_that_may_not_install_templates_is_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::raw(|_| Reply::Say(403, String::new())).unwrap();
    let error = publish(&fake, &folder, &events(2)).result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Peer);
    assert!(error.to_string().contains("--no-setup"), "{error}");
    assert_eq!(originals(folder.path()), events(2));
}

#[test]
fn whatever_the_server_does_every_document_is_accounted_for_once() {
    for seed in 0..8_u64 {
        let folder = tempfile::tempdir().unwrap();
        let mut state = seed;
        let mut number = 0;
        let fake = served(move |request| {
            let mut draw = |below: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % below
            };
            number += 1;
            if number > 6 {
                return Reply::Take;
            }
            match draw(7) {
                0 => Reply::Say(429, String::new()),
                1 => Reply::TakeAndCut,
                2 => Reply::CutWithin,
                3 if request.ids().len() > 1 => Reply::Say(413, String::new()),
                4 => Reply::Say(200, "{}".into()),
                _ => Reply::TakeBut(
                    request.ids().iter().map(|_| [None, Some(429), Some(400), Some(503)][draw(4) as usize]).collect(),
                ),
            }
        });
        let mut config: Config = config(&fake.url, folder.path());
        config.server.batch.documents = 10;
        let totals = run(config, &events(40)).result.unwrap();
        let total = balanced(&totals);
        let dead = originals(folder.path());
        assert_eq!((total.received, total.dead_lettered as usize), (40, dead.len()), "seed {seed}");
        assert_eq!(fake.count() + dead.len(), 40, "seed {seed}: {total:?}");
    }
}
