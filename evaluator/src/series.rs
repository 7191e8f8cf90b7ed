//! Verdicts joined with the truth: one series a container, and what was done to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::episode::GRACE;
use crate::intake::Judged;
use crate::truth::{Class, Kind, Label, Span, Truth};

/// One window of a container.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) judged: Judged,
    /// What it ought to rank as.
    pub(crate) class: Class,
    /// The run that it is drawn with in a bootstrap.
    pub(crate) group: usize,
}

/// The windows of a container in the order of time.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) container: String,
    pub(crate) points: Vec<Point>,
}

/// An attack, or a benign change.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) label: Label,
    /// What the truth calls the container.
    pub(crate) container: String,
    /// When it began, in nanoseconds since the epoch.
    pub(crate) began: u64,
    /// Its series, and its first and last window there; absent where no window of it was judged.
    pub(crate) place: Option<(usize, usize, usize)>,
    pub(crate) group: usize,
}

/// Verdicts and truth together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Joined {
    pub(crate) series: Vec<Series>,
    pub(crate) events: Vec<Event>,
    /// Runs that are told apart.
    pub(crate) groups: usize,
    /// Windows of which the truth says nothing.
    pub(crate) unlisted: usize,
}

/// Names as indices, in the order in which they come.
#[derive(Default)]
struct Groups(BTreeMap<String, usize>);

