//! What README.md says is so.

use std::fs;

use crate::support::{root, run};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

#[test]
fn its_verbs_and_options_exist() {
    for line in readme().lines().filter(|line| line.trim_start().starts_with("vaectl ")) {
        for part in line.split('|').map(str::trim).filter(|part| part.starts_with("vaectl ")) {
            let mut words = part.split_whitespace().skip(1);
            let verb = words.next().unwrap();
            let help = run(&[verb, "--help"], "").stdout;
            for option in words.filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{part}: {option}");
            }
        }
    }
}

#[test]
fn its_two_commands_are_targets() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    for target in ["demo", "test"] {
        assert!(readme().contains(&format!("make {target}")), "{target}");
        assert!(makefile.contains(&format!("\n{target}:")), "{target}");
    }
}

#[test]
fn continuous_integration_calls_the_readmes_test_command() {
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert_eq!(script.lines().last(), Some("make test"));
}
