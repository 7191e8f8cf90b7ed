//! Examples are used as they stand.

use std::fs;

use crate::support::{root, run};

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
