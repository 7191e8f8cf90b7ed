use std::collections::BTreeSet;
use std::fmt;

use vaectl_schemas::{Event, Incident, ModelRef, Verdict};

use super::{image, timeline, touched, tree};
use crate::printable::{columns, text};
use crate::units;

/// The lines of an incident, by type.
#[derive(Default)]
pub(super) struct Story {
    /// As it opened, and as it closed.
    incidents: Vec<Incident<'static>>,
    /// Changes of state.
    pub(super) verdicts: Vec<Verdict<'static>>,
    pub(super) events: Vec<Event<'static>>,
    /// There may be more events than were read.
    cut: bool,
}

impl Story {
    /// Sorts lines, which are in the order of their time, by type; what is none of these is left out.
    pub(super) fn of(lines: &[String], limit: usize) -> Self {
        let mut story = Self::default();
        for line in lines {
            match vaectl_schemas::peek(line.as_bytes()) {
                Ok(vaectl_schemas::Kind::Incident) => story.incidents.extend(serde_json::from_str(line)),
                Ok(vaectl_schemas::Kind::Verdict) => story.verdicts.extend(serde_json::from_str(line)),
                Ok(vaectl_schemas::Kind::Event) => story.events.extend(serde_json::from_str(line)),
                _ => {}
            }
        }
        story.cut = story.events.len() >= limit;
        story
    }

    /// The incidents that the lines are of.
    pub(super) fn ids(&self) -> Vec<&str> {
        let ids: BTreeSet<_> = self.incidents.iter().map(|incident| incident.vaectl.incident.as_str()).collect();
        ids.into_iter().collect()
    }

    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(first), Some(last)) = (self.incidents.first(), self.incidents.last()) else { return Ok(()) };
        let info = &last.vaectl;
        let container = first.container.as_ref();
        let name = container.and_then(|container| container.name.as_deref().or(container.id.as_deref()));
        let image = container.and_then(|container| container.image.as_ref()).map(image);
        let host = first.host.as_ref().and_then(|host| host.name.as_deref());
        let lasted = info.closed.map(|closed| format!(", closed after {}", units::span(info.opened, closed)));
        let mut rows = vec![
            ["incident", &text(&info.incident)].map(str::to_owned).to_vec(),
            vec!["container".into(), text(&format!("{} ({})", name.unwrap_or("?"), image.unwrap_or("?".into())))],
        ];
        if let Some(host) = host {
            rows.push(vec!["host".into(), text(host)]);
        }
        rows.push(vec!["opened".into(), units::seconds(info.opened) + &lasted.unwrap_or(", still open".into())]);
        let published =
            format!("{} windows, {} events, {} of them from before", info.windows, info.events, info.history);
        rows.push(vec!["published".into(), published]);
        if let Some(reason) = &first.event.reason {
            rows.push(vec!["reason".into(), text(reason)]);
        }
        if let Some(model) = &info.model {
            let ModelRef { hash, matched, grade, .. } = model;
            rows.push(vec!["model".into(), text(&format!("{hash}, {matched} match, {grade}"))]);
        }
        f.write_str(&columns(&rows))
    }

    fn reasons(&self) -> String {
        let Some(first) = self.incidents.first() else { return String::new() };
        let mut rows = vec![["SHARE", "FEATURE", "SEEN", "EXPECTED"].map(str::to_owned).to_vec()];
        for attribution in &first.vaectl.attributions {
            let figure = |value| units::figure(&attribution.feature, value);
            let expected = attribution.expected.map(|[low, high]| format!("{} to {}", figure(low), figure(high)));
            rows.push(vec![
                format!("{:.0} %", attribution.share * 100.0),
                text(&attribution.feature),
                figure(attribution.seen),
                expected.unwrap_or("never".into()),
            ]);
        }
        if rows.len() > 1 { columns(&rows) } else { String::new() }
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        for (title, section) in [
            ("Reasons", self.reasons()),
            ("Timeline", timeline::draw(self)),
            ("Processes", tree::draw(&self.events)),
            ("Peers", touched::peers(&self.events)),
            ("Files", touched::files(&self.events)),
        ] {
            if !section.is_empty() {
                write!(f, "\n{title}\n\n{section}")?;
            }
        }
        if self.cut {
            writeln!(f, "\nThere may be more events: these are the first {}, --limit reads more.", self.events.len())?;
        }
        Ok(())
    }
}
