//! How well a score ranks attacked windows above calm ones: free of any threshold.

/// One window: its score, whether it is attacked, and the group that it is weighed with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The higher, the more suspicious.
    pub score: f64,
    /// What it ought to be.
    pub attacked: bool,
    /// The index of its weight.
    pub group: usize,
}

/// Windows in falling order of their scores.
#[derive(Clone, Debug, Default)]
pub struct Ranking(Vec<Ranked>);

/// Area under the ROC curve, and average precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Areas {
    /// The chance that an attacked window scores above a calm one, ties counted half.
    pub auroc: f64,
    /// Precision at every attacked window, averaged; windows that tie share one precision.
    pub average_precision: f64,
}

impl Ranking {
    /// Sorts windows.
    #[must_use]
    pub fn of(windows: impl IntoIterator<Item = Ranked>) -> Self {
        let mut windows: Vec<Ranked> = windows.into_iter().collect();
        windows.sort_by(|a, b| b.score.total_cmp(&a.score));
        Self(windows)
    }

    /// Both areas, with every window weighed by its group; `None` where attacked or calm windows are missing.
    #[must_use]
    pub fn areas(&self, weight: impl Fn(usize) -> f64) -> Option<Areas> {
        let (mut attacked, mut calm, mut area, mut precision) = (0.0, 0.0, 0.0, 0.0);
        for tie in self.ties() {
            let (mut above, mut below) = (0.0, 0.0);
            for window in tie {
                *(if window.attacked { &mut above } else { &mut below }) += weight(window.group);
            }
            area += below * (attacked + above / 2.0);
            attacked += above;
            calm += below;
            if above > 0.0 {
                precision += above * attacked / (attacked + calm);
            }
        }
        (attacked > 0.0 && calm > 0.0)
            .then(|| Areas { auroc: area / (attacked * calm), average_precision: precision / attacked })
    }

    /// The curve from (0, 0) to (1, 1): false-positive rate and true-positive rate below every score that occurs.
    #[must_use]
    pub fn curve(&self) -> Vec<[f64; 2]> {
        let attacked = self.0.iter().filter(|window| window.attacked).count().max(1) as f64;
        let calm = self.0.iter().filter(|window| !window.attacked).count().max(1) as f64;
        let (mut above, mut curve) = ([0.0; 2], vec![[0.0; 2]]);
        for tie in self.ties() {
            let hits = tie.iter().filter(|window| window.attacked).count() as f64;
            above = [above[0] + tie.len() as f64 - hits, above[1] + hits];
            curve.push([above[0] / calm, above[1] / attacked]);
        }
        curve
    }

    /// The share of attacked windows above a threshold that at most this share of calm ones is above.
    #[must_use]
    pub fn recall_at(&self, false_positive_rate: f64) -> f64 {
        let within = self.curve().into_iter().take_while(|[rate, _]| *rate <= false_positive_rate);
        within.last().map_or(0.0, |[_, recall]| recall)
    }

    /// Runs of windows of one score.
    fn ties(&self) -> impl Iterator<Item = &[Ranked]> {
        self.0.chunk_by(|a, b| a.score.total_cmp(&b.score).is_eq())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "the numbers are exact")]

    use super::{Ranked, Ranking};

    fn ranking(windows: &[(f64, bool, usize)]) -> Ranking {
        Ranking::of(windows.iter().map(|&(score, attacked, group)| Ranked { score, attacked, group }))
    }

    #[test]
    fn areas_are_those_of_the_curve() {
        // From the top: hit, miss, hit, miss. Pairs won: 2 of the first, 1 of the second, of 4.
        let ranking = ranking(&[(4.0, true, 0), (3.0, false, 0), (2.0, true, 0), (1.0, false, 0)]);
        let areas = ranking.areas(|_| 1.0).unwrap();
        assert_eq!(areas.auroc, 0.75);
        // Precision 1 at the first hit, 2 of 3 at the second.
        assert!((areas.average_precision - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(ranking.curve(), [[0.0, 0.0], [0.0, 0.5], [0.5, 0.5], [0.5, 1.0], [1.0, 1.0]]);
        assert_eq!((ranking.recall_at(0.0), ranking.recall_at(0.5)), (0.5, 1.0));
    }

    #[test]
    fn ties_count_half_and_a_constant_score_knows_nothing() {
        let ranking = ranking(&[(1.0, true, 0), (1.0, false, 0), (1.0, false, 0)]);
        let areas = ranking.areas(|_| 1.0).unwrap();
        assert_eq!((areas.auroc, areas.average_precision, ranking.recall_at(0.99)), (0.5, 1.0 / 3.0, 0.0));
    }

    #[test]
    fn a_group_counts_as_often_as_it_was_drawn() {
        let ranking = ranking(&[(3.0, true, 0), (2.0, false, 1), (1.0, true, 1), (0.0, false, 0)]);
        // Group 1 twice and group 0 once: calm 2 + 1, attacked 1 + 2. Won: of the first 3, of the two others 1 each.
        assert_eq!(ranking.areas(|group| [1.0, 2.0][group]).unwrap().auroc, 5.0 / 9.0);
        assert_eq!(ranking.areas(|group| [0.0, 0.0][group]), None);
    }
}
