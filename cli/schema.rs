use std::io::Write;

use serde_json::Value;

use crate::context::Context;
use crate::error::{Exit, Failure};
use crate::settings;

/// Print the JSON Schema of a line type, or of the configuration file.
///
/// Without a name, all of them as one object, by name.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The type on the line, such as `window`; `config` for the configuration file.
    name: Option<String>,
}

pub(crate) fn execute(args: &Args, context: Context) -> Result<Exit, Failure> {
    let mut schemas = all();
    let schema = match &args.name {
        None => Value::Object(schemas.into_iter().collect()),
        Some(name) => {
            let names: Vec<_> = schemas.iter().map(|(name, _)| name.as_str()).collect();
            let hint = format!("there are {}", names.join(", "));
            let found = schemas.iter().position(|(known, _)| known == name);
            let at = found.ok_or_else(|| Failure::usage(format!("there is no schema {name:?}")).hint(hint))?;
            schemas.swap_remove(at).1
        }
    };
    writeln!(context.into_stdout(), "{schema:#}")?;
    Ok(Exit::Done)
}

/// Every schema by its name.
pub(crate) fn all() -> Vec<(String, Value)> {
    let lines = vaectl_schemas::schemas().into_iter().map(|(name, schema)| (name.to_owned(), schema.to_value()));
    lines.chain([("config".to_owned(), settings::schema())]).collect()
}
