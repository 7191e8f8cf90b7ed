//! A folder of models: `DIR/<key>/<hash>.safetensors`, and `DIR/<key>/current` with the hash of the one in use.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vaectl_schemas::ModelMatch;

use super::error::ModelError;
use super::file::{CURRENT, EXTENSION};
use super::judge::Model;
use super::keys::Keys;

/// The models in use, by key.
#[derive(Debug)]
pub struct ModelFolder {
    path: PathBuf,
    models: BTreeMap<String, Arc<Model>>,
}

impl ModelFolder {
    /// Loads the models in use, and says which ones could not be. A folder that is missing or empty has none.
    #[must_use]
    pub fn open(path: &Path) -> (Self, Vec<ModelError>) {
        let mut folder = Self { path: path.to_owned(), models: BTreeMap::new() };
        let errors = folder.reload();
        (folder, errors)
    }

    /// Reads the folder again.
    ///
    /// A model that cannot be read is reported, and the one in use before stays in use; a key that is gone is forgotten.
    pub fn reload(&mut self) -> Vec<ModelError> {
        let mut errors = Vec::new();
        let keys = match self.keys() {
            Ok(keys) => keys,
            Err(error) => return vec![error],
        };
        self.models.retain(|key, _| keys.contains(key));
        for key in keys {
            match self.load(&key) {
                Ok(Some(model)) => {
                    self.models.insert(key, Arc::new(model));
                }
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        errors
    }

    /// The model for a container: the exact one, else the one of its image, else of its repository.
    ///
    /// Of several that match as loosely, the one that has seen the most windows.
    #[must_use]
    pub fn find(&self, keys: &Keys) -> Option<(Arc<Model>, ModelMatch)> {
        let exact = keys.exact.as_ref().and_then(|key| self.models.get(key)).map(|m| (m.clone(), ModelMatch::Exact));
        let digest = || Some((self.best(keys.digest.as_deref()?, |k| k.digest.as_deref())?, ModelMatch::Digest));
        let repository =
            || Some((self.best(keys.repository.as_deref()?, |k| k.repository.as_deref())?, ModelMatch::Repository));
        exact.or_else(digest).or_else(repository)
    }

    /// The models in use, by key.
    pub fn models(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.models.values()
    }

    fn best(&self, wanted: &str, key: impl Fn(&Keys) -> Option<&str>) -> Option<Arc<Model>> {
        let fits = self.models.values().filter(|model| key(&model.card().keys) == Some(wanted));
        fits.max_by_key(|model| model.card().windows).cloned()
    }

    /// The keys that have a `current`.
    fn keys(&self) -> Result<Vec<String>, ModelError> {
        let read = |error: io::Error| ModelError::io("read", &self.path)(error);
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(read)?,
        };
        let mut keys = Vec::new();
        for entry in entries {
            let entry = entry.map_err(read)?;
            if entry.path().join(CURRENT).exists() {
                keys.extend(entry.file_name().into_string());
            }
        }
        keys.sort();
        Ok(keys)
    }

    /// The current model of a key, unless it is in use already.
    fn load(&self, key: &str) -> Result<Option<Model>, ModelError> {
        let current = self.path.join(key).join(CURRENT);
        let hash = fs::read_to_string(&current).map_err(ModelError::io("read", &current))?;
        let hash = hash.trim();
        if hash.is_empty() || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ModelError::Current { path: current });
        }
        if self.models.get(key).is_some_and(|model| model.hash() == hash) {
            return Ok(None);
        }
        let path = self.path.join(key).join(format!("{hash}.{EXTENSION}"));
        if !path.exists() {
            return Err(ModelError::Current { path: current });
        }
        let model = Model::load(&path)?;
        if model.key() != key {
            let why = format!("it is a model of {} and lies in the folder of {key}", model.key());
            return Err(ModelError::Content { path, why });
        }
        Ok(Some(model))
    }
}
