//! The lines of an episode.

use vaectl_schemas::{
    EventFields, Incident, IncidentCause, IncidentInfo, IncidentStatus, Timestamp, VERSION, Verdict, derived_id,
};

use crate::context::Context;
use crate::instance::{Episode, Instance};

/// An episode that opens with `verdict`; its identity is that of its first window out of pattern.
pub(crate) fn open(instance: &Instance, verdict: &Verdict<'_>) -> Episode {
    let window = verdict.vaectl.window.as_deref().unwrap_or_default();
    let first = instance.suspected.as_ref().map_or((verdict.timestamp, window), |(at, id)| (*at, id));
    Episode {
        id: derived_id("incident", [first.1, window]),
        opened: first.0,
        windows: 0,
        events: 0,
        history: 0,
        channels: Vec::new(),
        attributions: Vec::new(),
        peak: f64::NEG_INFINITY,
        model: None,
        rule: None,
    }
}

impl Episode {
    /// Takes in one verdict of the episode.
    pub(crate) fn take_in(&mut self, verdict: &Verdict<'static>) {
        let info = &verdict.vaectl;
        self.windows += 1;
        for channel in &info.channels {
            if !self.channels.contains(channel) {
                self.channels.push(*channel);
            }
        }
        let score = info.score.unwrap_or(f64::NEG_INFINITY);
        if self.attributions.is_empty() || score > self.peak && !info.attributions.is_empty() {
            self.attributions.clone_from(&info.attributions);
            self.peak = score;
        }
        if info.model.is_some() {
            self.model.clone_from(&info.model);
            self.rule.clone_from(&verdict.rule);
        }
    }
}

/// Says that the container's episode opened, for the reason of the verdict that opened it.
pub(crate) fn write_opened(instance: &Instance, verdict: &Verdict<'_>, context: &mut Context, out: &mut Vec<u8>) {
    let Some(episode) = &instance.episode else { return };
    let mut line = line(instance, episode, verdict.timestamp, None);
    line.event.id = Some(derived_id("incident opened", [episode.id.as_str()]).into());
    line.event.reason = verdict.event.reason.as_deref().map(Into::into);
    context.write(&line, out);
}

/// Closes the container's episode, if one is open; `last` is what it closed with.
pub(crate) fn close(
    instance: &mut Instance,
    last: &str,
    at: Timestamp,
    cause: IncidentCause,
    context: &mut Context,
    out: &mut Vec<u8>,
) {
    let Some(episode) = instance.episode.take() else { return };
    let mut line = line(instance, &episode, at, Some((at, cause)));
    line.event.id = Some(derived_id("incident closed", [episode.id.as_str(), last]).into());
    let [windows, events] = [(episode.windows, "window"), (episode.events, "event")].map(|(n, what)| count(n, what));
    line.event.reason = Some(format!("Closed after {windows} and {events}: {}.", because(cause)).into());
    context.write(&line, out);
}

/// A number of things in words, such as `1 window`.
fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn because(cause: IncidentCause) -> &'static str {
    match cause {
        IncidentCause::Quiet => "it was quiet for 12 windows",
        IncidentCause::ContainerEnded => "the container ended",
        IncidentCause::Silence => "the container was silent for an hour",
        IncidentCause::NoRoom => "there was no room for another container",
        IncidentCause::EndOfInput => "end of input",
        IncidentCause::Stopped => "score was told to end",
    }
}

fn line<'a>(
    instance: &'a Instance,
    episode: &Episode,
    at: Timestamp,
    closed: Option<(Timestamp, IncidentCause)>,
) -> Incident<'a> {
    let (closed, cause) = closed.unzip();
    let info = IncidentInfo {
        v: VERSION,
        incident: episode.id.clone(),
        status: if closed.is_some() { IncidentStatus::Closed } else { IncidentStatus::Opened },
        opened: episode.opened,
        closed,
        cause,
        windows: episode.windows,
        events: episode.events,
        history: episode.history,
        channels: episode.channels.clone(),
        attributions: episode.attributions.clone(),
        model: episode.model.clone(),
        run: instance.run.clone(),
    };
    let mut line = Incident::new(at, info);
    line.rule.clone_from(&episode.rule);
    line.event = EventFields {
        kind: Some("alert".into()),
        dataset: Some("vaectl.incident".into()),
        start: Some(episode.opened),
        end: closed,
        ..EventFields::default()
    };
    line.host.clone_from(&instance.host);
    line.container = Some(instance.container.clone());
    line
}
