//! What the program says about itself and about wrong usage.

use insta::assert_snapshot;

use crate::support::run;

#[test]
fn the_first_help_names_every_verb() {
    assert_snapshot!(run(&["-h"], ""), @r#"
    Container forensics without the flood

    Usage: vaectl [OPTIONS] <COMMAND>

    Commands:
      record       Watch containers and write what they do: windows of counters, and events
      train        Learn a model for every image from its containers' windows
      score        Judge windows by their models, and let through the events that a verdict calls for
      eval         Compare verdicts with the truth: what was found, how soon, why, and at what price
      model        List, show, compare and verify models, and say which are in use
      publish      Write lines to a repository: a directory, standard output or Elasticsearch
      run          Run several stages as child processes joined by pipes, as vaectl.toml says
      incidents    List the incidents in a repository
      show         Print one incident: its timeline, process tree, reasons, peers and files
      check        Say what this host can and cannot do, and why
      schema       Print the JSON Schema of a line type, or of the configuration file
      completions  Print the completions for a shell
      man          Print a manual page
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    Options of every verb:
      -c, --config <FILE>          TOML file with options; `[record]`, `[score]` and so on hold those of
                                   one verb
          --log-format <FORMAT>    How log lines on standard error look [default: text] [possible
                                   values: text, json]
          --log-level <LEVEL>      The least severe line that is logged [default: info] [possible
                                   values: off, error, warn, info, debug, trace]
          --max-line-bytes <SIZE>  The longest line that is written, and accepted [default: 64K]
          --strict                 Make a malformed line fatal instead of quoting it in a dead letter

    An option may also stand in a TOML file (--config) or in the environment: `--max-line-bytes` is
    `max-line-bytes` there, VAECTL_MAX_LINE_BYTES here. Flags win over the environment, the environment
    over the file.
    --- stderr ---
    [exit 0]
    "#);
}

#[test]
fn the_version_is_one_line() {
    assert_snapshot!(run(&["--version"], ""), @r#"
    vaectl X.Y.Z
    --- stderr ---
    [exit 0]
    "#);
}

#[test]
fn an_unknown_verb_is_wrong_usage() {
    assert_snapshot!(run(&["recrod"], ""), @r#"
    --- stderr ---
    error: unrecognized subcommand 'recrod'

      tip: a similar subcommand exists: 'record'

    Usage: vaectl [OPTIONS] <COMMAND>

    For more information, try '--help'.
    [exit 2]
    "#);
}

#[test]
fn score_without_models_says_what_to_give() {
    assert_snapshot!(run(&["score"], ""), @r#"
    --- stderr ---
    error: no folder of models
    hint: give --models DIR; it may be empty
    [exit 2]
    "#);
}

#[test]
fn publish_without_a_repository_says_what_to_give() {
    assert_snapshot!(run(&["publish"], ""), @r#"
    --- stderr ---
    error: no repository to publish to
    hint: give --to dir:PATH, --to stdout: or --to http://HOST:9200
    [exit 2]
    "#);
}

#[test]
fn an_unknown_schema_names_those_there_are() {
    assert_snapshot!(run(&["schema", "windwo"], ""), @r#"
    --- stderr ---
    error: there is no schema "windwo"
    hint: there are clock, container, dead_letter, end, event, gap, heartbeat, hello, incident, lease, ledger, summary, verdict, window, config
    [exit 2]
    "#);
}

#[test]
fn a_schema_is_the_checked_in_one() {
    let printed = run(&["schema", "window"], "");
    let file = std::fs::read_to_string(crate::support::root().join("schemas/window.schema.json")).unwrap();
    assert_eq!((printed.stdout, printed.code), (file, Some(0)));
}

#[test]
fn a_manual_page_and_completions_are_printed() {
    assert!(run(&["man"], "").stdout.contains(".TH vaectl 1"));
    assert!(run(&["man", "score"], "").stdout.contains(".TH vaectl-score 1"));
    assert!(run(&["completions", "bash"], "").stdout.contains("_vaectl"));
}
