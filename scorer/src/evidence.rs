//! From a judgement and the facts of a window to evidence, and to the channels that raised it.

use vaectl_schemas::{Channel, ModelMatch};

use crate::model::{Calibration, Weight};
use crate::state::Evidence;
use crate::{Judgement, Novelty};

/// What a window shows besides its score.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and all combinations occur")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The container lost its own events by flooding its quota.
    pub(crate) flood: bool,
    /// The host lost data of it.
    pub(crate) lost: bool,
    /// A process entered from outside.
    pub(crate) entered: bool,
    /// Small surprises have added up to a change.
    pub(crate) drifting: bool,
}

/// The scores of a model from which on a window counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) threshold: f64,
    pub(crate) suspect: f64,
}

impl Limits {
    pub(crate) const NONE: Self = Self { threshold: f64::INFINITY, suspect: f64::INFINITY };

    pub(crate) fn of(calibration: &Calibration) -> Self {
        Self { threshold: calibration.threshold, suspect: calibration.suspect }
    }

    /// The same for scores that are as much higher.
    pub(crate) fn raised(self, by: f64) -> Self {
        Self { threshold: self.threshold + by, suspect: self.suspect + by }
    }
}

/// Whether a model is asked, and its thresholds are not for the container: it is of another version of the image.
pub(crate) fn in_shadow(matched: ModelMatch) -> bool {
    matched == ModelMatch::Repository
}

/// Beside a window that is less likely than this a weak novelty opens an episode alone.
const UNLIKELY: f64 = 0.01;

