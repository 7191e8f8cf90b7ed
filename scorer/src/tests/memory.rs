//! What is remembered over a restart.

use serde_json::Value;

use super::support::{Feed, SECOND, config, events, feed, of, parse, scorer, states};
use crate::Config;

/// What comes out for `lines` with this state folder, by a stage that begins and ends for them.
fn stage(config: &Config, lines: &[String]) -> Vec<Value> {
    let (mut scorer, mut out) = (scorer(config.clone()), Vec::new());
    for (number, line) in lines.iter().enumerate() {
        feed(&mut scorer, number as u64 + 1, line.as_bytes(), &mut out).unwrap();
    }
    scorer.finish("signal", &mut out).unwrap();
    parse(&out)
}

#[test]
fn a_container_is_as_warm_after_a_restart_as_before_and_has_its_own_offset() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { state: Some(folder.path().join("state")), ..config() };
    let mut web = Feed::new("web", Some("known"));
    let warm: Vec<String> = (0..31).map(|_| web.window(0.25)).collect();
    assert_eq!(states(&stage(&config, &warm), "web")[30], "stable");
    let out = stage(&config, &[web.window(0.25)]);
    assert_eq!(states(&out, "web"), ["stable"]);
    assert_eq!(
        (&of(&out, "verdict")[0]["vaectl"]["offset"], &of(&out, "verdict")[0]["vaectl"]["score"]),
        (&0.25.into(), &0.0.into())
    );
    let mut other = Feed::new("other", Some("known"));
    assert_eq!(states(&stage(&config, &[other.window(0.0)]), "other"), ["warming"]);
    assert_eq!(states(&stage(&config, &[web.window(0.25)]), "web"), ["stable"], "the others are kept");
}

#[test]
fn what_a_container_does_before_its_first_window_is_told_only_where_it_is_not_known_from_before() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { state: Some(folder.path().join("state")), ..config() };
    let mut web = Feed::new("web", Some("known"));
    stage(&config, &web.calm(31));
    for (mut feed, told) in [(web, 0), (Feed::new("other", Some("known")), 1)] {
        let before = [feed.line("named", &feed.container()), feed.event("a program", "exec")];
        let out = stage(&config, &[&before[..], &[feed.window(0.0)]].concat());
        assert_eq!(events(&out).len(), told, "{}", feed.id);
    }
}

#[test]
fn what_is_remembered_counts_by_its_age() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { state: Some(folder.path().join("state")), ..config() };
    for (pause, state) in [(0, "unstable"), (120, "suspect"), (7200, "warming")] {
        let mut web = Feed::new("web", Some("known"));
        stage(&config, &[web.calm(31), vec![web.window(50.0)]].concat());
        web.now += pause * SECOND;
        // A suspicion from before and a window of now; of another hour, nothing is known.
        let score = if state == "warming" { 0.0 } else { 50.0 };
        assert_eq!(states(&stage(&config, &[web.window(score)]), "web"), [state]);
        std::fs::remove_dir_all(folder.path().join("state")).unwrap();
    }
}

#[test]
fn a_state_that_cannot_be_read_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { state: Some(folder.path().into()), ..config() };
    std::fs::write(folder.path().join("instances.json"), "{\"v\":1,").unwrap();
    let mut web = Feed::new("web", Some("known"));
    assert_eq!(states(&stage(&config, &web.calm(31)), "web")[30], "stable");
    assert_eq!(states(&stage(&config, &web.calm(1)), "web"), ["stable"]);
}
