//! States, incidents, and why.

use serde_json::{Value, json};

use super::support::{Feed, config, events, feed, of, parse, run, run_until, scorer, states};

#[test]
fn a_container_warms_up_and_is_stable_and_every_window_has_its_verdict() {
    let mut web = Feed::new("web", Some("known"));
    let out = run(config(), &web.calm(32));
    let states = states(&out, "web");
    assert_eq!(states[..30], vec!["warming"; 30]);
    assert_eq!(states[30..], ["stable", "stable"]);
    let verdicts = of(&out, "verdict");
    let transitions: Vec<_> = verdicts.iter().map(|v| v["vaectl"]["transition"].as_bool().unwrap()).collect();
    assert_eq!(transitions.iter().filter(|t| **t).count(), 2, "unknown to warming to stable");
    let last = verdicts[31];
    assert_eq!(last["vaectl"]["window"], "web-w32");
    assert_eq!(last["vaectl"]["model"], json!({"key":"key","hash":"hash","match":"exact","grade":"established"}));
    assert_eq!(last["rule"], json!({"id":"hash","name":"web:1"}));
    assert_eq!((&last["vaectl"]["score"], &last["vaectl"]["threshold"]), (&json!(0.0), &json!(6.0)));
    assert_eq!(last["event"]["reason"], "Within its pattern.");
    assert_eq!(last["host"]["name"], "node-1");
}

#[test]
fn an_episode_is_one_incident_with_its_history_and_ends_with_quiet() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.event("early", "connect"));
    lines.push(web.window(9.0));
    lines.push(web.event("held", "connect"));
    lines.push(web.window(9.5));
    lines.push(web.event("live", "connect"));
    lines.extend(web.calm(12));
    lines.push(web.event("after", "connect"));
    lines.push(web.window(0.0));
    let out = run(config(), &lines);
    assert_eq!(states(&out, "web")[30..34], ["stable", "suspect", "unstable", "unstable"]);
    let incidents = of(&out, "incident");
    assert_eq!(incidents.len(), 2);
    let (opened, closed) = (incidents[0], incidents[1]);
    assert_eq!((&opened["vaectl"]["status"], &closed["vaectl"]["status"]), (&json!("opened"), &json!("closed")));
    assert_eq!(opened["vaectl"]["incident"], closed["vaectl"]["incident"]);
    assert_ne!(opened["event"]["id"], closed["event"]["id"]);
    assert_eq!(opened["event"]["reason"], "The score is 9.5.");
    assert_eq!(opened["vaectl"]["opened"], of(&out, "verdict")[31]["@timestamp"], "the first window out of pattern");
    assert_eq!(closed["vaectl"]["events"], 3);
    assert_eq!(closed["vaectl"]["history"], 2);
    assert_eq!(closed["vaectl"]["channels"], json!(["density"]));
    assert_eq!(events(&out), [("early".into(), true, true), ("held".into(), true, true), ("live".into(), false, true)]);
    let at = |kind: &str, n: usize| out.iter().position(|l| std::ptr::eq(l, of(&out, kind)[n])).unwrap();
    assert!(at("incident", 0) < at("verdict", 32) && at("verdict", 32) < at("event", 0));
    assert!(at("verdict", 44) < at("incident", 1));
}

#[test]
fn what_the_recorder_tells_once_an_incident_is_open_is_history_of_it() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({})));
    lines.push(web.event("told", "exec").replace(r#""v":1"#, r#""v":1,"history":true"#));
    lines.push(web.event("live", "exec"));
    lines.extend(web.calm(12));
    let out = run(config(), &lines);
    assert_eq!(events(&out), [("told".into(), true, true), ("live".into(), false, true)]);
    let closed = &of(&out, "incident")[1]["vaectl"];
    assert_eq!((&closed["events"], &closed["history"]), (&json!(2), &json!(1)));
}

#[test]
fn a_suspicion_holds_and_publishes_nothing() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.window(5.0));
    lines.push(web.event("held", "exec"));
    lines.extend(web.calm(4));
    let out = run(config(), &lines);
    assert_eq!(states(&out, "web")[30..], ["stable", "suspect", "suspect", "stable", "stable", "stable"]);
    assert!(events(&out).is_empty() && of(&out, "incident").is_empty());
    let lasting = |verdict: &&Value| verdict["vaectl"]["transition"] == true && verdict["vaectl"]["passing"] != true;
    let changes: Vec<_> = of(&out, "verdict").into_iter().filter(lasting).map(|v| &v["vaectl"]["state"]).collect();
    assert_eq!(changes, ["warming", "stable"]);
}

