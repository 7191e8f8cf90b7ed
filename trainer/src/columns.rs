//! Which features a model has, and how each is scaled: learned from training windows.

use std::collections::BTreeMap;

use vaectl_schemas::Window;
use vaectl_scorer::model::{
    CALLS, Feature, Featuriser, PACE, PROCESSOR, Seen, View, coverage, family, median_and_spread, quantile,
    watched_seconds, watched_share,
};

/// More columns than this are not learned; the rarest names go first.
const MOST: usize = 192;

/// System calls whose share is a feature of its own, at most.
const MOST_SHARES: usize = 16;

/// A call has a share of its own where its median share is at least this.
const LEAST_SHARE: f64 = 0.02;

/// Least spread of a level, on a logarithmic scale: ten percent.
const LEVEL_FLOOR: f64 = 0.1;

/// Least spread of processor time and of the pace, as a part of the usual value: the same work takes half as long or twice
/// as long on another machine, or beside another neighbour on the same core.
const SPEED_FLOOR: f64 = 0.35;

/// Least spread of a number of things that are counted one by one, such as processes, in things: what rounding to whole
/// ones leaves open, `1 / sqrt(12)`. One thing more is one more, however steady the number was.
const COUNT_FLOOR: f64 = 0.29;

/// Of many things two in a hundred are within it all the same.
const LEAST_COUNT_FLOOR: f64 = 0.02;

/// Least spread of a share.
const SHARE_FLOOR: f64 = 0.01;

/// Names that are watched in fewer windows than this part are absent for the model.
const LEAST_WATCHED: f64 = 0.5;

/// The columns of a model, and what became of the names that are none.
pub(crate) struct Columns {
    pub(crate) features: Vec<Feature>,
    pub(crate) notes: Vec<String>,
}

#[derive(Default)]
struct Tally {
    seen: usize,
    watched: usize,
    gauge: bool,
}

/// Learns the columns from training windows.
pub(crate) fn learn(windows: &[&Window<'static>], seen: &Seen) -> Columns {
    let mut names = tally(windows);
    let mut notes = Vec::new();
    let mut leave = |why: &str, out: Vec<String>| {
        if !out.is_empty() {
            notes.push(format!("{} {why}: {}", out.len(), shortened(&out)));
        }
    };
    let mut take = |keep: &dyn Fn(&Tally) -> bool| -> Vec<String> {
        let out: Vec<String> = names.iter().filter(|(_, t)| !keep(t)).map(|(name, _)| name.clone()).collect();
        names.retain(|_, tally| keep(tally));
        out
    };
    leave("names are silent (always zero) and have no feature", take(&|t| t.seen > 0 || t.gauge));
    let least = LEAST_WATCHED * windows.len() as f64;
    leave("names are absent from most windows and have no feature", take(&|t| t.watched as f64 >= least));
    let mut order: Vec<(&String, &Tally)> = names.iter().collect();
    order.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.seen));
    let rest = order.split_off(order.len().min(MOST));
    leave("names are the rarest of too many and have no feature", rest.iter().map(|(n, _)| (*n).clone()).collect());
    order.sort_by_key(|(name, _)| *name);
    let mut features: Vec<Feature> = order.iter().map(|(name, tally)| level(name, tally.gauge, windows)).collect();
    features.extend(shares(windows));
    features.extend(pace(windows));
    features.push(blank("", View::Unseen));
    scale(&mut features, windows, seen);
    let constant = features.iter().filter(|f| f.view != View::Unseen && f.range[0] >= f.range[1]);
    leave("features are constant and stand on their least spread", constant.map(|f| f.name.clone()).collect());
    Columns { features, notes }
}

