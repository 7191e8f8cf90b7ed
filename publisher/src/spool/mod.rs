//! Documents on the disk, from the moment a line is accepted until a server has it.
//!
//! A folder of batches: `<number>.<rank>.<documents>.ndjson.zst`, each written under another name, synced, renamed, and
//! removed when every document in it is settled. A batch is the documents as lines in one zstd frame with its checksum,
//! so that `zstdcat` shows what waits, and a batch is whole or is not there.

mod progress;
mod rank;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, warn};

pub(crate) use self::progress::Progress;
use self::progress::is_mark;
pub(crate) use self::rank::Rank;
use crate::document::Document;
use crate::error::PublishError;

/// Fast: what waits is short-lived.
const LEVEL: i32 = 1;
/// The newest mark, once its batch is gone, behind the number that this had.
const PROGRESS: &str = "progress";
const SUFFIX: &str = ".ndjson.zst";
/// Where documents of an earlier process count that cannot be read.
const UNREAD: &str = "damaged";

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
    name: String,
    pub(crate) rank: Rank,
    bytes: u64,
    /// How many documents it has of each dataset, which are not told apart in an inherited one.
    pub(crate) documents: Documents,
    /// An earlier process left it.
    pub(crate) inherited: bool,
}

type Documents = BTreeMap<Arc<str>, u64>;

/// A batch that can be written.
pub(crate) struct Packed {
    pub(crate) rank: Rank,
    bytes: Vec<u8>,
    documents: Documents,
    mark: Option<String>,
}

