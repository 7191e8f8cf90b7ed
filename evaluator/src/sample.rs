//! Windows that are kept for a comparison: so many at most, drawn evenly.

use std::collections::{BTreeMap, HashMap};

use vaectl_schemas::{Window, derived_id};

/// The windows whose ids have the lowest seeded hashes: an even draw that does not depend on the order of the lines, and
/// by which it is known of every other id whether it was drawn.
#[derive(Debug)]
pub(crate) struct Sample {
    most: usize,
    seed: String,
    windows: HashMap<String, Window<'static>>,
    /// Ids by their hash.
    drawn: BTreeMap<String, String>,
    offered: usize,
}

impl Sample {
    pub(crate) fn new(most: usize, seed: u64) -> Self {
        Self { most, seed: seed.to_string(), windows: HashMap::new(), drawn: BTreeMap::new(), offered: 0 }
    }

    fn rank(&self, id: &str) -> String {
        derived_id("sample", [self.seed.as_str(), id])
    }

    /// Keeps a window, or leaves it or another one out.
    pub(crate) fn offer(&mut self, id: String, window: Window<'static>) {
        let rank = self.rank(&id);
        self.offered += usize::from(!self.windows.contains_key(&id));
        if !self.is_drawn(&rank) {
            return;
        }
        self.drawn.insert(rank, id.clone());
        self.windows.insert(id, window);
        if self.windows.len() > self.most
            && let Some((_, id)) = self.drawn.pop_last()
        {
            self.windows.remove(&id);
        }
    }

    /// Whether an id of this hash is among those that are drawn as things stand.
    fn is_drawn(&self, rank: &str) -> bool {
        self.windows.len() < self.most
            || self.drawn.last_key_value().is_some_and(|(highest, _)| rank <= highest.as_str())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Window<'static>> {
        self.windows.get(id)
    }

    /// Whether the window of this id was not drawn, if it was there.
    pub(crate) fn leaves_out(&self, id: &str) -> bool {
        self.offered > self.windows.len() && !self.is_drawn(&self.rank(id))
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, Window, WindowInfo, WindowMeta};

    use super::Sample;

    fn sample(seed: u64, ids: impl Iterator<Item = u64>) -> (Sample, Vec<String>) {
        let mut sample = Sample::new(100, seed);
        for id in ids {
            let meta = WindowMeta { v: 1, window: WindowInfo::default(), run: None, job: None, state: None };
            sample.offer(id.to_string(), Window::new(Timestamp::default(), meta));
        }
        let mut ids: Vec<String> = sample.windows.keys().cloned().collect();
        ids.sort();
        (sample, ids)
    }

    #[test]
    fn the_draw_is_bounded_even_and_the_same_in_any_order() {
        let (sample_, ids) = sample(1, 0..1000);
        assert_eq!(ids.len(), 100);
        assert_eq!(ids, sample(1, (0..1000).rev()).1);
        assert_ne!(ids, sample(2, 0..1000).1);
        let low = ids.iter().filter(|id| id.parse::<u64>().unwrap() < 500).count();
        assert!((30..=70).contains(&low), "{low} of 100 are of the first half");
        let out = (0..1000).filter(|id| sample_.leaves_out(&id.to_string())).count();
        assert_eq!(out, 900);
    }

    #[test]
    fn few_are_kept_whole() {
        let (sample, ids) = sample(1, 0..100);
        assert_eq!(ids.len(), 100);
        assert!(!sample.leaves_out("another"), "nobody was left out: it was never there");
    }
}
