//! Flags win over the environment, the environment over the file; a file that is wrong is named.

use std::fs;

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::support::{Output, command, output};

const BROKEN: &str = "not a line\n";

fn with_file(toml: &str, variables: &[(&str, &str)], args: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("vaectl.toml"), toml).unwrap();
    let mut command = command(args);
    command.current_dir(folder.path()).env("VAECTL_CONFIG", "vaectl.toml").envs(variables.iter().copied());
    output(assert_cmd::Command::from_std(command).write_stdin(BROKEN))
}

/// Whether a broken line was fatal: `--strict` as an example of any option.
fn strict(toml: &str, variables: &[(&str, &str)], args: &[&str]) -> bool {
    let output = with_file(toml, variables, &[&["score"], args].concat());
    assert_eq!(output.code, Some(1), "{output}");
    output.stderr.contains("line 1:")
}

#[test]
fn each_source_sets_an_option() {
    let models = "[score]\nmodels = 'none'\n";
    assert!(!strict(models, &[], &[]));
    assert!(strict(&format!("strict = true\n{models}"), &[], &[]));
    assert!(strict(models, &[("VAECTL_STRICT", "true")], &[]));
    assert!(strict(models, &[], &["--strict"]));
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let models = "strict = true\n[score]\nmodels = 'none'\n";
    assert!(!strict(models, &[("VAECTL_STRICT", "false")], &[]));
    assert!(strict(models, &[("VAECTL_STRICT", "false")], &["--strict"]));
}

#[test]
fn the_table_of_another_verb_sets_nothing_here() {
    let output = with_file("[train]\n[publish]\nto = 'stdout:'\n", &[], &["score"]);
    assert_eq!(output.code, Some(2), "{output}");
}

#[test]
fn an_option_that_does_not_exist_is_refused_with_those_that_do() {
    assert_snapshot!(with_file("[score]\nwidnow = 3\n", &[], &["score", "--models", "none"]), @r#"
    --- stderr ---
    error: vaectl.toml: [score] has no option "widnow"; there are models, archive, archive-bytes, state, control, host, pass-windows, hold-bytes, max-containers, events-per-second, backlog-bytes
    [exit 2]
    "#);
}

#[test]
fn a_value_that_is_wrong_is_the_files_fault() {
    assert_snapshot!(with_file("[score]\nhold-bytes = 'many'\n", &[], &["score", "--models", "none"]), @r#"
    --- stderr ---
    error: vaectl.toml: invalid value 'many' for '--hold-bytes <SIZE>': expected a size such as 65536, 64K or 16M
    [exit 2]
    "#);
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_the_line() {
    assert_snapshot!(with_file("strict = true\n[score\n", &[], &["score"]), @r#"
    --- stderr ---
    error: vaectl.toml: line 2: unclosed table, expected `]`
    [exit 2]
    "#);
}

#[test]
fn a_file_that_is_missing_is_named() {
    assert_snapshot!(with_file("", &[("VAECTL_CONFIG", "elsewhere.toml")], &["score"]), @r#"
    --- stderr ---
    error: elsewhere.toml: No such file or directory (os error 2)
    [exit 2]
    "#);
}

#[test]
fn a_value_of_the_environment_that_is_wrong_is_refused() {
    let output = with_file("", &[("VAECTL_MAX_LINE_BYTES", "many")], &["score", "--models", "none"]);
    assert_snapshot!(output, @r#"
    --- stderr ---
    error: invalid value 'many' for '--max-line-bytes <SIZE>': expected a size such as 65536, 64K or 16M

    For more information, try '--help'.
    [exit 2]
    "#);
}
