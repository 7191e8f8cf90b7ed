//! What can go wrong around containers, load and attacks.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{io, process};

/// Why the harness could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// A program that is needed is not installed.
    #[error("{program} is not installed: apt-get install {package}")]
    Missing {
        /// The program.
        program: String,
        /// The Debian package that has it.
        package: String,
    },
    /// A command failed.
    #[error("{command} failed ({status}): {stderr}")]
    Command {
        /// The command with its arguments.
        command: String,
        /// How it ended.
        status: process::ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// A file or folder could not be used.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An image recipe is wrong.
    #[error("image recipe {path}: {reason}")]
    Recipe {
        /// The recipe.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Something did not happen in time.
    #[error("{what} within {} s", .limit.as_secs())]
    Timeout {
        /// What should have happened: `nginx-1 did not listen`.
        what: String,
        /// How long it was given.
        limit: Duration,
    },
    /// A load was not served.
    #[error("{failed} requests failed and {done} were answered: that is another load than was meant")]
    Unserved {
        /// Requests that were answered.
        done: u64,
        /// Requests that were not.
        failed: u64,
    },
    /// Somebody else is at it.
    #[error("{what} is at work, process {holder} ({}): wait for its end, or end it with: kill {holder}", path.display())]
    Busy {
        /// What is at work.
        what: &'static str,
        /// Its process.
        holder: u32,
        /// The file that it holds.
        path: PathBuf,
    },
    /// SIGINT, SIGTERM or SIGHUP came; everything that was started is being taken down.
    #[error("interrupted")]
    Interrupted,
}

/// Names the file in an input or output error.
pub(crate) trait Naming<T> {
    /// The error says what was tried on which file.
    fn naming(self, action: &'static str, path: &Path) -> Result<T, HarnessError>;
}

impl<T> Naming<T> for io::Result<T> {
    fn naming(self, action: &'static str, path: &Path) -> Result<T, HarnessError> {
        self.map_err(|source| HarnessError::File { action, path: path.to_owned(), source })
    }
}
