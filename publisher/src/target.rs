use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

/// Where documents go: `dir:PATH`, `stdout:`, or the URL of an Elasticsearch server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A folder of NDJSON files, by dataset and day.
    Directory(PathBuf),
    /// Standard output.
    Stdout,
    /// An Elasticsearch cluster, by the URLs of servers that stand in for each other.
    Elasticsearch(Vec<Url>),
}

/// Why a target could not be understood. The text is never repeated, since it may contain a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing that is known.
    #[error("the target is none of dir:PATH, stdout:, http://HOST:PORT and https://HOST:PORT")]
    Unknown,
    /// `dir:` alone.
    #[error("dir: lacks a path: write dir:PATH")]
    NoPath,
    /// An URL that does not parse.
    #[error("the URL of the target is not valid: {0}")]
    Url(String),
    /// A password on the command line.
    #[error("the URL of the target carries a user or a password, which every process can read: give them in a file")]
    Secret,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        match text.split_once(':') {
            Some(("dir", "")) => Err(TargetError::NoPath),
            Some(("dir", path)) => Ok(Self::Directory(path.into())),
            Some(("stdout", "")) => Ok(Self::Stdout),
            Some(("http" | "https", _)) => {
                text.split(',').map(server).collect::<Result<_, _>>().map(Self::Elasticsearch)
            }
            _ => Err(TargetError::Unknown),
        }
    }
}

fn server(text: &str) -> Result<Url, TargetError> {
    let url = Url::parse(text.trim()).map_err(|error| TargetError::Url(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(TargetError::Unknown);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(TargetError::Secret);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(TargetError::Url("it has a query or a fragment".into()));
    }
    Ok(url)
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "dir:{}", path.display()),
            Self::Stdout => f.write_str("stdout:"),
            Self::Elasticsearch(urls) => {
                let urls: Vec<_> = urls.iter().map(|url| url.as_str().trim_end_matches('/')).collect();
                f.write_str(&urls.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, TargetError};

    #[test]
    fn each_form_is_understood_and_written_as_it_was_read() {
        for text in [
            "dir:/var/lib/x",
            "dir:relative:colon",
            "stdout:",
            "http://127.0.0.1:9200",
            "https://es.example/a",
            "https://es-1.example,https://es-2.example",
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        let error = "https://me:hunter2@es.example".parse::<Target>().unwrap_err();
        assert_eq!(error, TargetError::Secret);
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "/var/lib/x", "dir:", "stdout", "stdout:x", "kafka://x", "http://"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
