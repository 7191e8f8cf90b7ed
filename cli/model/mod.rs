//! Models on the disk: which there are, what is in them, and which are in use.

mod change;
mod diff;
mod ls;
mod show;
mod verify;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use vaectl_scorer::ModelError;
use vaectl_scorer::model::{Card, Versions};

use crate::context::Context;
use crate::error::{Exit, Failure};
use crate::printable::{self, Format};

/// List, show, compare and verify models, and say which are in use.
///
/// A folder of models has a folder for every key, and in it a file for every version; `current` says which of them is in
/// use, `previous` which was before. A key may be given by its first letters, or by the name of the image.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder of models.
    #[arg(long, global = true, value_name = "DIR")]
    models: Option<PathBuf>,
    /// How the answer looks.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "table")]
    format: Format,
    #[command(subcommand)]
    verb: ModelVerb,
}

#[derive(Subcommand)]
enum ModelVerb {
    /// List every version of every model.
    Ls,
    /// Print what is known about a model.
    Show {
        /// The key, or the name of the image.
        key: String,
        /// The first digits of a version; the one in use by default.
        version: Option<String>,
    },
    /// Print what one version has that another has not.
    Diff {
        /// The key, or the name of the image.
        key: String,
        /// The older version; the one in use before by default.
        from: Option<String>,
        /// The newer version; the one in use by default.
        to: Option<String>,
    },
    /// Load every version, and say which files are not what their names say.
    Verify {
        /// One key only.
        key: Option<String>,
    },
    /// Put a version in use. SIGHUP makes a running `score` read it.
    Promote {
        /// The key, or the name of the image.
        key: String,
        /// The first digits of the version.
        version: String,
    },
    /// Put the version in use again that was before; twice leads back.
    Rollback {
        /// The key, or the name of the image.
        key: String,
    },
}

pub(crate) fn execute(args: Args, context: Context) -> Result<Exit, Failure> {
    let models = args.models.ok_or_else(|| Failure::usage("no folder of models").hint("give --models DIR"))?;
    let mut answer = Answer { format: args.format, out: context.into_stdout() };
    match args.verb {
        ModelVerb::Ls => ls::run(&models, &mut answer),
        ModelVerb::Show { key, version } => show::run(&Chosen::find(&models, &key)?, version.as_deref(), &mut answer),
        ModelVerb::Diff { key, from, to } => {
            diff::run(&Chosen::find(&models, &key)?, from.as_deref(), to.as_deref(), &mut answer)
        }
        ModelVerb::Verify { key } => verify::run(&models, key.as_deref(), &mut answer),
        ModelVerb::Promote { key, version } => change::promote(&models, &key, &version, &mut answer),
        ModelVerb::Rollback { key } => change::rollback(&models, &key, &mut answer),
    }
}

/// Where an answer goes, and how it looks.
struct Answer {
    format: Format,
    out: File,
}

impl Answer {
    /// Writes `value` as one JSON object, or `table` made of it.
    fn give<T: Serialize>(&mut self, value: &T, table: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        match self.format {
            Format::Table => write!(self.out, "{}", printable::lines(&table(value)))?,
            Format::Json => writeln!(self.out, "{}", printable::object(value)?)?,
        }
        Ok(())
    }
}

/// One key of a folder.
struct Chosen {
    key: String,
    versions: Versions,
}

impl Chosen {
    /// The one key that is, or begins with, this text, or whose model in use has this name.
    fn find(models: &Path, text: &str) -> Result<Self, Failure> {
        let keys = Versions::keys(models)?;
        let chosen = |key: &String| Self { key: key.clone(), versions: Versions::of(models, key) };
        if let Some(key) = keys.iter().find(|key| *key == text) {
            return Ok(chosen(key));
        }
        let named = |key: &&String| Self::name(&Versions::of(models, key)).is_some_and(|name| name == text);
        let mut found: Vec<&String> = keys.iter().filter(|key| key.starts_with(text)).collect();
        if found.is_empty() {
            found = keys.iter().filter(named).collect();
        }
        match found[..] {
            [key] => Ok(chosen(key)),
            [] => Err(Failure::usage(format!("there is no model {text:?} in {}", models.display()))
                .hint("`vaectl model ls` lists the keys")),
            _ => {
                let all: Vec<&str> = found.iter().map(|key| key.as_str()).collect();
                Err(Failure::usage(format!("{text:?} may be any of {}", all.join(", "))))
            }
        }
    }

    fn name(versions: &Versions) -> Option<String> {
        let current = versions.current().ok()??;
        Some(versions.load(&current).ok()?.name().to_owned())
    }

    /// The version that begins with these digits, or the one in use.
    fn version(&self, digits: Option<&str>) -> Result<String, Failure> {
        let Some(digits) = digits else {
            return self.versions.current()?.ok_or_else(|| {
                Failure::usage(format!("no version of {} is in use", self.key)).hint("name one, or promote one")
            });
        };
        let all = self.versions.all()?;
        let found: Vec<&str> =
            all.iter().map(|version| version.hash.as_str()).filter(|hash| hash.starts_with(digits)).collect();
        match found[..] {
            [hash] => Ok(hash.to_owned()),
            [] => Err(Failure::usage(format!("{} has no version {digits:?}", self.key))
                .hint("`vaectl model ls` lists the versions")),
            _ => Err(Failure::usage(format!("{digits:?} may be any of {}", found.join(", ")))),
        }
    }

    fn card(&self, hash: &str) -> Result<Card, Failure> {
        Ok(self.versions.load(hash)?.card().clone())
    }
}

/// The part of a hash that people read.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        let exit = if matches!(error, ModelError::Busy { .. }) { Exit::Busy } else { Exit::Model };
        Self::caused(exit, &error)
    }
}
