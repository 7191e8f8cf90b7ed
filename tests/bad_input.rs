//! What bad input gets: one clear line that names the thing and the cure, the documented exit code, and nothing that
//! was accepted is lost.

use std::fs;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;
use tempfile::TempDir;
use vaectl_bench::skip;

use crate::support::{Output, VAECTL, clean_stream, command, golden, output, run, stream};

const SCORE: [&str; 3] = ["score", "--models", "none"];
const PUBLISH: [&str; 3] = ["publish", "--to", "stdout:"];
/// Port 1 of the own machine: nobody listens, and the refusal comes at once.
const NOBODY: &str = "http://127.0.0.1:1";

/// The reasons of the dead letters of a run, which must end with exit code 1 and must not lose what is good.
fn reasons(args: &[&str], bad: &[u8]) -> Vec<String> {
    let input = [stream(), bad.to_vec(), b"\n".to_vec(), stream()].concat();
    let (with, without) = (run(args, input), run(args, stream().repeat(2)));
    assert_eq!(with.code, Some(1), "{with}");
    let passed = |output: &Output| output.stdout.lines().filter(|line| line.contains("\"type\":\"event\"")).count();
    assert_eq!(passed(&with), passed(&without), "{with}");
    let letters = with.stdout.lines().filter(|line| line.starts_with(r#"{"type":"dead_letter""#));
    let reason = |line: &str| serde_json::from_str::<Value>(line).unwrap()["vaectl"]["reason"].to_string();
    let at = stream().split(|&byte| byte == b'\n').count();
    letters.filter(|line| line.contains(&format!("\"line\":{at},"))).map(reason).collect()
}

#[test]
fn a_line_that_is_not_json_is_quoted_with_its_number() {
    assert_snapshot!(reasons(&SCORE, b"half a lin").join("\n"), @r#""not a vaectl line: expected value at line 1 column 1""#);
    assert_snapshot!(reasons(&PUBLISH, b"half a lin").join("\n"), @r#""not a vaectl line: expected value at line 1 column 1""#);
}

#[test]
fn a_line_of_an_unknown_version_is_set_aside() {
    let line = br#"{"type":"window","vaectl":{"v":9},"@timestamp":"2026-11-24T03:00:00Z"}"#;
    assert_snapshot!(reasons(&SCORE, line).join("\n"), @r#""line version 9 is not supported: this vaectl reads versions up to 1""#);
    assert_snapshot!(reasons(&PUBLISH, line).join("\n"), @r#""line version 9 is not supported: this vaectl reads versions up to 1""#);
}

#[test]
fn an_oversized_line_is_skipped_and_its_length_told() {
    let line = format!("{{\"type\":\"event\",\"vaectl\":{{\"v\":1}},\"x\":\"{}\"}}", "y".repeat(70_000));
    assert_snapshot!(reasons(&SCORE, line.as_bytes()).join("\n"), @r#""it has 70040 bytes, more than the 65536 that are accepted""#);
    assert_snapshot!(reasons(&PUBLISH, line.as_bytes()).join("\n"), @r#""the line has 70040 bytes, more than --max-line-bytes""#);
}

#[test]
fn a_line_that_is_not_utf_8_is_set_aside() {
    let line = b"{\"type\":\"event\",\"vaectl\":{\"v\":1},\"@timestamp\":\"2026-11-24T03:00:00Z\",\"file\":\"\xff\"}";
    assert_snapshot!(reasons(&SCORE, line).join("\n"), @r#""it is not UTF-8: invalid utf-8 sequence of 1 bytes from index 77""#);
    assert_snapshot!(reasons(&PUBLISH, line).join("\n"), @r#""the line is not UTF-8: invalid utf-8 sequence of 1 bytes from index 77""#);
}

#[test]
fn a_line_cut_off_by_the_end_of_input_is_set_aside() {
    let mut input = stream();
    input.truncate(input.len() - 20);
    for args in [&SCORE, &PUBLISH] {
        let output = run(args, input.clone());
        assert_eq!(output.code, Some(1), "{output}");
        assert_eq!(output.stdout.matches(r#"{"type":"dead_letter""#).count(), 2, "{output}");
    }
}

/// What `record --replay` and `publish` make of a file of that content.
fn read_as(content: &[u8]) -> [Output; 2] {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("recording");
    fs::write(&path, content).unwrap();
    let file = path.to_str().unwrap();
    [run(&["record", "--replay", file], ""), run(&["publish", "--to", "stdout:", file], "")]
}

#[test]
fn a_file_that_was_cut_ends_with_its_last_whole_line() {
    let lines = events().join("\n") + "\n";
    let packed = zstd::encode_all(lines.as_bytes(), 1).unwrap();
    for output in read_as(&packed[..packed.len() / 2]) {
        assert_eq!((output.code, output.stderr.matches("ends within this line").count()), (Some(0), 1), "{output}");
        assert!(!output.stdout.contains("dead_letter\","), "{output}");
        let whole = output.stdout.lines().take_while(|line| line.contains(r#""type":"event""#)).count();
        assert!(whole > 100, "{output}");
        assert!(output.stdout.lines().zip(lines.lines()).take(whole).all(|(a, b)| a == b));
    }
}

#[test]
fn a_last_line_that_merely_lacks_its_end_is_kept() {
    let whole = clean_stream();
    let [record, publish] = read_as(whole.trim_ascii_end());
    let [whole_record, whole_publish] = read_as(&whole);
    assert_eq!(record, whole_record);
    let events = |output: &Output| output.stdout.matches(r#""type":"event""#).count();
    assert_eq!((publish.code, events(&publish)), (Some(0), events(&whole_publish)));
}

#[test]
fn strict_makes_a_malformed_line_fatal() {
    for args in [&SCORE, &PUBLISH] {
        let output = run(&[&args[..], &["--strict"]].concat(), stream());
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stderr.contains("line 24"), "{output}");
    }
}

/// A folder of models with one file in it, as `score` meets it.
fn with_model(content: &[u8]) -> Output {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key");
    fs::create_dir(&key).unwrap();
    fs::write(key.join("0000.safetensors"), content).unwrap();
    fs::write(key.join("current"), "0000").unwrap();
    let mut output = run(&["score", "--models", folder.path().to_str().unwrap()], stream());
    output.stderr = output.stderr.replace(folder.path().to_str().unwrap(), "DIR");
    output
}

#[test]
fn a_model_file_of_zero_bytes_is_refused_and_the_rest_goes_on() {
    let output = with_model(b"");
    assert_eq!(output.code, Some(5), "{output}");
    assert!(output.stderr.contains("0000.safetensors"), "{output}");
    assert!(output.stdout.contains(r#""type":"verdict""#), "{output}");
}

#[test]
fn a_model_file_of_something_else_is_refused() {
    let output = with_model(&[b'x'; 4096]);
    assert_eq!(output.code, Some(5), "{output}");
    assert_eq!(output.stderr.lines().count(), 1, "{output}");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let blocked = folder.path().join("file");
    fs::write(&blocked, "").unwrap();
    let target = format!("dir:{}/below", blocked.display());
    let mut output = run(&["publish", "--to", &target], stream());
    output.stderr = output.stderr.replace(folder.path().to_str().unwrap(), "DIR");
    assert_snapshot!(output, @r#"
    --- stderr ---
    error: cannot write to DIR/file/below: Not a directory (os error 20); name another place or make this one writable
    [exit 3]
    "#);
}

#[test]
fn a_file_system_that_is_read_only_is_named() {
    if !rustix::process::geteuid().is_root() {
        return skip("a_file_system_that_is_read_only_is_named", "mounting a tmpfs takes root");
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let in_it = |args: &[&str], input: Vec<u8>| {
        let mut mounted = Command::new("unshare");
        let mount = format!("mount -t tmpfs -o ro tmpfs {path} && exec \"$0\" \"$@\"");
        mounted.args(["--mount", "sh", "-c", &mount, VAECTL]).args(args).args(["--exit-wait", "0"]);
        let output = output(assert_cmd::Command::from_std(mounted).write_stdin(input));
        assert!(output.stderr.contains(path) && output.stderr.contains("Read-only file system"), "{output}");
        output.code
    };
    assert_eq!(in_it(&["publish", "--to", &format!("dir:{path}/out")], stream()), Some(3));
    let letters = format!("{path}/letters.ndjson");
    assert_eq!(in_it(&["publish", "--to", "stdout:", "--dead-letter", &letters], stream()), Some(3));
    let learned = fs::read(golden("train/in.jsonl")).unwrap();
    assert_eq!(in_it(&["train", "--models", path, "--epochs", "1"], learned), Some(5));
}

#[test]
fn a_full_folder_is_named_and_what_was_accepted_is_counted() {
    let folder = TempDir::new().unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"]).arg(folder.path()).output();
    if !mount.is_ok_and(|output| output.status.success()) {
        return skip("a_full_folder_is_named_and_what_was_accepted_is_counted", "mounting a tmpfs takes root");
    }
    let target = format!("dir:{}", folder.path().display());
    let (output, lines) = publish_events(&target, folder.path(), |_| ());
    let below = |name: &str| -> String {
        let files = fs::read_dir(folder.path().join(name)).into_iter().flatten();
        files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    };
    let (indexed, letters) = (below("vaectl.event"), below("dead-letter"));
    unmount(folder.path());
    assert_eq!(output.code, Some(4), "{output}");
    assert!(output.stderr.contains("No space left"), "{output}");
    let mut accounted: Vec<String> = indexed.lines().map(str::to_owned).collect();
    assert!(!accounted.is_empty(), "it took some before it was full");
    accounted.extend(originals(&letters).chain(originals(&output.stdout)));
    accounted.sort();
    assert_eq!(accounted, lines);
}

fn unmount(folder: &Path) {
    let status = Command::new("umount").arg(folder).status().expect("umount is there where mount is");
    assert!(status.success());
}

#[test]
fn a_server_that_does_not_answer_leaves_everything_as_dead_letters() {
    let folder = TempDir::new().unwrap();
    let letters = folder.path().join("dead.jsonl");
    let to = ["publish", "--to", NOBODY, "--retry-for", "1s", "--dead-letter", letters.to_str().unwrap()];
    let output = run(&to, stream());
    assert_eq!(output.code, Some(4), "{output}");
    assert!(output.stderr.contains("127.0.0.1:1"), "{output}");
    let kept = fs::read_to_string(&letters).unwrap();
    assert_eq!(kept.matches(r#""type":"dead_letter""#).count(), kept.lines().count());
    assert!(kept.contains("exec"), "the events are in it: {kept}");
}

/// More lines, in their order, than the channel, the buffer and the pipe hold together.
fn events() -> Vec<String> {
    let of = |n| {
        format!(
            r#"{{"type":"event","vaectl":{{"v":1}},"@timestamp":"2026-11-24T00:00:00Z","event":{{"id":"{n:04}"}}}}"#
        )
    };
    (0..5000).map(of).collect()
}

/// Publishes them.
fn publish_events(to: &str, folder: &Path, prepare: impl FnOnce(&mut Command)) -> (Output, Vec<String>) {
    let lines = events();
    let mut publish = command(&["publish", "--to", to, "--retry-for", "200ms"]);
    publish.current_dir(folder);
    prepare(&mut publish);
    (output(assert_cmd::Command::from_std(publish).write_stdin(lines.join("\n") + "\n")), lines)
}

/// The lines that the dead letters among these quote.
fn originals(lines: &str) -> impl Iterator<Item = String> {
    let letters = lines.lines().filter(|line| line.starts_with(r#"{"type":"dead_letter""#));
    let original = |letter| serde_json::from_str::<Value>(letter).unwrap()["vaectl"]["original"].take();
    letters.map(move |letter| original(letter).as_str().unwrap().to_owned())
}

#[test]
fn what_was_on_its_way_to_a_server_that_refuses_is_a_dead_letter() {
    let folder = TempDir::new().unwrap();
    let (output, lines) = publish_events(NOBODY, folder.path(), |_| ());
    assert_eq!(output.code, Some(4), "{output}");
    let letters = fs::read_to_string(folder.path().join("vaectl-dead-letter.ndjson")).unwrap();
    assert_eq!(originals(&letters).collect::<Vec<_>>(), lines);
}

#[test]
fn in_a_service_it_waits_for_the_next_start() {
    let folder = TempDir::new().unwrap();
    let (output, lines) = publish_events(NOBODY, folder.path(), |publish| {
        publish.env("STATE_DIRECTORY", folder.path().join("state"));
    });
    assert_eq!(output.code, Some(4), "{output}");
    assert!(output.stderr.contains(&format!("{} documents wait in", lines.len())), "{output}");
    assert!(output.stdout.contains(r#""accepted":{"line":5000}"#), "{output}");
    assert_eq!(fs::read_to_string(folder.path().join("state/dead-letter.ndjson")).unwrap(), "");
}

#[test]
fn a_recording_that_is_missing_is_named() {
    assert_snapshot!(run(&["record", "--replay", "nowhere.jsonl"], ""), @r#"
    --- stderr ---
    error: cannot read nowhere.jsonl: No such file or directory (os error 2)
    [exit 2]
    "#);
}

#[test]
fn a_secret_that_is_missing_is_named() {
    let args = ["publish", "--to", "http://127.0.0.1:1", "--api-key-file", "nowhere.key"];
    assert_snapshot!(run(&args, ""), @r#"
    --- stderr ---
    error: cannot read the secret in nowhere.key: No such file or directory (os error 2)
    [exit 2]
    "#);
}
