//! Golden cases: a folder with `args`, `in.jsonl` and what must come out, `out.jsonl`. `VAECTL_BLESS=1` writes them anew.
//!
//! Every line of both is valid by its JSON Schema, and lines that come one at a time give the bytes of those that come
//! together.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use crate::support::{command, golden, root, start, wait};

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<_> =
        fs::read_dir(golden("")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// The arguments of a case; `@` is its folder.
fn args(case: &Path) -> Vec<String> {
    let text = fs::read_to_string(case.join("args")).expect("a case has its arguments");
    text.split_whitespace().map(|word| word.replace('@', case.to_str().expect("paths are text"))).collect()
}

/// What comes out on standard output for this input, given in pieces.
fn output(case: &Path, input: &[u8], pieces: impl Fn(&[u8]) -> Vec<&[u8]>) -> Vec<u8> {
    let args = args(case);
    let mut child = start(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let mut stdin = child.stdin.take().expect("it is a pipe");
    let mut stdout = child.stdout.take().expect("it is a pipe");
    let reader = std::thread::spawn(move || {
        let mut out = Vec::new();
        std::io::Read::read_to_end(&mut stdout, &mut out).expect("the pipe can be read");
        out
    });
    for piece in pieces(input) {
        stdin.write_all(piece).expect("the program reads");
        if piece.len() < input.len() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
    drop(stdin);
    wait(&mut child);
    normal(&reader.join().expect("the reader ends"))
}

/// Replaces the times of lines that tell of now: dead letters, ledgers and ends of `publish` and `train`.
fn normal(out: &[u8]) -> Vec<u8> {
    let mut normal = Vec::new();
    for line in out.split_inclusive(|&byte| byte == b'\n') {
        let mut text = String::from_utf8(line.to_vec()).expect("output is text");
        let now = [r#"{"type":"dead_letter""#, r#"{"type":"ledger""#, r#"{"type":"end""#];
        if now.iter().any(|kind| text.starts_with(kind)) {
            let value: Value = serde_json::from_str(&text).expect("output is JSON");
            let of_now = value["vaectl"]["stage"] == "publish";
            if let Some(time) = value["@timestamp"].as_str().filter(|_| of_now) {
                text = text.replace(time, "2026-11-24T00:00:00.000000000Z");
            }
            if let Some(id) = value["event"]["id"].as_str().filter(|_| of_now) {
                text = text.replace(id, "IIIIIIIIIIIIIIII");
            }
        }
        normal.extend(text.into_bytes());
    }
    normal
}

#[test]
fn every_case_gives_its_output() {
    for case in cases() {
        let input = fs::read(case.join("in.jsonl")).unwrap();
        let out = output(&case, &input, |input| vec![input]);
        let file = case.join("out.jsonl");
        if std::env::var_os("VAECTL_BLESS").is_some() {
            fs::write(&file, &out).unwrap();
        }
        let expected = fs::read(&file).unwrap_or_default();
        let first = out.split(|&b| b == b'\n').zip(expected.split(|&b| b == b'\n')).find(|(a, b)| a != b);
        let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            out == expected,
            "{}: {} bytes where {} are expected; first difference: {:?}",
            case.display(),
            out.len(),
            expected.len(),
            first.map(|(a, b)| (show(a), show(b)))
        );
    }
}

#[test]
fn one_line_at_a_time_gives_the_same_bytes() {
    for case in cases() {
        let input = fs::read(case.join("in.jsonl")).unwrap();
        let together = output(&case, &input, |input| vec![input]);
        let apart = output(&case, &input, |input| input.split_inclusive(|&byte| byte == b'\n').collect());
        assert!(together == apart, "{}", case.display());
        // And in pieces that end within lines.
        let torn = output(&case, &input, |input| input.chunks(777).collect());
        assert!(together == torn, "{}", case.display());
    }
}

#[test]
fn every_line_is_valid_by_its_schema() {
    let schemas: HashMap<String, Validator> = vaectl::generated()
        .into_iter()
        .filter_map(|(path, content)| {
            let name = path.strip_prefix("schemas/")?.strip_suffix(".schema.json")?.to_owned();
            let schema: Value = serde_json::from_slice(&content).expect("a schema is JSON");
            Some((name, jsonschema::validator_for(&schema).expect("a schema is one")))
        })
        .collect();
    let mut checked = 0;
    for case in cases() {
        for name in ["in.jsonl", "out.jsonl"] {
            let text = fs::read_to_string(case.join(name)).unwrap();
            for line in text.lines() {
                // The inputs have broken lines and types of the future in them on purpose.
                let Ok(value) = serde_json::from_str::<Value>(line) else { continue };
                let Some(schema) = value["type"].as_str().and_then(|kind| schemas.get(kind)) else { continue };
                if value["vaectl"]["v"] != 1 {
                    continue;
                }
                let error = schema.iter_errors(&value).next().map(|error| error.to_string());
                assert_eq!(error, None, "{}: {name}: {line}", case.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "only {checked} lines");
}

#[test]
fn every_type_on_a_golden_line_has_a_checked_in_schema() {
    for case in cases() {
        let text = fs::read_to_string(case.join("out.jsonl")).unwrap();
        for line in text.lines() {
            let kind = serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned();
            let known = root().join(format!("schemas/{kind}.schema.json")).exists();
            assert!(known || kind == "poem", "{kind}");
        }
    }
}

#[test]
fn a_replayed_stream_is_the_stream() {
    let file = golden("stream.jsonl");
    let out = command(&["record", "--replay", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(out.stdout, fs::read(&file).unwrap());
}
