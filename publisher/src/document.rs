use std::sync::Arc;

use vaectl_schemas::Timestamp;

use crate::merge::Part;

/// Which data stream a document belongs to: what is kept equally long is kept together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tier {
    Process,
    Network,
    File,
    /// Verdicts and incidents.
    Incident,
    /// What remains of a stable container, and the small rest: summaries, containers, gaps, clock steps.
    Stable,
    Window,
}

impl Tier {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Network => "network",
            Self::File => "file",
            Self::Incident => "incident",
            Self::Stable => "stable",
            Self::Window => "window",
        }
    }
}

/// Where a line stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) number: u64,
    pub(crate) file: Option<Arc<str>>,
}

/// A line that is to be stored, and what its storing needs to know of it.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The line itself, valid JSON in UTF-8, without a line end.
    pub(crate) line: String,
    /// Its identity: the same line has the same one, however often it comes.
    pub(crate) id: String,
    pub(crate) dataset: Arc<str>,
    pub(crate) tier: Tier,
    /// The line's own time.
    pub(crate) time: Timestamp,
    /// What it may be merged by.
    pub(crate) part: Option<Part>,
    pub(crate) origin: Origin,
    /// It is counted as waiting on the disk.
    pub(crate) spooled: bool,
}

pub(crate) const NS_PER_DAY: u64 = 86_400_000_000_000;

impl Document {
    /// Days since the Unix epoch.
    pub(crate) fn day(&self) -> u64 {
        self.time.as_ns() / NS_PER_DAY
    }
}

/// What a repository said about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Indexed,
    /// It was there already.
    Duplicate,
    /// It was taken into the server's failure store.
    SetAside,
    /// It will never be taken.
    Rejected {
        status: Option<u16>,
        reason: String,
    },
}

#[cfg(test)]
impl Document {
    /// A line under an identity, of no dataset in particular.
    pub(crate) fn sample(id: &str, line: &str, tier: Tier) -> Self {
        Self {
            line: line.into(),
            id: id.into(),
            dataset: "d".into(),
            tier,
            time: Timestamp::default(),
            part: None,
            origin: Origin::default(),
            spooled: false,
        }
    }
}
