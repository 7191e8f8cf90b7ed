//! Golden cases: a folder with `args`, `in.jsonl` and what must come out, `out.jsonl`; of `train` that is its report and
//! the cards of its models, `out.json`. `VAECTL_BLESS=1` writes them anew, and the models of `score-trained`.
//!
//! Every line is valid by its JSON Schema, and lines that come one at a time give the bytes of those that come together.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{command, golden, root, start, wait};

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<_> =
        fs::read_dir(golden("")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// The arguments of a case; `@` is its folder, `%` one of this run.
fn args(case: &Path, folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(case.join("args")).expect("a case has its arguments");
    let path = |path: &Path| path.to_str().expect("paths are text").to_owned();
    text.split_whitespace().map(|word| word.replace('@', &path(case)).replace('%', &path(folder))).collect()
}

fn is_train(case: &Path) -> bool {
    case.ends_with("train")
}

/// What comes out on standard output for this input, given in pieces.
fn output(case: &Path, input: &[u8], pieces: impl Fn(&[u8]) -> Vec<&[u8]>) -> Vec<u8> {
    let folder = TempDir::new().expect("there is room");
    let args = args(case, folder.path());
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
    let out = reader.join().expect("the reader ends");
    if is_train(case) { with_cards(out, folder.path()) } else { normal(&out) }
}

/// A report and the cards of its models; what depends on the last bit of a weight is replaced.
fn with_cards(report: Vec<u8>, folder: &Path) -> Vec<u8> {
    let mut out = String::from_utf8(report).expect("a report is text");
    for file in model_files(&folder.join("models")) {
        let bytes = fs::read(&file).expect("a model can be read");
        let (length, rest) = bytes.split_first_chunk().expect("safetensors: the header's length comes first");
        let header = &rest[..usize::try_from(u64::from_le_bytes(*length)).expect("it fits")];
        let header: Value = serde_json::from_slice(header).expect("safetensors: the header is JSON");
        let card = header["__metadata__"]["vaectl"].as_str().expect("the card is text");
        let tensors = &serde_json::from_str::<Value>(card).expect("the card is JSON")["tensors"];
        out += &card.replace(tensors.as_str().expect("a hash"), "TENSORS");
        out.push('\n');
        out = out.replace(file.file_stem().and_then(|name| name.to_str()).expect("a hash"), "CONTENT");
    }
    out = out.replace(folder.to_str().expect("paths are text"), "%").replace(env!("CARGO_PKG_VERSION"), "X.Y.Z");
    out.into_bytes()
}

fn model_files(models: &Path) -> Vec<PathBuf> {
    let entries = |folder: PathBuf| fs::read_dir(folder).expect("models").map(|entry| entry.expect("a model").path());
    let mut files: Vec<_> = entries(models.to_owned()).filter(|path| path.is_dir()).flat_map(entries).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "safetensors"));
    files.sort();
    files
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

/// Whether two lines are the same but for the last digits of what was computed: processors multiply and add in
/// different ways.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let [a, b] = [a, b].map(|number| number.as_f64().expect("a number"));
            (a - b).abs() <= 0.001 + 0.01 * a.abs().max(b.abs())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && alike(a, b))
        }
        _ => one == other,
    }
}

/// Trains the models of the case that judges by one.
fn bless_models() {
    let (train, models) = (golden("train"), golden("score-trained/models"));
    let _ = fs::remove_dir_all(&models);
    let args = args(&train, models.parent().expect("it is in a case"));
    let input = fs::File::open(train.join("in.jsonl")).expect("a case has its input");
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    command(&args).stdin(input).output().expect("the program runs");
}

#[test]
fn every_case_gives_its_output() {
    let bless = std::env::var_os("VAECTL_BLESS").is_some();
    if bless {
        bless_models();
    }
    for case in cases() {
        let input = fs::read(case.join("in.jsonl")).unwrap();
        let out = output(&case, &input, |input| vec![input]);
        let file = case.join(if is_train(&case) { "out.json" } else { "out.jsonl" });
        if bless {
            fs::write(&file, &out).unwrap();
        }
        let expected = fs::read(&file).unwrap_or_default();
        let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
        let (out, expected) = (lines(&out), lines(&expected));
        let computed = is_train(&case) || case.join("models").is_dir();
        let same = |a: &str, b: &str| {
            let parse = |line: &str| serde_json::from_str::<Value>(line).ok();
            a == b || computed && parse(a).zip(parse(b)).is_some_and(|(a, b)| alike(&a, &b))
        };
        let different = out.iter().zip(&expected).find(|(a, b)| !same(a, b));
        assert!(
            different.is_none() && out.len() == expected.len(),
            "{}: {} lines where {} are expected; first difference: {different:?}",
            case.display(),
            out.len(),
            expected.len(),
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
            let text = fs::read_to_string(case.join(name)).unwrap_or_default();
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
        let text = fs::read_to_string(case.join("out.jsonl")).unwrap_or_default();
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
