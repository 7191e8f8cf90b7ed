//! One sentence for a person: what was seen, what is usual, what is new.

use std::fmt::Write as _;

use vaectl_schemas::Attribution;

use super::novelty::Novelty;

/// Says why a window stands out, such as `6.1 user CPU-seconds in 5 s where 0.2 to 0.4 are usual, and an executable
/// never seen in nginx:1.22: /dev/shm/x`.
pub(crate) fn sentence(attributions: &[Attribution], novelties: &[Novelty], name: &str, seconds: f64) -> String {
    const MOST_OF_A_KIND: usize = 2;
    let known = attributions.iter().filter(|a| a.expected.is_some() && a.feature != "unseen");
    let mut parts: Vec<String> = known.take(MOST_OF_A_KIND).map(|a| deviation(a, seconds)).collect();
    let mut new: Vec<&Novelty> = novelties.iter().collect();
    new.sort_by_key(|n| !n.opens_alone);
    parts.extend(new.iter().take(MOST_OF_A_KIND).map(|n| novelty(n, name)));
    let mut out = parts.join(", and ");
    if new.len() > MOST_OF_A_KIND {
        let _ = write!(out, ", and {} more never seen before", new.len() - MOST_OF_A_KIND);
    }
    out
}

fn deviation(attribution: &Attribution, seconds: f64) -> String {
    let Attribution { feature, seen, .. } = attribution;
    let [low, high] = attribution.expected.unwrap_or_default();
    let within = format!("in {} s", number(seconds));
    if let Some(call) = feature.strip_prefix("share.syscall.") {
        let [seen, low, high] = [*seen, low, high].map(|share| number(100.0 * share));
        return format!("{seen} % {call} among all calls where {low} to {high} % are usual");
    }
    if let Some(stem) = feature.strip_suffix("_ns") {
        let [seen, low, high] = [*seen, low, high].map(|ns| number(ns / 1e9));
        let unit = stem.strip_prefix("cpu.").map_or(format!("seconds of {stem}"), |kind| format!("{kind} CPU-seconds"));
        return format!("{seen} {unit} {within} where {low} to {high} are usual");
    }
    if let Some(stem) = feature.strip_suffix("bytes") {
        let stem = stem.trim_end_matches(['.', '_']);
        let [seen, low, high] = [*seen, low, high].map(bytes);
        return format!("{seen} of {stem} {within} where {low} to {high} are usual");
    }
    let what = match feature.split_once('.') {
        Some(("syscall", call)) => format!("{call} calls"),
        Some(("syscall_failed", error)) => format!("calls failed with {error}"),
        _ => feature.clone(),
    };
    format!("{} {what} {within} where {} to {} are usual", number(*seen), number(low.floor()), number(high.ceil()))
}

fn novelty(novelty: &Novelty, name: &str) -> String {
    match novelty.name.split_once(['.', ':']) {
        Some(("exec", path)) => format!("an executable never seen in {name}: {path}"),
        Some(("syscall", call)) => format!("a call never seen in {name}: {call}"),
        Some(("syscall_failed", error)) => format!("a failure never seen in {name}: {error}"),
        _ => format!("an event never seen in {name}: {}", novelty.name),
    }
}

/// Two digits below a hundred, whole numbers above.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 10.0 => 0,
        v if v >= 1.0 => 1,
        v if v >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn bytes(value: f64) -> String {
    match value {
        v if v >= 1e9 => format!("{} GB", number(v / 1e9)),
        v if v >= 1e6 => format!("{} MB", number(v / 1e6)),
        v if v >= 1e3 => format!("{} kB", number(v / 1e3)),
        v => format!("{} B", number(v)),
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::Attribution;

    use super::sentence;
    use crate::model::novelty::Novelty;

    fn attribution(feature: &str, seen: f64, low: f64, high: f64) -> Attribution {
        Attribution { feature: feature.into(), seen, expected: Some([low, high]), share: 0.5 }
    }

    #[test]
    fn a_sentence_says_what_was_seen_what_is_usual_and_what_is_new() {
        let cpu = attribution("cpu.user_ns", 6_100_000_000.0, 200_000_000.0, 400_000_000.0);
        let exec = Novelty { name: "exec:/dev/shm/x".into(), opens_alone: true, seen: 1.0 };
        assert_eq!(
            sentence(&[cpu], &[exec], "nginx:1.22", 5.000_312),
            "6.1 user CPU-seconds in 5 s where 0.2 to 0.4 are usual, and an executable never seen in nginx:1.22: /dev/shm/x"
        );
    }

    #[test]
    fn each_number_has_its_unit() {
        let of = |name, seen, low, high| sentence(&[attribution(name, seen, low, high)], &[], "x", 2.0);
        assert_eq!(of("net.tx_bytes", 5e6, 1200.0, 9000.0), "5 MB of net.tx in 2 s where 1.2 kB to 9 kB are usual");
        assert_eq!(of("syscall.read", 812.0, 3.4, 11.2), "812 read calls in 2 s where 3 to 12 are usual");
        assert_eq!(
            of("syscall_failed.EPERM", 40.0, 0.0, 0.2),
            "40 calls failed with EPERM in 2 s where 0 to 1 are usual"
        );
        assert_eq!(of("share.syscall.read", 0.9, 0.1, 0.125), "90 % read among all calls where 10 to 12 % are usual");
    }

    #[test]
    fn what_opens_alone_is_named_first() {
        let new = |name: &str, opens_alone| Novelty { name: name.into(), opens_alone, seen: 1.0 };
        let got = sentence(&[], &[new("syscall.a", false), new("net.b", false), new("syscall.bpf", true)], "x", 1.0);
        assert_eq!(got, "a call never seen in x: bpf, and a call never seen in x: a, and 1 more never seen before");
    }
}
