//! How an instance reads the scores of its model: less what is its own, and summed up over time.

use serde::{Deserialize, Serialize};
use vaectl_schemas::Timestamp;

use crate::Judgement;
use crate::judge::Judge;
use crate::model::{Calibration, WARM_UP};
use crate::recent::Recent;

/// What an instance learned of itself under its present model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tuning {
    /// The model's scores of its first windows.
    first: Vec<f64>,
    /// What is taken off its scores, once there were enough of these.
    offset: Option<f64>,
    /// The sum of small surprises since.
    surprise: f64,
    /// How likely its windows of the last hour were.
    recent: Recent,
}

/// A score as the instance reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    /// What was taken off the model's score.
    pub(crate) offset: f64,
    /// Small surprises have added up to a change.
    pub(crate) drifting: bool,
    /// The model does not fit the last hour: the instance warms up anew.
    pub(crate) unfit: bool,
}

impl Tuning {
    /// Reads a judgement: takes the instance's own offset off its score and gives it the p-value of what is left.
    ///
    /// As long as the offset is not known all that runs may lie apart is taken off: it might be this one's own.
    /// Where far more windows of an hour were unlikely than should have been, it learns its offset anew; what the model
    /// says meanwhile still counts, but for that bound.
    ///
    /// Nothing is learned from a window that does not `count`, because an operator was in it or the host lost some of it;
    /// and that an hour holds an attack is no reason to trust its model less.
    pub(crate) fn read(
        &mut self,
        judgement: &mut Judgement,
        at: Timestamp,
        counts: bool,
        model: &dyn Judge,
    ) -> Reading {
        let calibration = model.about().calibration;
        let raw = judgement.score;
        let offset = self.offset.unwrap_or(calibration.offset_bound);
        judgement.score = raw - offset;
        judgement.p_value = model.p_value(judgement.score);
        if !counts {
            return Reading { offset, drifting: false, unfit: false };
        }
        if self.offset.is_some() {
            let p_value = model.p_value(Calibration::slack(judgement.score));
            self.surprise = calibration.cusum.step(self.surprise, p_value);
            if judgement.score <= calibration.threshold {
                self.recent.count(at, judgement.p_value);
            }
        } else {
            self.first.push(raw);
            if self.first.len() >= WARM_UP {
                self.offset = Some(calibration.offset(&std::mem::take(&mut self.first)));
            }
        }
        let drifting = self.surprise > calibration.cusum.threshold;
        let unfit = self.recent.has_drifted();
        if unfit {
            *self = Self::default();
        }
        Reading { offset, drifting, unfit }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use vaectl_schemas::Timestamp;

    use super::{Reading, Tuning};
    use crate::judge::Judge;
    use crate::tests::support::{Scripted, judgement};

    fn read(tuning: &mut Tuning, score: f64) -> (f64, Reading) {
        let mut judgement = judgement(score);
        let reading = tuning.read(&mut judgement, Timestamp::default(), true, &Scripted);
        (judgement.score, reading)
    }

    fn warm(score: f64) -> Tuning {
        let mut tuning = Tuning::default();
        (0..30).for_each(|_| _ = read(&mut tuning, score));
        tuning
    }

    #[test]
    fn the_whole_bound_is_taken_off_until_the_own_offset_is_known() {
        let bound = Scripted.about().calibration.offset_bound;
        assert_eq!(read(&mut Tuning::default(), 5.0).0, 5.0 - bound);
        assert_eq!(read(&mut warm(0.25), 5.0).0, 4.75);
        assert_eq!(read(&mut warm(-3.0), 5.0).0, 5.0);
    }

    #[test]
    fn an_attack_from_the_first_window_on_is_not_calibrated_away() {
        let bound = Scripted.about().calibration.offset_bound;
        assert_eq!(read(&mut warm(40.0), 40.0).0, 40.0 - bound);
    }

    #[test]
    fn small_surprises_that_last_are_a_drift_and_are_forgotten() {
        let mut tuning = warm(0.0);
        // Half a spread is taken off. The scripted p-value of 4 is 1 in 21: a surprise of 3 nats, of which 2 are taken off.
        let first = (1..1000).find(|_| read(&mut tuning, 4.5).1.drifting);
        assert_eq!(first, Some(18));
        let calm = (1..1000).find(|_| !read(&mut tuning, 0.0).1.drifting);
        assert_eq!(calm, Some(1));
        let mut visited = warm(0.0);
        (0..100).for_each(|_| _ = visited.read(&mut judgement(9.0), Timestamp::default(), false, &Scripted));
        assert!(!read(&mut visited, 0.0).1.drifting, "an operator's visit is none");
        let mut unfit = warm(0.0);
        // One in five is below 0.05, for as long as it takes to be no chance.
        let anew = (1..1000).find(|at| read(&mut unfit, if at % 4 == 0 { 4.5 } else { 0.0 }).1.unfit);
        assert_eq!(anew, Some(120));
        assert_eq!(read(&mut unfit, 0.0).0, -Scripted.about().calibration.offset_bound, "it warms up anew");
        let mut warming = Tuning::default();
        assert!((0..30).all(|_| !read(&mut warming, 4.0).1.drifting), "what is one's own is not known yet");
    }
}
