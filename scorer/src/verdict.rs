//! The verdict line.

use vaectl_schemas::{
    Channel, EventFields, ModelMatch, ModelRef, Rule, State, VERSION, Verdict, VerdictInfo, Window, derived_id,
};

use crate::evidence::in_shadow;
use crate::judge::About;
use crate::model::Explanation;
use crate::state::Evidence;
use crate::{Judgement, Unscorable};

/// The verdict on a window, without its reason.
pub(crate) fn of(
    window: &Window<'static>,
    id: &str,
    (previous, state): (State, State),
    model: Option<(About<'_>, ModelMatch)>,
    judgement: Option<Judgement>,
    channels: Vec<Channel>,
) -> Verdict<'static> {
    let mut info = VerdictInfo {
        v: VERSION,
        state,
        previous,
        transition: state != previous,
        channels,
        run: window.vaectl.run.clone(),
        window: Some(id.to_owned()),
        duration_ns: Some(window.vaectl.window.duration_ns),
        ..VerdictInfo::default()
    };
    if let Some(judgement) = judgement {
        info.score = Some(judgement.score);
        info.parts = Some(judgement.parts);
        info.p_value = Some(judgement.p_value);
    }
    let mut rule = None;
    if let Some((about, matched)) = model {
        info.threshold = Some(about.calibration.threshold).filter(|_| !in_shadow(matched));
        let (key, hash) = (about.key.to_owned(), about.hash.to_owned());
        rule = Some(Rule { id: Some(hash.clone().into()), name: Some(about.name.to_owned().into()) });
        info.model = Some(ModelRef { key, hash, matched, grade: about.grade });
    }
    let hash = info.model.as_ref().map_or("", |m| &m.hash);
    let id = derived_id("verdict", [id, hash]);
    let mut line = Verdict::new(window.timestamp, info);
    line.rule = rule;
    line.event = EventFields {
        kind: Some(if matches!(state, State::Suspect | State::Unstable) { "alert" } else { "state" }.into()),
        dataset: Some("vaectl.verdict".into()),
        id: Some(id.into()),
        ..EventFields::default()
    };
    line.host.clone_from(&window.host);
    line.container.clone_from(&window.container);
    line
}

/// Gives a verdict the model's reasons, or one sentence where it has none.
pub(crate) fn explain(
    line: &mut Verdict<'static>,
    window: &Window<'_>,
    evidence: Evidence,
    explanation: Explanation,
    unscored: Option<Unscorable>,
) {
    let Explanation { attributions, fewest, reason } = explanation;
    (line.vaectl.attributions, line.vaectl.fewest) = (attributions, fewest);
    if !reason.is_empty() {
        let lasts = line.vaectl.channels == [Channel::Drift];
        line.event.reason = Some(if lasts { format!("A shift that lasts: {reason}") } else { reason }.into());
        return;
    }
    let matched = line.vaectl.model.as_ref().map(|m| m.matched);
    line.event.reason = Some(if evidence.lost {
        match window.vaectl.window.lost {
            0 => "The host lost data of this container.".into(),
            lost => format!("The host lost {lost} events of this container.").into(),
        }
    } else if line.vaectl.channels.contains(&Channel::Flood) {
        "The container flooded its quota and lost events of its own.".into()
    } else if matched.is_none() {
        "No model of this image and command.".into()
    } else if let Some(why) = unscored {
        format!("Not scored: {why}.").into()
    } else {
        match (line.vaectl.state, matched) {
            (State::Unstable, _) => "Quiet; the incident closes after 12 such windows in a row.",
            (State::Suspect, _) => "Within its pattern, soon after a window that was not.",
            (_, Some(ModelMatch::Digest)) => "Within the pattern of another command of this image.",
            (_, Some(ModelMatch::Repository)) => "Within the pattern of another version of this image.",
            (State::Warming, _) => "Within its pattern, and one of the first 30 windows.",
            _ => "Within its pattern.",
        }
        .into()
    });
}
