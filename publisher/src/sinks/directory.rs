use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracing::warn;
use vaectl_schemas::Timestamp;

use super::{AT_ONCE, Sink};
use crate::account::Account;
use crate::config::BatchLimits;
use crate::dead_letter::of_torn_end;
use crate::document::{Document, Outcome};
use crate::error::{PublishError, SinkError};
use crate::line_file::LineFile;
use crate::patience::Patience;
use crate::stop::Stop;

const DEAD_LETTERS: &str = "dead-letter";
/// Files that are open at once; an old archive may touch one for each of its days.
const MAX_OPEN: usize = 32;
const NS_PER_DAY: u64 = 86_400_000_000_000;

/// A folder of plain NDJSON: `<dataset>/<day>.ndjson`, by the day of each line's own time.
///
/// Lines are appended and handed to the system at once, synced to the disk when their file is closed. What is
/// published twice is there twice, under the same `event.id`.
pub(crate) struct Directory {
    folder: PathBuf,
    open: HashMap<FileKey, LineFile>,
    retry_for: Duration,
    stop: Stop,
}

/// Dataset and day.
type FileKey = (Arc<str>, u64);

impl Directory {
    /// Makes the folder and sees whether it can be written to.
    pub(crate) fn open(folder: &Path, retry_for: Duration, stop: Stop) -> Result<Self, PublishError> {
        let probe = folder.join(format!(".probe-{}", std::process::id()));
        fs::create_dir_all(folder)
            .and_then(|()| File::create(&probe))
            .and_then(|_| fs::remove_file(&probe))
            .map_err(|source| PublishError::Place { path: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned(), open: HashMap::new(), retry_for, stop })
    }

    fn append(&mut self, key: &FileKey, lines: &[u8], account: &mut Account<impl Write>) -> io::Result<()> {
        if !self.open.contains_key(key) {
            if self.open.len() >= MAX_OPEN {
                self.close()?;
            }
            let day = Timestamp::from_ns(key.1.saturating_mul(NS_PER_DAY)).day();
            let file = mended(&self.folder.join(&*key.0).join(format!("{day}.ndjson")), account)?;
            self.open.insert(key.clone(), file);
        }
        self.open.get_mut(key).map_or(Ok(()), |file| file.append(lines))
    }

    fn close(&mut self) -> io::Result<()> {
        self.open.drain().try_for_each(|(_, file)| file.sync())
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
        let mut patience = Patience::new(self.retry_for, &self.stop);
        while let Some(first) = held.first() {
            let key = (first.dataset.clone(), first.day);
            let mut these: Vec<_> = held.extract_if(.., |d| d.day == key.1 && d.dataset == key.0).collect();
            let mut lines = Vec::with_capacity(these.iter().map(|document| document.line.len() + 1).sum());
            for document in &these {
                lines.extend_from_slice(document.line.as_bytes());
                lines.push(b'\n');
            }
            while let Err(error) = self.append(&key, &lines, account) {
                self.open.remove(&key);
                warn!(%error, folder = %self.folder.display(), "The repository takes nothing, reading stops until it does.");
                if !patience.pause().await {
                    these.append(held);
                    *held = these;
                    let folder = self.folder.display();
                    return Err(SinkError::GaveUp(format!("cannot write to dir:{folder}: {error}; make room in it")));
                }
            }
            patience.progress();
            for document in these {
                account.settle(document, Outcome::Indexed);
            }
        }
        Ok(())
    }

    async fn end(&mut self) -> Result<(), SinkError> {
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
