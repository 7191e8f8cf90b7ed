use std::path::Path;

use serde::Serialize;
use vaectl_schemas::{Grade, Timestamp};
use vaectl_scorer::Model;
use vaectl_scorer::model::Versions;

use super::{Answer, short};
use crate::error::{Exit, Failure};
use crate::{printable, units};

/// One version.
#[derive(Serialize)]
struct Row {
    key: String,
    hash: String,
    /// `current`, `previous`, or nothing.
    #[serde(rename = "use")]
    role: &'static str,
    written: Timestamp,
    /// What its header says; absent where it cannot be used.
    #[serde(flatten)]
    about: Option<About>,
}

#[derive(Serialize)]
struct About {
    name: String,
    grade: Grade,
    span: [Timestamp; 2],
    runs: usize,
    windows: usize,
    features: usize,
    threshold: f64,
}

pub(super) fn run(models: &Path, answer: &mut Answer) -> Result<Exit, Failure> {
    let mut rows = Vec::new();
    for key in Versions::keys(models)? {
        let versions = Versions::of(models, &key);
        // What is wrong with `current` is for `verify` to say.
        let (current, previous) = (versions.current().ok().flatten(), versions.previous());
        for version in versions.all()? {
            let is = |other: &Option<String>| other.as_deref() == Some(&*version.hash);
            let role = if is(&current) {
                "current"
            } else if is(&previous) {
                "previous"
            } else {
                ""
            };
            let model = versions.load(&version.hash).ok();
            let card = model.as_ref().map(Model::card);
            rows.push(Row {
                key: key.clone(),
                role,
                written: version.written,
                about: card.map(|card| About {
                    name: card.name.clone(),
                    grade: card.grade,
                    span: card.span,
                    runs: card.runs,
                    windows: card.windows,
                    features: card.features.len(),
                    threshold: card.calibration.threshold,
                }),
                hash: version.hash,
            });
        }
    }
    answer.give(&rows, |rows| table(rows))?;
    Ok(Exit::Done)
}

fn table(rows: &[Row]) -> String {
    let heads =
        ["MODEL", "VERSION", "USE", "GRADE", "RUNS", "WINDOWS", "FEATURES", "THRESHOLD", "UNTIL", "WRITTEN", "KEY"];
    let mut table = vec![heads.map(str::to_owned).into()];
    for row in rows {
        let about = |figure: &dyn Fn(&About) -> String| row.about.as_ref().map_or("-".into(), figure);
        table.push(vec![
            about(&|about| printable::text(&about.name)),
            short(&row.hash).to_owned(),
            row.role.to_owned(),
            row.about.as_ref().map_or("broken".into(), |about| about.grade.to_string()),
            about(&|about| about.runs.to_string()),
            about(&|about| about.windows.to_string()),
            about(&|about| about.features.to_string()),
            about(&|about| format!("{:.1}", about.threshold)),
            about(&|about| units::seconds(about.span[1])),
            units::seconds(row.written),
            row.key.clone(),
        ]);
    }
    printable::columns(&table)
}
