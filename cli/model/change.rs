use std::path::Path;

use serde::Serialize;
use vaectl_scorer::model::ModelLock;

use super::{Answer, Chosen, short};
use crate::error::{Exit, Failure};

/// What is in use now.
#[derive(Serialize)]
struct Changed {
    key: String,
    current: String,
    previous: Option<String>,
}

pub(super) fn promote(models: &Path, key: &str, version: &str, answer: &mut Answer) -> Result<Exit, Failure> {
    let _lock = ModelLock::take(models)?;
    let chosen = Chosen::find(models, key)?;
    let hash = chosen.version(Some(version))?;
    chosen.versions.promote(&hash)?;
    tell(chosen, hash, answer)
}

pub(super) fn rollback(models: &Path, key: &str, answer: &mut Answer) -> Result<Exit, Failure> {
    let _lock = ModelLock::take(models)?;
    let chosen = Chosen::find(models, key)?;
    let hash = chosen.versions.rollback()?.ok_or_else(|| {
        Failure::new(Exit::Model, format!("no version of {} was in use before", chosen.key))
            .hint("`vaectl model promote` puts any version in use")
    })?;
    tell(chosen, hash, answer)
}

fn tell(chosen: Chosen, current: String, answer: &mut Answer) -> Result<Exit, Failure> {
    let changed = Changed { key: chosen.key, current, previous: chosen.versions.previous() };
    answer.give(&changed, |changed| {
        let before = changed.previous.as_deref().map_or("none", short);
        format!(
            "{}: {} is in use, and {before} was before; SIGHUP makes `score` read it\n",
            changed.key,
            short(&changed.current)
        )
    })?;
    Ok(Exit::Done)
}
