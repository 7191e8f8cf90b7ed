//! The invariants that ARCHITECTURE.md states, each by a search through the sources.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

/// Every Rust source below `folder`, by its path below the root, with its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(&root().join(folder), &mut files);
    assert!(!files.is_empty(), "no sources in {folder}");
    files
        .into_iter()
        .map(|file| {
            let name = file.strip_prefix(root()).expect("it is below the root").display().to_string();
            (name, fs::read_to_string(&file).expect("a source is text"))
        })
        .collect()
}

/// A source without the tests at its end.
fn own_code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod").next().unwrap_or_default()
}

/// The files of these folders whose code, comments aside, has `word`.
fn users(folders: &[&str], word: &str) -> Vec<String> {
    let code = |line: &&str| !line.trim_start().starts_with("//");
    let mut users: Vec<_> = folders
        .iter()
        .flat_map(|folder| sources(folder))
        .filter(|(_, text)| own_code(text).lines().filter(code).any(|line| line.contains(word)))
        .map(|(name, _)| name)
        .collect();
    users.sort();
    users
}

const LIBRARIES: [&str; 7] =
    ["bpf/src", "schemas/src", "collector/src", "scorer/src", "trainer/src", "evaluator/src", "publisher/src"];

fn manifest(package: &str) -> String {
    fs::read_to_string(root().join(package).join("Cargo.toml")).expect("the manifest is there")
}

#[test]
fn only_the_collector_names_aya() {
    let elsewhere = ["bpf/src", "schemas/src", "scorer/src", "trainer/src", "evaluator/src", "publisher/src", "cli"];
    assert_eq!(users(&elsewhere, "aya::"), Vec::<String>::new());
}

#[test]
fn only_one_file_of_the_trainer_names_dfdx() {
    let elsewhere = ["bpf/src", "schemas/src", "collector/src", "scorer/src", "evaluator/src", "publisher/src", "cli"];
    assert_eq!(users(&elsewhere, "dfdx"), Vec::<String>::new());
    assert_eq!(users(&["trainer/src"], "dfdx::").len(), 1);
}

#[test]
fn the_scorer_has_no_tokio() {
    assert!(!manifest("scorer").contains("tokio"));
}

#[test]
fn dependencies_point_back_at_the_contract() {
    let allowed = [
        ("schemas", vec![]),
        ("bpf", vec![]),
        ("collector", vec!["bpf", "schemas"]),
        ("scorer", vec!["schemas"]),
        ("trainer", vec!["scorer", "schemas"]),
        ("evaluator", vec!["trainer", "scorer", "schemas"]),
        ("publisher", vec!["schemas"]),
    ];
    let every = ["bpf", "schemas", "collector", "scorer", "trainer", "evaluator", "publisher"];
    for (package, allowed) in allowed {
        let text = manifest(package);
        let dependencies = text.split("[dev-dependencies]").next().unwrap_or_default();
        for other in every.iter().filter(|other| **other != package && !allowed.contains(other)) {
            assert!(!dependencies.contains(&format!("vaectl-{other}")), "{package} depends on {other}");
        }
    }
}

#[test]
fn only_the_command_line_knows_the_process() {
    for word in ["std::process::exit", "io::stdin()", "io::stdout()", "env::args", "signal_hook", "println!"] {
        let found: Vec<_> = users(&LIBRARIES, word).into_iter().filter(|name| !name.contains("test")).collect();
        assert_eq!(found, Vec::<String>::new(), "{word}");
    }
}

#[test]
fn no_source_unwraps_outside_its_tests() {
    for folder in LIBRARIES.iter().chain(&["cli"]) {
        for (name, text) in sources(folder) {
            if name.contains("test") {
                continue;
            }
            let found =
                own_code(&text).lines().find(|line| !line.trim_start().starts_with("//") && line.contains(".unwrap()"));
            assert_eq!(found, None, "{name}");
        }
    }
}

#[test]
fn main_is_short() {
    let main = fs::read_to_string(root().join("cli/main.rs")).unwrap();
    assert!(main.lines().count() < 25);
}
