//! Files that are replaced as a whole.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file aside, synchronises it, and renames it into place: a reader sees the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let write = || {
        let mut file = fs::File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    };
    write().inspect_err(|_| _ = fs::remove_file(&aside))
}
