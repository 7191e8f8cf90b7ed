//! The command lines of the stages and of the training beside them, resolved before any of them starts.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::StageName;
use crate::args::{Shared, Verb};
use crate::error::Failure;
use crate::settings::{self, Refusal};

/// What `run` starts: arguments from the verb on.
pub(super) struct Plan {
    /// Of each stage, with its name.
    pub(super) lines: Vec<(String, Vec<OsString>)>,
    /// Where `score` keeps windows.
    pub(super) training: Option<Lesson>,
}

/// A training run.
pub(super) struct Lesson {
    pub(super) line: Vec<OsString>,
    pub(super) archive: PathBuf,
    pub(super) models: PathBuf,
}

/// How far back windows are read where nothing else was said.
const SINCE: &str = "7d";

/// The arguments of each stage, and of the training where there is an archive. What is wrong in the configuration of any of them is known by then.
///
/// Where record and score are both among them, each is told of the control socket that one of them was given, or of
/// `socket`.
pub(super) fn plan(names: &[StageName], shared: &Shared, socket: Option<&Path>) -> Result<Plan, Failure> {
    if names.is_empty() || !names.is_sorted_by(|before, after| before < after) {
        return Err(Failure::usage("a pipe is made of record, score and publish, in this order")
            .hint("give some of them to --stages, each once"));
    }
    let mut lines: Vec<_> = names.iter().map(|name| line(&word(name), shared)).collect();
    let verbs = lines.iter().map(|line| resolve(line)).collect::<Result<Vec<_>, _>>()?;
    let record = verbs.iter().find_map(|verb| if let Verb::Record(args) = verb { Some(args) } else { None });
    let score = verbs.iter().find_map(|verb| if let Verb::Score(args) = verb { Some(args) } else { None });
    if let (Some(record), Some(score)) = (record, score)
        && !record.replays()
    {
        let given = record.control().or(score.control()).map(PathBuf::from);
        if let Some(path) = given.as_deref().or(socket) {
            lines[..2].iter_mut().for_each(|line| line.extend(["--control".into(), path.into()]));
        }
    }
    let training = match score.and_then(|score| score.archive_and_models()) {
        Some((archive, models)) => Some(lesson(shared, archive, models)?),
        None => None,
    };
    Ok(Plan { lines: names.iter().map(word).zip(lines).collect(), training })
}

/// Trains from the archive and into the models of `score`, whatever stands in the configuration for training by hand.
fn lesson(shared: &Shared, archive: &Path, models: &Path) -> Result<Lesson, Failure> {
    let mut line = line("train", shared);
    line.extend(["--archive".into(), archive.into(), "--models".into(), models.into()]);
    line.extend(["--promote", "--report", "line"].map(OsString::from));
    if let Verb::Train(args) = resolve(&line)?
        && args.since().is_none()
    {
        line.extend(["--since", SINCE].map(OsString::from));
    }
    Ok(Lesson { line, archive: archive.into(), models: models.into() })
}

fn line(name: &str, shared: &Shared) -> Vec<OsString> {
    let mut line: Vec<OsString> = vec![name.into()];
    if let Some(config) = &shared.config {
        line.extend(["--config".into(), config.into()]);
    }
    line.extend(["--log-format".into(), word(&shared.log_format).into()]);
    line.extend(["--log-level".into(), word(&shared.log_level).into()]);
    line.extend(["--max-line-bytes".into(), shared.max_line_bytes.to_string().into()]);
    line.extend(["--exit-wait", "0", "--with-parent"].map(OsString::from));
    line.extend(shared.strict.then(|| "--strict".into()));
    line
}

/// What a stage will make of its arguments, its environment and the configuration.
fn resolve(line: &[OsString]) -> Result<Verb, Failure> {
    let args: Vec<_> = std::iter::once("vaectl".into()).chain(line.iter().cloned()).collect();
    settings::resolve(&args).map(|cli| cli.verb).map_err(|refusal| match refusal {
        Refusal::Failure(failure) => failure,
        Refusal::Clap(error) => settings::fault_of(Path::new(&line[0]), &error),
    })
}

fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Plan, StageName, plan, settings};

    fn planned(config: &str, names: &[StageName], own: Option<&str>) -> Plan {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vaectl.toml");
        std::fs::write(&path, config).unwrap();
        let args = ["vaectl", "run", "-c", path.to_str().unwrap()].map(Into::into);
        let shared = settings::resolve(&args).map_err(|_| ()).unwrap().shared;
        plan(names, &shared, own.map(Path::new)).unwrap()
    }

    /// The control socket of each stage under this configuration.
    fn sockets(config: &str, names: &[StageName], own: Option<&str>) -> Vec<Option<String>> {
        let lines = planned(config, names, own).lines.into_iter().map(|(_, line)| line);
        let socket = |line: Vec<std::ffi::OsString>| {
            let at = line.iter().position(|word| word == "--control")?;
            Some(line[at + 1].to_str().unwrap().to_owned())
        };
        lines.map(socket).collect()
    }

    const ALL: [StageName; 3] = [StageName::Record, StageName::Score, StageName::Publish];

    #[test]
    fn record_and_score_are_joined_by_a_socket() {
        let own = Some("own".to_owned());
        assert_eq!(sockets("", &ALL, Some("own")), [own.clone(), own, None]);
        assert_eq!(sockets("", &ALL, None), [None, None, None]);
        assert_eq!(sockets("", &ALL[1..], Some("own")), [None, None], "there is no recorder to ask");
        assert_eq!(sockets("[record]\nreplay = 'file'\n", &ALL, Some("own")), [None, None, None]);
    }

    /// The arguments of the training under this configuration, from the archive on.
    fn training(config: &str, names: &[StageName]) -> Option<String> {
        let line = planned(config, names, None).training?.line;
        let at = line.iter().position(|word| word == "--archive")?;
        Some(line[at..].join(" ".as_ref()).into_string().unwrap())
    }

    #[test]
    fn there_is_training_where_score_has_an_archive() {
        let score = "[score]\nmodels = 'm'\n";
        assert_eq!(training(score, &ALL), None);
        let score = format!("{score}archive = 'a'\n");
        let usual = "--archive a --models m --promote --report line --since 7d";
        assert_eq!(training(&score, &ALL).as_deref(), Some(usual));
        assert_eq!(training(&score, &ALL[..1]), None);
        let own = format!("{score}[train]\nmodels = 'elsewhere'\nsince = '30d'\n");
        assert_eq!(training(&own, &ALL).as_deref(), usual.strip_suffix(" --since 7d"));
    }

    #[test]
    fn a_socket_that_one_of_them_was_given_is_for_both() {
        let given = Some("given".to_owned());
        for verb in ["record", "score"] {
            let config = format!("[{verb}]\ncontrol = 'given'\n");
            assert_eq!(sockets(&config, &ALL[..2], Some("own")), [given.clone(), given.clone()], "{verb}");
        }
    }
}
