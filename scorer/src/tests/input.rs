//! What bad input gets.

use serde_json::Value;
use vaectl_schemas::RawLine;

use super::support::{Feed, config, feed, of, parse, scorer};
use crate::{Config, ScoreError};

fn refused(bytes: &[u8]) -> Value {
    let (mut scorer, mut out) = (scorer(config()), Vec::new());
    let good = Feed::new("web", Some("known")).window(0.0);
    feed(&mut scorer, 1, good.as_bytes(), &mut out).unwrap();
    feed(&mut scorer, 2, bytes, &mut out).unwrap();
    scorer.finish("eof", &mut out).unwrap();
    assert_eq!(scorer.malformed(), 1);
    let lines = parse(&out);
    assert_eq!(of(&lines, "verdict").len(), 1, "the good line is judged");
    assert_eq!(of(&lines, "end")[0]["vaectl"]["malformed"], 1);
    let letter = of(&lines, "dead_letter")[0].clone();
    assert_eq!((&letter["vaectl"]["line"], &letter["vaectl"]["stage"]), (&Value::from(2), &Value::from("score")));
    letter["vaectl"].clone()
}

fn reason(bytes: &[u8]) -> String {
    refused(bytes)["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_malformed_line_is_quoted_with_its_number() {
    let letter = refused(br#"{"type":"window","vaectl":"#);
    assert_eq!(letter["original"], r#"{"type":"window","vaectl":"#);
    assert!(letter["reason"].as_str().unwrap().contains("not a vaectl line"), "{letter}");
    assert!(reason(br#"{"type":"event","vaectl":{"v":1},"container":"#).contains("not a event line"));
    assert!(reason(b"hello").contains("not a vaectl line"));
}

#[test]
fn a_window_that_lacks_what_it_must_have_says_so() {
    assert!(reason(br#"{"type":"window","vaectl":{"v":1},"@timestamp":"2026-11-24T03:48:26Z"}"#).contains("window"));
    let nobodys = br#"{"type":"window","vaectl":{"v":1,"window":{"nominal_ns":5,"duration_ns":5}},"@timestamp":"2026-11-24T03:48:26Z"}"#;
    assert_eq!(reason(nobodys), "it is a window line without container.id");
}

#[test]
fn bytes_that_are_not_utf8_are_quoted_reversibly() {
    let letter = refused(b"{\"type\":\"event\",\"vaectl\":{\"v\":1},\"x\":\"\xff\"}");
    assert_eq!(letter["escaped"], true);
    assert!(letter["original"].as_str().unwrap().contains("\\xff"));
    assert!(letter["reason"].as_str().unwrap().contains("UTF-8"));
}

#[test]
fn a_later_version_is_named() {
    assert!(reason(br#"{"type":"window","vaectl":{"v":9}}"#).contains("version 9"));
}

#[test]
fn an_oversized_line_is_counted_and_its_beginning_quoted() {
    let (mut scorer, mut out) = (scorer(config()), Vec::new());
    let bytes = vec![b'x'; 65_536];
    scorer.line(&RawLine { number: 1, bytes: &bytes, oversized: Some(70_000), unterminated: false }, &mut out).unwrap();
    scorer.finish("eof", &mut out).unwrap();
    let lines = parse(&out);
    let letter = &of(&lines, "dead_letter")[0]["vaectl"];
    assert_eq!(letter["reason"], "it has 70000 bytes, more than the 65536 that are accepted");
    assert_eq!((letter["original"].as_str().unwrap().len(), &letter["truncated"]), (1024, &Value::from(true)));
}

#[test]
fn a_line_that_the_end_of_input_cut_says_so() {
    let (mut scorer, mut out) = (scorer(config()), Vec::new());
    for bytes in [&br#"{"type":"event","vaectl":{"v":1},"x"#[..], br#"{"ty"#] {
        scorer.line(&RawLine { number: 1, bytes, oversized: None, unterminated: true }, &mut out).unwrap();
    }
    scorer.finish("eof", &mut out).unwrap();
    for letter in of(&parse(&out), "dead_letter") {
        assert_eq!(letter["vaectl"]["reason"], "it is cut off: the input ended within it");
    }
    assert_eq!(scorer.malformed(), 2);
}

#[test]
fn strict_mode_fails_with_the_number_after_what_came_before() {
    let (mut scorer, mut out) = (scorer(Config { strict: true, ..config() }), Vec::new());
    feed(&mut scorer, 1, Feed::new("web", Some("known")).window(0.0).as_bytes(), &mut out).unwrap();
    feed(&mut scorer, 2, b"nonsense", &mut out).unwrap();
    let error = scorer.flush(&mut out).unwrap_err();
    assert!(matches!(error, ScoreError::Line { number: 2, .. }), "{error}");
    assert_eq!(of(&parse(&out), "verdict").len(), 1);
}

#[test]
fn what_is_not_known_and_what_is_of_the_stream_passes_unchanged() {
    let passed = [
        r#"{"type":"poem","vaectl":{"v":1},"b":2,"a":1}"#,
        r#"{"type":"heartbeat","vaectl":{"v":1,"stage":"record"},"@timestamp":"2026-11-24T03:48:26Z"}"#,
        r#"{"type":"ledger","vaectl":{"v":1,"stage":"record","datasets":{}},"@timestamp":"2026-11-24T03:48:26Z"}"#,
        r#"{"type":"end","vaectl":{"v":1,"stage":"record"},"@timestamp":"2026-11-24T03:48:26Z"}"#,
    ];
    let out = super::support::bytes(config(), &passed.map(str::to_owned), 1);
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[1..5], passed);
}

#[test]
fn a_stream_that_begins_in_the_middle_of_a_line_begins_at_the_time_of_the_next_one() {
    let window = Feed::new("web", Some("known")).window(0.0);
    let time = serde_json::from_str::<Value>(&window).unwrap()["@timestamp"].clone();
    for pauses in [false, true] {
        let (mut scorer, mut out) = (scorer(config()), Vec::new());
        feed(&mut scorer, 1, br#""name":"web"}}"#, &mut out).unwrap();
        if pauses {
            scorer.flush(&mut out).unwrap();
        }
        feed(&mut scorer, 2, window.as_bytes(), &mut out).unwrap();
        scorer.finish("eof", &mut out).unwrap();
        let lines = parse(&out);
        let first: Vec<_> = lines[..2].iter().map(|line| (&line["type"], &line["@timestamp"])).collect();
        assert_eq!(first, [(&"hello".into(), &time), (&"dead_letter".into(), &time)]);
        assert_eq!(lines[1]["vaectl"]["line"], 1);
    }
}
