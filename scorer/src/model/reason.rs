//! One sentence for a person: what was seen, what is usual, what is new.

use vaectl_schemas::Attribution;

use super::feature::PACE;
use super::novelty::Novelty;
use super::wording::{Measure, number};

/// Deviations that a sentence names.
const MOST_DEVIATIONS: usize = 2;
/// Kinds of new names that a sentence tells apart.
const MOST_KINDS: usize = 2;
/// New names of one kind that a sentence lists.
const MOST_NAMES: usize = 3;

/// Kinds of new names: how they begin, what one is, what several are.
const KINDS: [(&str, &str, &str); 4] = [
    ("exec:", "a program", "programs"),
    ("syscall.", "a call", "calls"),
    ("syscall_failed.", "a failure", "failures"),
    ("", "something", "things"),
];

const PROGRAM: usize = 0;

/// Says why a window stands out of `model`, such as `6.1 CPU-seconds in 5 s where 0.2 to 0.4 are usual, and a program
/// never seen in nginx:1.22: /dev/shm/x`; nothing where it does not.
///
/// `fewest` features together are what stands out; those that are not named are counted.
pub(crate) fn sentence(
    known: &[Attribution],
    fewest: Option<usize>,
    novelties: &[Novelty],
    model: &str,
    seconds: f64,
) -> String {
    let outside = known.iter().filter(|a| a.expected.is_none_or(|[low, high]| a.seen < low || high < a.seen));
    let mut outside: Vec<&Attribution> = outside.collect();
    // A ratio says less to a person than what it is made of.
    outside.sort_by_key(|attribution| attribution.feature == PACE);
    let mut parts: Vec<String> = outside.into_iter().take(MOST_DEVIATIONS).map(|a| phrase(a, model, seconds)).collect();
    if let (true, true, Some(first)) = (parts.is_empty(), novelties.is_empty(), known.first()) {
        parts.push(format!("a mix never seen of usual figures, above all {}", phrase(first, model, seconds)));
    }
    let unnamed = fewest.unwrap_or(0).saturating_sub(parts.len());
    if unnamed > 0 && !parts.is_empty() {
        parts.push(format!("{unnamed} more figure{} with them", if unnamed == 1 { "" } else { "s" }));
    }
    let mut new: Vec<&Novelty> = novelties.iter().collect();
    new.sort_by(|a, b| b.weight.cmp(&a.weight).then(b.seen.total_cmp(&a.seen)));
    let new: Vec<(usize, &str)> = new.iter().map(|novelty| kind_of(&novelty.name)).collect();
    let mut untold = new.len();
    for kind in (0..KINDS.len()).filter(|kind| new.iter().any(|(of, _)| of == kind)).take(MOST_KINDS) {
        let names: Vec<&str> = new.iter().filter(|(of, _)| *of == kind).map(|(_, name)| *name).collect();
        untold -= names.len();
        parts.push(never_seen(kind, &names, model));
    }
    if untold > 0 {
        parts.push(format!("{untold} more never seen"));
    }
    parts.join(", and ")
}

/// Says what was seen of a feature in `seconds`, and what is usual or that `model` never saw it.
#[must_use]
pub fn phrase(attribution: &Attribution, model: &str, seconds: f64) -> String {
    let Attribution { feature, seen, expected, .. } = attribution;
    if let (None, (PROGRAM, path)) = (expected, kind_of(feature)) {
        return format!("a program never seen in {model}: {path}");
    }
    let measure = Measure::of(feature);
    let usual = expected.map_or_else(|| format!("none was ever seen in {model}"), |range| measure.usual(range));
    let within = if measure.adds_up { format!(" in {} s", number(seconds)) } else { String::new() };
    format!("{}{within} where {usual}", measure.amount(*seen))
}

/// The kind of a new name, and what is left of it.
fn kind_of(name: &str) -> (usize, &str) {
    let mut kinds = KINDS.iter().enumerate();
    kinds.find_map(|(kind, (prefix, ..))| Some((kind, name.strip_prefix(prefix)?))).unwrap_or((PROGRAM, name))
}

