//! The account of what came in and where it went, by dataset.

use std::collections::BTreeMap;

/// Datasets that are told apart; further ones are counted together.
const MAX_DATASETS: usize = 64;
/// The dataset that stands for all further ones.
const OTHER: &str = "(other)";

/// Where the lines of one dataset went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) received: u64,
    pub(crate) passed: u64,
    pub(crate) suppressed: u64,
    pub(crate) dropped: u64,
}

/// The accounts of all datasets. What is in none of the other columns is held.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    accounts: Vec<(String, Account)>,
}

impl Ledger {
    /// Where `dataset` stands in the ledger; opens an account for a new one.
    pub(crate) fn index(&mut self, dataset: &str) -> u8 {
        let find = |accounts: &[(String, Account)], name: &str| accounts.iter().position(|(n, _)| n == name);
        let index = find(&self.accounts, dataset).unwrap_or_else(|| {
            let name = if self.accounts.len() < MAX_DATASETS { dataset } else { OTHER };
            find(&self.accounts, name).unwrap_or_else(|| {
                self.accounts.push((name.to_owned(), Account::default()));
                self.accounts.len() - 1
            })
        });
        index as u8
    }

    /// The account at an index that [`Ledger::index`] gave.
    pub(crate) fn at(&mut self, index: u8) -> &mut Account {
        &mut self.accounts[usize::from(index)].1
    }

    /// The account of `dataset`.
    pub(crate) fn of(&mut self, dataset: &str) -> &mut Account {
        let index = self.index(dataset);
        self.at(index)
    }

    /// As a ledger line has it: `received = passed + suppressed + held + dropped`.
    pub(crate) fn datasets(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let columns = |a: &Account| {
            let held = a.received - a.passed - a.suppressed - a.dropped;
            [
                ("received", a.received),
                ("passed", a.passed),
                ("suppressed", a.suppressed),
                ("held", held),
                ("dropped", a.dropped),
            ]
            .map(|(name, count)| (name.to_owned(), count))
            .into()
        };
        self.accounts.iter().map(|(name, account)| (name.clone(), columns(account))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Ledger, MAX_DATASETS, OTHER};

    #[test]
    fn what_is_nowhere_else_is_held() {
        let mut ledger = Ledger::default();
        *ledger.of("vaectl.process") = Account { received: 10, passed: 4, suppressed: 3, dropped: 1 };
        assert_eq!(ledger.datasets()["vaectl.process"]["held"], 2);
    }

    #[test]
    fn endless_datasets_share_one_account() {
        let mut ledger = Ledger::default();
        for i in 0..1000 {
            ledger.of(&format!("foreign.{i}")).received += 1;
        }
        assert_eq!(ledger.datasets().len(), MAX_DATASETS + 1);
        assert_eq!(ledger.datasets()[OTHER]["received"], 1000 - MAX_DATASETS as u64);
    }
}
