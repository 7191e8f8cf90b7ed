use std::io;
use std::path::PathBuf;

/// Why publishing ended before its input did.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// What was configured cannot be used.
    #[error("{what}: {reason}")]
    Configuration {
        /// The file or setting.
        what: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// A folder or file to write to cannot be made or opened.
    #[error("cannot write to {}: {source}; name another place or make this one writable", path.display())]
    Place {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A line was malformed, and that was to be fatal.
    #[error("{place} is malformed: {reason}")]
    Strict {
        /// File and number of the line.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The repository refused or did not answer before anything was held.
    #[error("{0}")]
    Peer(String),
    /// The repository refused or did not answer, and what was held went elsewhere.
    #[error("{reason}; {}", whereabouts(*kept, place, *lost, waiting.as_ref()))]
    Undelivered {
        /// What the repository said.
        reason: String,
        /// How many lines are in the dead-letter file for it.
        kept: u64,
        /// The dead-letter file.
        place: String,
        /// How many are not even there.
        lost: u64,
        /// How many documents wait for the next start, and where.
        waiting: Option<(u64, String)>,
    },
}

/// What an error means for the exit code of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Exit code 1: the input was at fault.
    Input,
    /// Exit code 2.
    Configuration,
    /// Exit code 3: this host cannot.
    Host,
    /// Exit code 4: the repository refused.
    Peer,
}

impl PublishError {
    /// What it means for the exit code.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Strict { .. } => ErrorKind::Input,
            Self::Configuration { .. } => ErrorKind::Configuration,
            Self::Place { .. } => ErrorKind::Host,
            Self::Peer(_) | Self::Undelivered { .. } => ErrorKind::Peer,
        }
    }
}

fn whereabouts(kept: u64, place: &str, lost: u64, waiting: Option<&(u64, String)>) -> String {
    match (kept, lost) {
        (0, 0) => waiting.map_or("nothing was held".into(), |(documents, spool)| {
            format!("{documents} documents wait in {spool} for the next start")
        }),
        (kept, 0) => format!("{kept} held lines are in {place}"),
        (0, lost) => format!("{lost} held lines are lost: {place} could not be written"),
        (kept, lost) => format!("{kept} held lines are in {place}, {lost} are lost, since it could not take more"),
    }
}

/// Why a repository did not take documents.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SinkError {
    /// It said no, and will again.
    #[error("{0}")]
    Refused(String),
    /// It took nothing for as long as it was tried.
    #[error("{0}")]
    GaveUp(String),
    /// Standard output has no reader any more.
    #[error("standard output is closed")]
    Closed,
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, PublishError};

    #[test]
    fn the_message_says_where_held_lines_are() {
        let error = PublishError::Undelivered {
            reason: "http://es:9200 does not answer".into(),
            kept: 3,
            place: "dead.ndjson".into(),
            lost: 0,
            waiting: None,
        };
        assert_eq!(error.to_string(), "http://es:9200 does not answer; 3 held lines are in dead.ndjson");
        assert_eq!(error.kind(), ErrorKind::Peer);
    }
}
