//! Whether a new model is put in use.

use std::collections::BTreeMap;

use vaectl_schemas::Window;
use vaectl_scorer::model::{Content, Versions};
use vaectl_scorer::{Keys, Model};

use crate::config::Config;
use crate::contest::{Contest, SPELL};
use crate::error::TrainError;
use crate::intake::{Group, Run};
use crate::report::{Outcome, Trained};

/// Spells of windows of one key that other models ought to find odd.
const SAMPLE: usize = 50;

/// Spells of other keys that decide about a model, at most.
const MOST_OTHERS: usize = 200;

/// Windows that may decide, at least: with fewer, one that always alarms has nothing to be caught by.
const LEAST_CALM: usize = 60;

/// What is to become of a new model; known before it is made, since the newest runs may decide and must not teach.
pub(crate) enum Plan {
    /// It is put in use; a note says why, where that is not plain.
    Adopt(Option<String>),
    /// These runs, which the model in use has not seen either, decide.
    Contest(Box<Model>, Vec<Run>),
    /// None is made: nothing could decide.
    Leave(String),
}

/// Windows in a row of every key, evenly taken, with the keys of their containers.
pub(crate) struct Samples(BTreeMap<String, (Keys, Vec<Vec<Window<'static>>>)>);

impl Plan {
    /// Decides what decides, and takes the windows that do out of the group.
    pub(crate) fn of(config: &Config, key: &str, group: &mut Group) -> Self {
        if !config.promote {
            return Self::Adopt(None);
        }
        let versions = Versions::of(&config.models, key);
        let champion = match versions.current() {
            Ok(None) => return Self::Adopt(None),
            Ok(Some(hash)) => versions.load(&hash),
            Err(error) => Err(error),
        };
        let champion = match champion {
            Ok(champion) => champion,
            Err(error) => return Self::Adopt(Some(format!("the one before could not be used: {error}"))),
        };
        if !group.runs.values().flatten().any(|window| champion.scorable(window).is_ok()) {
            return Self::Adopt(Some("the one before can score none of these windows".into()));
        }
        let newest = group.take_newest(champion.card().span[1]);
        let calm = newest.iter().map(Vec::len).sum::<usize>();
        if newest.is_empty() {
            Self::Leave("no run began since it was made, or too few are left to teach another".into())
        } else if calm < LEAST_CALM && !group.is_of_parts() {
            Self::Leave(format!("the runs that began since it was made have {calm} windows, and {LEAST_CALM} decide"))
        } else {
            Self::Contest(Box::new(champion), newest)
        }
    }

    /// Stores a new model, and puts it in use where it may be. Old versions go.
    pub(crate) fn settle(
        self,
        config: &Config,
        mut content: Content,
        others: &[&[Window<'static>]],
    ) -> Result<Outcome, TrainError> {
        if let Self::Adopt(Some(note)) = &self {
            content.card.notes.push(note.clone());
        }
        let hash = content.store(&config.models)?;
        let versions = Versions::of(&config.models, &content.card.key);
        let card = content.card.clone();
        let decided = match self {
            Self::Adopt(_) | Self::Leave(_) => None,
            Self::Contest(champion, calm) => {
                Some(Contest::hold(&champion, &Model::new(hash.clone(), content), &calm, others))
            }
        };
        let outcome = if let Some(lost) = decided.filter(|contest| !contest.is_won()) {
            Outcome::Kept { why: lost.to_string(), contest: decided }
        } else {
            versions.promote(&hash)?;
            Outcome::Trained(Box::new(Trained::of(card, versions.path(&hash), decided)))
        };
        versions.prune(config.keep)?;
        Ok(outcome)
    }
}

impl Samples {
    /// Takes them, before any run is held back.
    pub(crate) fn of(groups: &BTreeMap<String, Group>) -> Self {
        let sample = |group: &Group| {
            let spells: Vec<&[Window<'static>]> = group.runs.values().flat_map(|run| run.chunks(SPELL)).collect();
            let some = spells.iter().step_by(spells.len().div_ceil(SAMPLE).max(1)).map(|spell| spell.to_vec());
            (group.keys.clone(), some.collect())
        };
        Self(groups.iter().map(|(key, group)| (key.clone(), sample(group))).collect())
    }

    /// Those of all other images: what another version of one does, or one with another argument, need not be odd.
    pub(crate) fn but(&self, key: &str) -> Vec<&[Window<'static>]> {
        let own = self.0.get(key).map(|(keys, _)| keys);
        let is_twin = |keys: &Keys| {
            own.is_some_and(|own| {
                own.digest.is_some() && own.digest == keys.digest
                    || own.repository.is_some() && own.repository == keys.repository
            })
        };
        let others = self.0.iter().filter(|(other, (keys, _))| *other != key && !is_twin(keys));
        let others: Vec<&[Window<'static>]> = others.flat_map(|(_, (_, spells))| spells).map(Vec::as_slice).collect();
        let step = others.len().div_ceil(MOST_OTHERS).max(1);
        others.into_iter().step_by(step).collect()
    }
}
