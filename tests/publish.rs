//! `vaectl publish` against a server that does what it is told.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::pipe::fcntl_setpipe_size;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use vaectl_bench::fake::{Fake, Reply};

use crate::support::{Output, command, output, run, until, wait};

const EXEC: &str = r#"{"type":"event","vaectl":{"v":1},"process":{"entity_id":"p-1","args":["mysql","--password=hunter2"]},"@timestamp":"2026-11-24T00:00:00Z","event":{"id":"e-1","action":"exec","dataset":"vaectl.process"}}"#;
const EXIT: &str = r#"{"type":"event","vaectl":{"v":1},"process":{"entity_id":"p-1","exit_code":0},"@timestamp":"2026-11-24T00:00:01Z","event":{"id":"e-2","action":"exit","dataset":"vaectl.process"}}"#;

fn published(fake: &Fake, more: &[&str], prepare: impl FnOnce(&mut Command)) -> Output {
    let folder = TempDir::new().unwrap();
    let mut publish = command(&[&["publish", "--to", &fake.url], more].concat());
    publish.current_dir(folder.path());
    prepare(&mut publish);
    output(assert_cmd::Command::from_std(publish).write_stdin(format!("{EXEC}\n{EXIT}\n")))
}

fn server() -> Fake {
    Fake::new(|_| Reply::Take).unwrap()
}

#[test]
fn secrets_in_arguments_never_leave_the_host_unless_told() {
    for (options, leaves) in [(&[][..], false), (&["--no-redaction"][..], true)] {
        let fake = server();
        let output = published(&fake, options, |_| ());
        assert_eq!(output.code, Some(0), "{output}");
        let body = fake.bulks().iter().map(|request| request.body.as_str()).collect::<String>();
        assert_eq!((body.contains("hunter2"), body.contains("[redacted]")), (leaves, !leaves), "{body}");
    }
    let output = published(&server(), &["--redact", "("], |_| ());
    assert!(output.code == Some(2) && output.stderr.contains("a pattern of secrets"), "{output}");
}

