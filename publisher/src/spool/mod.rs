//! Documents on the disk, from the moment a line is accepted until a server has it.
//!
//! A folder of batches: `<number>.<rank>.ndjson.zst`, each written under another name, synced, renamed, and removed
//! when every document in it is settled. A batch is the documents as lines in one zstd frame with its checksum, so that
//! `zstdcat` shows what waits, and a batch is whole or is not there.

mod progress;
mod rank;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use tracing::{error, warn};

pub(crate) use self::progress::Progress;
use self::progress::is_mark;
pub(crate) use self::rank::Rank;
use crate::document::Document;
use crate::error::PublishError;

/// Fast: what waits is short-lived.
const LEVEL: i32 = 1;
/// The mark of the newest batch, once that is gone.
const PROGRESS: &str = "progress";
/// Batches that are written together: one of each rank, and the last one has the mark.
const TOGETHER: usize = Rank::ALL.len();
const SUFFIX: &str = ".ndjson.zst";

/// The folder; it has one user at a time.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    next: u64,
    bytes: u64,
    limit: u64,
    /// The newest mark, and the number of the batch that carries it.
    mark: Option<(u64, String)>,
    /// Held for as long as the spool is used; the system lets go of it with the process.
    _lock: File,
}

/// A batch on the disk.
#[derive(Debug)]
pub(crate) struct Ticket {
    number: u64,
    pub(crate) rank: Rank,
    bytes: u64,
    /// An earlier process left it.
    pub(crate) inherited: bool,
}

/// A batch that can be written.
pub(crate) struct Packed {
    rank: Rank,
    bytes: Vec<u8>,
    mark: Option<String>,
}

impl Packed {
    /// Documents as one batch, and how far the input was taken in with them.
    pub(crate) fn new(rank: Rank, documents: &[Document], mark: Option<String>) -> io::Result<Self> {
        let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
        encoder.include_checksum(true)?;
        for document in documents {
            io::Write::write_all(&mut encoder, document.line.as_bytes())?;
            io::Write::write_all(&mut encoder, b"\n")?;
        }
        if let Some(mark) = &mark {
            io::Write::write_all(&mut encoder, mark.as_bytes())?;
            io::Write::write_all(&mut encoder, b"\n")?;
        }
        Ok(Self { rank, bytes: encoder.finish()?, mark })
    }
}

impl Spool {
    /// Opens or makes the folder, of at most `limit` bytes, and names what an earlier process left, oldest first.
    pub(crate) fn open(folder: &Path, limit: u64) -> Result<(Self, Vec<Ticket>), PublishError> {
        let place = |source| PublishError::Place { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(place)?;
        let lock = File::create(folder.join("lock")).map_err(place)?;
        lock.try_lock().map_err(|_| PublishError::Configuration {
            what: format!("the spool {}", folder.display()),
            reason: "another process uses it: give each its own with --spool".into(),
        })?;
        let mut tickets = Vec::new();
        for entry in fs::read_dir(folder).map_err(place)? {
            let entry = entry.map_err(place)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".tmp") {
                // It was never accepted.
                fs::remove_file(entry.path()).map_err(place)?;
            } else if let Some(ticket) = Ticket::named(&name, entry.metadata().map_err(place)?.len()) {
                tickets.push(ticket);
            }
        }
        tickets.sort_by_key(|ticket| ticket.number);
        let next = tickets.last().map_or(1, |last| last.number + 1);
        let bytes = tickets.iter().map(|ticket| ticket.bytes).sum();
        let mut spool = Self { folder: folder.to_owned(), next, bytes, limit, mark: None, _lock: lock };
        spool.mark = spool.newest_mark(&tickets).map_err(place)?;
        Ok((spool, tickets))
    }

    /// Where it is, for a message.
    pub(crate) fn place(&self) -> String {
        self.folder.display().to_string()
    }

    /// How far an earlier process took its input in.
    pub(crate) fn mark(&self) -> Option<&str> {
        self.mark.as_ref().map(|(_, mark)| mark.as_str())
    }

    /// The input was read to its end: the next one begins anew.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        self.mark = None;
        match fs::remove_file(self.folder.join(PROGRESS)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether it has room for a batch; an empty one takes any.
    pub(crate) fn fits(&self, batch: &Packed) -> bool {
        self.bytes == 0 || self.bytes + batch.bytes.len() as u64 <= self.limit
    }

    /// Writes a batch; once this returns it survives whatever becomes of this process and of this machine.
    pub(crate) fn put(&mut self, batch: &Packed) -> io::Result<Ticket> {
        let bytes = batch.bytes.len() as u64;
        let ticket = Ticket { number: self.next, rank: batch.rank, bytes, inherited: false };
        self.write(&self.path(&ticket), &batch.bytes)?;
        if let Some(mark) = &batch.mark {
            self.mark = Some((ticket.number, mark.clone()));
        }
        self.next += 1;
        self.bytes += bytes;
        Ok(ticket)
    }

    /// The lines of a batch. One that does not fit its checksum is put aside, and has none.
    pub(crate) fn read(&self, ticket: &Ticket) -> io::Result<Vec<String>> {
        let path = self.path(ticket);
        let file = File::open(&path)?;
        let lines = zstd::Decoder::new(file).and_then(|decoder| BufReader::new(decoder).lines().collect());
        let without_mark = |mut lines: Vec<String>| {
            lines.pop_if(|line| is_mark(line));
            lines
        };
        lines.map(without_mark).or_else(|error: io::Error| {
            let aside = path.with_extension("broken");
            error!(%error, path = %aside.display(), "A batch of the spool is damaged and put aside.");
            fs::rename(&path, aside)?;
            Ok(Vec::new())
        })
    }

    /// Removes a batch whose documents are settled.
    pub(crate) fn remove(&mut self, ticket: &Ticket) {
        self.bytes -= ticket.bytes;
        let kept = match &self.mark {
            Some((number, mark)) if *number == ticket.number => {
                self.write(&self.folder.join(PROGRESS), mark.as_bytes())
            }
            _ => Ok(()),
        };
        match kept.and_then(|()| fs::remove_file(self.path(ticket))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                warn!(%error, spool = self.place(), "A settled batch could not be removed, it will be sent again.");
            }
            _ => {}
        }
    }

