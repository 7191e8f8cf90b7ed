use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use vaectl_schemas::Timestamp;

use super::{Outline, time_of};
use crate::document::NS_PER_DAY;
use crate::error::PublishError;
use crate::sinks::DEAD_LETTERS;

const INCIDENTS: &str = "vaectl.incident";
const VERDICTS: &str = "vaectl.verdict";
/// Folders without events.
const OTHERS: [&str; 3] = [INCIDENTS, VERDICTS, DEAD_LETTERS];

pub(super) fn incidents(folder: &Path, since: Option<Timestamp>) -> Result<Vec<String>, PublishError> {
    let since = since.unwrap_or_default();
    let mut lines = read(&folder.join(INCIDENTS), &since.day(), |outline| outline.time >= since)?;
    lines.sort_by_cached_key(|line| time_of(line));
    Ok(lines)
}

pub(super) fn lines(folder: &Path, incident: &str, limit: usize) -> Result<Vec<String>, PublishError> {
    let belongs = |outline: &Outline| outline.vaectl.incident.as_deref().is_some_and(|id| id.starts_with(incident));
    let mut lines = read(&folder.join(INCIDENTS), "", belongs)?;
    let opened = lines.iter().filter_map(|line| serde_json::from_str::<Outline>(line).ok()?.vaectl.opened);
    let Some(opened) = opened.min() else { return Ok(lines) };
    // What was held back from before it was noticed is at most a day old.
    let from = Timestamp::from_ns(opened.as_ns().saturating_sub(NS_PER_DAY)).day();
    lines.extend(read(&folder.join(VERDICTS), &from, belongs)?);
    let mut events = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| unreadable(folder, &source))? {
        let path = entry.map_err(|source| unreadable(folder, &source))?.path();
        if path.is_dir() && !OTHERS.iter().any(|other| path.ends_with(other)) {
            events.extend(read(&path, &from, belongs)?);
        }
    }
    events.sort_by_cached_key(|line| time_of(line));
    lines.extend(events.into_iter().take(limit));
    Ok(lines)
}

/// The lines of a dataset from a day on that `belong`; none where there is no such dataset.
fn read(dataset: &Path, from: &str, belongs: impl Fn(&Outline) -> bool) -> Result<Vec<String>, PublishError> {
    let mut lines = Vec::new();
    for path in days(dataset, from).map_err(|source| unreadable(dataset, &source))? {
        let reader = vaectl_schemas::open(&path)
            .map_err(|error| PublishError::Configuration { what: error.path, reason: error.source.to_string() })?;
        for line in reader.lines() {
            let line = line.map_err(|source| unreadable(&path, &source))?;
            if let Ok(outline) = serde_json::from_str::<Outline>(&line)
                && belongs(&outline)
            {
                lines.push(line);
            }
        }
    }
    Ok(lines)
}

fn days(dataset: &Path, from: &str) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dataset) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && dataset.parent().is_some_and(Path::is_dir) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_day = path.extension().is_some_and(|extension| extension == "ndjson");
        if is_day && path.file_stem().is_some_and(|day| day >= from) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn unreadable(path: &Path, source: &io::Error) -> PublishError {
    PublishError::Configuration { what: path.display().to_string(), reason: format!("cannot read it: {source}") }
}
