//! One writer at a time: who trains into a folder of models, or exchanges them, holds its lock.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::error::ModelError;

/// The lock of a folder of models, held until it is dropped or the process ends. Readers do not need it.
#[derive(Debug)]
pub struct ModelLock {
    /// The folder itself, locked by flock: no file is left behind by one that was killed.
    _folder: File,
}

impl ModelLock {
    /// Takes the lock, and makes the folder where it is missing.
    ///
    /// # Errors
    /// [`ModelError::Busy`] where another one holds it: nobody waits.
    pub fn take(models: &Path) -> Result<Self, ModelError> {
        fs::create_dir_all(models).map_err(ModelError::io("create", models))?;
        let folder = File::open(models).map_err(ModelError::io("open", models))?;
        match folder.try_lock() {
            Ok(()) => Ok(Self { _folder: folder }),
            Err(TryLockError::WouldBlock) => Err(ModelError::Busy { path: models.to_owned() }),
            Err(TryLockError::Error(error)) => Err(ModelError::io("lock", models)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ModelLock;
    use crate::ModelError;

    #[test]
    fn one_holds_it_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let models = dir.path().join("models");
        let lock = ModelLock::take(&models).unwrap();
        assert!(matches!(ModelLock::take(&models), Err(ModelError::Busy { .. })));
        drop(lock);
        ModelLock::take(&models).unwrap();
        assert_eq!(std::fs::read_dir(&models).unwrap().count(), 0);
    }
}
