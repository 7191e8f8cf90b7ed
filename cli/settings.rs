//! What was asked for: flags over environment over a TOML file.
//!
//! Clap knows two of the three. The file becomes the third by standing in as the options' defaults, so that an option
//! is declared once, and its name, type and limits are the same wherever it was set.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgAction, CommandFactory, FromArgMatches};
use serde_json::json;
use toml::{Table, Value};

use crate::args::Cli;
use crate::error::Failure;

/// Why there is nothing to do: a failure, or clap's own answer (`--help`, `--version`, wrong usage).
pub(crate) enum Refusal {
    Clap(clap::Error),
    Failure(Failure),
}

impl From<clap::Error> for Refusal {
    fn from(error: clap::Error) -> Self {
        Self::Clap(error)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The command line with every option open to the environment.
pub(crate) fn command() -> clap::Command {
    fn open(command: clap::Command) -> clap::Command {
        command.mut_args(|arg| match arg.get_long() {
            None | Some("help" | "version") => arg,
            Some(name) => {
                let variable = format!("VAECTL_{}", name.replace('-', "_").to_uppercase());
                arg.env(variable).hide_env(true)
            }
        })
    }
    open(Cli::command()).mut_subcommands(open)
}

/// What `args` ask for, with the environment and the configuration file beneath.
pub(crate) fn resolve(args: &[OsString]) -> Result<Cli, Refusal> {
    let command = command();
    let matches = command.clone().try_get_matches_from(args)?;
    let matches = match matches.get_one::<PathBuf>("config") {
        None => matches,
        // Flags and environment passed just now: what fails from here on is the file's fault.
        Some(path) => beneath(command, path)?.try_get_matches_from(args).map_err(|error| fault_of(path, &error))?,
    };
    Ok(Cli::from_arg_matches(&matches)?)
}

/// What is wrong with `whose` settings, by the first line of clap's own words.
pub(crate) fn fault_of(whose: &Path, error: &clap::Error) -> Failure {
    let text = error.to_string();
    let reason = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    Failure::usage(format!("{}: {reason}", whose.display()))
}

/// `command` with the options of the file at `path` as defaults.
fn beneath(command: clap::Command, path: &Path) -> Result<clap::Command, Failure> {
    let fail = |reason: &dyn std::fmt::Display| Failure::usage(format!("{}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| fail(&error))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        fail(&format!("line {line}: {}", error.message()))
    })?;
    let mut command = command;
    for (name, value) in table {
        command = match value {
            Value::Table(section) => {
                if command.find_subcommand(&name).is_none() {
                    return Err(fail(&format!("there is no verb [{name}]")));
                }
                let mut result = Ok(());
                command = command.mut_subcommand(&name, |mut verb| {
                    for (key, value) in &section {
                        match option(verb.clone(), key, value) {
                            Ok(changed) => verb = changed,
                            Err(reason) => result = Err(fail(&format!("[{name}] {reason}"))),
                        }
                    }
                    verb
                });
                result?;
                command
            }
            value => option(command, &name, &value).map_err(|reason| fail(&reason))?,
        };
    }
    Ok(command)
}

/// `command` with `value` as the default of its option `name`.
fn option(command: clap::Command, name: &str, value: &Value) -> Result<clap::Command, String> {
    if !options(&command).any(|arg| arg.get_long() == Some(name)) {
        let known: Vec<_> = options(&command).filter_map(clap::Arg::get_long).collect();
        return Err(format!("has no option {name:?}; there are {}", known.join(", ")));
    }
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Ok(value.to_string()),
        _ => Err(format!("{name} is a text, a number, true or false, or a list of these")),
    };
    let values = match value {
        Value::Array(values) => values.iter().map(text).collect::<Result<Vec<_>, _>>()?,
        value => vec![text(value)?],
    };
    let id = name.replace('-', "_");
    Ok(command.mut_arg(id, |arg| arg.default_values(values)))
}

/// The options that a file may set.
fn options(command: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && !matches!(arg.get_long(), None | Some("config" | "help" | "version")))
}

/// The JSON Schema of the configuration file.
pub(crate) fn schema() -> serde_json::Value {
    let command = command();
    let mut properties = properties(&command);
    for verb in command.get_subcommands().filter(|verb| options(verb).next().is_some()) {
        let section = json!({
            "description": verb.get_about().map(ToString::to_string),
            "type": "object",
            "additionalProperties": false,
            "properties": self::properties(verb),
        });
        properties.insert(verb.get_name().to_owned(), section);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vaectl.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn properties(command: &clap::Command) -> serde_json::Map<String, serde_json::Value> {
    options(command)
        .map(|arg| {
            let kind = match arg.get_action() {
                ArgAction::SetTrue => json!("boolean"),
                ArgAction::Append => json!(["array", "string"]),
                _ => json!(["string", "number"]),
            };
            let mut property = json!({ "description": arg.get_help().map(ToString::to_string), "type": kind });
            let allowed: Vec<_> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
            if !allowed.is_empty() && !matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::Append) {
                property["enum"] = json!(allowed);
            }
            (arg.get_long().unwrap_or_default().to_owned(), property)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
