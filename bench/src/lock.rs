//! Files that say who is at work. The kernel frees them with their process, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use crate::HarnessError;
use crate::error::Naming;

/// A file that is held until the value is dropped; it has the number of the process that holds it.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the file at `path`, which is made where it is missing; `what` is at work while it is held.
    pub(crate) fn take(path: &Path, what: &'static str) -> Result<Self, HarnessError> {
        let mut open = OpenOptions::new();
        let mut file = open.read(true).write(true).create(true).truncate(false).open(path).naming("open", path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).and_then(|()| file.rewind()).naming("write", path)?;
                writeln!(file, "{}", std::process::id()).naming("write", path)?;
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let path = path.to_owned();
                Err(HarnessError::Busy { what, holder: holder(&mut file).unwrap_or_default(), path })
            }
            Err(TryLockError::Error(error)) => Err(error).naming("lock", path),
        }
    }

    /// Takes over the file of a process that is gone; none where it lives, or there is no such file.
    ///
    /// A file that nothing was written to yet is of a process that is about to take it, and is not touched.
    pub(crate) fn of_the_dead(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        holder(&mut file).ok()?;
        file.try_lock().ok()?;
        Some(Self { _file: file })
    }
}

fn holder(file: &mut File) -> io::Result<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    text.trim().parse().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use crate::{HarnessError, Workspace};

    #[test]
    fn a_second_holder_is_refused_and_told_of_the_first() {
        let workspace = Workspace::new("lock").unwrap();
        let path = workspace.path().join("demo");
        let first = Lock::take(&path, "another demo").unwrap();
        let refusal = Lock::take(&path, "another demo").unwrap_err();
        let pid = std::process::id();
        assert!(matches!(refusal, HarnessError::Busy { holder, .. } if holder == pid), "{refusal}");
        assert!(refusal.to_string().contains(&format!("kill {pid}")), "{refusal}");
        assert!(Lock::of_the_dead(&path).is_none(), "it lives");
        drop(first);
        assert!(Lock::of_the_dead(&path).is_some());
        Lock::take(&path, "another demo").unwrap();
    }
}