/// Names the new things of one kind.
fn never_seen(kind: usize, names: &[&str], model: &str) -> String {
    let (prefix, one, several) = KINDS[kind];
    let said = |name: &&str| if prefix.is_empty() { Measure::of(name).noun(false) } else { (*name).to_owned() };
    let listed: Vec<String> = names.iter().take(MOST_NAMES).map(said).collect();
    let what = if names.len() == 1 { one.to_owned() } else { format!("{} {several}", names.len()) };
    let list = match (listed.as_slice(), names.len() - listed.len()) {
        ([first @ .., last], 0) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        (all, 0) => all.join(", "),
        (all, more) => format!("{} and {more} more", all.join(", ")),
    };
    format!("{what} never seen in {model}: {list}")
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::Attribution;

    use super::{phrase, sentence};
    use crate::model::novelty::{Novelty, Weight};

    fn attribution(feature: &str, seen: f64, low: f64, high: f64) -> Attribution {
        Attribution { feature: feature.into(), seen, expected: Some([low, high]), share: 0.5 }
    }

    fn new(name: &str, opens_alone: bool, seen: f64) -> Novelty {
        let weight = if opens_alone { Weight::Strong } else { Weight::Weak };
        Novelty { name: name.into(), weight, seen }
    }

    #[test]
    fn a_sentence_says_what_was_seen_what_is_usual_and_what_is_new() {
        let cpu = attribution("cpu.user_ns", 6_100_000_000.0, 200_000_000.0, 400_000_000.0);
        assert_eq!(
            sentence(&[cpu], Some(1), &[new("exec:/dev/shm/x", true, 1.0)], "nginx:1.22", 5.000_312),
            "6.1 CPU-seconds in 5 s where 0.2 to 0.4 are usual, and a program never seen in nginx:1.22: /dev/shm/x"
        );
    }

    #[test]
    fn what_is_within_its_range_is_no_reason_beside_what_is_not() {
        let [cpu, calls] = [attribution("cpu.user_ns", 1e9, 0.0, 4e8), attribution("syscall.read", 5.0, 3.0, 9.0)];
        assert_eq!(
            sentence(&[calls.clone(), cpu], None, &[], "x", 1.0),
            "1 CPU-second in 1 s where 0 to 0.4 are usual"
        );
        assert_eq!(
            sentence(&[calls], None, &[], "x", 1.0),
            "a mix never seen of usual figures, above all 5 read calls in 1 s where 3 to 9 are usual"
        );
    }

    #[test]
    fn what_a_ratio_is_made_of_stands_before_it() {
        let pace = attribution("calls_per_cpu_second", 9.0, 50.0, 60.0);
        let cpu = attribution("cpu.user_ns", 1e9, 0.0, 4e8);
        assert_eq!(
            sentence(&[pace, cpu], None, &[], "x", 1.0),
            "1 CPU-second in 1 s where 0 to 0.4 are usual, and 9 calls a CPU-second where 50 to 60 are usual"
        );
    }

    #[test]
    fn a_collective_shift_names_two_figures_and_counts_the_others() {
        let cpu = attribution("cpu.user_ns", 1e9, 0.0, 4e8);
        let calls = attribution("syscall.read", 50.0, 3.0, 9.0);
        assert_eq!(
            sentence(&[cpu, calls], Some(12), &[], "x", 1.0),
            "1 CPU-second in 1 s where 0 to 0.4 are usual, and 50 read calls in 1 s where 3 to 9 are usual, \
             and 10 more figures with them"
        );
    }

    #[test]
    fn new_names_stand_by_kind_and_what_opens_alone_is_named_first() {
        let novelties = [
            new("syscall.a", false, 9.0),
            new("net.connect", false, 1.0),
            new("syscall.b", false, 8.0),
            new("syscall.bpf", true, 1.0),
            new("exec:/x", true, 1.0),
            new("syscall.c", false, 7.0),
            new("exec:/y", true, 2.0),
        ];
        assert_eq!(
            sentence(&[], None, &novelties, "x", 1.0),
            "2 programs never seen in x: /y and /x, and 4 calls never seen in x: bpf, a, b and 1 more, \
             and 1 more never seen"
        );
    }

    #[test]
    fn a_level_is_not_of_a_time_and_a_new_name_has_no_range() {
        let memory = attribution("memory.bytes", 3e9, 1e6, 2e6);
        assert_eq!(phrase(&memory, "x", 2.0), "3 GB of memory where 1 MB to 2 MB are usual");
        let unseen = Attribution { feature: "syscall.read".into(), seen: 110.0, expected: None, share: 0.2 };
        assert_eq!(
            sentence(&[], None, &[new("net.connect", false, 1.0)], "x", 1.0),
            "something never seen in x: connections made"
        );
        assert_eq!(phrase(&unseen, "x", 2.0), "110 read calls in 2 s where none was ever seen in x");
    }
}
