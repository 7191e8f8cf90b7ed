//! What is held, for how long, and what goes first when there is no room.

use serde_json::{Value, json};

use super::support::{Feed, SECOND, START, config, events, of, run, states};
use crate::Config;

#[test]
fn events_of_a_calm_window_wait_for_one_more_verdict() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.event("a", "connect"));
    lines.push(web.window(0.0));
    lines.push(web.event("b", "connect"));
    lines.push(web.window(0.0));
    lines.push(web.event("c", "connect"));
    lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({})));
    let out = run(config(), &lines);
    let ids: Vec<_> = events(&out).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids, ["b", "c"], "a had its verdict and one more");
    let ledger = of(&out, "ledger").pop().unwrap();
    assert_eq!(
        ledger["vaectl"]["datasets"]["vaectl.network"],
        json!({"received": 3, "passed": 2, "suppressed": 1, "held": 0, "dropped": 0})
    );
}

#[test]
fn the_fullest_container_pays_and_the_loss_is_told() {
    let (mut quiet, mut loud) = (Feed::new("quiet", Some("known")), Feed::new("loud", Some("known")));
    let mut lines = [quiet.calm(31), loud.calm(31)].concat();
    lines.push(quiet.event("q", "connect"));
    lines.extend((0..1000).map(|i| loud.event(&format!("l{i}"), "connect")));
    for feed in [&mut quiet, &mut loud] {
        lines.push(feed.window_with(&json!({"novel.strong": 1}), &json!({})));
    }
    let out = run(Config { hold_bytes: 64 * 1024, ..config() }, &lines);
    let ids: Vec<_> = events(&out).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids[0], "q", "the quiet one lost nothing");
    assert_eq!(ids.last().unwrap(), "l999", "the newest stayed");
    let kept = ids.len() - 1;
    assert!(kept > 100 && kept < 1000, "{kept}");
    assert_eq!(ids[1], format!("l{}", 1000 - kept), "the oldest went");
    let gaps = of(&out, "gap");
    assert_eq!(gaps.len(), 1);
    assert_eq!((&gaps[0]["vaectl"]["cause"], &gaps[0]["container"]["id"]), (&json!("hold"), &json!("loud")));
    assert_eq!(gaps[0]["vaectl"]["lost"], 1000 - kept);
    let account = &of(&out, "ledger").pop().unwrap()["vaectl"]["datasets"]["vaectl.network"];
    assert_eq!(
        *account,
        json!({"received": 1001, "passed": kept + 1, "suppressed": 0, "held": 0, "dropped": 1000 - kept})
    );
}

#[test]
fn equally_full_containers_share_what_is_lost() {
    let (mut a, mut b) = (Feed::new("a", Some("known")), Feed::new("b", Some("known")));
    let mut lines = [a.calm(1), b.calm(1)].concat();
    lines.extend((0..2000).map(|i| if i % 2 == 0 { &a } else { &b }.event(&format!("e{i}"), "connect")));
    lines.extend([a.window(0.0), b.window(0.0)]);
    let out = run(Config { hold_bytes: 64 * 1024, ..config() }, &lines);
    let lost: Vec<f64> = of(&out, "gap").iter().map(|g| g["vaectl"]["lost"].as_f64().unwrap()).collect();
    assert_eq!(lost.len(), 2);
    assert!((lost[0] / lost[1] - 1.0).abs() < 0.1, "{lost:?}");
}

#[test]
fn without_a_model_programs_and_rare_events_go_out_within_the_budget() {
    let mut web = Feed::new("web", Some("stranger"));
    let mut lines = web.calm(1);
    lines.extend((0..80).map(|i| web.event(&format!("x{i}"), "exec")));
    lines.extend((0..10).map(|i| web.event(&format!("c{i}"), "connect")));
    lines.extend(web.calm(2));
    let out = run(config(), &lines);
    assert_eq!(events(&out).len(), 50);
    let gaps = of(&out, "gap");
    assert_eq!((&gaps[0]["vaectl"]["cause"], &gaps[0]["vaectl"]["lost"]), (&json!("budget"), &json!(30)));
    let datasets = &of(&out, "ledger").pop().unwrap()["vaectl"]["datasets"];
    assert_eq!(
        datasets["vaectl.process"],
        json!({"received": 80, "passed": 50, "suppressed": 30, "held": 0, "dropped": 0})
    );
    assert_eq!(datasets["vaectl.network"]["suppressed"], 10);
}