    /// Writes a file as a whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let unfinished = path.with_extension("tmp");
        let write = || {
            let mut file = File::create(&unfinished)?;
            io::Write::write_all(&mut file, bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().inspect_err(|_| {
            // What is left of it is removed by the next start otherwise.
            let _ = fs::remove_file(&unfinished);
        })
    }

    fn newest_mark(&self, tickets: &[Ticket]) -> io::Result<Option<(u64, String)>> {
        for ticket in tickets.iter().rev().take(TOGETHER) {
            let decoder = zstd::Decoder::new(File::open(self.path(ticket))?)?;
            let last = BufReader::new(decoder).lines().map_while(Result::ok).last();
            if let Some(mark) = last.filter(|line| is_mark(line)) {
                return Ok(Some((ticket.number, mark)));
            }
        }
        match fs::read_to_string(self.folder.join(PROGRESS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            mark => Ok(Some((0, mark?))),
        }
    }

    fn path(&self, ticket: &Ticket) -> PathBuf {
        self.folder.join(format!("{:016}.{}{SUFFIX}", ticket.number, ticket.rank.name()))
    }
}

impl Ticket {
    fn named(name: &str, bytes: u64) -> Option<Self> {
        let (number, rank) = name.strip_suffix(SUFFIX)?.split_once('.')?;
        Some(Self { number: number.parse().ok()?, rank: Rank::named(rank)?, bytes, inherited: true })
    }
}

#[cfg(test)]
mod tests {
    use super::{Packed, Rank, Spool};
    use crate::document::{Document, Tier};

    fn document(line: &str) -> Document {
        Document::sample(line, line, Tier::Process)
    }

    fn packed(line: &str) -> Packed {
        Packed::new(Rank::Forensics, &[document(line), document("second")], None).unwrap()
    }

    #[test]
    fn what_was_put_is_found_by_the_next_process_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let (mut spool, left) = Spool::open(folder.path(), 1 << 20).unwrap();
        assert!(left.is_empty());
        let first = spool.put(&packed("first")).unwrap();
        spool.put(&packed("third")).unwrap();
        spool.remove(&first);
        std::fs::write(folder.path().join("0000000000000009.forensics.ndjson.tmp"), "half").unwrap();
        drop(spool);

        let (mut spool, left) = Spool::open(folder.path(), 1 << 20).unwrap();
        assert_eq!(left.len(), 1);
        assert!(left[0].inherited);
        assert_eq!(spool.read(&left[0]).unwrap(), ["third", "second"]);
        assert_eq!(spool.put(&packed("fourth")).unwrap().number, 3);
        assert!(!folder.path().join("0000000000000009.forensics.ndjson.tmp").exists());
    }

    #[test]
    fn a_second_process_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Spool::open(folder.path(), 1).unwrap();
        let error = Spool::open(folder.path(), 1).unwrap_err();
        assert!(error.to_string().contains("another process uses it"), "{error}");
    }

    #[test]
    fn a_batch_that_is_damaged_is_put_aside_and_not_guessed_at() {
        let folder = tempfile::tempdir().unwrap();
        let (mut spool, _) = Spool::open(folder.path(), 1 << 20).unwrap();
        let ticket = spool.put(&packed(&"text that can be compressed ".repeat(10))).unwrap();
        let path = spool.path(&ticket);
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(spool.read(&ticket).unwrap().is_empty());
        assert!(path.with_extension("broken").exists());
    }

    #[test]
    fn a_mark_outlives_its_batch_until_the_input_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Spool::open(folder.path(), 1 << 20).unwrap();
        let (mut spool, _) = open();
        let mark = r#"{"accepted":{}}"#;
        let batch = Packed::new(Rank::Forensics, &[document("line")], Some(mark.into())).unwrap();
        let ticket = spool.put(&batch).unwrap();
        spool.put(&packed("not marked")).unwrap();
        drop(spool);

        let (mut spool, left) = open();
        assert_eq!((spool.mark(), spool.read(&left[0]).unwrap().as_slice()), (Some(mark), &["line".to_owned()][..]));
        spool.remove(&ticket);
        drop(spool);
        let (mut spool, _) = open();
        assert_eq!(spool.mark(), Some(mark));
        spool.forget().unwrap();
        drop(spool);
        assert_eq!(open().0.mark(), None);
    }

    #[test]
    fn the_limit_counts_what_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (mut spool, _) = Spool::open(folder.path(), 60).unwrap();
        let batch = packed("line");
        assert!(spool.fits(&batch));
        let ticket = spool.put(&batch).unwrap();
        let large = Packed { rank: Rank::Kept, bytes: vec![0; 100], mark: None };
        assert!(!spool.fits(&large));
        spool.remove(&ticket);
        assert!(spool.fits(&large));
    }
}
