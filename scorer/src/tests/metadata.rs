//! Windows that wait for their names.

use serde_json::json;

use super::support::{Feed, config, of, run, states};

fn known() -> serde_json::Value {
    Feed::new("web", Some("known")).container()
}

#[test]
fn windows_wait_for_the_named_line_and_keep_their_order() {
    let mut web = Feed::new("web", None);
    let mut lines = vec![web.line("started", &web.container())];
    lines.extend(web.calm(3));
    lines.push(web.line("named", &known()));
    lines.extend(web.calm(1));
    let out = run(config(), &lines);
    let windows: Vec<_> = of(&out, "verdict").iter().map(|v| v["vaectl"]["window"].clone()).collect();
    assert_eq!(windows, ["web-w1", "web-w2", "web-w3", "web-w4"]);
    assert_eq!(states(&out, "web"), ["warming"; 4]);
    assert_eq!(of(&out, "verdict")[0]["container"]["image"]["name"], "web", "the name is filled in");
    assert_eq!(out[2]["vaectl"]["status"], "named", "the name comes before the verdicts that it allows");
}

#[test]
fn after_twenty_seconds_they_are_judged_as_they_are() {
    let mut web = Feed::new("web", None);
    let out = run(config(), &web.calm(5));
    assert_eq!(states(&out, "web"), ["unknown"; 5]);
    let mut other = Feed::new("other", Some("known"));
    let mut lines = web.calm(1);
    other.now = web.now + 14_000_000_000;
    let alone = lines.clone();
    lines.push(other.window(0.0));
    lines.push(other.window(0.0));
    let kinds = |lines: &[String]| {
        let out = run(config(), lines);
        out.iter().filter(|l| l["type"] == "verdict").map(|l| l["container"]["id"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&lines), [r#""other""#, r#""web""#, r#""other""#], "any line's time counts");
    assert_eq!(kinds(&alone), [r#""web""#], "and so does the end");
}

#[test]
fn an_unnamed_line_ends_the_wait_and_a_later_name_is_taken() {
    let mut web = Feed::new("web", None);
    let mut lines = web.calm(1);
    lines.push(web.line("unnamed", &web.container()));
    lines.extend(web.calm(1));
    lines.push(web.line("named", &known()));
    lines.extend(web.calm(1));
    let out = run(config(), &lines);
    assert_eq!(states(&out, "web"), ["unknown", "unknown", "warming"]);
}

#[test]
fn a_window_with_an_image_releases_those_before_it() {
    let (mut bare, mut named) = (Feed::new("web", None), Feed::new("web", Some("known")));
    let mut lines = bare.calm(2);
    named.now = bare.now;
    lines.push(named.window(9.0));
    let out = run(config(), &lines);
    assert_eq!(states(&out, "web"), ["warming", "warming", "suspect"]);
}

#[test]
fn a_restart_is_a_run_of_its_own_and_the_end_of_the_old_one_does_not_end_it() {
    let mut web = Feed::new("web", Some("known"));
    let mut lines = web.calm(31);
    let mut again = web.window(0.0).replace("web-run", "web-run-2");
    lines.push(again.clone());
    lines.push(web.line("ended", &web.container()));
    again = web.window(0.0).replace("web-run", "web-run-2");
    lines.push(again);
    let out = run(config(), &lines);
    assert_eq!(states(&out, "web")[30..], ["stable", "warming", "warming"]);
    let windows: Vec<_> = of(&out, "summary").iter().map(|s| s["vaectl"]["windows"].clone()).collect();
    assert_eq!(windows, [json!(31), json!(2)]);
}

#[test]
fn a_stepped_clock_does_not_end_the_wait() {
    let mut web = Feed::new("web", None);
    let mut lines = web.calm(1);
    web.now += 3_600_000_000_000;
    let stamp = super::support::time(web.now);
    lines.push(super::support::typed(
        "clock",
        &json!({"vaectl": {"v": 1, "step_ns": 3_600_000_000_000_u64}, "@timestamp": stamp}),
    ));
    lines.push(web.line("named", &known()));
    let out = run(config(), &lines);
    assert_eq!(states(&out, "web"), ["warming"]);
}
