//! From lines and truth to figures.

use std::collections::BTreeMap;
use std::io::BufRead;

use vaectl_trainer::{Areas, Ranked, Ranking};

use crate::bootstrap::Bootstrap;
use crate::comparison::{Bar, Comparison, MODEL, compare};
use crate::config::Config;
use crate::episode::{About, Episode, Outcome, episodes, exposure, open_throughout, outcome};
use crate::error::EvalError;
use crate::intake::Intake;
use crate::pictures;
use crate::poisson::upper_bound;
use crate::report::{Changes, Delays, EventReport, FalseEpisodes, Found, Report, Share, WindowCounts};
use crate::sample::Sample;
use crate::series::{Event, Joined};
use crate::truth::{Class, Truth};

/// The figures, and what pictures are drawn from.
#[derive(Debug)]
pub struct Evaluation {
    /// The figures.
    pub report: Report,
    joined: Joined,
    curves: Vec<(String, Vec<[f64; 2]>)>,
}

const DAY_NS: f64 = 86_400e9;

/// Compares verdicts with the truth; with a `bar`, models with densities that need no network too, for which the windows
/// must lie beside their verdicts.
///
/// The same lines and seed give the same figures.
pub fn evaluate<R: BufRead>(
    config: &Config,
    inputs: impl IntoIterator<Item = R>,
    truth: &Truth,
    bar: Option<&Bar>,
) -> Result<Evaluation, EvalError> {
    let mut intake = Intake::new(bar.map(|_| Sample::new(config.sample, config.seed)));
    for input in inputs {
        intake.read(input, config.max_line_bytes)?;
    }
    if intake.judged.is_empty() {
        return Err(EvalError::Nothing("there is no verdict in the input"));
    }
    let joined = crate::series::join(intake.judged, truth);
    if joined.listed() == 0 {
        return Err(EvalError::Nothing("no verdict is of a window that the truth lists"));
    }
    let episodes = episodes(&joined);
    let events = attacks(&joined, &episodes);
    let noticed: Vec<(usize, usize, usize)> =
        events.iter().filter_map(|(event, _, at)| at.map(|(series, index)| (series, index, *event))).collect();
    let mut comparison = Comparison::default();
    if let (Some(bar), Some(sample)) = (bar, &intake.windows) {
        comparison = compare(&joined, sample, &noticed, bar)?;
    }
    let mut report = figures(config, &joined, &episodes, &events);
    (report.lines, report.malformed) = (intake.lines, intake.malformed);
    if let (Some(model), Some(Share { hits, of })) = (comparison.methods.first_mut(), report.hit_at_3) {
        model.hit_at_3 = Some(hits as f64 / of as f64);
    }
    (report.methods, report.notes) = (comparison.methods, comparison.notes);
    report.shortfall = comparison.shortfall;
    let mut curves = comparison.curves;
    if curves.is_empty() {
        curves.push((MODEL.to_owned(), ranking(&joined).curve()));
    }
    Ok(Evaluation { report, joined, curves })
}

impl Evaluation {
    /// Pictures as SVG, by file name: the ROC curves, and the score over time of every container that something was
    /// done to or that had an episode.
    pub fn pictures(&self) -> Result<Vec<(String, String)>, EvalError> {
        pictures::draw(&self.joined, &self.curves)
    }
}

/// Every attack by its index, what became of it, and where it was noticed: series and window.
type Attack = (usize, EventReport, Option<(usize, usize)>);

