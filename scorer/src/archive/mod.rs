//! Windows with their states, kept for training: rotated, packed, bounded, and never in the way of scoring.

mod name;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tracing::{info, warn};
use vaectl_schemas::{State, Timestamp, Window};
use zstd::Encoder;

use name::HOUR_NS;
pub use name::archived_before;

/// A crash loses at most the windows of this much line time.
const FLUSH_NS: u64 = 10_000_000_000;
/// How long the archive leaves a disk alone that refused it.
const RETRY_NS: u64 = 30_000_000_000;
const LEVEL: i32 = 3;

/// Where windows are kept, and how much of them.
#[derive(Clone, Debug)]
pub struct ArchiveConfig {
    /// The folder; it is made where it is missing.
    pub dir: PathBuf,
    /// The most that the folder may hold; the oldest files go first.
    pub max_bytes: u64,
    /// The most that one file may hold.
    pub max_file_bytes: u64,
}

impl ArchiveConfig {
    /// An archive of 1 GiB in files of 64 MiB.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), max_bytes: 1 << 30, max_file_bytes: 64 << 20 }
    }
}

/// The open archive.
pub(crate) struct Archive {
    config: ArchiveConfig,
    segment: Option<Segment>,
    line: Vec<u8>,
    /// Until when the disk is left alone.
    paused: Option<Timestamp>,
    dropped: u64,
}

struct Segment {
    encoder: Encoder<'static, Counted>,
    hour: u64,
    flushed: Timestamp,
}

impl Archive {
    pub(crate) fn new(config: ArchiveConfig) -> Self {
        Self { config, segment: None, line: Vec::new(), paused: None, dropped: 0 }
    }

    /// Keeps `window` as judged to be in `state`; says whether it was kept.
    ///
    /// A disk that refuses is reported once, and tried again after half a minute of line time.
    pub(crate) fn append(&mut self, window: &mut Window<'_>, state: State) -> bool {
        let now = window.timestamp;
        if self.paused.is_some_and(|until| now < until) {
            self.dropped += 1;
            return false;
        }
        window.vaectl.state = Some(state);
        match self.write(window) {
            Ok(()) => {
                if self.paused.take().is_some() {
                    info!(dropped = self.dropped, "The archive takes windows again.");
                    self.dropped = 0;
                }
                true
            }
            Err(error) => {
                if self.paused.is_none() {
                    let dir = self.config.dir.display();
                    warn!(%dir, %error, "The archive cannot be written; windows are judged and not kept. Make room there.");
                }
                self.segment = None;
                self.paused = Some(Timestamp::from_ns(now.as_ns() + RETRY_NS));
                self.dropped += 1;
                false
            }
        }
    }

    /// Ends the open file.
    pub(crate) fn finish(&mut self) {
        if let Some(Err(error)) = self.segment.take().map(|s| s.encoder.finish()) {
            warn!(dir = %self.config.dir.display(), %error, "The last file of the archive could not be ended.");
        }
    }

    fn write(&mut self, window: &Window<'_>) -> io::Result<()> {
        let now = window.timestamp;
        let hour = now.as_ns() / HOUR_NS;
        let full = |s: &Segment| s.hour != hour || s.encoder.get_ref().bytes >= self.config.file_bytes();
        if let Some(segment) = self.segment.take_if(|s| full(s)) {
            segment.encoder.finish()?;
        }
        let segment = match &mut self.segment {
            Some(segment) => segment,
            none => {
                let encoder = Encoder::new(create(&self.config, now)?, LEVEL)?;
                none.insert(Segment { encoder, hour, flushed: now })
            }
        };
        self.line.clear();
        serde_json::to_writer(&mut self.line, window)?;
        self.line.push(b'\n');
        segment.encoder.write_all(&self.line)?;
        if now.as_ns().abs_diff(segment.flushed.as_ns()) >= FLUSH_NS {
            segment.encoder.flush()?;
            segment.flushed = now;
        }
        Ok(())
    }
}

impl ArchiveConfig {
    /// What one file may hold, such that the oldest can go while the newest grows.
    fn file_bytes(&self) -> u64 {
        self.max_file_bytes.min(self.max_bytes / 4)
    }
}

