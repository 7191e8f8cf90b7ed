//! How deep containers are to be watched.

use vaectl_schemas::Depth;

use crate::Scorer;

use super::support::{Feed, START, config, feed, scorer};

fn scored(lines: &[String]) -> Scorer {
    let (mut scorer, mut out) = (scorer(config()), Vec::new());
    for (number, line) in (1..).zip(lines) {
        feed(&mut scorer, number, line.as_bytes(), &mut out).unwrap();
    }
    scorer.flush(&mut out).unwrap();
    scorer
}

fn depths(lines: &[String]) -> Vec<(String, Depth, u64)> {
    scored(lines).watches().map(|watch| (watch.run.to_owned(), watch.depth, watch.suspected_ns)).collect()
}

fn wants_history(lines: &[String]) -> bool {
    scored(lines).watches().any(|watch| watch.history)
}

fn may_hold(lines: &[String]) -> bool {
    scored(lines).watches().any(|watch| watch.hold)
}

fn depth(lines: &[String]) -> Depth {
    let [(run, depth, _)] = &depths(lines)[..] else { panic!("one container") };
    assert_eq!(run, "a-run");
    *depth
}

#[test]
fn a_container_is_watched_less_once_it_is_stable_and_in_full_while_it_is_not() {
    let mut known = Feed::new("a", Some("known"));
    let mut lines = known.calm(30);
    assert_eq!(depth(&lines), Depth::Process, "while it warms up");
    lines.extend(known.calm(1));
    assert_eq!(depth(&lines), Depth::Census);
    assert_eq!(depths(&lines)[0].2, 0, "it never was suspected");
    lines.push(known.window(5.0));
    assert_eq!(
        depths(&lines),
        [("a-run".to_owned(), Depth::Census, known.now)],
        "a doubt opens nothing; the recorder knows whom to watch if nobody else does"
    );
    lines.extend(known.calm(4));
    lines.push(known.window(9.0));
    assert_eq!(
        (depth(&lines), wants_history(&lines)),
        (Depth::Full, false),
        "a suspicion alone is not worth its history"
    );
    assert!(may_hold(&lines), "nor is what it does meanwhile worth telling");
    lines.extend(known.calm(1));
    assert_eq!(depth(&lines), Depth::Full, "two of three would open an incident");
    lines.push(known.window(9.0));
    assert_eq!((depth(&lines), wants_history(&lines)), (Depth::Full, true), "while it is unstable");
    assert!(!may_hold(&lines));
    assert!(known.now > START);
}

#[test]
fn a_container_without_an_exact_model_is_never_watched_less() {
    assert_eq!(depth(&Feed::new("a", Some("cousin")).calm(40)), Depth::Process);
}

#[test]
fn a_doubt_while_it_warms_up_is_watched_no_less() {
    let mut known = Feed::new("a", Some("known"));
    let mut lines = known.calm(3);
    lines.push(known.window(5.0));
    assert_eq!(depth(&lines), Depth::Process);
}
