use std::io;
use std::path::PathBuf;

use tracing::warn;
use vaectl_schemas::{DeadLetter, DeadLetterInfo, Timestamp, escape};

use crate::document::{Document, Origin};
use crate::error::PublishError;
use crate::line::Line;
use crate::line_file::LineFile;
use crate::output::Output;

/// Makes dead letters and puts them where an operator finds them; on standard output where that place takes none.
pub(crate) struct DeadLetters {
    place: Place,
    overflowed: bool,
    /// The disk may not have the last ones.
    pub(crate) unsynced: bool,
}

enum Place {
    File {
        path: PathBuf,
        file: LineFile,
    },
    /// One file a day in a folder, made when it is needed.
    Days {
        folder: PathBuf,
        open: Option<(String, LineFile)>,
    },
    Output,
}

impl Place {
    /// Appends a line; says no where this is standard output.
    fn append(&mut self, now: Timestamp, line: &[u8]) -> io::Result<bool> {
        match self {
            Self::File { file, .. } => file.append(line)?,
            Self::Days { folder, open: today } => {
                let day = now.day();
                if today.as_ref().is_none_or(|(name, _)| *name != day) {
                    let file = open(&folder.join(format!("{day}.ndjson")))?;
                    *today = Some((day, file));
                }
                today.as_mut().map_or(Ok(()), |(_, file)| file.append(line))?;
            }
            Self::Output => return Ok(false),
        }
        Ok(true)
    }
}

impl DeadLetters {
    /// In one file, which is opened at once: better refused now than when it is needed.
    pub(crate) fn file(path: PathBuf) -> Result<Self, PublishError> {
        match open(&path) {
            Ok(file) => Ok(Self::at(Place::File { path, file })),
            Err(source) => Err(PublishError::Place { path, source }),
        }
    }

    /// In one file a day in `folder`.
    pub(crate) fn days(folder: PathBuf) -> Self {
        Self::at(Place::Days { folder, open: None })
    }

    /// On standard output.
    pub(crate) fn output() -> Self {
        Self::at(Place::Output)
    }

    fn at(place: Place) -> Self {
        Self { place, overflowed: false, unsynced: false }
    }

    /// Where they are, for a message.
    pub(crate) fn whereabouts(&self) -> String {
        let (Place::File { path, .. } | Place::Days { folder: path, .. }) = &self.place else {
            return "standard output".into();
        };
        format!("{}{}", path.display(), if self.overflowed { " and standard output" } else { "" })
    }

    /// Keeps a dead letter.
    pub(crate) fn keep(&mut self, letter: DeadLetterInfo, output: &mut Output<impl io::Write>) -> io::Result<()> {
        let now = Timestamp::now();
        let line = write(now, letter)?;
        let kept = self.place.append(now, &line).unwrap_or_else(|error| {
            if !std::mem::replace(&mut self.overflowed, true) {
                warn!(%error, "Dead letters go to standard output where their place does not take them.");
            }
            false
        });
        self.unsynced |= kept;
        if kept { Ok(()) } else { output.write(&line, 1) }
    }

    /// Waits until the disk has them.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        match &self.place {
            Place::File { file, .. } | Place::Days { open: Some((_, file)), .. } if self.unsynced => file.sync()?,
            _ => {}
        }
        self.unsynced = false;
        Ok(())
    }
}

/// A line that could not be read, by its first bytes.
pub(crate) fn of_line(line: &Line, reason: String) -> DeadLetterInfo {
    let origin = Origin { number: line.number, file: line.file.clone() };
    quote(&line.bytes, line.oversized.is_some(), reason, &origin)
}

/// The torn end of a file that an earlier writer left, whole.
pub(crate) fn of_torn_end(bytes: &[u8], path: &std::path::Path) -> DeadLetterInfo {
    let origin = Origin { number: 0, file: Some(path.display().to_string().into()) };
    let (original, escaped) = escape(bytes);
    let letter = quote(b"", false, "the file ended within this line".into(), &origin);
    DeadLetterInfo { original: original.into_owned(), escaped, ..letter }
}

/// A document that was refused or not delivered, whole, so that it can be sent again.
pub(crate) fn of_document(document: Document, status: Option<u16>, reason: String) -> DeadLetterInfo {
    let letter = quote(b"", false, reason, &document.origin);
    DeadLetterInfo { original: document.line, status, ..letter }
}

fn quote(bytes: &[u8], is_part: bool, reason: String, origin: &Origin) -> DeadLetterInfo {
    DeadLetterInfo {
        line: Some(origin.number).filter(|&number| number > 0),
        file: origin.file.as_deref().map(str::to_owned),
        ..DeadLetterInfo::quoting("publish", reason, bytes, is_part)
    }
}

fn write(now: Timestamp, info: DeadLetterInfo) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&DeadLetter::of(now, info))?;
    line.push(b'\n');
    Ok(line)
}

/// Opens a dead-letter file; the torn end of an earlier writer's becomes a dead letter in it.
fn open(path: &std::path::Path) -> io::Result<LineFile> {
    let mut torn = Vec::new();
    let mut file = LineFile::open(path, |part| {
        torn = part.to_vec();
        Ok(())
    })?;
    if !torn.is_empty() {
        file.append(&write(Timestamp::now(), of_torn_end(&torn, path))?)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::{DeadLetters, of_line};
    use crate::Line;
    use crate::output::Output;

    #[test]
    fn a_malformed_line_is_quoted_by_its_first_bytes_and_its_number() {
        let line = Line { number: 12, bytes: "é".repeat(600).into_bytes(), ..Line::default() };
        let letter = of_line(&line, "why".into());
        assert_eq!((letter.line, letter.original.len(), letter.truncated), (Some(12), 1024, true));
        assert!(!letter.escaped);
    }

    #[test]
    fn the_torn_end_of_a_dead_letter_file_is_kept_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead.ndjson");
        std::fs::write(&path, "{\"type\":\"dead_l").unwrap();
        let mut letters = DeadLetters::file(path.clone()).unwrap();
        letters.keep(of_line(&Line::default(), "why".into()), &mut Output::new(Vec::new())).unwrap();
        let lines: Vec<serde_json::Value> =
            std::fs::read_to_string(&path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["vaectl"]["original"], "{\"type\":\"dead_l");
    }
}
