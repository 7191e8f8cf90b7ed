//! Where a stage's lines come from: standard input, or files.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::IgnoredAny;
use tracing::warn;
use vaectl_schemas::{LineReader, RawLine};

use super::input::{Input, Patient};
use super::signals::Requests;
use crate::error::{Exit, Failure};

/// One input, opened.
pub(crate) struct Source {
    /// The file's name; absent for standard input.
    pub(crate) name: Option<Arc<str>>,
    pub(crate) reader: Box<dyn BufRead + Send>,
}

/// Opens every file, so that a name that is wrong is known before the first line is read; standard input where there
/// are none or where the name is `-`.
pub(crate) fn open(files: &[PathBuf], input: Input) -> Result<Vec<Source>, Failure> {
    let mut input = Some(input);
    let mut stdin = || {
        let input = input.take().ok_or_else(|| Failure::usage("standard input can be read only once"))?;
        Ok(Source { name: None, reader: Box::new(Patient(input)) })
    };
    if files.is_empty() {
        return Ok(vec![stdin()?]);
    }
    files.iter().map(|file| if file == Path::new("-") { stdin() } else { open_file(file) }).collect()
}

/// The files, with every folder replaced by all files below it, in the order of their paths.
pub(crate) fn with_folders(paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn below(top: &Path) -> Result<Vec<PathBuf>, Failure> {
    let (mut folders, mut files) = (vec![top.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        let unreadable = |error| Failure::usage(format!("cannot read {}: {error}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().is_file() {
                files.push(entry.path());
            }
        }
    }
    if files.is_empty() {
        return Err(Failure::usage(format!("there is no file in {}", top.display())));
    }
    files.sort();
    Ok(files)
}

fn open_file(path: &Path) -> Result<Source, Failure> {
    let reader = vaectl_schemas::open(path).map_err(|error| Failure::caused(Exit::Usage, &error))?;
    Ok(Source { name: Some(path.display().to_string().into()), reader })
}

/// Gives every line of every source to `take` until it says no or the stage has to end; but not the line that a file was
/// cut off in, which is the usual end of one whose writer was killed.
pub(crate) fn for_each_line(
    sources: Vec<Source>,
    max_line_bytes: usize,
    requests: &Requests,
    mut take: impl FnMut(&RawLine<'_>, Option<&Arc<str>>) -> bool,
) -> io::Result<()> {
    for source in sources {
        let mut lines = LineReader::new(source.reader, max_line_bytes);
        while let Some(line) = lines.next_line()? {
            // A line that the stage itself cut by ending is nobody's mistake.
            let ended = requests.cause().is_some() && (source.name.is_some() || line.unterminated);
            if let Some(file) = &source.name
                && line.unterminated
                && line.oversized.is_none()
                && serde_json::from_slice::<IgnoredAny>(line.bytes).is_err()
            {
                warn!(%file, line = line.number, "The file ends within this line, which is left out.");
                continue;
            }
            if ended || !take(&line, source.name.as_ref()) {
                return Ok(());
            }
        }
    }
    Ok(())
}