#[test]
fn a_suspicion_keeps_its_events_until_it_is_decided() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.event("first", "connect"));
    lines.extend([web.window(9.0), web.window(0.0), web.window(9.0)]);
    let out = run(config(), &lines);
    assert_eq!(events(&out), [("first".into(), true, true)]);
}

#[test]
fn with_a_cousins_model_a_container_is_never_stable_and_can_be_unstable() {
    let mut web = Feed::new("web", Some("cousin"));
    let mut lines = web.calm(40);
    lines.extend([web.window(9.0), web.window(9.0)]);
    let out = run(config(), &lines);
    let states = states(&out, "web");
    assert_eq!(states[..40], vec!["unknown"; 40]);
    assert_eq!(states[40..], ["suspect", "unstable"]);
}

#[test]
fn loss_blinds_and_a_flood_is_evidence() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.window_with(&json!({}), &json!({"lost": 4})));
    lines.push(web.gap("ring_full"));
    lines.push(web.window(0.0));
    lines.push(web.gap("quota"));
    lines.push(web.window_with(&json!({}), &json!({"lost": 4})));
    let out = run(config(), &lines);
    assert_eq!(states(&out, "web")[31..], ["blind", "blind", "suspect"]);
    let verdicts = of(&out, "verdict");
    assert_eq!(verdicts[31]["event"]["reason"], "The host lost 4 events of this container.");
    assert_eq!(verdicts[33]["vaectl"]["channels"], json!(["flood"]));
    assert_eq!(of(&out, "gap").len(), 2, "gaps pass");
}

#[test]
fn unstable_stays_unstable_through_loss() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({"lost": 4})));
    lines.push(web.window_with(&json!({}), &json!({"lost": 4})));
    assert_eq!(states(&run(config(), &lines), "web")[31..], ["unstable", "unstable"]);
}

#[test]
fn what_an_operator_does_is_published_and_opens_no_incident() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    let process = json!({"pid": 9, "entry_meta": {"type": "container"}});
    lines.push(web.event_with("shell", &json!({"action": "exec", "dataset": "vaectl.process"}), &process));
    let entered = json!({"entered": 1});
    lines.push(web.window_with(&json!({"score": 50, "novel.weak": 1}), &entered));
    lines.push(web.window_with(&json!({"score": 50}), &entered));
    let out = run(config(), &lines);
    assert_eq!(events(&out), [("shell".into(), false, false)]);
    let verdict = of(&out, "verdict")[31];
    assert_eq!((&verdict["vaectl"]["entered"], &verdict["vaectl"]["state"]), (&json!(true), &json!("stable")));
    assert!(of(&out, "incident").is_empty());
    lines.push(web.window_with(&json!({"novel.strong": 1}), &entered));
    assert_eq!(of(&run(config(), &lines), "incident")[0]["vaectl"]["status"], "opened", "by a rare event all the same");
}

#[test]
fn a_health_check_is_learned_and_an_operator_beside_it_is_told() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    let exec = json!({"action": "exec", "dataset": "vaectl.process"});
    let process = |command: &str| json!({"pid": 9, "entry_meta": {"type": "container"}, "args": [command]});
    for check in 0..20 {
        lines.push(web.event_with(&format!("check-{check}"), &exec, &process("check")));
        lines.push(web.window_with(&json!({}), &json!({"entered": 1})));
    }
    lines.push(web.event_with("shell", &exec, &process("sh")));
    let out = run(config(), &lines);
    assert_eq!(
        events(&out).into_iter().map(|event| event.0).collect::<Vec<_>>(),
        ["check-0", "check-1", "check-2", "shell"]
    );
}

#[test]
fn parts_and_foreign_lengths_carry_the_state_without_a_score() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.window_with(&json!({"score": 50}), &json!({"part": true})));
    lines.push(web.window_with(&json!({"score": 50}), &json!({"nominal_ns": 60_000_000_000_u64})));
    let out = run(config(), &lines);
    for verdict in &of(&out, "verdict")[31..] {
        assert_eq!(verdict["vaectl"]["state"], "stable");
        assert!(verdict["vaectl"].get("score").is_none());
        assert!(verdict["event"]["reason"].as_str().unwrap().starts_with("Not scored: "), "{verdict}");
    }
}