fn attacks(joined: &Joined, episodes: &[Episode]) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (index, event) in joined.events.iter().enumerate().filter(|(_, event)| event.label.class == Class::Attacked) {
        let found = outcome(joined, episodes, index);
        let mut report = EventReport {
            event: event.name.clone(),
            container: event.place.map_or(event.container.as_str(), |(at, ..)| joined.series[at].name()).to_owned(),
            outcome: match found {
                Outcome::Found(_) => Found::Found,
                Outcome::Masked => Found::Masked,
                Outcome::Missed if event.place.is_none() => Found::Unwatched,
                Outcome::Missed => Found::Missed,
            },
            delay_windows: None,
            delay_s: None,
            hit_at_3: None,
        };
        let mut noticed = None;
        if let (Outcome::Found(episode), Some((series, first, _))) = (found, event.place) {
            let opened = episodes[episode].first;
            let points = &joined.series[series].points;
            let judged = &points[opened].judged;
            // A window that the attack had less than half of counts neither as attacked nor as a delay.
            let attacked = points[first..=opened].iter().position(|point| point.class == Class::Attacked);
            report.delay_windows = Some(opened - first - attacked.unwrap_or(0) + 1);
            report.delay_s = Some(judged.at.saturating_sub(event.began) as f64 / 1e9);
            let hit = judged.reasons.iter().any(|reason| event.label.touches(reason));
            report.hit_at_3 = (!event.label.features.is_empty()).then_some(hit);
            noticed = Some((series, opened));
        }
        attacks.push((index, report, noticed));
    }
    attacks
}

fn ranking(joined: &Joined) -> Ranking {
    Ranking::of(
        joined.series.iter().flat_map(|series| &series.points).filter(|p| p.class != Class::LeftOut).filter_map(
            |point| {
                let score = point.judged.score?;
                Some(Ranked { score, attacked: point.class == Class::Attacked, group: point.group })
            },
        ),
    )
}

fn figures(config: &Config, joined: &Joined, episodes: &[Episode], attacks: &[Attack]) -> Report {
    let bootstrap = Bootstrap::new(joined.groups, config.resamples, config.seed);
    let ranking = ranking(joined);
    let area = |pick: fn(Areas) -> f64| bootstrap.estimate(|weight| ranking.areas(weight).map(pick));
    let counted: Vec<(usize, bool)> = attacks
        .iter()
        .filter(|(_, report, _)| report.outcome != Found::Masked)
        .map(|(event, report, _)| (joined.events[*event].group, report.outcome == Found::Found))
        .collect();
    let recall = bootstrap.estimate(|weight| {
        let all: f64 = counted.iter().map(|(group, _)| weight(*group)).sum();
        let found: f64 = counted.iter().filter(|(_, found)| *found).map(|(group, _)| weight(*group)).sum();
        (all > 0.0).then(|| found / all)
    });
    let found = Share { hits: counted.iter().filter(|(_, found)| *found).count(), of: counted.len() };
    let hits: Vec<bool> = attacks.iter().filter_map(|(_, report, _)| report.hit_at_3).collect();
    Report {
        lines: 0,
        malformed: 0,
        containers: joined.series.len(),
        runs: joined.groups,
        windows: counts(joined),
        auroc: area(|areas| areas.auroc),
        average_precision: area(|areas| areas.average_precision),
        event_recall: recall.map(|recall| recall.or_exact(found)),
        events_found: found,
        delay: delays(attacks),
        hit_at_3: (!hits.is_empty()).then(|| Share { hits: hits.iter().filter(|hit| **hit).count(), of: hits.len() }),
        false_episodes: false_episodes(joined, episodes),
        changes: changes(joined, episodes),
        events: attacks.iter().map(|(_, report, _)| report.clone()).collect(),
        methods: Vec::new(),
        shortfall: None,
        notes: Vec::new(),
    }
}

fn counts(joined: &Joined) -> WindowCounts {
    let mut counts = WindowCounts { unlisted: joined.unlisted, ..WindowCounts::default() };
    for point in joined.series.iter().flat_map(|series| &series.points) {
        *match (point.class, point.judged.score) {
            (Class::LeftOut, _) => &mut counts.left_out,
            (_, None) => &mut counts.unscored,
            (Class::Attacked, _) => &mut counts.attacked,
            (Class::Calm, _) => &mut counts.calm,
        } += 1;
    }
    counts
}

