//! The figures, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::comparison::{Figures, Method};
use crate::shortfall::Shortfall;

/// A figure with its 95 % interval over runs drawn anew; no interval where there is one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Estimate {
    /// That of a share: where all did or none, every draw gives the same, and the bounds are exact ones of their number
    /// (Clopper and Pearson, Biometrika 26, 1934).
    pub(crate) fn or_exact(self, Share { hits, of }: Share) -> Self {
        let is_drawn = self.low < self.high || self.low.is_none();
        let certain = 0.025_f64.powf(1.0 / of as f64);
        match hits {
            _ if is_drawn => self,
            0 => Self { high: Some(1.0 - certain), ..self },
            _ if hits == of => Self { low: Some(certain), ..self },
            _ => self,
        }
    }
}

/// Windows by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WindowCounts {
    /// Scored, and attacked by the truth.
    pub attacked: usize,
    /// Scored, and calm.
    pub calm: usize,
    /// Left out by the truth, or neither by less than half.
    pub left_out: usize,
    /// Of these, not in the truth at all.
    pub unlisted: usize,
    /// Without a score: no figure of ranks has them, and an attack in them is missed.
    pub unscored: usize,
}

/// What became of one attack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventReport {
    /// Its name.
    pub event: String,
    /// The container.
    pub container: String,
    /// What became of it.
    pub outcome: Found,
    /// Windows until it was noticed: one is the first that it had half of, or the first of all where it had half of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_windows: Option<usize>,
    /// Seconds from its beginning to the end of the window in which it was noticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_s: Option<f64>,
    /// One of the first three reasons is a feature that it touches; absent where the truth does not name any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_at_3: Option<bool>,
}

/// What became of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// An episode opened in it.
    Found,
    /// None did.
    Missed,
    /// The episode of an earlier attack was still open: it counts neither way.
    Masked,
    /// No window of its container was judged: it is missed.
    Unwatched,
}

/// Episodes about nothing, and the time in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FalseEpisodes {
    /// How many.
    pub count: usize,
    /// Calm, scored time outside of all events and episodes.
    pub container_days: f64,
    /// How many a day of one container.
    pub per_container_day: Option<f64>,
    /// How many it may be in truth: one-sided, at 95 %.
    pub upper_per_container_day: Option<f64>,
}

/// A benign change, and how often it opened an episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Its name.
    pub event: String,
    /// How often it was made while no incident was open, in which none could open.
    pub times: usize,
    /// How often an episode opened in it.
    pub alarms: usize,
}

/// How long attacks went on before they were noticed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Delays {
    /// Windows, the first one counted.
    pub median_windows: f64,
    /// The longest.
    pub max_windows: usize,
    /// Seconds.
    pub median_s: f64,
    /// The longest.
    pub max_s: f64,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Those that did.
    pub hits: usize,
    /// All.
    pub of: usize,
}

/// All figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Lines read.
    pub lines: u64,
    /// Of these, lines that could not be read.
    pub malformed: u64,
    /// Containers.
    pub containers: usize,
    /// Runs that an interval is drawn from.
    pub runs: usize,
    /// Windows.
    pub windows: WindowCounts,
    /// Area under the ROC curve, window by window.
    pub auroc: Option<Estimate>,
    /// Average precision, window by window.
    pub average_precision: Option<Estimate>,
    /// The share of attacks that were found, masked ones left out.
    pub event_recall: Option<Estimate>,
    /// Attacks found, of those that count.
    pub events_found: Share,
    /// How soon.
    pub delay: Option<Delays>,
    /// Found attacks of which one of the first three reasons is touched, of those whose touched features are known.
    pub hit_at_3: Option<Share>,
    /// False alarms.
    pub false_episodes: FalseEpisodes,
    /// Benign changes.
    pub changes: Vec<Changes>,
    /// Every attack.
    pub events: Vec<EventReport>,
    /// The model and the bars side by side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// Where the best bar ranks better, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<Shortfall>,
    /// What is doubtful.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WindowCounts { attacked, calm, left_out, unlisted, unscored } = self.windows;
        writeln!(
            f,
            "{attacked} attacked and {calm} calm windows of {} containers in {} runs; {left_out} left out \
             ({unlisted} not in the truth), {unscored} not scored",
            self.containers, self.runs
        )?;
        estimate(f, "window AUROC", self.auroc)?;
        estimate(f, "average precision", self.average_precision)?;
        estimate(f, "event recall", self.event_recall)?;
        let Share { hits, of } = self.events_found;
        row(f, "attacks found", format_args!("{hits} of {of}"))?;
        if let Some(delay) = self.delay {
            let Delays { median_windows, max_windows, median_s, max_s } = delay;
            row(f, "delay, windows", format_args!("median {median_windows}, most {max_windows}"))?;
            row(f, "delay, seconds", format_args!("median {median_s:.1}, most {max_s:.1}"))?;
        }
        if let Some(Share { hits, of }) = self.hit_at_3 {
            row(f, "attribution hit@3", format_args!("{hits} of {of}"))?;
        }
        self.false_episodes.fmt(f)?;
        self.changes(f)?;
        self.events(f)?;
        self.methods(f)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

