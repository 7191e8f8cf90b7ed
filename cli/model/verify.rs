use std::path::Path;

use serde::Serialize;
use vaectl_scorer::model::Versions;

use super::{Answer, Chosen};
use crate::error::{Exit, Failure};
use crate::printable;

/// What became of one file.
#[derive(Serialize)]
struct Row {
    file: String,
    usable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Loads every version, and what `current` names.
pub(super) fn run(models: &Path, key: Option<&str>, answer: &mut Answer) -> Result<Exit, Failure> {
    let keys = match key {
        Some(text) => vec![Chosen::find(models, text)?.key],
        None => Versions::keys(models)?,
    };
    let mut rows = Vec::new();
    for key in keys {
        let versions = Versions::of(models, &key);
        for version in versions.all()? {
            let error = versions.load(&version.hash).err();
            rows.push(Row {
                file: version.path.display().to_string(),
                usable: error.is_none(),
                why: error.map(|error| error.to_string()),
            });
        }
        if let Err(error) = versions.current() {
            let file = models.join(&key).join("current").display().to_string();
            rows.push(Row { file, usable: false, why: Some(error.to_string()) });
        }
    }
    answer.give(&rows, |rows| {
        let state = |row: &Row| if row.usable { "usable" } else { "broken" };
        printable::columns(&rows.iter().map(|row| vec![state(row).to_owned(), row.file.clone()]).collect::<Vec<_>>())
    })?;
    let broken: Vec<&str> = rows.iter().filter_map(|row| row.why.as_deref()).collect();
    match broken[..] {
        [] => Ok(Exit::Done),
        [first, ..] => {
            let failure = Failure::new(Exit::Model, first);
            Err(broken[1..].iter().fold(failure, |failure, why| failure.hint(format!("also: {why}"))))
        }
    }
}