/// A file, and how much was written to it.
struct Counted {
    file: File,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes room for a file and creates it, named for the time of its first window.
fn create(config: &ArchiveConfig, first: Timestamp) -> io::Result<Counted> {
    fs::create_dir_all(&config.dir)?;
    let mut files = segments(&config.dir)?;
    let mut total: u64 = files.iter().map(|(_, bytes)| bytes).sum();
    // The newest first, so that the oldest is at the end to be taken off.
    files.reverse();
    while total > config.max_bytes.saturating_sub(config.file_bytes()) {
        let Some((path, bytes)) = files.pop() else { break };
        fs::remove_file(path)?;
        total -= bytes;
    }
    for n in 0..10_000 {
        match File::create_new(config.dir.join(name::of(first, n))) {
            Ok(file) => return Ok(Counted { file, bytes: 0 }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The files of an archive with their sizes, oldest first.
fn segments(dir: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(name::is_one) {
            files.push((entry.path(), entry.metadata()?.len()));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs::{self, File};
    use std::path::Path;

    use vaectl_schemas::{LineReader, Metrics, State, Timestamp, Window, WindowInfo, WindowMeta};

    use super::{Archive, ArchiveConfig, HOUR_NS, segments};

    fn window(at_ns: u64, seed: u64) -> Window<'static> {
        let info = WindowInfo { nominal_ns: 5_000_000_000, duration_ns: 5_000_000_000, ..WindowInfo::default() };
        let meta = WindowMeta { v: 1, window: info, run: Some("r".into()), job: None, state: None };
        let mut window = Window::new(Timestamp::from_ns(at_ns), meta);
        let noise = |i: u64| (seed ^ i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
        window.counters = (0..40).map(|i| (format!("syscall.{i}"), noise(i) as f64)).collect::<Metrics>();
        window.execs = BTreeMap::new();
        window
    }

    fn read(path: &Path) -> Vec<Window<'static>> {
        let mut reader = LineReader::new(vaectl_schemas::open(path).unwrap(), 1 << 20);
        let mut out = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            out.push(serde_json::from_slice(line.bytes).unwrap());
        }
        out
    }

    #[test]
    fn an_hour_of_line_time_is_a_file_and_windows_keep_their_state() {
        let dir = tempfile::tempdir().unwrap();
        let mut archive = Archive::new(ArchiveConfig::new(dir.path().join("made")));
        for (at, state) in [(1, State::Warming), (HOUR_NS - 1, State::Stable), (HOUR_NS, State::Unstable)] {
            assert!(archive.append(&mut window(at, 1), state));
        }
        archive.finish();
        let files = segments(&dir.path().join("made")).unwrap();
        let states: Vec<Vec<_>> =
            files.iter().map(|(path, _)| read(path).into_iter().map(|w| w.vaectl.state.unwrap()).collect()).collect();
        assert_eq!(states, [vec![State::Warming, State::Stable], vec![State::Unstable]]);
    }

    #[test]
    fn the_oldest_files_go_and_the_cap_holds() {
        let dir = tempfile::tempdir().unwrap();
        let config = ArchiveConfig { max_bytes: 64 * 1024, ..ArchiveConfig::new(dir.path()) };
        let mut archive = Archive::new(config);
        for i in 0..4000 {
            assert!(archive.append(&mut window(1 + i * 5_000_000_000, i), State::Stable));
        }
        archive.finish();
        let files = segments(dir.path()).unwrap();
        let total: u64 = files.iter().map(|f| f.1).sum();
        assert!(files.len() > 2 && total > 24 * 1024 && total <= 80 * 1024, "{total} in {}", files.len());
        let last = read(&files.last().unwrap().0).pop().unwrap();
        assert_eq!(last.timestamp.as_ns(), 1 + 3999 * 5_000_000_000);
    }

    #[test]
    fn a_file_of_an_earlier_start_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        for seed in [1, 2] {
            let mut archive = Archive::new(ArchiveConfig::new(dir.path()));
            archive.append(&mut window(7, seed), State::Stable);
            archive.finish();
        }
        let files = segments(dir.path()).unwrap();
        assert_eq!(files.iter().map(|(path, _)| read(path).len()).collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn a_crash_leaves_a_file_that_reads_up_to_the_last_flush() {
        let dir = tempfile::tempdir().unwrap();
        let mut archive = Archive::new(ArchiveConfig::new(dir.path()));
        for i in 0..5 {
            archive.append(&mut window(1 + i * 5_000_000_000, i), State::Stable);
        }
        std::mem::forget(archive);
        assert_eq!(read(&segments(dir.path()).unwrap()[0].0).len(), 5);
    }

    #[test]
    fn a_disk_that_refuses_is_left_alone_and_tried_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("archive");
        fs::write(&path, "a file where the folder should be").unwrap();
        let mut archive = Archive::new(ArchiveConfig::new(&path));
        assert!(!archive.append(&mut window(1, 1), State::Stable));
        fs::remove_file(&path).unwrap();
        assert!(!archive.append(&mut window(5_000_000_000, 2), State::Stable), "it pauses");
        assert!(archive.append(&mut window(40_000_000_000, 3), State::Stable), "and tries again");
        assert_eq!(archive.dropped, 0);
    }

    #[test]
    fn a_full_disk_costs_windows_and_takes_them_again_once_there_is_room() {
        let dir = tempfile::tempdir().unwrap();
        let mut archive = Archive::new(ArchiveConfig::new(dir.path()));
        let append =
            |archive: &mut Archive, i: u64| archive.append(&mut window(1 + i * 5_000_000_000, i), State::Stable);
        assert!((0..5).all(|i| append(&mut archive, i)));
        archive.segment.as_mut().unwrap().encoder.get_mut().file =
            File::options().write(true).open("/dev/full").unwrap();
        let kept: Vec<bool> = (5..20).map(|i| append(&mut archive, i)).collect();
        archive.finish();
        let lost = kept.iter().position(|kept| !kept).expect("the disk was full");
        let taken = kept.iter().rposition(|kept| !kept).unwrap() + 1;
        assert!(kept[lost..taken].iter().all(|kept| !kept), "one outage: {kept:?}");
        let files = segments(dir.path()).unwrap();
        assert_eq!(files.iter().map(|(path, _)| read(path).len()).collect::<Vec<_>>(), [5, kept.len() - taken]);
    }
}
