//! One window becomes one verdict, with all that follows from it.

use std::sync::Arc;

use vaectl_schemas::{
    Gap, GapCause, GapInfo, IncidentCause, ModelMatch, State, Timestamp, VERSION, Window, derived_id,
};

use crate::context::Context;
use crate::decision::{Decision, decide};
use crate::evidence::{Limits, in_shadow};
use crate::instance::{Instance, Pending};
use crate::judge::{About, Judge, Library};
use crate::model::Explanation;
use crate::{Judgement, Unscorable};
use crate::{incident, summary, verdict};

/// A judgement made ahead, in a batch, by the model that was expected to be asked.
pub(crate) struct Ahead {
    pub(crate) model: Arc<dyn Judge>,
    pub(crate) judgement: Judgement,
}

/// The identity of a window; foreign lines may have none.
#[must_use]
pub fn window_id(window: &Window<'_>) -> String {
    window.event.id.as_deref().map_or_else(
        || {
            let container = window.container.as_ref().and_then(|c| c.id.as_deref()).unwrap_or_default();
            let run = window.vaectl.run.as_deref().unwrap_or_default();
            derived_id("window", [container, run, &window.timestamp.to_string()])
        },
        str::to_owned,
    )
}

/// Judges a window whose metadata is settled and writes what follows, in this order: the summary of the hour before,
/// the opened incident, the verdict, the events that it sets free, what was dropped, the closed incident.
pub(crate) fn settle(
    instance: &mut Instance,
    pending: Pending,
    ahead: Option<Ahead>,
    models: &dyn Library,
    reading: u64,
    context: &mut Context,
    out: &mut Vec<u8>,
) {
    let Pending { mut window, facts, segment } = pending;
    context.acquaint(instance, models, reading);
    if window.container.as_ref().is_none_or(|c| c.image.is_none()) {
        window.container = Some(instance.container.clone());
    }
    let model = instance.model.clone();
    let about = model.as_ref().map(|(model, matched)| (model.about(), *matched));
    let judged = model.as_ref().map(|(model, _)| judge(&window, model, ahead));
    let (mut judgement, unscored) = match judged {
        Some(Ok(judgement)) => (Some(judgement), None),
        Some(Err(unscored)) => (None, Some(unscored)),
        None => (None, None),
    };
    if let (Some(why @ Unscorable::Length { .. }), Some((about, _))) = (unscored, about) {
        context.complain(about, why);
    }
    if instance.hour.number.is_some_and(|hour| hour < summary::hour(window.timestamp)) {
        summary::write(instance, context, out);
    }
    instance.judged = context.now;
    let found = model.as_ref().map(|(model, matched)| (model.as_ref(), *matched));
    let limits = about.map_or(Limits::NONE, |(about, matched)| limits(about, matched));
    let mind = (&mut instance.machine, &mut instance.tuning);
    let Decision { evidence, channels, offset, previous, state } =
        decide(mind, judgement.as_mut(), window.timestamp, found, limits, facts);
    let id = window_id(&window);
    if evidence.doubt || evidence.hit || evidence.alone {
        instance.suspected.get_or_insert_with(|| (window.timestamp, id.clone()));
    } else if !matches!(state, State::Suspect | State::Unstable | State::Blind) {
        instance.suspected = None;
    }
    if instance.suspected.is_some() {
        instance.last_suspected = window.timestamp;
    }
    let explanation = match (&judgement, &model) {
        (Some(judgement), Some((model, _))) if !channels.is_empty() => model.explain(&window, judgement),
        _ => Explanation::default(),
    };
    let mut line = verdict::of(&window, &id, (previous, state), about, judgement, channels);
    (line.vaectl.entered, line.vaectl.offset) = (facts.entered, offset);
    verdict::explain(&mut line, &window, evidence, explanation, unscored);
    let opens = state == State::Unstable && instance.episode.is_none();
    if opens {
        instance.episode = Some(incident::open(instance, &line));
    }
    if let Some(episode) = &mut instance.episode {
        episode.take_in(&line);
        line.vaectl.incident = Some(episode.id.clone());
    }
    let passes = instance.passes(state);
    line.vaectl.passing = line.vaectl.transition && line.vaectl.incident.is_none() && passes;
    if opens {
        incident::write_opened(instance, &line, context, out);
    }
    instance.hour.count(&line.vaectl, window.timestamp, &id);
    context.write(&line, out);
    match state {
        State::Unstable => context.publish_history(instance, out),
        State::Blind => context.publish_telling(instance, out),
        _ => {}
    }
    // What a suspicion may need as history stays, also where a loss hides the suspicion.
    if instance.suspected.is_none() {
        context.release_before(instance, segment, out);
    }
    write_gaps(instance, window.timestamp, &id, context, out);
    if state != State::Unstable {
        incident::close(instance, &id, window.timestamp, IncidentCause::Quiet, context, out);
    }
    if let Some(archive) = &mut context.archive {
        window.vaectl.job.clone_from(&instance.job);
        let kept = archive.append(&mut window, state);
        let account = context.ledger.of("vaectl.archive");
        account.received += 1;
        *(if kept { &mut account.passed } else { &mut account.dropped }) += 1;
        if kept
            && instance.life.begins_a_run(window.timestamp)
            && let Some(key) = instance.key_to_learn()
        {
            context.runs.count(&key);
        }
    }
}

fn judge(window: &Window<'_>, model: &Arc<dyn Judge>, ahead: Option<Ahead>) -> Result<Judgement, Unscorable> {
    if let Some(ahead) = ahead.filter(|ahead| Arc::ptr_eq(&ahead.model, model)) {
        return Ok(ahead.judgement);
    }
    model.scorable(window)?;
    let mut judgements = Vec::with_capacity(1);
    model.judge(&[window], &mut judgements);
    Ok(judgements.pop().expect("a model returns one judgement for each window"))
}

/// Says what of the container was dropped since its last verdict.
pub(crate) fn write_gaps(instance: &mut Instance, at: Timestamp, id: &str, context: &mut Context, out: &mut Vec<u8>) {
    let causes = [
        (GapCause::Hold, "hold", std::mem::take(&mut instance.overflowed)),
        (GapCause::Budget, "budget", std::mem::take(&mut instance.unaffordable)),
    ];
    for (cause, name, lost) in causes.into_iter().filter(|(.., lost)| *lost > 0) {
        let mut line = Gap::new(at, GapInfo { v: VERSION, cause, lost, from: None });
        line.event.kind = Some("pipeline_error".into());
        line.event.dataset = Some("vaectl.gap".into());
        line.event.id = Some(derived_id("gap", [id, name]).into());
        line.host.clone_from(&instance.host);
        line.container = Some(instance.container.clone());
        context.write(&line, out);
    }
}

/// Where there is no model there is no score to compare; where it is asked in shadow, none that means anything.
fn limits(about: About<'_>, matched: ModelMatch) -> Limits {
    if in_shadow(matched) { Limits::NONE } else { Limits::of(about.calibration) }
}
