//! How a verb ends: its exit code, and what it says when it fails.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The documented exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done, or the reader downstream is gone.
    Done = 0,
    /// Done, but some lines or documents failed.
    Partial = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// This host cannot; the message names what is missing.
    Host = 3,
    /// The peer refused.
    Peer = 4,
    /// A model could not be made or used.
    Model = 5,
    /// Another run is changing the models.
    Busy = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads standard output any more, which is success.
    ReaderGone,
    /// Anything else.
    Report {
        /// How the process exits.
        exit: Exit,
        /// What went wrong, in one line.
        message: String,
        /// What to do about it.
        hints: Vec<String>,
    },
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Report { exit, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// An error of a library with the errors behind it, in one line.
    pub(crate) fn caused(exit: Exit, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Many errors already quote their source.
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        Self::new(exit, message.replace('\n', " "))
    }

    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Report { hints, .. } = &mut self {
            hints.push(text.into());
        }
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::ReaderGone => Exit::Done,
            Self::Report { exit, .. } => *exit,
        }
    }
}

/// A closed pipe is success; everything else on standard streams is the host's failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::caused(Exit::Host, &error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Report { message, hints, .. } = self else { return Ok(()) };
        write!(f, "error: {message}")?;
        hints.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Exit, Failure};

    #[test]
    fn a_closed_pipe_is_success_and_says_nothing() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((failure.exit(), failure.to_string().as_str()), (Exit::Done, ""));
    }

    #[test]
    fn a_failure_is_one_line_and_its_hints() {
        let failure = Failure::usage("no model folder").hint("give --models DIR");
        assert_eq!(failure.to_string(), "error: no model folder\nhint: give --models DIR");
    }
}
