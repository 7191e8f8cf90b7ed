//! The stream as a whole: its ends, its hours, its account, its bytes.

use serde_json::{Value, json};

use super::support::{Feed, SECOND, START, bytes, config, of, parse, run, states};
use crate::Config;

/// A mixed hour of four containers.
fn mixed() -> Vec<String> {
    let mut feeds =
        [("a", "known"), ("b", "known"), ("c", "cousin"), ("d", "stranger")].map(|(id, d)| Feed::new(id, Some(d)));
    let mut late = Feed::new("late", None);
    let mut lines = Vec::new();
    let mut seed = 7_u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    for round in 0..150 {
        for (i, feed) in feeds.iter_mut().enumerate() {
            for n in 0..next() % 6 {
                let action = ["exec", "connect", "fork", "ptrace"][(next() % 4) as usize];
                lines.push(feed.event(&format!("{i}-{round}-{n}"), action));
            }
            if next() % 40 == 0 {
                lines.push(feed.gap(["quota", "ring_full", "map"][(next() % 3) as usize]));
            }
            let score = if next() % 10 == 0 { 9.0 } else { (next() % 40) as f64 / 10.0 };
            lines.push(feed.window(score));
        }
        if round == 40 {
            late.now = feeds[0].now;
        }
        if (40..60).contains(&round) {
            lines.extend([late.event(&format!("late-{round}"), "exec"), late.window(0.0)]);
        }
        if round == 42 {
            lines.push(late.line("named", &Feed::new("late", Some("known")).container()));
        }
        if round % 31 == 30 {
            lines.push("{broken".to_owned());
        }
    }
    lines.push(late.line("ended", &late.container()));
    lines
}

#[test]
fn one_line_at_a_time_and_batched_give_the_same_bytes() {
    let lines = mixed();
    for config in [config(), Config { hold_bytes: 8 * 1024, pass_windows: true, ..config() }] {
        let one = bytes(config.clone(), &lines, 1);
        for batch in [3, 64, usize::MAX] {
            assert!(one == bytes(config.clone(), &lines, batch), "batches of {batch}");
        }
        let lines = parse(&one);
        assert!(
            of(&lines, "incident").len() > 1 && of(&lines, "event").len() > 50 && of(&lines, "dead_letter").len() == 4
        );
    }
}

#[test]
fn the_account_adds_up_whatever_happens() {
    let out = run(Config { hold_bytes: 4 * 1024, ..config() }, &mixed());
    let ledger = of(&out, "ledger").pop().unwrap();
    for (name, account) in ledger["vaectl"]["datasets"].as_object().unwrap() {
        let of = |column: &str| account[column].as_u64().unwrap();
        assert_eq!(of("received"), of("passed") + of("suppressed") + of("held") + of("dropped"), "{name}");
    }
    let count = |dataset: &str, column: &str| ledger["vaectl"]["datasets"][dataset][column].as_u64().unwrap();
    assert!(count("vaectl.process", "dropped") > 0 && count("vaectl.process", "passed") > 0);
    let published = of(&out, "event").len() as u64;
    assert_eq!(count("vaectl.process", "passed") + count("vaectl.network", "passed"), published);
    assert_eq!(of(&out, "end")[0]["vaectl"]["lines"], out.len() - 1);
}

#[test]
fn no_two_lines_of_the_gate_share_an_identity() {
    let out = run(config(), &mixed());
    let ids: Vec<_> = out.iter().filter(|l| l["type"] != "event").filter_map(|l| l["event"]["id"].as_str()).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len());
}

#[test]
fn each_hour_has_a_summary_and_an_account() {
    let mut web = Feed::new("web", Some("known"));
    web.now = START - 12 * SECOND;
    let mut lines = web.calm(3);
    lines.extend([web.event("e", "connect"), web.window(2.0)]);
    let out = run(config(), &lines);
    let summaries = of(&out, "summary");
    let facts: Vec<_> = summaries.iter().map(|s| (&s["vaectl"]["windows"], &s["vaectl"]["events"])).collect();
    assert_eq!(facts, [(&json!(2), &json!(0)), (&json!(2), &json!(1))]);
    assert_eq!(summaries[1]["vaectl"]["score_max"], 1.5, "while it warms up half a spread may be its own");
    assert_eq!(summaries[0]["container"]["image"]["name"], "web");
    assert_eq!(of(&out, "ledger").len(), 2);
}

#[test]
fn the_host_is_counted_and_left_out_unless_it_is_asked_for() {
    let mut host = Feed::new("host", Some("known"));
    let lines = [host.event("x", "exec"), host.window(0.0)];
    let out = run(config(), &lines);
    assert!(of(&out, "verdict").is_empty() && of(&out, "event").is_empty());
    let ledger = of(&out, "ledger").pop().unwrap();
    assert_eq!(ledger["vaectl"]["datasets"]["vaectl.process"]["suppressed"], 1);
    let out = run(Config { host: true, ..config() }, &lines);
    assert_eq!((of(&out, "verdict").len(), of(&out, "event").len()), (1, 1));
}

#[test]
fn windows_pass_when_asked_for() {
    let line = Feed::new("web", Some("known")).window(0.0);
    let out = bytes(Config { pass_windows: true, ..config() }, std::slice::from_ref(&line), 1);
    assert!(String::from_utf8(out).unwrap().contains(&line));
}

#[test]
fn containers_are_bounded_and_the_longest_silent_goes_first() {
    let names = ["a", "b", "c"];
    let mut feeds = names.map(|id| Feed::new(id, Some("known")));
    let mut lines = Vec::new();
    for (i, feed) in feeds.iter_mut().enumerate() {
        feed.now += i as u64 * SECOND;
        lines.push(feed.window(0.0));
    }
    let out = run(Config { max_containers: 2, ..config() }, &lines);
    let gone: Vec<&Value> = of(&out, "summary").iter().map(|s| &s["container"]["id"]).collect();
    assert_eq!(gone[0], "a");
    assert_eq!(states(&out, "c"), ["warming"]);
}

#[test]
fn waiting_windows_are_bounded() {
    let lines: Vec<_> = Feed::new("web", None).calm(1).into_iter().cycle().take(5000).collect();
    let out = run(config(), &lines);
    let first_verdict = out.iter().position(|l| l["type"] == "verdict").unwrap();
    let end = out.iter().position(|l| l["type"] == "summary").unwrap();
    assert_eq!(end - first_verdict, 5000);
    assert_eq!(out.len(), 5000 + 4);
}

#[test]
fn an_empty_stream_has_a_beginning_and_an_end() {
    let kinds: Vec<_> = run(config(), &[]).iter().map(|l| l["type"].to_string()).collect();
    assert_eq!(kinds, [r#""hello""#, r#""ledger""#, r#""end""#]);
}