impl Packed {
    /// Documents as one batch, and how far the input was taken in with them.
    pub(crate) fn new(rank: Rank, documents: &[Document], mark: Option<String>) -> io::Result<Self> {
        let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
        encoder.include_checksum(true)?;
        let mut counts = Documents::new();
        for document in documents {
            io::Write::write_all(&mut encoder, document.line.as_bytes())?;
            io::Write::write_all(&mut encoder, b"\n")?;
            *counts.entry(document.dataset.clone()).or_default() += 1;
        }
        if let Some(mark) = &mark {
            io::Write::write_all(&mut encoder, mark.as_bytes())?;
            io::Write::write_all(&mut encoder, b"\n")?;
        }
        Ok(Self { rank, bytes: encoder.finish()?, documents: counts, mark })
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
        let bytes = tickets.iter().map(|ticket| ticket.bytes).sum();
        let mut spool = Self { folder: folder.to_owned(), next: 0, bytes, limit, mark: None, _lock: lock };
        spool.mark = spool.newest_mark(&tickets).map_err(place)?;
        let marked = spool.mark.as_ref().map_or(0, |(number, _)| *number);
        // Of two marks the higher number is the newer one, also where its batch is long gone.
        spool.next = tickets.last().map_or(0, |last| last.number).max(marked) + 1;
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

    /// Writes the batches of one delivery; once this returns they survive whatever becomes of this process and of this
    /// machine. Upon an error none of them is there: `StorageFull` where there is no room, which an empty spool always has.
    pub(crate) fn put(&mut self, batches: &[&Packed]) -> io::Result<Vec<Ticket>> {
        let bytes: u64 = batches.iter().map(|batch| batch.bytes.len() as u64).sum();
        if batches.is_empty() {
            return Ok(Vec::new());
        }
        if self.bytes > 0 && self.bytes + bytes > self.limit {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let tickets: Vec<_> = (self.next..).zip(batches).map(|(number, batch)| Ticket::new(number, batch)).collect();
        let files: Vec<_> = tickets.iter().map(|t| self.path(t)).zip(batches.iter().map(|b| &*b.bytes)).collect();
        self.write(&files).inspect_err(|_| {
            for (path, _) in &files {
                let _ = fs::remove_file(path);
            }
        })?;
        for (ticket, batch) in tickets.iter().zip(batches) {
            if let Some(mark) = &batch.mark {
                self.mark = Some((ticket.number, mark.clone()));
            }
        }
        self.next += tickets.len() as u64;
        self.bytes += bytes;
        Ok(tickets)
    }

    /// The lines of a batch. One that does not fit its checksum is put aside, and there are none; a disk that fails says
    /// nothing about what is on it.
    pub(crate) fn read(&self, ticket: &Ticket) -> io::Result<Option<Vec<String>>> {
        let path = self.path(ticket);
        let bytes = fs::read(&path)?;
        let lines: io::Result<Vec<String>> =
            zstd::Decoder::new(&*bytes).and_then(|decoder| BufReader::new(decoder).lines().collect());
        match lines {
            Ok(mut lines) => {
                lines.pop_if(|line| is_mark(line));
                Ok(Some(lines))
            }
            Err(error) => {
                let aside = path.with_extension("broken");
                error!(%error, path = %aside.display(), "A batch of the spool is damaged and put aside.");
                fs::rename(&path, aside)?;
                Ok(None)
            }
        }
    }

    /// Removes a batch whose documents are settled.
    pub(crate) fn remove(&mut self, ticket: &Ticket) {
        self.bytes -= ticket.bytes;
        let kept = match &self.mark {
            Some((number, mark)) if *number == ticket.number => {
                self.write(&[(self.folder.join(PROGRESS), format!("{number} {mark}").as_bytes())])
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

    /// Writes files, each as a whole or not at all, and none before all are on the disk.
    fn write(&self, files: &[(PathBuf, &[u8])]) -> io::Result<()> {
        let unfinished = |path: &Path| path.with_extension("tmp");
        let write = || {
            for (path, bytes) in files {
                let mut file = File::create(unfinished(path))?;
                io::Write::write_all(&mut file, bytes)?;
                file.sync_all()?;
            }
            for (path, _) in files {
                fs::rename(unfinished(path), path)?;
            }
            File::open(&self.folder)?.sync_all()
        };
        write().inspect_err(|_| {
            // What is left of them is removed by the next start otherwise.
            for (path, _) in files {
                let _ = fs::remove_file(unfinished(path));
            }
        })
    }

    /// Batches are settled in any order, so that one may be there that is older than the newest mark.
    fn newest_mark(&self, tickets: &[Ticket]) -> io::Result<Option<(u64, String)>> {
        let kept = match fs::read_to_string(self.folder.join(PROGRESS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            text => numbered(&text?),
        };
        let known = kept.as_ref().map_or(0, |(number, _)| *number);
        for ticket in tickets.iter().rev().take_while(|ticket| ticket.number > known) {
            let decoder = zstd::Decoder::new(File::open(self.path(ticket))?)?;
            let last = BufReader::new(decoder).lines().map_while(Result::ok).last();
            if let Some(mark) = last.filter(|line| is_mark(line)) {
                return Ok(Some((ticket.number, mark)));
            }
        }
        Ok(kept)
    }

    fn path(&self, ticket: &Ticket) -> PathBuf {
        self.folder.join(&ticket.name)
    }
}

/// A mark behind a number.
fn numbered(text: &str) -> Option<(u64, String)> {
    text.split_once(' ').and_then(|(number, mark)| Some((number.parse().ok()?, mark.to_owned())))
}

impl Ticket {
    fn new(number: u64, batch: &Packed) -> Self {
        let (rank, documents) = (batch.rank, batch.documents.clone());
        let name = format!("{number:016}.{}.{}{SUFFIX}", rank.name(), documents.values().sum::<u64>());
        Self { number, name, rank, bytes: batch.bytes.len() as u64, documents, inherited: false }
    }

    /// That of a file, by its name.
    fn named(name: &str, bytes: u64) -> Option<Self> {
        let mut parts = name.strip_suffix(SUFFIX)?.split('.');
        let (number, rank) = (parts.next()?.parse().ok()?, Rank::named(parts.next()?)?);
        let count = parts.next()?.parse().ok()?;
        let documents = Documents::from([(UNREAD.into(), count)]);
        Some(Self { number, name: name.to_owned(), rank, bytes, documents, inherited: true })
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::{Packed, Rank, Spool, Ticket};
    use crate::document::{Document, Tier};

    fn document(line: &str) -> Document {
        Document::sample(line, line, Tier::Process)
    }

    fn packed(line: &str) -> Packed {
        Packed::new(Rank::Forensics, &[document(line), document("second")], None).unwrap()
    }

    fn marked(mark: &str) -> Packed {
        Packed::new(Rank::Forensics, &[document("line")], Some(mark.into())).unwrap()
    }

    fn put(spool: &mut Spool, batch: &Packed) -> Ticket {
        spool.put(&[batch]).unwrap().remove(0)
    }

    #[test]
    fn what_was_put_is_found_by_the_next_process_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let (mut spool, left) = Spool::open(folder.path(), 1 << 20).unwrap();
        assert!(left.is_empty());
        let first = put(&mut spool, &packed("first"));
        put(&mut spool, &packed("third"));
        spool.remove(&first);
        std::fs::write(folder.path().join("0000000000000009.forensics.ndjson.tmp"), "half").unwrap();
        drop(spool);

        let (mut spool, left) = Spool::open(folder.path(), 1 << 20).unwrap();
        assert_eq!(left.len(), 1);
        assert!(left[0].inherited);
        assert_eq!(spool.read(&left[0]).unwrap().unwrap(), ["third", "second"]);
        assert_eq!(left[0].documents.values().sum::<u64>(), 2);
        assert_eq!(put(&mut spool, &packed("fourth")).number, 3);
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
        let ticket = put(&mut spool, &packed(&"text that can be compressed ".repeat(10)));
        let path = spool.path(&ticket);
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(spool.read(&ticket).unwrap().is_none());
        assert!(path.with_extension("broken").exists());
    }

    #[test]
    fn a_batch_that_cannot_be_read_now_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (mut spool, _) = Spool::open(folder.path(), 1 << 20).unwrap();
        let ticket = put(&mut spool, &packed("line"));
        let path = spool.path(&ticket);
        // A folder can be opened, and reading it is an error of the system.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        spool.read(&ticket).unwrap_err();
        assert!(path.exists() && !path.with_extension("broken").exists());
    }

    #[test]
    fn a_mark_outlives_its_batch_until_the_input_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Spool::open(folder.path(), 1 << 20).unwrap();
        let (mut spool, _) = open();
        let mark = r#"{"accepted":{}}"#;
        let ticket = put(&mut spool, &marked(mark));
        put(&mut spool, &packed("not marked"));
        drop(spool);

        let (mut spool, left) = open();
        assert_eq!((spool.mark(), spool.read(&left[0]).unwrap().unwrap()), (Some(mark), vec!["line".to_owned()]));
        spool.remove(&ticket);
        drop(spool);
        let (mut spool, _) = open();
        assert_eq!(spool.mark(), Some(mark));
        spool.forget().unwrap();
        drop(spool);
        assert_eq!(open().0.mark(), None);
    }

    #[test]
    fn a_batch_that_outlives_newer_ones_does_not_turn_the_mark_back() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Spool::open(folder.path(), 1 << 20).unwrap();
        let (mut spool, _) = open();
        let (old, new) = (r#"{"accepted":{"old":1}}"#, r#"{"accepted":{"new":1}}"#);
        put(&mut spool, &marked(old));
        let ticket = put(&mut spool, &marked(new));
        spool.remove(&ticket);
        drop(spool);

        let (mut spool, left) = open();
        assert_eq!((spool.mark(), left.len()), (Some(new), 1));
        spool.remove(&left[0]);
        drop(spool);
        // Nor is a number given twice, by which marks are told apart.
        let (mut spool, _) = open();
        assert_eq!(put(&mut spool, &marked(old)).number, 3);
        drop(spool);
        assert_eq!(open().0.mark(), Some(old));
    }

    #[test]
    fn of_a_delivery_all_batches_are_there_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let (mut spool, _) = Spool::open(folder.path(), 1 << 20).unwrap();
        let kept = Packed::new(Rank::Kept, &[document("line")], None).unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.path().join("0000000000000002.kept.1.ndjson.tmp")).unwrap();
        let delivery = [&packed("line"), &kept];
        assert_eq!(spool.put(&delivery).unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "there is more than the lock");
        assert_eq!(spool.put(&delivery).unwrap().len(), 2);
    }

    #[test]
    fn the_limit_counts_what_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (mut spool, _) = Spool::open(folder.path(), 60).unwrap();
        let ticket = put(&mut spool, &packed("line"));
        let large = Packed { bytes: vec![0; 100], ..packed("line") };
        assert_eq!(spool.put(&[&large]).unwrap_err().kind(), ErrorKind::StorageFull);
        spool.remove(&ticket);
        spool.put(&[&large]).unwrap();
    }
}
