//! Reading what `publish --to dir:PATH` wrote, also while it writes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use vaectl_schemas::{DEFAULT_MAX_LINE_BYTES, Event, Incident, Kind, LineReader, Summary, Verdict, peek};

use crate::HarnessError;
use crate::error::Naming;

/// A published document of the kinds that a person looks at.
#[derive(Debug)]
pub enum Document {
    /// What one process did.
    Event(Box<Event<'static>>),
    /// An episode opened or closed.
    Incident(Box<Incident<'static>>),
    /// A container's hour.
    Summary(Box<Summary<'static>>),
    /// A change of state.
    Verdict(Box<Verdict<'static>>),
}

/// A directory of NDJSON files that may still grow.
#[derive(Debug)]
pub struct Repository {
    path: PathBuf,
    read: BTreeMap<PathBuf, u64>,
}

impl Repository {
    /// The repository below `path`, which need not be there yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), read: BTreeMap::new() }
    }

    /// The documents that were not read before; a line that is still being written waits for the next call.
    pub fn poll(&mut self) -> Result<Vec<Document>, HarnessError> {
        let mut documents = Vec::new();
        for path in files(&self.path)? {
            let from = self.read.entry(path.clone()).or_default();
            let mut file = File::open(&path).naming("open", &path)?;
            file.seek(SeekFrom::Start(*from)).naming("read", &path)?;
            let mut lines = LineReader::new(BufReader::new(file), DEFAULT_MAX_LINE_BYTES * 4);
            while let Some(line) = lines.next_line().naming("read", &path)? {
                if line.unterminated {
                    break;
                }
                *from += line.bytes.len() as u64 + 1;
                documents.extend(parse(line.bytes).map_err(std::io::Error::other).naming("parse a line of", &path)?);
            }
        }
        Ok(documents)
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, HarnessError> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).naming("read", folder)? {
        let path = entry.naming("read", folder)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "ndjson") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn parse(line: &[u8]) -> serde_json::Result<Option<Document>> {
    Ok(match peek(line) {
        Ok(Kind::Event) => Some(Document::Event(serde_json::from_slice(line)?)),
        Ok(Kind::Incident) => Some(Document::Incident(serde_json::from_slice(line)?)),
        Ok(Kind::Summary) => Some(Document::Summary(serde_json::from_slice(line)?)),
        Ok(Kind::Verdict) => Some(Document::Verdict(serde_json::from_slice(line)?)),
        _ => None,
    })
}
