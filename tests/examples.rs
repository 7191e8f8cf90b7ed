//! Examples are used as they stand.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use vaectl_bench::skip;

use crate::support::{VAECTL, root, run};

mod shippers;

#[test]
fn the_configuration_is_accepted() {
    let config = root().join("examples/vaectl.toml");
    // One that asks for nothing else than to be read: the recording is missed only after that.
    let output = run(&["record", "--replay", "/nowhere", "--config", config.to_str().unwrap()], "");
    assert!(output.stderr.contains("/nowhere") && !output.stderr.contains("vaectl.toml"), "{output}");
}

#[test]
fn the_configuration_is_valid_by_its_schema() {
    let text = fs::read_to_string(root().join("examples/vaectl.toml")).unwrap();
    let config: toml::Table = text.parse().unwrap();
    let schema: serde_json::Value = serde_json::from_str(&run(&["schema", "config"], "").stdout).unwrap();
    let errors: Vec<_> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&serde_json::to_value(config).unwrap())
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_service_stays_down_where_a_restart_changes_nothing() {
    let unit = fs::read_to_string(root().join("examples/vaectl.service")).unwrap();
    assert!(unit.contains("RestartPreventExitStatus=2 3"));
    let exit = vaectl::Exit::Usage as i32;
    assert_eq!((exit, vaectl::Exit::Host as i32), (2, 3));
}

/// The settings of the unit's service.
fn service() -> BTreeMap<String, String> {
    let unit = fs::read_to_string(root().join("examples/vaectl.service")).unwrap();
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[test]
fn the_drop_in_for_shippers_gives_what_the_service_gives() {
    let shipper = fs::read_to_string(root().join("examples/vaectl-shipper.toml")).unwrap();
    let told =
        |key: &str| shipper.lines().find_map(|line| line.strip_prefix("#   ")?.strip_prefix(key)?.strip_prefix('='));
    let service = service();
    assert_eq!(told("AmbientCapabilities"), Some(service["CapabilityBoundingSet"].as_str()));
    assert_eq!(told("KillMode"), Some(service["KillMode"].as_str()), "a second signal would end the stages at once");
}

#[test]
fn the_service_is_what_systemd_understands_and_exposes_little() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        skip("the_service_is_what_systemd_understands_and_exposes_little", "systemd-analyze is not installed");
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let unit = fs::read_to_string(root().join("examples/vaectl.service")).unwrap();
    let path = folder.path().join("vaectl.service");
    fs::write(&path, unit.replace("/usr/local/bin/vaectl", VAECTL).replace(" man:vaectl-run(1)", "")).unwrap();
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output().unwrap();
    assert!(verified.status.success() && verified.stderr.is_empty(), "{verified:?}");
    // In tenths: it calls 10.0 dangerous, and 3.0 is what BPF, the network and root leave.
    let secure = ["security", "--offline=yes", "--threshold=30", "--no-pager"];
    let exposed = Command::new("systemd-analyze").args(secure).arg(&path).output().unwrap();
    assert!(exposed.status.success(), "{}", String::from_utf8_lossy(&exposed.stdout));
}

#[test]
fn recording_takes_no_more_capabilities_than_the_service_has() {
    let facts = vaectl_collector::check();
    if !facts.obstacles().is_empty() {
        skip("recording_takes_no_more_capabilities_than_the_service_has", &facts.obstacles().join("; "));
        return;
    }
    let names = service()["CapabilityBoundingSet"].to_lowercase();
    let bounds = format!("--bounding-set=-all,{}", names.replace("cap_", "+").replace(' ', ","));
    let mut confined = Command::new("setpriv");
    confined.args([&bounds, "--inh-caps=-all", "--no-new-privs", VAECTL]);
    let out = confined.args(["record", "--window", "200ms", "--duration", "500ms"]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(String::from_utf8(out.stdout).unwrap().contains(r#""type":"window""#));
}
