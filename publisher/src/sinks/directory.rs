use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::warn;
use vaectl_schemas::Timestamp;

use super::{AT_ONCE, Sink};
use crate::account::Account;
use crate::config::BatchLimits;
use crate::dead_letter::of_torn_end;
use crate::document::{Document, NS_PER_DAY, Outcome};
use crate::error::{PublishError, SinkError};
use crate::known::Known;
use crate::line_file::LineFile;
use crate::patience::Patience;

pub(crate) const DEAD_LETTERS: &str = "dead-letter";
/// Files that are open at once; an old archive may touch one for each of its days.
const MAX_OPEN: usize = 32;

/// A folder of plain NDJSON: `<dataset>/<day>.ndjson`, by the day of each line's own time.
///
/// Lines are appended and handed to the system at once, synced to the disk when their file is closed. Input that is
/// published a second time is there once: a line whose identity a file had when it was opened is not written again.
pub(crate) struct Directory {
    folder: PathBuf,
    open: HashMap<FileKey, DayFile>,
    patience: Patience,
}

/// Dataset and day.
type FileKey = (Arc<str>, u64);

struct DayFile {
    file: LineFile,
    known: Known,
}

impl Directory {
    /// Makes the folder and sees whether it can be written to.
    pub(crate) fn open(folder: &Path, patience: Patience) -> Result<Self, PublishError> {
        let probe = folder.join(format!(".probe-{}", std::process::id()));
        fs::create_dir_all(folder)
            .and_then(|()| File::create(&probe))
            .and_then(|_| fs::remove_file(&probe))
            .map_err(|source| PublishError::Place { path: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned(), open: HashMap::new(), patience })
    }

    /// Appends what is not there yet; what became of each document, in their order.
    fn append(
        &mut self,
        key: &FileKey,
        documents: &[Document],
        account: &mut Account<impl Write>,
    ) -> io::Result<Vec<Outcome>> {
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(key) {
            self.close()?;
        }
        let DayFile { file, known } = match self.open.entry(key.clone()) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => {
                let day = Timestamp::from_ns(key.1.saturating_mul(NS_PER_DAY)).day();
                let path = self.folder.join(&*key.0).join(format!("{day}.ndjson"));
                let file = mended(&path, account)?;
                place.insert(DayFile { file, known: Known::read(&path)? })
            }
        };
        let mut lines = Vec::with_capacity(documents.iter().map(|document| document.line.len() + 1).sum());
        let mut outcomes = Vec::with_capacity(documents.len());
        for document in documents {
            if known.has(&document.id) {
                outcomes.push(Outcome::Duplicate);
                continue;
            }
            lines.extend_from_slice(document.line.as_bytes());
            lines.push(b'\n');
            outcomes.push(Outcome::Indexed);
        }
        file.append(&lines)?;
        Ok(outcomes)
    }

    fn close(&mut self) -> io::Result<()> {
        self.open.drain().try_for_each(|(_, day)| day.file.sync())
    }
}

impl Sink for Directory {
    fn limits(&self) -> BatchLimits {
        AT_ONCE
    }

    /// Mends every file, not only those that will be written to: a reader expects whole lines of all of them.
    async fn begin(&mut self, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        let mut mend = || -> io::Result<()> {
            for dataset in fs::read_dir(&self.folder)? {
                let dataset = dataset?;
                if dataset.file_name() == DEAD_LETTERS || !dataset.file_type()?.is_dir() {
                    continue;
                }
                for file in fs::read_dir(dataset.path())? {
                    let path = file?.path();
                    if path.extension().is_some_and(|extension| extension == "ndjson") {
                        mended(&path, account)?;
                    }
                }
            }
            Ok(())
        };
        mend().map_err(|error| SinkError::Refused(format!("cannot mend dir:{}: {error}", self.folder.display())))
    }

    async fn deliver(&mut self, held: &mut Vec<Document>, account: &mut Account<impl Write>) -> Result<(), SinkError> {
        while let Some(first) = held.first() {
            let key = (first.dataset.clone(), first.day());
            let mut these: Vec<_> = held.extract_if(.., |d| d.day() == key.1 && d.dataset == key.0).collect();
            let outcomes = loop {
                let error = match self.append(&key, &these, account) {
                    Ok(outcomes) => break outcomes,
                    Err(error) => error,
                };
                self.open.remove(&key);
                warn!(%error, folder = %self.folder.display(), "The repository takes nothing, reading stops until it does.");
                if !self.patience.pause().await {
                    these.append(held);
                    *held = these;
                    let folder = self.folder.display();
                    return Err(SinkError::GaveUp(format!("cannot write to dir:{folder}: {error}; make room in it")));
                }
            };
            self.patience.progress();
            for (document, outcome) in these.into_iter().zip(outcomes) {
                account.settle(document, outcome);
            }
        }
        Ok(())
    }

    async fn end(&mut self, _: &mut Account<impl Write>) -> Result<(), SinkError> {
        self.close().map_err(|error| SinkError::Refused(format!("cannot sync dir:{}: {error}", self.folder.display())))
    }
}

/// Opens a file; the torn line of a writer that died goes to the dead letters.
fn mended(path: &Path, account: &mut Account<impl Write>) -> io::Result<LineFile> {
    LineFile::open(path, |torn| {
        warn!(path = %path.display(), bytes = torn.len(), "A line that was cut off is moved to the dead letters.");
        account.note(of_torn_end(torn, path))
    })
}
