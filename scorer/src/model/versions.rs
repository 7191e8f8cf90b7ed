//! The versions of one model: which there are, which one is in use, and which one was before.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use vaectl_schemas::Timestamp;

use super::error::ModelError;
use super::judge::Model;
use crate::replace::replace;

/// The ending of a model file.
const EXTENSION: &str = "safetensors";

/// The file in a key's folder that holds the hash of the model in use.
pub(crate) const CURRENT: &str = "current";

/// The file beside it with the hash of the one that was in use before.
const PREVIOUS: &str = "previous";

/// The folder of one key.
#[derive(Clone, Debug)]
pub struct Versions {
    folder: PathBuf,
}

/// One model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its name, and the hash of its content where it is whole.
    pub hash: String,
    /// Where it lies.
    pub path: PathBuf,
    /// When it was written last.
    pub written: Timestamp,
}

impl Versions {
    /// The versions of `key` in a folder of models.
    #[must_use]
    pub fn of(models: &Path, key: &str) -> Self {
        Self { folder: models.join(key) }
    }

    /// The keys that have a version, in order. A folder that is missing has none.
    pub fn keys(models: &Path) -> Result<Vec<String>, ModelError> {
        let mut keys = Vec::new();
        for name in names(models)? {
            let versions = Self::of(models, &name);
            let folder = versions.folder.is_dir();
            if folder && (versions.folder.join(CURRENT).exists() || !versions.all()?.is_empty()) {
                keys.push(name);
            }
        }
        Ok(keys)
    }

    /// Where the version of this hash lies.
    #[must_use]
    pub fn path(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.{EXTENSION}"))
    }

    /// The hash of the version in use.
    ///
    /// # Errors
    /// [`ModelError::Current`] where what stands there is no hash of a file beside it.
    pub fn current(&self) -> Result<Option<String>, ModelError> {
        self.named(CURRENT)
    }

    /// The hash of the version that was in use before; none where it is gone.
    #[must_use]
    pub fn previous(&self) -> Option<String> {
        self.named(PREVIOUS).ok().flatten()
    }

    fn named(&self, name: &str) -> Result<Option<String>, ModelError> {
        let path = self.folder.join(name);
        let hash = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(ModelError::io("read", &path))?,
        };
        let hash = hash.trim();
        let whole = !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if whole && self.path(hash).exists() { Ok(Some(hash.to_owned())) } else { Err(ModelError::Current { path }) }
    }

    /// Loads a version: its name must be the hash of its content, and its content a model of this key.
    pub fn load(&self, hash: &str) -> Result<Model, ModelError> {
        let path = self.path(hash);
        let model = Model::load(&path)?;
        let key = self.folder.file_name().unwrap_or_default();
        if model.key() != key {
            let why = format!("it is a model of {} and lies in the folder of {}", model.key(), key.display());
            return Err(ModelError::Content { path, why });
        }
        Ok(model)
    }

    /// All versions, the newest first.
    pub fn all(&self) -> Result<Vec<Version>, ModelError> {
        let mut versions = Vec::new();
        for name in names(&self.folder)? {
            let path = self.folder.join(&name);
            if let Some(hash) = name.strip_suffix(EXTENSION).and_then(|name| name.strip_suffix('.')) {
                let about = fs::metadata(&path).map_err(ModelError::io("read", &path))?;
                let since = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
                let written = Timestamp::from_ns(since.map_or(0, |since| since.as_nanos() as u64));
                versions.push(Version { hash: hash.to_owned(), path, written });
            }
        }
        versions.sort_by(|a, b| b.written.cmp(&a.written).then_with(|| a.hash.cmp(&b.hash)));
        Ok(versions)
    }

    /// Puts a version in use, once it has been loaded. The one before is remembered, and a reader sees one or the other.
    pub fn promote(&self, hash: &str) -> Result<(), ModelError> {
        self.load(hash)?;
        // What was there is not remembered where it is no model: one cannot go back to it.
        let before = self.current().ok().flatten().filter(|before| before != hash);
        if let Some(before) = before {
            name(&self.folder.join(PREVIOUS), &before)?;
        }
        name(&self.folder.join(CURRENT), hash)
    }

    /// Puts the version in use again that was before, and gives its hash; twice leads back. None where there was none.
    pub fn rollback(&self) -> Result<Option<String>, ModelError> {
        let current = self.current().ok().flatten();
        let Some(before) = self.previous().filter(|before| Some(before) != current.as_ref()) else { return Ok(None) };
        self.promote(&before)?;
        Ok(Some(before))
    }

    /// Removes all but the newest `keep` versions, the one in use and the one before; gives how many went.
    pub fn prune(&self, keep: usize) -> Result<usize, ModelError> {
        let kept: BTreeSet<String> = self.current()?.into_iter().chain(self.previous()).collect();
        let old: Vec<Version> = self.all()?.into_iter().skip(keep).filter(|old| !kept.contains(&old.hash)).collect();
        for version in &old {
            fs::remove_file(&version.path).map_err(ModelError::io("remove", &version.path))?;
        }
        Ok(old.len())
    }
}

/// The names in a folder, in order; none where it is missing.
fn names(folder: &Path) -> Result<Vec<String>, ModelError> {
    let read = || -> io::Result<Vec<String>> {
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    };
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(ModelError::io("read", folder)(error)),
        Ok(mut names) => {
            names.sort();
            Ok(names)
        }
    }
}

/// Lets a file name a version.
fn name(path: &Path, hash: &str) -> Result<(), ModelError> {
    replace(path, format!("{hash}\n").as_bytes()).map_err(ModelError::io("write", path))
}