#[test]
fn a_stable_container_publishes_no_program() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.event("x", "exec"));
    lines.extend(web.calm(3));
    assert!(events(&run(config(), &lines)).is_empty());
}

#[test]
fn a_blind_verdict_lets_its_programs_out() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.extend([web.event("x", "exec"), web.event("c", "connect")]);
    lines.push(web.window_with(&json!({}), &json!({"lost": 1})));
    assert_eq!(events(&run(config(), &lines)), [("x".into(), true, false)]);
}

#[test]
fn what_was_granted_goes_out_in_its_order_once_its_windows_stayed_calm() {
    let mut web = Feed::new("web", Some("stranger"));
    let mut lines = web.calm(1);
    lines.extend([web.event("a", "exec"), web.window(0.0)]);
    assert_eq!(events(&run(config(), &lines)), [("a".into(), true, false)], "at the end at the latest");
    lines.extend([web.event("b", "ptrace"), web.event("c", "connect")]);
    lines.extend(web.calm(2));
    let out = run(config(), &lines);
    assert_eq!(events(&out), [("a".into(), true, false), ("b".into(), true, false)]);
    let at = |id: &str| out.iter().position(|l| l["event"]["id"] == id).unwrap();
    assert_eq!(out[at("a") - 1]["vaectl"]["window"], "web-w3", "its own verdict and one more");
}

#[test]
fn a_full_hold_drops_nothing_that_was_granted() {
    let mut web = Feed::new("web", Some("stranger"));
    let mut lines = web.calm(1);
    lines.push(web.event("x", "exec"));
    lines.extend((0..1000).map(|i| web.event(&format!("c{i}"), "connect")));
    lines.extend(web.calm(2));
    let out = run(Config { hold_bytes: 64 * 1024, ..config() }, &lines);
    assert_eq!(events(&out), [("x".into(), true, false)]);
    assert_eq!(of(&out, "gap")[0]["vaectl"]["cause"], "hold");
}

#[test]
fn what_was_granted_goes_out_though_no_window_comes() {
    let (web, mut other) = (Feed::new("web", None), Feed::new("other", None));
    other.now = START + 31 * SECOND;
    let lines = [web.event("a", "exec"), web.event("b", "ptrace"), other.line("started", &other.container())];
    let out = run(config(), &lines);
    let kinds: Vec<_> = out[..4].iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["hello", "event", "event", "container"], "any line's time counts");
    assert_eq!(events(&out), [("a".into(), true, false), ("b".into(), true, false)]);
}

/// The datasets of the last ledger.
fn accounts(out: &[Value]) -> Value {
    of(out, "ledger").pop().unwrap()["vaectl"]["datasets"].clone()
}

#[test]
fn what_may_be_the_cause_of_an_incident_outlives_its_calm_window_and_is_told_once() {
    // Warming up too, where the budget has granted it.
    for calm in [1, 31] {
        let mut web = Feed::new("web", Some("known"));
        let mut lines = web.calm(calm);
        lines.extend([web.event("x", "exec"), web.call("c", 4444), web.event("f", "fork")]);
        lines.extend(web.calm(2));
        lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({})));
        lines.extend(web.calm(13));
        let out = run(config(), &lines);
        assert_eq!(events(&out), [("x".into(), true, true), ("c".into(), true, true)], "{calm}");
        assert_eq!(of(&out, "incident").pop().unwrap()["vaectl"]["history"], 2);
        let processes = json!({"received": 2, "passed": 1, "suppressed": 1, "held": 0, "dropped": 0});
        assert_eq!(accounts(&out)["vaectl.process"], processes);
    }
}