#[test]
fn a_container_shorter_than_a_window_has_its_verdict_its_programs_and_its_summary() {
    let mut job = Feed::new("job", Some("known"));
    let part = json!({"part": true, "duration_ns": 800_000_000});
    let lines = [
        job.line("started", &job.container()),
        job.line("named", &job.container()),
        job.event("program", "exec"),
        job.event("peer", "connect"),
        job.window_with(&json!({"score": 50}), &part),
        job.line("ended", &job.container()),
    ];
    let out = run(config(), &lines);
    let verdict = of(&out, "verdict")[0];
    assert_eq!(
        (&verdict["vaectl"]["state"], &verdict["vaectl"]["duration_ns"]),
        (&json!("warming"), &part["duration_ns"])
    );
    assert_eq!(
        verdict["event"]["reason"],
        "Not scored: the container, or its recording, began or ended in this window."
    );
    assert_eq!(events(&out), [("program".into(), true, false)]);
    let summary = &of(&out, "summary")[0]["vaectl"];
    assert_eq!((&summary["windows"], &summary["events"], &summary["published"]), (&json!(1), &json!(2), &json!(1)));
}

#[test]
fn a_model_of_another_window_length_is_complained_of_once() {
    let mut web = Feed::new("web", Some("known"));
    let (mut scorer, mut out) = (scorer(config()), Vec::new());
    for number in 1..4 {
        let line = web.window_with(&json!({}), &json!({"nominal_ns": 60_000_000_000_u64}));
        feed(&mut scorer, number, line.as_bytes(), &mut out).unwrap();
    }
    scorer.flush(&mut out).unwrap();
    let told: Vec<String> = scorer.take_complaints().iter().map(ToString::to_string).collect();
    let lengths = "its windows are of 5 s and these of 60 s: record with --window 5s, or train on these";
    assert_eq!(told, [format!("the model of web:1 (key key): {lengths}")]);
    assert_eq!(of(&parse(&out), "verdict")[2]["event"]["reason"], format!("Not scored: {lengths}."));
    assert!(scorer.take_complaints().is_empty());
}

#[test]
fn the_end_of_a_container_closes_its_incident_and_writes_its_summary() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(1);
    lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({})));
    lines.push(web.line("ended", &web.container()));
    let out = run(config(), &lines);
    let kinds: Vec<_> = out.iter().map(|l| l["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["hello", "verdict", "incident", "verdict", "incident", "summary", "container", "ledger", "end"]);
    assert_eq!(out[4]["vaectl"]["status"], "closed");
    assert_eq!(out[4]["event"]["reason"], "Closed after 1 window and 0 events: the container ended.");
    assert_eq!(out[5]["vaectl"]["states"], json!({"warming": 1, "unstable": 1}));
}

#[test]
fn an_incident_that_is_open_at_the_end_is_closed_with_its_counts() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    lines.push(web.event("before", "exec"));
    lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({})));
    lines.push(web.event("after", "connect"));
    lines.push(web.window(9.0));
    for (end, cause, why) in [("eof", "end_of_input", "end of input"), ("signal", "stopped", "score was told to end")] {
        let out = run_until(end, &lines);
        let incidents = of(&out, "incident");
        assert_eq!(incidents.len(), 2);
        let closed = &incidents[1]["vaectl"];
        assert_eq!((&closed["status"], &closed["cause"]), (&json!("closed"), &json!(cause)));
        assert_eq!((&closed["windows"], &closed["events"], &closed["history"]), (&json!(2), &json!(2), &json!(1)));
        assert_eq!(closed["opened"], of(&out, "verdict")[31]["@timestamp"]);
        assert_eq!(closed["closed"], of(&out, "verdict")[32]["@timestamp"]);
        assert_eq!(incidents[1]["event"]["reason"], format!("Closed after 2 windows and 2 events: {why}."));
    }
}

#[test]
fn a_program_started_just_before_an_incident_is_part_of_it_while_no_model_vouches_yet() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(3);
    lines.push(web.event("early", "exec"));
    lines.push(web.window(0.0));
    lines.push(web.event("miner", "exec"));
    lines.push(web.window_with(&json!({"novel.strong": 1}), &json!({})));
    assert_eq!(events(&run(config(), &lines)), [("early".into(), true, true), ("miner".into(), true, true)]);
}
