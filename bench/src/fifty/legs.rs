//! Results that outlive an interruption: one file a leg.

use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::Plan;
use crate::error::Naming;
use crate::{HarnessError, Progress, stage};

const STAMP: &str = "stamp.json";
/// As many characters of a hash as a person compares.
const SHORT: usize = 12;

/// What all legs of a folder share: figures of two programs, plans or kernels do not add up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// The hash of the program under test.
    pub(super) vaectl: String,
    /// That of this one.
    pub(super) bench: String,
    /// Without its seeds: more of them only go on.
    pub(super) plan: Value,
    /// Its release.
    pub(super) kernel: String,
    /// Its processors and its memory.
    pub(super) machine: String,
}

impl Stamp {
    pub(super) fn of(plan: &Plan) -> Result<Self, Box<dyn Error>> {
        let mut plan = serde_json::to_value(plan)?;
        plan["seeds"].take();
        let release = Path::new("/proc/sys/kernel/osrelease");
        Ok(Self {
            vaectl: hash(&stage::vaectl())?,
            bench: hash(&std::env::current_exe()?)?,
            plan,
            kernel: fs::read_to_string(release).naming("read", release)?.trim().to_owned(),
            machine: machine(),
        })
    }

    /// Where this one is another than `begun`.
    fn differs(&self, begun: &Self) -> Vec<&'static str> {
        let parts = [
            ("another vaectl", self.vaectl != begun.vaectl),
            ("another bench", self.bench != begun.bench),
            ("another plan", self.plan != begun.plan),
            ("another kernel", self.kernel != begun.kernel),
            ("another machine", self.machine != begun.machine),
        ];
        parts.into_iter().filter(|(_, other)| *other).map(|(name, _)| name).collect()
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vaectl, bench, kernel, machine, .. } = self;
        write!(f, "vaectl {vaectl:.SHORT$}, bench {bench:.SHORT$}, Linux {kernel}, {machine}")
    }
}

/// How many processors of which model, and how much memory.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (processors, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let value = |text: &str, name: &str| {
        text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start_matches([' ', '\t', ':']).to_owned()))
    };
    let model = value(&processors, "model name").unwrap_or_else(|| "a processor without a name".into());
    let cores = processors.lines().filter(|line| line.starts_with("processor")).count();
    let kilobytes: Option<f64> = value(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok());
    format!("{cores} x {model}, {:.0} GB", kilobytes.unwrap_or(f64::NAN) / 1e6)
}

fn hash(program: &Path) -> Result<String, HarnessError> {
    let mut hasher = blake3::Hasher::new();
    File::open(program).and_then(|file| hasher.update_reader(file).map(drop)).naming("read", program)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// A folder of results of one form by one version of the program.
pub(super) struct Legs {
    folder: PathBuf,
    progress: Progress,
}

impl Legs {
    /// Goes on with the folder's legs, and refuses those with another stamp or with none.
    pub(super) fn new(folder: &Path, stamp: &Stamp, progress: Progress) -> Result<Self, Box<dyn Error>> {
        fs::create_dir_all(folder).naming("create", folder)?;
        let path = folder.join(STAMP);
        let is_leg = |file: fs::DirEntry| file.path().extension().is_some_and(|extension| extension == "json");
        if fs::read_dir(folder).naming("read", folder)?.flatten().any(is_leg) {
            let begun = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Stamp>(&text).ok());
            let differs = begun.map_or(vec!["an unknown origin"], |begun| stamp.differs(&begun));
            if !differs.is_empty() {
                let (folder, differs) = (folder.display(), differs.join(" and "));
                return Err(format!(
                    "{folder} has legs of {differs}: delete the folder, or go on with the programs that began it"
                )
                .into());
            }
        } else {
            fs::write(&path, serde_json::to_string_pretty(stamp)?).naming("write", &path)?;
        }
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
    use super::{Legs, Plan, STAMP, Stamp};
    use crate::{Progress, Workspace};

    fn stamp(vaectl: &str) -> Stamp {
        let mut plan = serde_json::to_value(Plan::full()).unwrap();
        plan["seeds"].take();
        Stamp { vaectl: vaectl.into(), bench: "b".into(), plan, kernel: "6.18".into(), machine: "two cores".into() }
    }

    #[test]
    fn a_leg_is_run_once_and_one_that_failed_again() {
        let folder = Workspace::new("legs").unwrap();
        let legs = Legs::new(folder.path(), &stamp("a"), Progress::default()).unwrap();
        assert!(legs.leg::<u32>("one", || Err("it broke".into())).is_err());
        assert_eq!(legs.leg("one", || Ok(1)).unwrap(), 1);
        assert_eq!(legs.leg("one", || Ok(2)).unwrap(), 1);
    }

    #[test]
    fn legs_of_another_program_or_of_none_that_is_known_are_refused() {
        let folder = Workspace::new("legs").unwrap();
        let begin = |stamp: &Stamp| Legs::new(folder.path(), stamp, Progress::default()).map(drop);
        begin(&stamp("a")).unwrap();
        begin(&stamp("a")).unwrap();
        let other = Stamp { kernel: "6.19".into(), ..stamp("b") };
        let error = begin(&other).unwrap_err().to_string();
        let refusal = "has legs of another vaectl and another kernel: delete the folder, or go on with the programs that \
                       began it";
        assert_eq!(error, format!("{} {refusal}", folder.path().display()));
        std::fs::rename(folder.path().join(STAMP), folder.path().join("one.json")).unwrap();
        assert!(begin(&stamp("a")).unwrap_err().to_string().contains("an unknown origin"));
    }
}
