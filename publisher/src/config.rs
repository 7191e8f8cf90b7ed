use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::Target;

/// What [`publish`](crate::publish) will do.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// Where documents go.
    pub target: Target,
    /// The file for lines that were not taken. Without one they go to `dead-letter/<day>.ndjson` in the folder of a
    /// `dir:` target, and to standard output otherwise, where they are lost with its reader; so does what a full disk does
    /// not take.
    pub dead_letter: Option<PathBuf>,
    /// Whether windows are documents too; otherwise they count as merged.
    pub windows: bool,
    /// Whether a dead letter stands for the line that it quotes.
    pub replay: bool,
    /// Regular expressions of secrets in arguments and paths beside those that are known: their group `secret`, or all
    /// that they match, is taken out. Absent where nothing shall be.
    pub redact: Option<Vec<String>>,
    /// Whether a server gets one document for an exec with its exit, and one for a process's connections to one peer.
    pub merge: bool,
    /// Whether the first malformed line ends everything.
    pub strict: bool,
    /// How long a repository that takes nothing is tried again.
    pub retry_for: Duration,
    /// The first pause between two tries; they double up to ten seconds.
    pub retry_delay: Duration,
    /// How the server is reached, where the target is one.
    pub server: Server,
}

impl Config {
    /// The defaults for a target.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            dead_letter: None,
            windows: false,
            replay: false,
            redact: Some(Vec::new()),
            merge: true,
            strict: false,
            retry_for: Duration::from_mins(1),
            retry_delay: Duration::from_millis(100),
            server: Server::default(),
        }
    }
}

/// How an Elasticsearch server is reached.
#[derive(Clone, Debug)]
pub struct Server {
    /// Who asks; nobody where absent.
    pub credentials: Option<Credentials>,
    /// A PEM file of certificate authorities that are trusted beside the built-in ones.
    pub ca: Option<PathBuf>,
    /// A PEM file of the client's certificate and its private key.
    pub client_certificate: Option<PathBuf>,
    /// Whether index templates are installed at the start.
    pub setup: bool,
    /// The last part of the names of the data streams: `vaectl-process-<namespace>`.
    pub namespace: String,
    /// How much goes into one request.
    pub batch: BatchLimits,
    /// How long summaries of stable containers wait for each other.
    pub summary_age: Duration,
    /// Where documents wait on the disk until the server has them; in memory alone where absent.
    pub spool: Option<SpoolLimits>,
    /// How long one request may take.
    pub timeout: Duration,
    /// Whether requests are compressed by gzip.
    pub compress: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            credentials: None,
            ca: None,
            client_certificate: None,
            setup: true,
            namespace: "default".into(),
            batch: BatchLimits::default(),
            summary_age: Duration::from_mins(15),
            spool: None,
            timeout: Duration::from_secs(30),
            compress: true,
        }
    }
}

/// A bounded folder.
#[derive(Clone, Debug)]
pub struct SpoolLimits {
    /// The folder; one process uses it at a time.
    pub folder: PathBuf,
    /// How many bytes it may have. A full one loses summaries first, then events, and otherwise stops the reading.
    pub bytes: u64,
}

/// A request is sent when one of these is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Documents.
    pub documents: usize,
    /// Bytes before compression.
    pub bytes: usize,
    /// The age of the oldest document in it.
    pub age: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { documents: 4000, bytes: 5 << 20, age: Duration::from_secs(1) }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An API key in its encoded form, base64 of `id:key`.
    ApiKey(Secret),
    /// A user and a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// Text that is never shown: neither by `{:?}` nor in an error.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the content of a file or of a variable; white space around it is not part of it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Credentials, Secret};

    #[test]
    fn a_printed_configuration_has_no_secret_in_it() {
        let mut config = Config::new("http://127.0.0.1:9200".parse().unwrap());
        config.server.credentials = Some(Credentials::Basic { user: "me".into(), password: Secret::new("hunter2\n") });
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
