//! Configurations of log shippers: that they are read, that vaectl understands how it is called, and where documents go.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use vaectl_bench::fake::{Fake, Reply};
use vaectl_bench::skip;
use yaml_rust2::YamlLoader;

use crate::support::{VAECTL, clean_stream, output, root, run, until, wait};

const SYSLOG_NG: &str = "vaectl-syslog-ng.conf";

fn example(name: &str) -> String {
    fs::read_to_string(root().join("examples").join(name)).unwrap()
}

/// What each shipper runs, as a line for a shell.
fn command_lines() -> [(&'static str, String); 4] {
    let words = |words: &toml::Value| -> String {
        words.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(" ")
    };
    let vector: toml::Table = example("vaectl-vector.toml").parse().unwrap();
    let telegraf: toml::Table = example("vaectl-telegraf.conf").parse().unwrap();
    let fluent_bit = &YamlLoader::load_from_str(&example("vaectl-fluent-bit.yaml")).unwrap()[0];
    let syslog_ng = example(SYSLOG_NG);
    let (_, program) = syslog_ng.split_once("program(\"").unwrap();
    [
        ("vector", words(&vector["sources"]["vaectl"]["command"])),
        ("telegraf", words(&telegraf["inputs"]["execd"][0]["command"])),
        ("fluent-bit", fluent_bit["pipeline"]["inputs"][0]["command"].as_str().unwrap().to_owned()),
        ("syslog-ng", program.split_once('"').unwrap().0.to_owned()),
    ]
}

/// The configuration of vaectl that they share, in this folder and with this recording in place of the kernel.
fn configuration(folder: &Path, recording: &Path) -> PathBuf {
    let path = folder.join("vaectl.toml");
    let config = example("vaectl-shipper.toml").replace("/var/lib/vaectl", folder.to_str().unwrap());
    fs::write(&path, config.replace("[record]\n", &format!("[record]\nreplay = '{}'\n", recording.display()))).unwrap();
    path
}

/// A stream whose every document has an identity of its own, with one for every tier.
fn recording(folder: &Path) -> PathBuf {
    let stream = String::from_utf8(clean_stream()).unwrap();
    let named = |line: &&str| serde_json::from_str::<Value>(line).unwrap()["event"]["id"].is_string();
    let mut lines: Vec<_> = stream.lines().filter(named).map(str::to_owned).collect();
    for (kind, dataset) in [("event", "network"), ("event", "file"), ("event", "rare"), ("incident", "incident")] {
        let line = json!({
            "type": kind, "vaectl": {"v": 1}, "@timestamp": "2026-11-24T03:00:46.000000001Z",
            // What shippers may take for their own.
            "process": {"args": ["$MESSAGE", "${HOST}", "{{ tier }}", "%Y", "a\\b\n\"\u{e9}\u{1}"]},
            "event": {"id": format!("{dataset}-1"), "dataset": format!("vaectl.{dataset}")},
        });
        lines.push(line.to_string());
    }
    let path = folder.join("recording.jsonl");
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    path
}

#[test]
fn what_shippers_run_is_understood_and_writes_documents_alone() {
    for (shipper, line) in command_lines() {
        let folder = TempDir::new().unwrap();
        let config = configuration(folder.path(), &recording(folder.path()));
        let here = line
            .replace("/usr/local/bin/vaectl", VAECTL)
            .replace("/etc/vaectl/vaectl-shipper.toml", config.to_str().unwrap())
            .replace("/var/log/vaectl.log", folder.path().join("log").to_str().unwrap());
        assert!(!here.contains("/etc/") && !here.contains("/var/"), "{shipper}: {here}");
        let mut shell = Command::new("/bin/sh");
        shell.env_clear().env("PATH", "/usr/bin:/bin").args(["-c", &here]);
        let output = output(&mut assert_cmd::Command::from_std(shell));
        assert_eq!(output.code, Some(0), "{shipper}: {output}");
        let kinds: BTreeSet<_> = output
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned())
            .collect();
        let expected = ["container", "end", "event", "gap", "incident", "ledger", "summary", "verdict"];
        assert_eq!(kinds, expected.map(str::to_owned).into(), "{shipper}");
    }
}

#[test]
fn shippers_write_to_every_data_stream_that_has_a_template() {
    let templates = vaectl_schemas::elasticsearch_templates();
    let tiers: Vec<_> = templates.iter().filter_map(|(path, _)| path.strip_prefix("_index_template/vaectl-")).collect();
    assert_eq!(tiers.len(), 6);
    for name in ["vaectl-vector.toml", "vaectl-fluent-bit.yaml", "vaectl-telegraf.conf", SYSLOG_NG] {
        let settings: String = example(name).lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        for tier in &tiers {
            let quoted = settings.contains(&format!("\"{tier}\""));
            assert!(quoted || settings.contains(&format!("index: vaectl-{tier}-default")), "{name}: {tier}");
        }
    }
}