impl fmt::Display for FalseEpisodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, days) = (self.count, self.container_days);
        match (self.per_container_day, self.upper_per_container_day) {
            (Some(rate), Some(upper)) => row(
                f,
                "false episodes",
                format_args!("{count} in {days:.2} container-days: {rate:.2} a day, at most {upper:.2} (95 %)"),
            ),
            _ => row(f, "false episodes", format_args!("{count}, and no calm time to go by")),
        }
    }
}

impl Report {
    fn changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.changes.is_empty() {
            writeln!(f, "\n{:<32} {:>6} {:>7}", "benign change", "times", "alarms")?;
        }
        self.changes
            .iter()
            .try_for_each(|Changes { event, times, alarms }| writeln!(f, "{event:<32} {times:>6} {alarms:>7}"))
    }

    /// One row a kind of attack; what was not found is named.
    fn events(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.events.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n{:<32} {:>6} {:>6} {:>8} {:>8} {:>6}",
            "attack", "times", "found", "windows", "seconds", "hit@3"
        )?;
        let mut names: Vec<&str> = self.events.iter().map(|event| event.event.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let of = || self.events.iter().filter(|event| event.event == name);
            let found = of().filter(|event| event.outcome == Found::Found).count();
            let windows =
                of().filter_map(|event| event.delay_windows).max().map_or("-".into(), |most| most.to_string());
            let seconds = of().filter_map(|event| event.delay_s).max_by(f64::total_cmp);
            let seconds = seconds.map_or("-".into(), |most| format!("{most:.1}"));
            let hits = of().filter(|event| event.hit_at_3 == Some(true)).count();
            writeln!(f, "{name:<32} {:>6} {found:>6} {windows:>8} {seconds:>8} {hits:>6}", of().count())?;
        }
        for event in self.events.iter().filter(|event| event.outcome != Found::Found) {
            let why = match event.outcome {
                Found::Masked => "masked by the episode of an earlier attack",
                Found::Unwatched => "missed: no window of its container was judged",
                _ => "missed",
            };
            writeln!(f, "  {} on {}: {why}", event.event, event.container)?;
        }
        Ok(())
    }

    fn methods(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.methods.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{:<18} {:^24} {:^24} {:>6}", "", "density", "with novelty", "")?;
        writeln!(
            f,
            "{:<18} {:>7} {:>7} {:>8} {:>7} {:>7} {:>8} {:>7}",
            "method", "auroc", "ap", "tpr@1%", "auroc", "ap", "tpr@1%", "hit@3"
        )?;
        for method in &self.methods {
            let hit = method.hit_at_3.map_or("-".into(), |share| format!("{share:.2}"));
            let density = method.density.map_or_else(|| format!("{:>7} {:>7} {:>8}", "-", "-", "-"), three);
            writeln!(f, "{:<18} {density} {} {hit:>7}", method.name, three(method.with_novelty))?;
        }
        self.shortfall.iter().try_for_each(|shortfall| write!(f, "{shortfall}"))
    }
}

fn three(figures: Figures) -> String {
    let Figures { auroc, average_precision, recall_at_1_percent } = figures;
    format!("{auroc:>7.3} {average_precision:>7.3} {recall_at_1_percent:>8.3}")
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, value: fmt::Arguments<'_>) -> fmt::Result {
    writeln!(f, "{name:<18} {value}")
}

fn estimate(f: &mut fmt::Formatter<'_>, name: &str, estimate: Option<Estimate>) -> fmt::Result {
    match estimate {
        None => row(f, name, format_args!("-")),
        Some(Estimate { value, low: Some(low), high: Some(high) }) => {
            row(f, name, format_args!("{value:.3} ({low:.3} to {high:.3})"))
        }
        Some(Estimate { value, .. }) => row(f, name, format_args!("{value:.3}")),
    }
}
