use std::collections::BTreeMap;
use std::sync::Arc;

/// What became of the lines of one dataset.
///
/// `received` is the sum of all the others, at the end and whenever nothing is in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines that were taken in.
    pub received: u64,
    /// Documents that the repository took.
    pub indexed: u64,
    /// Of these, documents that the server could not map and put into its failure store.
    pub failure_store: u64,
    /// Documents that the repository had already.
    pub duplicate: u64,
    /// Lines that others stand for: verdicts without a lasting transition, and windows unless they are asked for.
    pub merged: u64,
    /// Lines in the dead-letter file.
    pub dead_lettered: u64,
    /// Documents that wait on the disk.
    pub spooled: u64,
    /// Lines that are lost.
    pub dropped: u64,
}

impl Counts {
    /// How many lines are accounted for.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.indexed + self.duplicate + self.merged + self.dead_lettered + self.spooled + self.dropped
    }

    fn columns(&self) -> [(&'static str, u64); 7] {
        [
            ("received", self.received),
            ("indexed", self.indexed),
            ("duplicate", self.duplicate),
            ("merged", self.merged),
            ("dead_lettered", self.dead_lettered),
            ("spooled", self.spooled),
            ("dropped", self.dropped),
        ]
    }
}

/// The account of all lines, by dataset. A line without a dataset counts under `vaectl.<type>`, a malformed one under
/// `malformed`. The stream's own bookkeeping (hello, heartbeat, ledger, end) is not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger(BTreeMap<Arc<str>, Counts>);

impl Ledger {
    /// Where the next datasets go once there are this many: their names come from the input.
    const MAX_DATASETS: usize = 64;
    const OTHER: &'static str = "other";

    /// The name under which a dataset is counted.
    pub(crate) fn name(&mut self, dataset: &str) -> Arc<str> {
        if let Some((name, _)) = self.0.get_key_value(dataset) {
            return name.clone();
        }
        let dataset = if self.0.len() < Self::MAX_DATASETS { dataset } else { Self::OTHER };
        self.0.entry(dataset.into()).or_default();
        dataset.into()
    }

    /// The counts of a dataset.
    pub(crate) fn of(&mut self, dataset: &Arc<str>) -> &mut Counts {
        self.0.entry(dataset.clone()).or_default()
    }

    /// Datasets and their counts, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Counts)> {
        self.0.iter().map(|(name, counts)| (name.as_ref(), counts))
    }

    /// The sum over all datasets.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.0.values().fold(Counts::default(), |a, b| Counts {
            received: a.received + b.received,
            indexed: a.indexed + b.indexed,
            failure_store: a.failure_store + b.failure_store,
            duplicate: a.duplicate + b.duplicate,
            merged: a.merged + b.merged,
            dead_lettered: a.dead_lettered + b.dead_lettered,
            spooled: a.spooled + b.spooled,
            dropped: a.dropped + b.dropped,
        })
    }

    /// The ledger as it stands on a `ledger` line; columns that are zero are kept, so that the sum can be checked.
    #[must_use]
    pub fn info(&self) -> vaectl_schemas::LedgerInfo {
        let columns = |counts: &Counts| {
            let aside = Some(("failure_store", counts.failure_store)).filter(|&(_, n)| n > 0);
            counts.columns().into_iter().chain(aside).map(|(name, n)| (name.to_owned(), n)).collect()
        };
        vaectl_schemas::LedgerInfo {
            v: vaectl_schemas::VERSION,
            stage: "publish".into(),
            accepted: None,
            datasets: self.0.iter().map(|(name, counts)| (name.to_string(), columns(counts))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    #[test]
    fn a_flood_of_dataset_names_stays_bounded() {
        let mut ledger = Ledger::default();
        for i in 0..1000 {
            let name = ledger.name(&format!("set-{i}"));
            ledger.of(&name).received += 1;
        }
        assert_eq!(ledger.iter().count(), Ledger::MAX_DATASETS + 1);
        assert_eq!(ledger.total().received, 1000);
    }

    #[test]
    fn the_line_has_every_column_of_the_sum() {
        let mut ledger = Ledger::default();
        let name = ledger.name("vaectl.process");
        ledger.of(&name).received = 3;
        ledger.of(&name).indexed = 2;
        ledger.of(&name).duplicate = 1;
        let info = ledger.info();
        let columns = &info.datasets["vaectl.process"];
        assert_eq!(columns.values().sum::<u64>(), 2 * columns["received"]);
    }
}
