use std::io::{self, Write};

use serde_json::Value;
use tokio::sync::mpsc;
use vaectl_publisher::{Config, ErrorKind, Line, publish};

use crate::support::{balanced, event, run};

fn stdout() -> Config {
    Config::new("stdout:".parse().unwrap())
}

fn line(kind: &str, more: &str) -> String {
    format!(r#"{{"type":"{kind}","vaectl":{{"v":1{more}}},"@timestamp":"2026-11-24T03:48:26Z"}}"#)
}

#[test]
fn documents_pass_unchanged_and_the_ledger_adds_up() {
    let lines = [
        line("hello", ""),
        event(1),
        line("window", ""),
        line("verdict", r#","transition":false"#),
        line("verdict", r#","transition":true"#),
        line("poem", ""),
        line("heartbeat", ""),
        line("end", ""),
    ];
    let run = run(stdout(), &lines);
    let out: Vec<&str> = run.out.lines().collect();
    assert_eq!(out[..3], [&lines[1], &lines[4], &lines[5]]);
    let total = balanced(&run.result.unwrap());
    assert_eq!((total.received, total.indexed, total.merged), (5, 3, 2));

    let ledger: Value = serde_json::from_str(out[3]).unwrap();
    assert_eq!(ledger["vaectl"]["datasets"]["vaectl.verdict"]["merged"], 1);
    let end: Value = serde_json::from_str(out[4]).unwrap();
    assert_eq!((end["type"].as_str(), end["vaectl"]["lines"].as_u64()), (Some("end"), Some(4)));
    assert_eq!(out.len(), 5);
}

#[test]
fn a_malformed_line_is_quoted_with_its_number_and_the_rest_goes_on() {
    let run = run(stdout(), &[event(1).into_bytes(), b"{\"type\":\"event\", nonsense".to_vec(), event(2).into_bytes()]);
    let totals = run.result.unwrap();
    assert_eq!((balanced(&totals).indexed, totals.failed(), totals.malformed), (2, 1, 1));
    let letter: Value =
        run.out.lines().map(|l| serde_json::from_str(l).unwrap()).find(|l: &Value| l["type"] == "dead_letter").unwrap();
    assert_eq!(letter["vaectl"]["line"], 2);
    assert_eq!(letter["vaectl"]["original"], "{\"type\":\"event\", nonsense");
}

#[test]
fn a_strict_publisher_ends_at_the_first_malformed_line_with_what_came_before_delivered() {
    let mut config = stdout();
    config.strict = true;
    let run = run(config, &[event(1), "nonsense".into(), event(2)]);
    let error = run.result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("line 2 of standard input"), "{error}");
    assert!(run.out.contains(&event(1)) && !run.out.contains(&event(2)));
}

#[test]
fn a_reader_that_leaves_is_success() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (feed, lines) = mpsc::channel(4);
    feed.try_send(Line { bytes: event(1).into(), ..Line::default() }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let totals = runtime.block_on(publish(stdout(), lines, Gone, std::future::pending(), || ())).unwrap();
    assert!(totals.closed && totals.failed() == 0);
    assert_eq!(balanced(&totals).dropped, 1);
}

#[test]
fn the_ledger_is_reported_every_minute_while_lines_come() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (feed, lines) = mpsc::channel(4);
    let mut out = Vec::new();
    let feeding = async {
        for n in 0..13 {
            feed.send(Line { bytes: event(n).into(), ..Line::default() }).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        }
        drop(feed);
        std::future::pending::<()>().await;
    };
    let totals = runtime.block_on(async {
        tokio::select! {
            totals = publish(stdout(), lines, &mut out, std::future::pending(), || ()) => totals.unwrap(),
            () = feeding => unreachable!(),
        }
    });
    assert_eq!(balanced(&totals).indexed, 13);
    let out = String::from_utf8(out).unwrap();
    let indexed = |line: &str| -> u64 {
        serde_json::from_str::<Value>(line).unwrap()["vaectl"]["datasets"]["vaectl.process"]["indexed"]
            .as_u64()
            .unwrap()
    };
    let reports: Vec<_> = out.lines().filter(|line| line.contains(r#""type":"ledger""#)).map(indexed).collect();
    assert_eq!(reports, [7, 13, 13]);
}
