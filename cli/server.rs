//! How a server is reached: the options of all verbs that talk to one.

use std::path::PathBuf;
use std::time::Duration;

use vaectl_publisher::{Credentials, Secret, Server};

use crate::error::Failure;
use crate::units;

#[derive(clap::Args)]
#[command(next_help_heading = "Options of a server")]
pub(crate) struct ServerArgs {
    /// A file with the server's API key.
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
    #[arg(long, value_name = "FILE", requires = "user")]
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

impl ServerArgs {
    /// What all verbs need; the rest is as by default.
    pub(crate) fn resolve(self) -> Result<Server, Failure> {
        let credentials = match self.user {
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