/// Every name, with the windows that it is above zero in and those that it was watched in.
fn tally(windows: &[&Window<'static>]) -> BTreeMap<String, Tally> {
    let mut names: BTreeMap<String, Tally> = BTreeMap::new();
    for window in windows {
        for (name, count) in window.counters.iter() {
            let tally = names.entry(name.to_owned()).or_default();
            tally.seen += usize::from(count != 0.0);
            tally.watched += usize::from(coverage(window, family(name)) <= 0.0);
        }
        for (name, _) in window.gauges.iter() {
            let tally = names.entry(name.to_owned()).or_default();
            (tally.gauge, tally.seen, tally.watched) = (true, tally.seen + 1, tally.watched + 1);
        }
    }
    for (name, tally) in names.iter_mut().filter(|(_, tally)| !tally.gauge) {
        tally.watched += windows.iter().filter(|window| coverage(window, family(name)) > 0.0).count();
    }
    names
}

fn blank(name: &str, view: View) -> Feature {
    Feature { name: name.to_owned(), view, unit: 1.0, median: 0.0, scale: 1.0, range: [0.0; 2], most: None }
}

/// A level. The unit of what is counted is a hundredth of the usual value: below it a number counts as next to nothing.
/// The unit of what has a sign, or is of fractions, is the usual value itself: below it the view is the identity.
fn level(name: &str, gauge: bool, windows: &[&Window<'static>]) -> Feature {
    let values: Vec<f64> = windows
        .iter()
        .filter_map(|w| {
            let rate = |count| count / watched_seconds(w, family(name));
            if gauge { w.gauges.get(name) } else { w.counters.get(name).map(rate) }
        })
        .collect();
    let usual = quantile(&values.iter().map(|v| v.abs()).filter(|v| *v > 0.0).collect::<Vec<_>>(), 0.5);
    // What is counted one by one is whole; seconds of processor time of another tool are not.
    let raw = windows.iter().filter_map(|w| if gauge { w.gauges.get(name) } else { w.counters.get(name) });
    if raw.into_iter().any(|v| v < 0.0 || v.fract() != 0.0) {
        return Feature { unit: if usual > 0.0 { usual } else { 1.0 }, ..blank(name, View::Signed) };
    }
    // A millisecond of time and a kilobyte of data are next to nothing in any container. The kernel splits processor time
    // by what its ticks fell into: of a few of them a second, the parts are chance, and their sum is in the pace.
    let least = match name {
        n if PROCESSOR.contains(&n) => 2e7,
        n if n.ends_with("_ns") => 1e6,
        n if n.ends_with("bytes") => 1e3,
        _ if gauge => f64::MIN_POSITIVE,
        _ => 1.0,
    };
    let unit = if usual > 0.0 { (usual / 100.0).max(least) } else { least.max(1.0) };
    let view = if gauge { View::Gauge } else { View::Rate };
    Feature { unit, ..blank(name, view) }
}

/// Shares of the calls that make up most of what is called, their medians in place.
fn shares(windows: &[&Window<'static>]) -> Vec<Feature> {
    let mut shares: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut busy = 0;
    for window in windows {
        let calls = || window.counters.iter().filter(|(name, _)| name.starts_with(CALLS));
        let all: f64 = calls().map(|(_, count)| count).sum();
        if all > 0.0 {
            busy += 1;
            calls().for_each(|(name, count)| shares.entry(name).or_default().push(count / all));
        }
    }
    let medians = shares.into_iter().map(|(name, mut values)| {
        values.resize(busy, 0.0);
        (name, quantile(&values, 0.5))
    });
    let mut large: Vec<(&str, f64)> = medians.filter(|(_, median)| *median >= LEAST_SHARE).collect();
    large.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    large.truncate(MOST_SHARES);
    large.into_iter().map(|(name, median)| Feature { median, ..blank(name, View::Share) }).collect()
}

/// Calls a second of processor time, where windows have both; the usual is its unit.
fn pace(windows: &[&Window<'static>]) -> Option<Feature> {
    let sum = |window: &Window<'_>, of: fn(&str) -> bool| -> f64 {
        window.counters.iter().filter(|(name, _)| of(name)).map(|(_, count)| count).sum()
    };
    let paces = windows.iter().filter_map(|window| {
        let calls = sum(window, |name| name.starts_with(CALLS)) / watched_share(window, family(CALLS));
        let seconds = sum(window, |name| PROCESSOR.contains(&name)) / 1e9;
        (calls > 0.0 && seconds > 0.0).then(|| calls / seconds)
    });
    let paces: Vec<f64> = paces.collect();
    let common = paces.len() as f64 >= LEAST_WATCHED * windows.len() as f64 && !paces.is_empty();
    common.then(|| Feature { unit: quantile(&paces, 0.5), ..blank(PACE, View::Pace) })
}

/// Median, spread and range of each column over the windows that have it.
///
/// The spread is 1.4826 times the median absolute deviation, and at least a quarter of the standard deviation: a feature
/// that rests at one value most of the time and bursts keeps within a few units.
fn scale(features: &mut [Feature], windows: &[&Window<'static>], seen: &Seen) {
    let featuriser = Featuriser::new(features.to_vec(), seen);
    let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(windows.len()); features.len()];
    let mut raw = Vec::new();
    for window in windows {
        featuriser.raw(window, &mut raw);
        for ((column, feature), raw) in columns.iter_mut().zip(features.iter()).zip(&raw) {
            if !raw.is_nan() {
                column.push(feature.view(*raw));
            }
        }
    }
    for (feature, values) in features.iter_mut().zip(&columns) {
        let median = quantile(values, 0.5);
        let floor = least_spread(feature, median).max(sliced_spread(feature, median, windows));
        let spread = median_and_spread(values, floor).1;
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len().max(1) as f64;
        if feature.view != View::Share {
            feature.median = median;
        }
        feature.scale = spread.max(variance.sqrt() / 4.0);
        feature.range = [quantile(values, 0.005), quantile(values, 0.995)];
        feature.most = values.iter().copied().reduce(f64::max);
    }
}

/// The least spread of a feature of this median, after its view.
fn least_spread(feature: &Feature, median: f64) -> f64 {
    let measured = ["bytes", "_ns"].iter().any(|unit| feature.name.ends_with(unit));
    let usual = feature.raw(median);
    match feature.view {
        View::Share => SHARE_FLOOR,
        View::Pace => SPEED_FLOOR,
        // What a part of the usual value is on the scale of ln(1 + value / unit).
        _ if PROCESSOR.contains(&feature.name.as_str()) => {
            (SPEED_FLOOR * usual / (usual + feature.unit)).max(LEVEL_FLOOR)
        }
        View::Gauge if !measured => (COUNT_FLOOR / usual.max(1.0)).clamp(LEAST_COUNT_FLOOR, LEVEL_FLOOR),
        _ => LEVEL_FLOOR,
    }
}

/// The deviation, after its view, of a rate that was counted in slices of the windows; zero of any other feature.
///
/// Of calls that are each seen with a chance of c, n are seen: the deviation of n is sqrt(n (1 - c)). One more stands for
/// those that none was seen of, which may be made all the same.
fn sliced_spread(feature: &Feature, median: f64, windows: &[&Window<'static>]) -> f64 {
    let family = match feature.view {
        View::Rate => family(&feature.name),
        View::Unseen => family(CALLS),
        _ => return 0.0,
    };
    let middle = |of: fn(&Window<'_>, &str) -> f64| {
        quantile(&windows.iter().filter(|w| coverage(w, family) > 0.0).map(|w| of(w, family)).collect::<Vec<_>>(), 0.5)
    };
    let (share, seconds) = (middle(coverage), middle(watched_seconds));
    if !(share > 0.0 && share < 1.0) {
        return 0.0;
    }
    let usual = feature.raw(median);
    feature.view(usual + ((usual * seconds + 1.0) * (1.0 - share)).sqrt() / seconds) - median
}

/// The bounds of the decoder's log variance: its deviation is never below the least spread, nor below a third of a unit.
pub(crate) fn variance_bounds(feature: &Feature) -> (f32, f32) {
    let least = (least_spread(feature, feature.median) / feature.scale).max(1.0 / 3.0);
    ((2.0 * least.ln()) as f32, 64.0_f32.ln())
}

fn shortened(names: &[String]) -> String {
    const MOST_NAMES: usize = 4;
    let more = names.len().saturating_sub(MOST_NAMES);
    let list = names[..names.len() - more].join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};

    use super::{Seen, View, learn};

    /// A hundred windows of five seconds, of which calls were counted in this share.
    fn scale(share: f64) -> f64 {
        let windows: Vec<Window<'static>> = (0..100)
            .map(|index| {
                let info = WindowInfo {
                    nominal_ns: 5_000_000_000,
                    duration_ns: 5_000_000_000,
                    coverage: [("syscall", share)].into_iter().collect(),
                    ..WindowInfo::default()
                };
                let meta = WindowMeta { v: 1, window: info, run: None, job: None, state: None };
                let mut window = Window::new(Timestamp::default(), meta);
                window.counters.push("syscall.read", 500.0 * share);
                window.counters.push("syscall.madvise", f64::from(u8::from(index == 50)));
                window
            })
            .collect();
        let features = learn(&windows.iter().collect::<Vec<_>>(), &Seen::default()).features;
        features.iter().find(|f| f.name == "syscall.madvise" && f.view == View::Rate).unwrap().scale
    }

    #[test]
    fn a_call_that_slices_happen_to_see_is_little_where_one_in_a_whole_window_is_much() {
        // One call in half a second is two a second: ln(1 + 2) beside ln(1 + 0.2).
        assert!((scale(1.0) - 0.1).abs() < 1e-9);
        let expected = (1.0 + 0.9_f64.sqrt() / 0.5).ln();
        assert!((scale(0.1) - expected).abs() < 1e-9, "{}", scale(0.1));
    }
}