fn delays(attacks: &[Attack]) -> Option<Delays> {
    let mut windows: Vec<f64> = attacks.iter().filter_map(|(_, r, _)| r.delay_windows).map(|n| n as f64).collect();
    let mut seconds: Vec<f64> = attacks.iter().filter_map(|(_, r, _)| r.delay_s).collect();
    windows.sort_by(f64::total_cmp);
    seconds.sort_by(f64::total_cmp);
    Some(Delays {
        median_windows: vaectl_scorer::model::quantile(&windows, 0.5),
        max_windows: *windows.last()? as usize,
        median_s: vaectl_scorer::model::quantile(&seconds, 0.5),
        max_s: *seconds.last()?,
    })
}

fn false_episodes(joined: &Joined, episodes: &[Episode]) -> FalseEpisodes {
    let count = episodes.iter().filter(|episode| episode.about == About::Nothing).count();
    let container_days = exposure(joined, episodes) as f64 / DAY_NS;
    let a_day = |count: f64| (container_days > 0.0).then(|| count / container_days);
    FalseEpisodes {
        count,
        container_days,
        per_container_day: a_day(count as f64),
        upper_per_container_day: a_day(upper_bound(count)),
    }
}

fn changes(joined: &Joined, episodes: &[Episode]) -> Vec<Changes> {
    let mut changes: BTreeMap<&str, Changes> = BTreeMap::new();
    let could_alarm = |index: usize| open_throughout(joined, episodes, index).is_none();
    let benign = |(index, event): &(usize, &Event)| event.label.class == Class::Calm && could_alarm(*index);
    for (index, event) in joined.events.iter().enumerate().filter(benign) {
        let new = || Changes { event: event.name.clone(), times: 0, alarms: 0 };
        let entry = changes.entry(&event.name).or_insert_with(new);
        entry.times += 1;
        entry.alarms += usize::from(episodes.iter().any(|episode| episode.about == About::Event(index)));
    }
    changes.into_values().collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "the numbers are exact")]

    use super::{attacks, figures};
    use crate::config::Config;
    use crate::episode::episodes;
    use crate::report::{Changes, Found, Report, Share};
    use crate::series::join;
    use crate::tests::{judged, span};
    use crate::truth::Truth;

    fn report(states: &[(&str, &str)], truth: &str) -> Report {
        let windows = states.iter().flat_map(|(container, states)| judged(container, states)).collect();
        let joined = join(windows, &Truth::read(truth).unwrap());
        let episodes = episodes(&joined);
        figures(&Config::default(), &joined, &episodes, &attacks(&joined, &episodes))
    }

    #[test]
    fn spans_give_recall_delay_reasons_and_false_episodes_by_hand() {
        // The miner is noticed in its second window, the scan never, the job once of twice; `b` has one false episode.
        let truth = [span("miner", 1, 2, 5), span("scan", 1, 12, 13), span("cron", 0, 20, 21), span("cron", 0, 30, 31)];
        let states = [("a", "...!!!.........................!...."), ("b", ".....!!............................. ")];
        let report = report(&[states[0], ("b", states[1].1.trim())], &truth.concat());
        assert_eq!(report.events_found, Share { hits: 1, of: 2 });
        assert_eq!((report.events[0].delay_windows, report.events[0].delay_s), (Some(2), Some(10.0)));
        assert_eq!((report.events[0].hit_at_3, report.events[1].outcome), (Some(true), Found::Missed));
        assert_eq!(report.changes, [Changes { event: "cron".into(), times: 2, alarms: 1 }]);
        assert_eq!(report.false_episodes.count, 1);
        // 72 windows less six attacked, four of changes, two after each of these four, and the two of the false one.
        let days = 52.0 * 5.0 / 86_400.0;
        assert!((report.false_episodes.container_days - days).abs() < 1e-12);
        assert!((report.false_episodes.upper_per_container_day.unwrap() - 4.7439 / days).abs() < 0.5);
    }

    #[test]
    fn labels_give_areas_by_hand_and_leave_out_what_is_not_listed() {
        // Scores 9 for a-1 and a-2, else 0; a-1 is attacked and a-2 is not, a-3 is left out, a-4 is not listed.
        let truth = "id,label,event,group\na-0,0,,g\na-1,1,miner,g\na-2,0,,h\na-3,-1,,h\n";
        let report = report(&[("a", ".!!..")], truth);
        // The attacked one beats a-0 and ties a-2.
        assert_eq!(report.auroc.unwrap().value, 0.75);
        assert_eq!(report.average_precision.unwrap().value, 0.5);
        assert_eq!((report.windows.left_out, report.windows.unlisted, report.windows.calm), (2, 1, 2));
        assert_eq!(report.events_found, Share { hits: 1, of: 1 });
        assert!(report.to_string().contains("window AUROC       0.750 ("), "{report}");
        assert_eq!(report.runs, 2, "the run of the verdicts itself is none of the two that the truth names");
    }

    #[test]
    fn the_same_name_after_calm_windows_is_another_event_and_an_alarm_between_the_two_is_false() {
        // A miner in the second and third window and in the eleventh; an alarm in the seventh; then the miner again.
        let miner = [1, 2, 10];
        let label = |at: usize| if miner.contains(&at) { "1,miner" } else { "0," };
        let lines: Vec<String> = (0..12).map(|at| format!("a-{at},{}", label(at))).collect();
        let twice = report(&[("a", "......!...!.")], &format!("id,label,event\n{}\n", lines.join("\n")));
        let outcomes: Vec<_> = twice.events.iter().map(|event| event.outcome).collect();
        assert_eq!(outcomes, [Found::Missed, Found::Found]);
        assert_eq!(twice.false_episodes.count, 1);
        // What nobody labelled between two windows of one name does not part them.
        let truth = "id,label,event\na-0,1,miner\na-9,1,miner\n";
        assert_eq!(report(&[("a", "..........")], truth).events.len(), 1);
    }

    #[test]
    fn an_attack_on_a_container_that_nobody_watched_is_missed() {
        let truth = span("miner", 1, 2, 5).replace("name-a", "elsewhere");
        let report = report(&[("a", "......")], &truth);
        assert_eq!(report.events[0].outcome, Found::Unwatched);
        assert_eq!(report.event_recall.unwrap().value, 0.0);
        assert_eq!(report.auroc, None);
    }

    #[test]
    fn where_the_truth_has_no_line_nothing_was_done() {
        let report = report(&[("a", "....!!....")], "\n");
        assert_eq!((report.false_episodes.count, report.windows.calm, report.events.len()), (1, 10, 0));
        assert!((report.false_episodes.container_days - 8.0 * 5.0 / 86_400.0).abs() < 1e-12);
    }

    #[test]
    fn a_change_in_an_open_incident_is_none_that_could_have_opened_one() {
        let truth = [span("cron", 0, 4, 5), span("cron", 0, 12, 12)];
        let report = report(&[("a", "..!!!!!!.......")], &truth.concat());
        assert_eq!(report.changes, [Changes { event: "cron".into(), times: 1, alarms: 0 }]);
    }

    #[test]
    fn a_recall_of_all_has_a_bound_of_its_number() {
        let spans = |name| span("miner", 1, 2, 4).replace("name-a", name);
        let states = [("a", "..!!!...."), ("b", "..!!!....")];
        let recall = report(&states, &(spans("name-a") + &spans("name-b"))).event_recall.unwrap();
        assert_eq!((recall.value, recall.high), (1.0, Some(1.0)));
        // The chance of two of two is a fortieth where each is found with 0.158.
        assert!((recall.low.unwrap() - 0.025_f64.sqrt()).abs() < 1e-12);
    }
}