impl Groups {
    fn of(&mut self, name: &str) -> usize {
        let next = self.0.len();
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

/// Joins verdicts with the truth.
pub(crate) fn join(mut judged: Vec<Judged>, truth: &Truth) -> Joined {
    judged.sort_by(|a, b| (&a.container, a.at, &a.id).cmp(&(&b.container, b.at, &b.id)));
    judged.dedup_by(|a, b| a.id == b.id && a.container == b.container);
    let mut groups = Groups::default();
    let mut joined = Joined::default();
    for windows in judged.chunk_by(|a, b| a.container == b.container) {
        let points = windows.iter().map(|judged| Point {
            class: Class::Calm,
            group: groups.of(&judged.run),
            judged: judged.clone(),
        });
        joined.series.push(Series { container: windows[0].container.clone(), points: points.collect() });
    }
    match &truth.0 {
        Kind::Labels(labels) => {
            for at in 0..joined.series.len() {
                joined.label(at, labels, &mut groups);
            }
        }
        Kind::Spans(spans) => spans.iter().for_each(|span| joined.mark(span, &mut groups)),
    }
    joined.number_groups();
    joined
}

impl Joined {
    /// Numbers the groups anew that windows or attacks are in: those of the verdicts may all have others in the truth.
    fn number_groups(&mut self) {
        let points = self.series.iter().flat_map(|series| &series.points).filter(|point| point.class != Class::LeftOut);
        let used = points.map(|point| point.group).chain(self.events.iter().map(|event| event.group));
        let used: BTreeSet<usize> = used.collect();
        let numbers: BTreeMap<usize, usize> = used.into_iter().zip(0..).collect();
        let number = |group: &mut usize| *group = numbers.get(group).copied().unwrap_or_default();
        self.series.iter_mut().flat_map(|series| &mut series.points).for_each(|point| number(&mut point.group));
        self.events.iter_mut().for_each(|event| number(&mut event.group));
        self.groups = numbers.len();
    }

    /// Windows of which the truth says something.
    pub(crate) fn listed(&self) -> usize {
        self.series.iter().map(|series| series.points.len()).sum::<usize>() - self.unlisted
    }

    /// What the attack is called that a window, by its series and its place there, belongs to.
    pub(crate) fn event_of(&self, (at, index): (usize, usize)) -> &str {
        let attacks = self.events.iter().filter(|event| event.label.class == Class::Attacked);
        let mut of_it = attacks.filter(|event| {
            event.place.is_some_and(|(series, first, last)| series == at && (first..=last).contains(&index))
        });
        of_it.next().map_or("", |event| &event.name)
    }

    /// Labels the windows of a series, and gathers those of one event; attacked ones in a row without a name are one.
    fn label(&mut self, at: usize, labels: &std::collections::HashMap<String, Label>, groups: &mut Groups) {
        let Series { container, points } = &mut self.series[at];
        let mut events: BTreeMap<(usize, Option<&str>), Event> = BTreeMap::new();
        let mut attacked_since = None;
        // Where the present occurrence of a named event began, and how many calm windows there were by its latest window.
        let mut occurrences: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let mut calm = 0;
        for (index, point) in points.iter_mut().enumerate() {
            let Some(label) = labels.get(&point.judged.id) else {
                self.unlisted += 1;
                (point.class, attacked_since) = (Class::LeftOut, None);
                continue;
            };
            point.class = label.class;
            if let Some(group) = &label.group {
                point.group = groups.of(group);
            }
            let nameless = label.class == Class::Attacked && label.event.is_none();
            attacked_since = nameless.then(|| attacked_since.unwrap_or(index));
            if label.class == Class::LeftOut || label.event.is_none() && !nameless {
                calm += usize::from(label.class == Class::Calm);
                continue;
            }
            let since = label.event.as_deref().map_or(attacked_since.unwrap_or(index), |name| {
                let (since, before) = occurrences.entry(name).or_insert((index, calm));
                // The same name after calm windows is the same again, and not all that lies between.
                if calm > *before + GRACE {
                    *since = index;
                }
                *before = calm;
                *since
            });
            let key = (since, label.event.as_deref());
            let event = events.entry(key).or_insert_with(|| Event {
                name: label.event.clone().unwrap_or_else(|| "attack".into()),
                label: label.clone(),
                container: container.clone(),
                began: point.judged.at.saturating_sub(point.judged.duration_ns),
                place: Some((at, index, index)),
                group: point.group,
            });
            if let Some((.., last)) = &mut event.place {
                *last = index;
            }
        }
        let mut events: Vec<Event> = events.into_values().collect();
        events.sort_by_key(|event| event.began);
        self.events.extend(events);
    }

    /// Marks the windows that lie in a span; of those that lie in it by less than half nobody can say what they are.
    fn mark(&mut self, span: &Span, groups: &mut Groups) {
        // What takes no time has a window too.
        let (began, ends) = (span.began.as_ns(), span.ends.as_ns().max(span.began.as_ns() + 1));
        let overlap = |point: &Point| {
            let start = point.judged.at.saturating_sub(point.judged.duration_ns);
            point.judged.at.min(ends).saturating_sub(start.max(began))
        };
        let found = self.series.iter().enumerate().filter(|(_, series)| series.is(&span.container));
        let places = found.filter_map(|(at, series)| {
            let inside = |point: &Point| overlap(point) > 0;
            let (first, last) = (series.points.iter().position(inside), series.points.iter().rposition(inside));
            Some((at, first?, last?))
        });
        let places: Vec<_> = places.collect();
        // Of several of one name nobody can say which one was meant: the first stands for it, and the others are left out.
        let place = places.first().copied();
        if span.label.class != Class::Calm {
            for &(at, first, last) in places.iter().skip(1) {
                self.series[at].points[first..=last].iter_mut().for_each(|point| point.class = Class::LeftOut);
            }
        }
        let mut group =
            place.map_or_else(|| groups.of(&span.container), |(at, first, _)| self.series[at].points[first].group);
        if let Some(name) = &span.label.group {
            group = groups.of(name);
        }
        if let Some((at, first, last)) = place {
            for point in &mut self.series[at].points[first..=last] {
                let whole = 2 * overlap(point) >= point.judged.duration_ns;
                point.class = match (span.label.class, point.class) {
                    (Class::Calm, class) => class,
                    (Class::Attacked, Class::Calm | Class::Attacked) if whole => Class::Attacked,
                    _ => Class::LeftOut,
                };
                if span.label.group.is_some() {
                    point.group = group;
                }
            }
        }
        if span.label.class != Class::LeftOut {
            self.events.push(Event {
                name: span.label.event.clone().unwrap_or_default(),
                label: span.label.clone(),
                container: span.container.clone(),
                began,
                place,
                group,
            });
        }
    }
}

impl Series {
    /// Whether the truth means this container: by its id, the first twelve digits of it or more, or its name.
    fn is(&self, named: &str) -> bool {
        const SHORT_ID: usize = 12;
        self.container == named
            || named.len() >= SHORT_ID && self.container.starts_with(named)
            || self.points.iter().any(|point| point.judged.name.as_deref() == Some(named))
    }

    /// What a person calls it.
    pub(crate) fn name(&self) -> &str {
        self.points.iter().find_map(|point| point.judged.name.as_deref()).unwrap_or(&self.container)
    }
}
