use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::encode::identity_of;
use crate::fingerprint::fingerprint;

/// How much of the end of a file is looked through.
const REACH: u64 = 256 << 20;

/// The identities of the lines that a file had when it was opened: half a million of them take 20 MB.
///
/// A file is told of again when input is published a second time, so that its last 256 MiB are enough.
#[derive(Default)]
pub(crate) struct Known {
    hashes: HashSet<u128>,
}

impl Known {
    /// Reads the identities in the file at `path`; none where there is no such file yet.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let mut known = Self::default();
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(known),
            file => file?,
        };
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(REACH)))?;
        // Where the middle of a line is met first, it is no line and has no identity.
        for line in BufReader::with_capacity(1 << 20, file.take(length)).split(b'\n') {
            if let Some(id) = identity_of(&line?) {
                known.hashes.insert(fingerprint(&id));
            }
        }
        Ok(known)
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        !self.hashes.is_empty() && self.hashes.contains(&fingerprint(&id))
    }
}

#[cfg(test)]
mod tests {
    use super::Known;

    #[test]
    fn lines_are_known_by_their_identity_and_broken_ones_are_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let plain = r#"{"type":"gap","vaectl":{"v":1},"@timestamp":"2026-11-24T00:00:00Z"}"#;
        std::fs::write(&file, format!("half}}\n{}\n{plain}\n", plain.replace("Z\"", r#"Z","event":{"id":"a"}"#)))
            .unwrap();
        let known = Known::read(file.path()).unwrap();
        assert!(known.has(&crate::encode::identity_of(plain.as_bytes()).unwrap()));
        assert_eq!(known.hashes.len(), 2);
        assert!(!Known::read("nowhere".as_ref()).unwrap().has("a"));
    }
}