#[test]
fn what_happened_in_a_suspicion_that_passed_is_in_the_incident_that_follows() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.window(5.0));
    lines.extend([web.event("x", "exec"), web.call("c", 4444)]);
    // However long it took to pass.
    lines.extend((0..20).map(|i| web.window(if i % 2 == 0 { 0.0 } else { 5.0 })));
    lines.extend(web.calm(4));
    let before = lines.len();
    lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({})));
    assert!(states(&run(config(), &lines[..before]), "web").ends_with(&["stable".into(), "stable".into()]));
    assert_eq!(events(&run(config(), &lines)), [("x".into(), true, true), ("c".into(), true, true)]);
}

#[test]
fn what_no_incident_took_in_time_is_suppressed_after_all() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.extend([web.event("x", "exec"), web.call("c", 4444), web.call("c2", 4445)]);
    lines.extend(web.calm(2));
    let out = run(config(), &lines);
    let suppressed = |count| json!({"received": count, "passed": 0, "suppressed": count, "held": 0, "dropped": 0});
    assert_eq!(
        (&accounts(&out)["vaectl.process"], &accounts(&out)["vaectl.network"]),
        (&suppressed(1), &suppressed(2))
    );
    lines.extend(web.calm(6));
    lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({})));
    let out = run(config(), &lines);
    assert!(events(&out).is_empty(), "its window, one more and six");
    assert_eq!(
        (&accounts(&out)["vaectl.process"], &accounts(&out)["vaectl.network"]),
        (&suppressed(1), &suppressed(2))
    );
}

#[test]
fn of_the_calls_to_one_peer_the_first_outlives_its_window() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.extend([web.call("a", 443), web.call("a again", 443), web.call("b", 4444)]);
    lines.extend(web.calm(3));
    lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({})));
    let out = run(config(), &lines);
    assert_eq!(events(&out), [("a".into(), true, true), ("b".into(), true, true)]);
}

#[test]
fn what_outlives_its_window_makes_room_without_a_loss() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.extend((0..100).map(|i| web.event(&format!("x{i}"), "exec")));
    lines.extend(web.calm(2));
    lines.extend((0..100).map(|i| web.event(&format!("y{i}"), "exec")));
    lines.extend(web.calm(1));
    let out = run(Config { hold_bytes: 40 * 1024, ..config() }, &lines);
    assert!(of(&out, "gap").is_empty());
    let account = json!({"received": 200, "passed": 0, "suppressed": 100, "held": 100, "dropped": 0});
    assert_eq!(accounts(&out)["vaectl.process"], account);
}

#[test]
fn a_blind_verdict_lets_out_nothing_that_was_calm_before() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.event("calm", "exec"));
    lines.extend(web.calm(2));
    lines.push(web.event("lost", "exec"));
    lines.push(web.window_with(&json!({}), &json!({"lost": 1})));
    assert_eq!(events(&run(config(), &lines)), [("lost".into(), true, false)]);
}

#[test]
fn a_flood_in_a_suspicion_does_not_wash_out_the_program_and_the_call_before_it() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.window(5.0));
    lines.extend([web.event("x", "exec"), web.call("c", 4444)]);
    lines.extend((0..1000).map(|i| web.event(&format!("f{i}"), "fork")));
    lines.extend([web.window(9.0), web.window(9.0)]);
    let out = run(Config { hold_bytes: 64 * 1024, ..config() }, &lines);
    let told = events(&out);
    assert_eq!(told[..2], [("x".into(), true, true), ("c".into(), true, true)]);
    assert_eq!(told.last().unwrap().0, "f999", "the oldest of the flood went");
    let account = &accounts(&out)["vaectl.process"];
    let dropped = 1000 - (told.len() as u64 - 2);
    assert_eq!((&account["dropped"], &of(&out, "gap")[0]["vaectl"]["lost"]), (&json!(dropped), &json!(dropped)));
}
