//! Why a recording could not be made.

use std::io;

/// What can go wrong in `record`.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The host lacks something; each sentence names it and what to do.
    #[error("this host cannot record: {}", .0.join("; "))]
    Host(Vec<String>),
    /// The kernel refused a program or a map.
    #[error("the kernel refused {what}: {reason}")]
    Kernel {
        /// The program, map or object.
        what: String,
        /// What the kernel said, in one line.
        reason: String,
    },
    /// The kernel has no room for a map.
    #[error("the kernel has no room for the map {map}: {source}")]
    Room {
        /// Which.
        map: String,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// A file or directory of the host could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The control socket could not be made.
    #[error("cannot listen on {path}: {source}")]
    Control {
        /// Where.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The reader of the lines is gone or failed; a broken pipe is for the caller to tell apart.
    #[error("cannot write lines: {0}")]
    Write(#[from] io::Error),
    /// A setting is out of range.
    #[error("{name} {value} is out of range: {allowed}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What it was.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
}
