//! What the kernel itself counts of its programs.

use serde_json::Value;

use super::skipped;
use crate::support::command;

/// What a short recording logs of programs that the kernel ran.
fn runs(further: &[&str]) -> Vec<Value> {
    let args = [&["record", "--window", "200ms", "--duration", "600ms", "--log-format", "json"], further].concat();
    let out = command(&args).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let log = String::from_utf8(out.stderr).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["message"] == "The kernel ran a program.").collect()
}

#[test]
fn runs_of_programs_are_counted_where_that_is_asked_for_and_nowhere_else() {
    if skipped("runs_of_programs_are_counted_where_that_is_asked_for_and_nowhere_else") {
        return;
    }
    let counted = runs(&["--bpf-stats"]);
    let calls = counted.iter().find(|line| line["program"] == "on_sys_exit").expect("the recorder itself makes calls");
    assert!(calls["runs"].as_u64() > Some(10) && calls["each_ns"].as_u64() > Some(0), "{calls}");
    assert_eq!(runs(&[]), [] as [Value; 0]);
}