/// syslog-ng as `make packages` unpacks it.
struct SyslogNg(PathBuf);

impl SyslogNg {
    fn find(test: &str) -> Option<Self> {
        let unpacked = root().join("target/unpacked");
        if unpacked.join("usr/sbin/syslog-ng").exists() {
            return Some(Self(unpacked));
        }
        skip(test, "syslog-ng is not in target/unpacked: run make packages");
        None
    }

    /// With this configuration, a folder of its own, and no privilege.
    fn command(&self, config: &Path, folder: &Path) -> Command {
        let libraries = self.0.join("usr/lib/syslog-ng");
        let modules = fs::read_dir(&libraries).unwrap().map(|entry| entry.unwrap().path());
        let modules = modules.filter(|path| path.join("libhttp.so").exists()).last().expect("its modules are unpacked");
        let mut command = Command::new("setpriv");
        command
            .args(["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"])
            .arg(self.0.join("usr/sbin/syslog-ng"));
        command.env("LD_LIBRARY_PATH", &libraries).args(["--no-caps", "--foreground", "--stderr"]);
        for (option, value) in [
            ("--module-path", modules),
            ("--cfgfile", config.to_owned()),
            ("--persist-file", folder.join("persist")),
            ("--control", folder.join("control")),
            ("--pidfile", folder.join("pid")),
        ] {
            command.arg(option).arg(value);
        }
        command
    }
}

/// The configuration with the server at `url`, and with `program` in place of what is run.
fn syslog_ng(folder: &Path, program: &str, url: &str) -> PathBuf {
    let text = example(SYSLOG_NG);
    let [.., (_, line)] = command_lines();
    let config = text
        .replace(&line, program)
        .replace("https://es:9200", url)
        .replace("/etc/vaectl/ca.crt", "/dev/null")
        .replace("mem-buf-size", &format!("dir(\"{}\") mem-buf-size", folder.display()));
    let path = folder.join("syslog-ng.conf");
    fs::write(&path, format!("@version: 3.38\n{config}")).unwrap();
    path
}

/// Ends the child whatever becomes of the test.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The documents of a server, by index and identity.
fn stored(fake: &Fake) -> BTreeMap<(String, String), Value> {
    let seen = fake.seen();
    seen.store.iter().map(|(key, line)| (key.clone(), serde_json::from_str(line).unwrap())).collect()
}

#[test]
fn syslog_ng_creates_each_document_once_and_where_publish_does() {
    let test = "syslog_ng_creates_each_document_once_and_where_publish_does";
    let Some(shipper) = SyslogNg::find(test) else { return };
    let folder = TempDir::new().unwrap();
    let lines = recording(folder.path());
    let direct = Fake::new(|_| Reply::Take).unwrap();
    // By default the file of dead letters is in the current folder, which is the repository here.
    let letters = folder.path().join("dead-letter.ndjson");
    let options = ["--no-setup", "--no-merge", "--dead-letter", letters.to_str().unwrap(), lines.to_str().unwrap()];
    let published = run(&[&["publish", "--to", &direct.url], &options[..]].concat(), "");
    assert_eq!(published.code, Some(0), "{published}");
    let expected = stored(&direct);
    let tiers: BTreeSet<_> = expected.keys().map(|(index, _)| index.as_str()).collect();
    assert_eq!(tiers.len(), 5, "every tier but that of windows, which publish leaves out: {tiers:?}");

    let fake = Fake::new(|_| Reply::Take).unwrap();
    let config = configuration(folder.path(), &lines);
    // What ends is started again: this one stays, and what it says it says once.
    let program = format!("{VAECTL} publish --config {} {}; exec sleep 60", config.display(), lines.display());
    let config = syslog_ng(folder.path(), &program, &fake.url);
    let checked = shipper.command(&config, folder.path()).arg("--syntax-only").output().unwrap();
    assert!(checked.status.success() && checked.stderr.is_empty(), "{checked:?}");
    let mut child = Guard(shipper.command(&config, folder.path()).spawn().unwrap());
    until("all documents are there", || (fake.count() >= expected.len()).then_some(()));
    kill_process(Pid::from_child(&child.0), Signal::TERM).unwrap();
    assert_eq!(wait(&mut child.0), Some(0));
    assert_eq!(stored(&fake), expected);
    let sent: usize = fake.bulks().iter().map(|request| request.ids().len()).sum();
    assert_eq!(sent, expected.len(), "none was sent twice");
}
