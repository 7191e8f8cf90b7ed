//! A folder of models: `DIR/<key>/<hash>.safetensors`, and `DIR/<key>/current` with the hash of the one in use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vaectl_schemas::ModelMatch;

use super::error::ModelError;
use super::judge::Model;
use super::keys::Keys;
use super::versions::{CURRENT, Versions};

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

    /// The model for a container: that of its own narrowest key, else one of its image, else of its repository.
    ///
    /// Of several that match as loosely, the one that has seen the most windows.
    #[must_use]
    pub fn find(&self, keys: &Keys) -> Option<(Arc<Model>, ModelMatch)> {
        let own = keys.best().and_then(|key| self.models.get(key)).map(|m| (m.clone(), ModelMatch::Exact));
        let digest = || Some((self.best(keys.digest.as_deref()?, |k| k.digest.as_deref())?, ModelMatch::Digest));
        let repository =
            || Some((self.best(keys.repository.as_deref()?, |k| k.repository.as_deref())?, ModelMatch::Repository));
        own.or_else(digest).or_else(repository)
    }

    /// The models in use, by key.
    pub fn models(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.models.values()
    }

    fn best(&self, wanted: &str, key: impl Fn(&Keys) -> Option<&str>) -> Option<Arc<Model>> {
        let fits = self.models.values().filter(|model| key(&model.card().keys) == Some(wanted));
        fits.max_by_key(|model| model.card().windows).cloned()
    }

    /// The keys that have a model in use.
    fn keys(&self) -> Result<Vec<String>, ModelError> {
        let mut keys = Versions::keys(&self.path)?;
        keys.retain(|key| self.path.join(key).join(CURRENT).exists());
        Ok(keys)
    }

    /// The current model of a key, unless it is in use already.
    fn load(&self, key: &str) -> Result<Option<Model>, ModelError> {
        let versions = Versions::of(&self.path, key);
        let Some(hash) = versions.current()? else { return Ok(None) };
        if self.models.get(key).is_some_and(|model| model.hash() == hash) {
            return Ok(None);
        }
        versions.load(&hash).map(Some)
    }
}
