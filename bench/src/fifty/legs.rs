//! Results that outlive an interruption: one file a leg.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Progress;
use crate::error::Naming;

/// A folder of results of one form by one version of the program.
pub(super) struct Legs {
    folder: PathBuf,
    progress: Progress,
}

impl Legs {
    pub(super) fn new(folder: &Path, progress: Progress) -> Result<Self, Box<dyn Error>> {
        fs::create_dir_all(folder).naming("create", folder)?;
        Ok(Self { folder: folder.to_owned(), progress })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The result of a leg: that of an earlier start, or of `work`, which is kept once it is whole.
    pub(super) fn leg<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<T, Box<dyn Error>>,
    ) -> Result<T, Box<dyn Error>> {
        let path = self.folder.join(name).with_extension("json");
        if path.exists() {
            self.progress.say(format!("Leg {name}: there already."));
            return Ok(serde_json::from_slice(&fs::read(&path)?)?);
        }
        self.progress.say(format!("Leg {name}."));
        let result = work()?;
        let part = path.with_extension("part");
        fs::write(&part, serde_json::to_string_pretty(&result)?).naming("write", &part)?;
        fs::rename(&part, &path).naming("rename", &part)?;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::Legs;
    use crate::{Progress, Workspace};

    #[test]
    fn a_leg_is_run_once_and_one_that_failed_again() {
        let folder = Workspace::new("legs").unwrap();
        let legs = Legs::new(folder.path(), Progress::default()).unwrap();
        assert!(legs.leg::<u32>("one", || Err("it broke".into())).is_err());
        assert_eq!(legs.leg("one", || Ok(1)).unwrap(), 1);
        assert_eq!(legs.leg("one", || Ok(2)).unwrap(), 1);
    }
}
