//! What was published, read again.

mod directory;
mod elasticsearch;
mod forest;

use std::path::PathBuf;

use serde::Deserialize;
use vaectl_schemas::Timestamp;

pub(crate) use self::elasticsearch::Cluster;
pub use self::forest::{Kin, forest};
use crate::config::Server;
use crate::error::PublishError;
use crate::target::Target;

/// A repository that can be read: a folder of `dir:`, or a cluster.
pub struct Repository(Kind);

enum Kind {
    Directory(PathBuf),
    Cluster(Box<Cluster>),
}

impl Repository {
    /// Opens a repository; nothing is read yet.
    ///
    /// # Errors
    /// Where the target is standard output, or a setting of the server cannot be used.
    pub fn open(target: &Target, server: &Server) -> Result<Self, PublishError> {
        match target {
            Target::Directory(folder) => Ok(Self(Kind::Directory(folder.clone()))),
            Target::Elasticsearch(urls) => Ok(Self(Kind::Cluster(Box::new(Cluster::new(urls, server)?)))),
            Target::Stdout => Err(PublishError::Configuration {
                what: "stdout:".into(),
                reason: "it keeps nothing that could be read: name a dir: or a server".into(),
            }),
        }
    }

    /// The lines of type `incident` since then, oldest first: one when it opened, one when it closed.
    ///
    /// # Errors
    /// Where the repository cannot be read.
    pub async fn incidents(&self, since: Option<Timestamp>) -> Result<Vec<String>, PublishError> {
        match &self.0 {
            Kind::Directory(folder) => directory::incidents(folder, since),
            Kind::Cluster(cluster) => cluster.incidents(since).await,
        }
    }

    /// The lines of the incidents whose id begins so, in the order of their time: all that were judged, and the first
    /// `limit` of what processes did.
    ///
    /// # Errors
    /// Where the repository cannot be read.
    pub async fn lines(&self, incident: &str, limit: usize) -> Result<Vec<String>, PublishError> {
        let mut lines = match &self.0 {
            Kind::Directory(folder) => directory::lines(folder, incident, limit)?,
            Kind::Cluster(cluster) => cluster.lines(incident, limit).await?,
        };
        lines.sort_by_cached_key(|line| time_of(line));
        Ok(lines)
    }
}

/// What is read of a line to see where it belongs.
#[derive(Deserialize)]
struct Outline {
    #[serde(rename = "@timestamp")]
    time: Timestamp,
    vaectl: Case,
}

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    incident: Option<String>,
    #[serde(default)]
    opened: Option<Timestamp>,
}

fn time_of(line: &str) -> Timestamp {
    serde_json::from_str(line).map_or_else(|_| Timestamp::default(), |outline: Outline| outline.time)
}
