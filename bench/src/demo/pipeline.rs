//! `vaectl run` and its configuration.

use std::fs;
use std::process::Stdio;

use super::Folder;
use crate::HarnessError;
use crate::error::Naming;
use crate::stage::Stage;

/// A configuration file.
pub(super) struct Pipeline {
    config: String,
}

impl Pipeline {
    /// Writes what `record` is told, and for the others where models and repository are, and how much may wait for a slow
    /// `publish`.
    pub(super) fn configure(record: &str, backlog: &str, folder: &Folder) -> Result<Self, HarnessError> {
        let (models, repository) = (folder.models(), folder.repository());
        let (models, repository) = (models.display(), repository.display());
        let text = format!(
            "[record]\n{record}\n[score]\nmodels = '{models}'\nbacklog-bytes = '{backlog}'\n\
             [publish]\nto = 'dir:{repository}'\n"
        );
        let config = folder.file("vaectl.toml");
        fs::write(&config, text).naming("write", &config)?;
        Ok(Self { config: config.to_string_lossy().into_owned() })
    }

    pub(super) fn config(&self) -> &str {
        &self.config
    }

    /// Starts these stages.
    pub(super) fn start(&self, stages: &str, input: Stdio, folder: &Folder) -> Result<Stage, HarnessError> {
        let args = ["run", "--config", &self.config, "--stages", stages];
        Stage::start(&args, input, Stdio::null(), folder.path())
    }
}