/// Weighs one window.
///
/// A score beyond the threshold is no doubt by itself where habits have as high ones: then it takes a second one.
///
/// A score beyond the threshold, a small shift that lasts and a weak novelty count towards an episode; a flood does so
/// only when the score is out of pattern too, since a busy service may outrun its quota for ever. In a window that an
/// operator entered, only what opens an episode by itself counts, and a new program does not: it may be the operator's.
/// A model of another version of the image is asked in shadow: its thresholds are not for this one, and of what it never
/// saw only what opens an episode by itself counts.
pub(crate) fn weigh(
    judgement: Option<&Judgement>,
    limits: Limits,
    matched: Option<ModelMatch>,
    facts: Facts,
) -> (Evidence, Vec<Channel>) {
    let mut channels = Vec::new();
    let score = judgement.map_or(f64::NEG_INFINITY, |j| j.score);
    let novelties = judgement.map_or(&[][..], |j| &j.novelties);
    let (beyond, doubtful) = (score > limits.threshold, score > limits.suspect);
    channels.extend((beyond || doubtful).then_some(Channel::Density));
    let unlikely = judgement.is_some_and(|j| j.p_value < UNLIKELY);
    let new = novelties.iter().any(|n| unlikely || n.weight > Weight::Habitual);
    channels.extend(new.then_some(Channel::Novelty));
    channels.extend((facts.drifting && !matched.is_some_and(in_shadow)).then_some(Channel::Drift));
    channels.extend(facts.flood.then_some(Channel::Flood));
    let counts = !facts.entered && !matched.is_some_and(in_shadow);
    let operators = |name: &str| facts.entered && name.starts_with("exec:");
    let strong = |n: &Novelty| n.weight == Weight::Strong && !operators(&n.name);
    let evidence = Evidence {
        model: matched.is_some(),
        exact: matched == Some(ModelMatch::Exact),
        scored: judgement.is_some(),
        doubt: counts && (doubtful || new || facts.drifting || facts.flood),
        hit: counts && (beyond || new || facts.drifting || facts.flood && doubtful),
        alone: novelties.iter().any(|n| counts && unlikely && n.weight == Weight::Weak || strong(n)),
        lost: facts.lost,
    };
    (evidence, channels)
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::Channel::{self, Density, Drift, Flood, Novelty as New};
    use vaectl_schemas::{ModelMatch, ScoreParts};

    use super::{Facts, Limits, Weight, weigh};
    use crate::state::Evidence;
    use crate::{Judgement, Novelty};

    const LIMITS: Limits = Limits { threshold: 6.0, suspect: 4.0 };

    fn judgement(score: f64, novelties: &[(&str, bool)]) -> Judgement {
        let weight = |strong| if strong { Weight::Strong } else { Weight::Weak };
        let novelty = |&(name, strong): &(&str, bool)| Novelty { name: name.into(), weight: weight(strong), seen: 1.0 };
        Judgement {
            score,
            parts: ScoreParts { reconstruction: score, latent: 0.0 },
            p_value: 0.5,
            novelties: novelties.iter().map(novelty).collect(),
        }
    }

    fn weighed(judgement: &Judgement, facts: Facts) -> (Evidence, Vec<Channel>) {
        weigh(Some(judgement), LIMITS, Some(ModelMatch::Exact), facts)
    }

    #[test]
    fn between_the_thresholds_is_doubt_and_beyond_is_a_hit() {
        let of = |score| {
            let (e, channels) = weighed(&judgement(score, &[]), Facts::default());
            (e.doubt, e.hit, e.alone, channels)
        };
        assert_eq!(of(4.0), (false, false, false, vec![]));
        assert_eq!(of(5.0), (true, false, false, vec![Density]));
        assert_eq!(of(6.5), (true, true, false, vec![Density]));
    }

    #[test]
    fn what_calm_windows_have_alone_is_a_hit_without_doubt() {
        let limits = Limits { suspect: 9.0, ..LIMITS };
        let of = |score| weigh(Some(&judgement(score, &[])), limits, Some(ModelMatch::Exact), Facts::default()).0;
        assert!(of(7.0).hit && !of(7.0).doubt);
        assert!(of(10.0).hit && of(10.0).doubt);
    }

    #[test]
    fn a_weak_novelty_is_a_hit_and_a_strong_one_opens_alone() {
        let (weak, channels) = weighed(&judgement(0.0, &[("syscall.sync", false)]), Facts::default());
        assert!(weak.doubt && weak.hit && !weak.alone);
        assert_eq!(channels, [New]);
        assert!(weighed(&judgement(0.0, &[("exec:/x", true)]), Facts::default()).0.alone);
    }

    #[test]
    fn a_weak_novelty_in_an_unlikely_window_opens_alone() {
        let unlikely = Judgement { p_value: 0.005, ..judgement(0.0, &[("syscall.sync", false)]) };
        assert!(weighed(&unlikely, Facts::default()).0.alone);
        assert!(!weighed(&unlikely, Facts { entered: true, ..Facts::default() }).0.alone);
        assert!(!weighed(&Judgement { p_value: 0.005, ..judgement(0.0, &[]) }, Facts::default()).0.alone);
    }

    #[test]
    fn a_new_name_of_a_kind_that_is_a_habit_counts_in_an_unlikely_window_and_opens_nothing_alone() {
        let of = |p_value| {
            let mut judgement = Judgement { p_value, ..judgement(0.0, &[("exec:/tmp/7", true)]) };
            judgement.novelties[0].weight = Weight::Habitual;
            let (evidence, channels) = weighed(&judgement, Facts::default());
            (evidence.doubt, evidence.hit, evidence.alone, channels)
        };
        assert_eq!(of(0.5), (false, false, false, vec![]));
        assert_eq!(of(0.005), (true, true, false, vec![New]));
    }

    #[test]
    fn a_small_shift_that_lasts_is_a_hit() {
        let (evidence, channels) = weighed(&judgement(0.0, &[]), Facts { drifting: true, ..Facts::default() });
        assert!(evidence.doubt && evidence.hit && !evidence.alone);
        assert_eq!(channels, [Drift]);
    }

    #[test]
    fn a_flood_alone_is_doubt_and_with_an_odd_score_a_hit() {
        let flood = Facts { flood: true, ..Facts::default() };
        let (evidence, channels) = weighed(&judgement(0.0, &[]), flood);
        assert!(evidence.doubt && !evidence.hit && !evidence.lost);
        assert_eq!(channels, [Flood]);
        assert!(weighed(&judgement(5.0, &[]), flood).0.hit);
    }

    #[test]
    fn an_operator_opens_nothing_but_by_a_rare_event() {
        let entered = Facts { entered: true, ..Facts::default() };
        let (busy, channels) = weighed(&judgement(50.0, &[("syscall.sync", false), ("exec:/bin/sh", true)]), entered);
        assert!(!busy.doubt && !busy.hit && !busy.alone);
        assert_eq!(channels, [Density, New], "the verdict still says what was seen");
        assert!(weighed(&judgement(0.0, &[("syscall.ptrace", true)]), entered).0.alone);
    }

    #[test]
    fn a_model_of_another_version_is_asked_in_shadow() {
        let of = |novelties: &[(&str, bool)]| {
            let repository = Some(ModelMatch::Repository);
            weigh(Some(&judgement(50.0, novelties)), LIMITS, repository, Facts::default()).0
        };
        let busy = of(&[("syscall.sync", false)]);
        assert!(!busy.doubt && !busy.hit && !busy.alone);
        assert!(of(&[("exec:/dev/shm/x", true)]).alone);
    }

    #[test]
    fn only_an_exact_model_is_exact() {
        for (matched, model, exact) in
            [(None, false, false), (Some(ModelMatch::Digest), true, false), (Some(ModelMatch::Exact), true, true)]
        {
            let (evidence, _) = weigh(None, LIMITS, matched, Facts { lost: true, ..Facts::default() });
            assert_eq!((evidence.model, evidence.exact, evidence.scored, evidence.lost), (model, exact, false, true));
        }
    }
}
