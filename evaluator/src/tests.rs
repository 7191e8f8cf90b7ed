//! What the tests of several files share.

use vaectl_schemas::{State, Timestamp};

use crate::intake::Judged;

pub(crate) const SECOND: u64 = 1_000_000_000;
/// 2026-11-24T03:00:00Z.
const START: u64 = 1_795_489_200 * SECOND;

/// Windows of five seconds: `.` calm, `!` unstable, `-` not scored, `~` warming.
pub(crate) fn judged(container: &str, states: &str) -> Vec<Judged> {
    let window = |(at, mark): (usize, char)| Judged {
        id: format!("{container}-{at}"),
        at: START + (at as u64 + 1) * 5 * SECOND,
        duration_ns: 5 * SECOND,
        container: container.to_owned(),
        name: Some(format!("name-{container}")),
        run: format!("run-{container}"),
        score: (mark != '-').then_some(if mark == '!' { 9.0 } else { 0.0 }),
        threshold: Some(5.0),
        state: match mark {
            '!' => State::Unstable,
            '~' => State::Warming,
            _ => State::Stable,
        },
        incident: (mark == '!').then(|| "i".to_owned()),
        reasons: vec!["cpu.user_ns".into()],
        model: None,
    };
    states.chars().enumerate().map(window).collect()
}

/// A span over these windows of container `a`.
pub(crate) fn span(event: &str, label: i64, first: u64, last: u64) -> String {
    let time = |windows: u64| Timestamp::from_ns(START + windows * 5 * SECOND);
    format!(
        "{{\"container\":\"name-a\",\"began\":\"{}\",\"ends\":\"{}\",\"event\":\"{event}\",\"label\":{label},\"features\":[\"cpu.user_ns\"]}}\n",
        time(first),
        time(last + 1)
    )
}
