//! `vaectl incidents` and `vaectl show` on a repository that `vaectl publish` wrote.

use insta::assert_snapshot;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::run;

fn line(kind: &str, second: u32, more: Value) -> String {
    let mut line = json!({
        "type": kind, "vaectl": {"v": 1, "incident": "i-1"}, "@timestamp": format!("2026-11-24T03:48:{second:02}Z"),
        "event": {"id": format!("{kind}-{second}"), "dataset": format!("vaectl.{kind}")},
        "host": {"name": "node-1"},
        "container": {"id": "c1", "name": "web-1", "image": {"name": "nginx", "tag": "1.22"}},
    });
    merge(&mut line, more);
    line.to_string()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn incident(second: u32, more: Value) -> String {
    let mut line = json!({"vaectl": {
        "status": "opened", "opened": "2026-11-24T03:48:05Z", "windows": 1, "events": 2, "history": 1,
        "channels": ["density"],
        "attributions": [{"feature": "cpu.user_ns", "seen": 6.1e9, "expected": [2e8, 4e8], "share": 0.71}],
        "model": {"key": "k", "hash": "abc", "match": "exact", "grade": "established"},
    }, "event": {"reason": "6.1 CPU-seconds in 5 s"}});
    merge(&mut line, more);
    self::line("incident", second, line)
}

fn event(second: u32, action: &str, more: Value) -> String {
    let mut line = json!({"event": {"action": action, "dataset": "vaectl.process"}});
    merge(&mut line, more);
    self::line("event", second, line)
}

fn process(pid: u32, parent: u32) -> Value {
    let name = if pid == 7 { "sh" } else { "xmrig" };
    json!({"entity_id": format!("e-{pid}"), "pid": pid, "name": name, "executable": format!("/bin/{name}"),
        "parent": {"entity_id": format!("e-{parent}"), "pid": parent, "name": "nginx"}})
}

fn repository() -> TempDir {
    let with = |pid: u32, parent: u32, more: Value| {
        let mut line = json!({"process": process(pid, parent)});
        merge(&mut line, more);
        line
    };
    let file = json!({"event": {"dataset": "vaectl.file"}, "file": {"path": "/tmp/x"}});
    let socket = |port: u16, bytes: u64| {
        json!({"event": {"dataset": "vaectl.network"}, "network": {"direction": "outbound", "transport": "tcp"},
            "source": {"ip": "10.0.0.7", "port": port}, "destination": {"ip": "10.9.9.9", "port": 3333, "bytes": bytes}})
    };
    let lines = [
        event(1, "exec", with(7, 1, json!({"process": {"args": ["sh", "-c", "\u{1b}]0;owned\u{7}"]}}))),
        event(2, "create", with(7, 1, file)),
        line(
            "verdict",
            5,
            json!({"vaectl": {"state": "unstable", "previous": "suspect", "transition": true, "entered": false}}),
        ),
        incident(5, json!({})),
        event(6, "exec", with(8, 7, json!({"process": {"args": ["xmrig", "--donate"]}}))),
        event(7, "connect", with(8, 7, socket(4001, 0))),
        event(8, "connect", with(8, 7, socket(4002, 0))),
        event(9, "close", with(8, 7, socket(4001, 2048))),
        event(10, "exit", with(8, 7, json!({"process": {"exit_code": 137}}))),
        incident(
            59,
            json!({"vaectl": {"status": "closed", "closed": "2026-11-24T03:49:10Z", "windows": 13, "events": 7},
            "event": {"reason": "Closed after 13 windows."}}),
        ),
        incident(
            1,
            json!({"vaectl": {"incident": "j-2", "opened": "2026-11-23T00:00:00Z"}, "@timestamp": "2026-11-23T00:00:00Z",
            "event": {"id": "other"}}),
        ),
    ];
    let folder = TempDir::new().unwrap();
    let target = format!("dir:{}", folder.path().display());
    assert_eq!(run(&["publish", "--to", &target], lines.join("\n") + "\n").code, Some(0));
    folder
}

fn read(folder: &TempDir, args: &[&str]) -> crate::support::Output {
    let from = format!("dir:{}", folder.path().display());
    run(&[args, &["--from", &from]].concat(), "")
}

#[test]
fn incidents_are_listed_oldest_first() {
    let folder = repository();
    assert_snapshot!(read(&folder, &["incidents"]), @r#"
    OPENED                LASTED  CONTAINER  IMAGE       EVENTS  INCIDENT  REASON
    2026-11-23T00:00:00Z  open    web-1      nginx:1.22  2       j-2       6.1 CPU-seconds in 5 s
    2026-11-24T03:48:05Z  1m 5s   web-1      nginx:1.22  7       i-1       6.1 CPU-seconds in 5 s
    --- stderr ---
    [exit 0]
    "#);
    let since = read(&folder, &["incidents", "--since", "2026-11-24T00:00:00Z", "--json"]);
    assert_eq!(since.stdout.lines().count(), 1);
    let line: Value = serde_json::from_str(&since.stdout).unwrap();
    assert_eq!((&line["vaectl"]["incident"], &line["vaectl"]["status"]), (&json!("i-1"), &json!("closed")));
}

#[test]
fn an_incident_is_told_and_commands_nothing() {
    assert_snapshot!(read(&repository(), &["show", "i-"]), @r#"
    incident   i-1
    container  web-1 (nginx:1.22)
    host       node-1
    opened     2026-11-24T03:48:05Z, closed after 1m 5s
    published  13 windows, 7 events, 1 of them from before
    reason     6.1 CPU-seconds in 5 s
    model      abc, exact match, established

    Reasons

    SHARE  FEATURE      SEEN   EXPECTED
    71 %   cpu.user_ns  6.1 s  200 ms to 400 ms

    Timeline

    03:48:01.000  exec         sh [7]     sh -c \u{1b}]0;owned\u{7}
    03:48:02.000  create       sh [7]     /tmp/x
    03:48:05.000  -> unstable
    03:48:06.000  exec         xmrig [8]  xmrig --donate
    03:48:07.000  connect      xmrig [8]  to 10.9.9.9 port 3333 (2 times)
    03:48:09.000  close        xmrig [8]  to 10.9.9.9 port 3333
    03:48:10.000  exit         xmrig [8]  exit 137

    Processes

    sh -c \u{1b}]0;owned\u{7} [7]
      xmrig --donate [8] exit 137

    Peers

    outbound  10.9.9.9 port 3333  2 connections  0 B there, 2 KiB back  /bin/xmrig

    Files

    /tmp/x  create  /bin/sh
    --- stderr ---
    [exit 0]
    "#);
}

#[test]
fn an_incident_as_lines_is_all_that_was_published_of_it_in_order() {
    let output = read(&repository(), &["show", "i-1", "--json"]);
    let times: Vec<Value> =
        output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["@timestamp"].clone()).collect();
    assert_eq!(times.len(), 10);
    assert!(times.is_sorted_by_key(|time| time.as_str().unwrap().to_owned()), "{times:?}");
}

#[test]
fn an_id_that_is_none_or_several_is_refused() {
    let folder = repository();
    assert_snapshot!(read(&folder, &["show", "x"]), @r#"
    --- stderr ---
    error: there is no incident "x"
    hint: vaectl incidents lists those that there are
    [exit 2]
    "#);
    assert_snapshot!(read(&folder, &["show", ""]), @r#"
    --- stderr ---
    error: "" is the beginning of 2 incidents
    hint: give more of one of i-1, j-2
    [exit 2]
    "#);
    assert_snapshot!(run(&["show", "x"], ""), @r#"
    --- stderr ---
    error: no repository to read
    hint: give --from dir:PATH or --from https://HOST:9200
    [exit 2]
    "#);
}
