use crate::document::{Document, Tier};

/// What goes first when the spool is full, in this order; the last of them never goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Hours of stable containers, which are sent together.
    Summaries,
    /// What processes did, and windows.
    Forensics,
    /// Incidents, changes of state, and what says how far the rest can be trusted.
    Kept,
}

impl Rank {
    pub(crate) const ALL: [Self; 3] = [Self::Summaries, Self::Forensics, Self::Kept];

    pub(crate) fn of(document: &Document) -> Self {
        match document.tier {
            Tier::Stable if &*document.dataset == "vaectl.summary" => Self::Summaries,
            Tier::Stable | Tier::Incident => Self::Kept,
            Tier::Process | Tier::Network | Tier::File | Tier::Window => Self::Forensics,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Summaries => "summaries",
            Self::Forensics => "forensics",
            Self::Kept => "kept",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rank| rank.name() == name)
    }
}
