//! How a server is reached: the options of all verbs that talk to one.

use std::cmp::Ordering;
use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, FromArgMatches};
use vaectl_publisher::{Credentials, Secret, Server};

use crate::error::Failure;
use crate::units;

#[derive(clap::Args)]
#[command(next_help_heading = "Options of a server")]
pub(crate) struct ServerArgs {
    // Before the options, which leave the matches when they are read.
    #[command(flatten)]
    sources: Sources,
    /// A file with the server's API key in its encoded form.
    ///
    /// By default the service manager's credential `api-key`, or the variable `VAECTL_API_KEY`.
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    api_key_file: Option<PathBuf>,
    /// The user to log in as.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A file with the user's password.
    ///
    /// By default the service manager's credential `password`, or the variable `VAECTL_PASSWORD`.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A PEM file of certificate authorities to trust.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// A PEM file of the client's certificate and its key.
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// The last part of the data streams' names.
    #[arg(long, value_name = "NAME", default_value = "default")]
    namespace: String,
    /// How long one request may take.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = units::duration)]
    timeout: Duration,
}

/// Where a key and a user come from. Clap refuses both together, but takes what a file says for defaults, which it would
/// let stand beside any flag.
struct Sources {
    key: Option<ValueSource>,
    user: Option<ValueSource>,
}

impl FromArgMatches for Sources {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { key: matches.value_source("api_key_file"), user: matches.value_source("user") })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Sources {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl ServerArgs {
    /// What all verbs need; the rest is as by default.
    pub(crate) fn resolve(self) -> Result<Server, Failure> {
        if self.user.is_none() && self.password_file.is_some() {
            return Err(Failure::usage("a password, and no user whose it is").hint("give --user NAME"));
        }
        let user = match self.sources.key.cmp(&self.sources.user) {
            Ordering::Equal if self.user.is_some() => {
                return Err(Failure::usage("a key and a user, and only one of them can log in")
                    .hint("give --api-key-file FILE or --user NAME"));
            }
            Ordering::Greater => None,
            Ordering::Equal | Ordering::Less => self.user,
        };
        let credentials = match user {
            Some(user) => {
                let password = secret(self.password_file, "password")?.ok_or_else(|| {
                    Failure::usage(format!("no password for the user {user}"))
                        .hint("give --password-file FILE, or the credential or variable that --help names")
                })?;
                Some(Credentials::Basic { user, password })
            }
            None => secret(self.api_key_file, "api-key")?.map(Credentials::ApiKey),
        };
        Ok(Server {
            credentials,
            ca: self.ca_file,
            client_certificate: self.client_certificate,
            namespace: self.namespace,
            timeout: self.timeout,
            ..Server::default()
        })
    }
}

/// A secret from the file that was named, else from the service manager's credentials, else from the environment.
fn secret(file: Option<PathBuf>, name: &str) -> Result<Option<Secret>, Failure> {
    let given = || Some(PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?).join(name));
    if let Some(file) = file.or_else(|| given().filter(|file| file.exists())) {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Failure::usage(format!("cannot read the secret in {}: {error}", file.display())))?;
        return Ok(Some(Secret::new(&text)));
    }
    let variable = format!("VAECTL_{}", name.replace('-', "_").to_uppercase());
    Ok(std::env::var(variable).ok().map(|text| Secret::new(&text)))
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};
    use vaectl_publisher::Credentials;

    use super::{Failure, ServerArgs};

    const KEY: (&str, &str) = ("api_key_file", "/dev/null");
    const USER: (&str, &str) = ("user", "file");
    const PASSWORD: (&str, &str) = ("password_file", "/dev/null");

    /// Who logs in, where the configuration file and the flags say so: a user's name, or `None` for a key.
    fn who(file: &[(&'static str, &'static str)], flags: &[&str]) -> Result<Option<String>, Failure> {
        let command = ServerArgs::augment_args(Command::new("x"));
        let beneath = |command: Command, (id, value): &(&'static str, &'static str)| {
            command.mut_arg(id, |arg| arg.default_value(*value))
        };
        let command = file.iter().fold(command, beneath);
        let matches = command.try_get_matches_from([&["x"][..], flags].concat()).expect("clap takes them");
        let server = ServerArgs::from_arg_matches(&matches).expect("they are complete").resolve()?;
        Ok(match server.credentials.expect("somebody logs in") {
            Credentials::ApiKey(_) => None,
            Credentials::Basic { user, .. } => Some(user),
        })
    }

    #[test]
    fn a_flag_decides_who_logs_in_whatever_the_file_says() {
        let known = |file: &[_], flags: &[_]| who(file, flags).expect("they suffice");
        assert_eq!(known(&[USER, PASSWORD], &["--api-key-file", "/dev/null"]), None);
        assert_eq!(known(&[KEY], &["--user", "flag", "--password-file", "/dev/null"]).as_deref(), Some("flag"));
        assert_eq!(known(&[USER], &["--password-file", "/dev/null"]).as_deref(), Some("file"));
        assert_eq!(known(&[KEY], &[]), None);
    }

    #[test]
    fn a_file_that_does_not_say_who_logs_in_is_refused() {
        let refused = |file: &[_]| who(file, &[]).expect_err("nobody can tell").to_string();
        assert!(refused(&[KEY, USER, PASSWORD]).contains("a key and a user"));
        assert!(refused(&[KEY, PASSWORD]).contains("no user"));
    }
}