#[test]
fn a_program_that_ended_is_one_document_unless_told() {
    for (options, documents) in [(&[][..], 1), (&["--no-merge"][..], 2)] {
        let fake = server();
        let output = published(&fake, options, |_| ());
        assert_eq!(fake.count(), documents);
        assert!(output.stdout.contains(&format!(r#""indexed":{documents},"merged":{}"#, 2 - documents)), "{output}");
    }
}

#[test]
fn secrets_come_from_a_file_the_service_manager_or_the_environment() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("api-key"), "Y3JlZGVudGlhbA==\n").unwrap();
    fs::write(folder.path().join("password"), "pw").unwrap();
    let file = folder.path().join("api-key");
    let of = |options: &[&str], variable: &str, value: &str| {
        let fake = server();
        let output = published(&fake, options, |publish| {
            publish.env(variable, value);
        });
        assert_eq!(output.code, Some(0), "{output}");
        let header = fake.bulks()[0].authorization.clone();
        assert!(header.is_empty() || !output.stderr.contains(header.split(' ').next_back().unwrap()), "{output}");
        header
    };
    let credentials = folder.path().to_str().unwrap();
    assert_eq!(of(&["--api-key-file", file.to_str().unwrap()], "VAECTL_API_KEY", "other"), "ApiKey Y3JlZGVudGlhbA==");
    assert_eq!(of(&[], "CREDENTIALS_DIRECTORY", credentials), "ApiKey Y3JlZGVudGlhbA==");
    assert_eq!(of(&[], "VAECTL_API_KEY", "ZW52"), "ApiKey ZW52");
    assert_eq!(of(&["--user", "me"], "CREDENTIALS_DIRECTORY", credentials), "Basic bWU6cHc=");
    assert_eq!(of(&[], "UNRELATED", ""), "");
}

#[test]
fn what_setup_would_install_can_be_read_before() {
    let output = run(&["publish", "--to", "http://127.0.0.1:1", "--setup", "--dry-run"], "");
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    let (for_all, for_opensearch) = output.stdout.split_once("# On OpenSearch").unwrap();
    let requests = |text: &str| -> Vec<String> {
        let requests = text.split("PUT ").skip(1).map(|request| request.split_once('\n').unwrap());
        let path = |(path, body): (&str, &str)| {
            serde_json::from_str::<serde_json::Value>(body).unwrap_or_else(|error| panic!("{path}: {error}"));
            path.to_owned()
        };
        requests.map(path).collect()
    };
    let (templates, policies) = (requests(for_all), requests(for_opensearch));
    let streams = templates.iter().filter(|path| path.starts_with("_index_template/")).count();
    assert_eq!((streams, templates.len(), policies.len()), (6, 11, 6));

    let installed = |fake: &Fake| -> Vec<String> {
        assert_eq!(run(&["publish", "--to", &fake.url, "--setup"], "").code, Some(0));
        fake.seen().requests[1..].iter().map(|request| request.path[1..].to_owned()).collect()
    };
    assert_eq!(installed(&server()), templates);
    let opensearch = |policy_status| {
        Fake::raw(move |request| match (request.method.as_str(), request.path.contains("/_ism/")) {
            ("GET", _) => Reply::Say(200, r#"{"version":{"distribution":"opensearch"}}"#.into()),
            (_, true) => Reply::Say(policy_status, "{}".into()),
            (_, false) => Reply::Say(200, "{}".into()),
        })
    };
    for (status, tried) in [(201, 6), (409, 6), (400, 1)] {
        let expected = [&templates[..], &policies[..tried]].concat();
        assert_eq!(installed(&opensearch(status).unwrap()), expected, "{status}");
    }
}

#[test]
fn dead_letters_and_folders_can_be_published_again() {
    let folder = TempDir::new().unwrap();
    let repository = format!("dir:{}", folder.path().join("repository").display());
    assert_eq!(run(&["publish", "--to", &repository, "--no-redaction"], format!("{EXEC}\n{EXIT}\n")).code, Some(0));
    // They become dead letters in this folder first.
    let publish = |to: &str, file: &str| {
        let mut publish = command(&["publish", "--to", to, "--no-merge", "--retry-for", "100ms", "--replay", file]);
        publish.current_dir(folder.path());
        output(&mut assert_cmd::Command::from_std(publish))
    };
    assert_eq!(publish("http://127.0.0.1:1", "repository").code, Some(4));
    let letters = fs::read_to_string(folder.path().join("vaectl-dead-letter.ndjson")).unwrap();
    assert_eq!(letters.matches(r#""type":"dead_letter""#).count(), 2);

    let fake = server();
    let again = publish(&fake.url, "vaectl-dead-letter.ndjson");
    assert_eq!((again.code, fake.count()), (Some(0), 2), "{again}");
    let once_more = publish(&fake.url, "repository");
    assert!(once_more.stdout.contains(r#""duplicate":2"#) && fake.count() == 2, "{once_more}");
}

#[test]
fn a_folder_without_a_file_is_refused_and_not_taken_for_standard_input() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let path = folder.path().to_str().unwrap();
    let output = run(&["publish", "--to", "stdout:", "--replay", path], format!("{EXEC}\n"));
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stdout.is_empty() && output.stderr.contains(path), "{output}");
}

#[test]
fn a_dead_letter_that_quotes_a_part_stays_one() {
    let folder = TempDir::new().unwrap();
    let letters = folder.path().join("letters.ndjson");
    let garbage = format!("{}\n", "x".repeat(2000));
    let to = format!("dir:{}", folder.path().join("out").display());
    assert_eq!(run(&["publish", "--to", &to, "--dead-letter", letters.to_str().unwrap()], garbage).code, Some(1));
    let again = run(&["publish", "--to", &to, "--replay", letters.to_str().unwrap()], "");
    assert!(again.code == Some(1) && again.stdout.contains(r#""dead_lettered":1"#), "{again}");
}

#[test]
fn reports_that_nobody_reads_hold_nothing_up() {
    let folder = TempDir::new().unwrap();
    let fake = server();
    // More than any pipe and any buffer takes.
    let lines: Vec<_> = (0..1500).map(|n| EXEC.replace("e-1", &format!("e-{n}"))).collect();
    let mut publish = command(&["publish", "--to", &fake.url, "--spool", "spool", "--batch-documents", "1"]);
    publish.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = publish.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    drop(stdin);
    until("all is published", || (fake.count() == 1500).then_some(()));
    let mut reports = String::new();
    child.stdout.take().unwrap().read_to_string(&mut reports).unwrap();
    assert_eq!(wait(&mut child), Some(0));
    let ledger = reports.lines().rfind(|line| line.starts_with(r#"{"type":"ledger""#)).unwrap();
    assert!(ledger.contains(r#""indexed":1500"#) && ledger.contains(r#""accepted":{"line":1500}"#), "{ledger}");
}

#[test]
fn a_signal_after_the_end_of_the_input_makes_dead_letters_of_what_the_server_does_not_take() {
    let folder = TempDir::new().unwrap();
    let fake = Fake::new(|_| Reply::Hang).unwrap();
    let mut publish = command(&["publish", "--to", &fake.url, "--no-setup", "--dead-letter", "letters.ndjson"]);
    publish.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = publish.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{EXEC}").unwrap();
    until("the server is asked", || (!fake.bulks().is_empty()).then_some(()));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(wait(&mut child), Some(4));
    let letters = fs::read_to_string(folder.path().join("letters.ndjson")).unwrap();
    assert!(letters.contains("e-1"), "{letters}");
}

#[test]
fn a_signal_is_heard_while_the_reading_waits_for_a_server_and_every_line_becomes_a_dead_letter() {
    // More than the publisher takes, and no more than one read does: what is left in the pipe is nobody's yet.
    let line = r#"{"type":"event","vaectl":{"v":1},"@timestamp":"2026-11-24T00:00:00Z","event":{"id":"e-"#;
    let lines: Vec<_> = (0..1200).map(|n| format!("{line}{n}\"}}}}\n")).collect();
    let lines = lines.concat();
    for setup in [&["--no-setup"][..], &[]] {
        let folder = TempDir::new().unwrap();
        let fake = Fake::raw(|_| Reply::Hang).unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        fcntl_setpipe_size(&writer, lines.len()).unwrap();
        writer.write_all(lines.as_bytes()).unwrap();
        let options = ["--batch-documents", "10", "--dead-letter", "letters.ndjson"];
        let mut publish = command(&[&["publish", "--to", &fake.url], setup, &options].concat());
        publish.current_dir(folder.path()).stdin(reader).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = publish.spawn().unwrap();
        until("the server is asked", || (!fake.seen().requests.is_empty()).then_some(()));
        let asked = Instant::now();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert_eq!(wait(&mut child), Some(4), "{setup:?}");
        assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
        let letters = fs::read_to_string(folder.path().join("letters.ndjson")).unwrap();
        assert_eq!(letters.matches(r#""type":"dead_letter""#).count(), 1200, "{setup:?}");
        drop(writer);
    }
}
