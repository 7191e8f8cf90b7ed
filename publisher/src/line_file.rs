use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The longest torn line that is looked for at the end of a file.
const MAX_TORN: u64 = 8 << 20;

/// A file that whole lines are appended to.
///
/// Each append is made under the file's lock, so that several writers of one file never mix or tear their lines.
#[derive(Debug)]
pub(crate) struct LineFile(File);

impl LineFile {
    /// Opens or creates a file; folders above it are created.
    ///
    /// Where an earlier writer died in the middle of a line, `save` gets that part before it is cut off.
    pub(crate) fn open(path: &Path, save: impl FnOnce(&[u8]) -> io::Result<()>) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        locked(&file, |file| {
            let torn = torn_end(file)?;
            if !torn.is_empty() {
                save(&torn)?;
                file.set_len(file.metadata()?.len() - torn.len() as u64)?;
            }
            Ok(())
        })?;
        Ok(Self(file))
    }

    /// Appends lines with their line ends: all of them or, upon an error, none.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        locked(&self.0, |mut file| {
            let before = file.metadata()?.len();
            file.write_all(lines).inspect_err(|_| {
                // A full disk took a part; if even the cut fails, the next start repairs it.
                let _ = file.set_len(before);
            })
        })
    }

    /// Waits until the disk has it.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

fn locked<T>(file: &File, work: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
    match file.lock() {
        Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
        _ => {}
    }
    let result = work(file);
    let _ = file.unlock();
    result
}

/// What follows the last line end of a file.
fn torn_end(mut file: &File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    let mut end = Vec::new();
    // Nearly always the last byte alone settles it.
    for reach in [1, 64 << 10, MAX_TORN] {
        let from = length.saturating_sub(reach);
        file.seek(SeekFrom::Start(from))?;
        end.clear();
        file.take(length - from).read_to_end(&mut end)?;
        if let Some(at) = end.iter().rposition(|&byte| byte == b'\n') {
            return Ok(end.split_off(at + 1));
        }
        if from == 0 {
            return Ok(end);
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "it does not consist of lines"))
}

#[cfg(test)]
mod tests {
    use super::LineFile;

    #[test]
    fn a_torn_line_is_saved_and_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.ndjson");
        for (before, torn, after) in
            [("", "", ""), ("{}\n", "", "{}\n"), ("{}\n{\"a\"", "{\"a\"", "{}\n"), ("{\"a\"", "{\"a\"", "")]
        {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, before).unwrap();
            let mut saved = Vec::new();
            let mut file = LineFile::open(&path, |part| {
                saved = part.to_vec();
                Ok(())
            })
            .unwrap();
            assert_eq!(saved, torn.as_bytes());
            file.append(b"{\"n\":1}\n").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{after}{{\"n\":1}}\n"));
        }
    }

    #[test]
    fn a_long_torn_line_is_found_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let torn = "x".repeat(70_000);
        std::fs::write(&path, format!("{{}}\n{torn}")).unwrap();
        let mut saved = Vec::new();
        LineFile::open(&path, |part| {
            saved = part.to_vec();
            Ok(())
        })
        .unwrap();
        assert_eq!(saved, torn.as_bytes());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n");
    }

    #[test]
    fn a_torn_line_that_cannot_be_saved_is_not_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "{}\n{").unwrap();
        LineFile::open(&path, |_| Err(std::io::ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n{");
    }
}
