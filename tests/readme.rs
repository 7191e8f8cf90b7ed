//! What README.md says is so.

use std::collections::BTreeSet;
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
            let options = options(&run(&[verb, "--help"], "").stdout);
            for option in words.filter(|word| word.starts_with("--")) {
                assert!(options.contains(option), "{part}: {option}");
            }
        }
    }
}

/// The options in a text.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| c.is_whitespace() || "`,()[]=".contains(c));
    words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

#[test]
fn its_recipes_for_jq_say_what_they_are_for() {
    let readme = readme();
    let block = readme.split("```sh\n").find(|block| block.contains("jq -c")).unwrap().split("```").next().unwrap();
    let recipes: Vec<&str> = block.split("# ").filter(|recipe| !recipe.trim().is_empty()).collect();
    let golden = ["train/in.jsonl", "score-trained/out.jsonl"].map(|name| root().join("tests/golden").join(name));
    let lines: String = golden.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    // The golden input has broken lines too.
    let whole = |line: &&str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    let lines: Vec<&str> = lines.lines().filter(whole).collect();
    let said = |recipe: &&str| {
        let command = recipe.split_once('\n').unwrap().1.replace(" recording.jsonl", "");
        let output = assert_cmd::Command::new("sh").args(["-c", &command]).write_stdin(lines.join("\n")).unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let said: Vec<String> = recipes.iter().map(said).collect();
    let [calls, reasons, programs] = &said[..] else { panic!("{recipes:?}") };
    assert!(calls.lines().count() > 100 && calls.lines().all(|line| line.contains("\"syscall.")), "{calls}");
    assert!(reasons.contains(" unstable: ") && programs.starts_with('/'), "{reasons}{programs}");
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
