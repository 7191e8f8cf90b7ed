//! The line types, one file a member.

mod clock;
mod container;
mod dead_letter;
mod end;
mod event;
mod gap;
mod heartbeat;
mod hello;
mod incident;
mod kind;
mod ledger;
mod summary;
mod verdict;
mod window;

pub use clock::{Clock, ClockInfo};
pub use container::{ContainerInfo, ContainerLine, ContainerStatus};
pub use dead_letter::{DeadLetter, DeadLetterInfo};
pub use end::{End, EndInfo};
pub use event::{Depth, Event, EventInfo, PathSource};
pub use gap::{Gap, GapCause, GapInfo};
pub use heartbeat::{Heartbeat, HeartbeatInfo};
pub use hello::{Hello, HelloInfo};
pub use incident::{Incident, IncidentCause, IncidentInfo, IncidentStatus};
pub use kind::{Header, Kind, KindError, peek};
pub use ledger::{Accepted, Ledger, LedgerInfo};
pub use summary::{Summary, SummaryInfo};
pub use verdict::{Attribution, Channel, Grade, ModelMatch, ModelRef, ScoreParts, State, Verdict, VerdictInfo};
pub use window::{Window, WindowInfo, WindowMeta};

/// Defines a line: its `type`, its `vaectl` block, and the fields of its own between those and the common ones.
macro_rules! line {
    ($(#[$doc:meta])* $name:ident, $kind:ident, $meta:ty $(, $(#[$fdoc:meta])* $field:ident : $type:ty)* $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub struct $name<'a> {
            /// What the line is.
            #[serde(rename = "type")]
            pub kind: crate::Kind,
            /// What ECS has no name for.
            pub vaectl: $meta,
            $(
                $(#[$fdoc])*
                pub $field: $type,
            )*
            /// When it happened; the end of what it describes, where that lasts.
            #[serde(rename = "@timestamp")]
            pub timestamp: crate::Timestamp,
            /// The ECS version.
            #[serde(default)]
            pub ecs: crate::Ecs<'a>,
            /// What kind of record this is.
            #[serde(default)]
            pub event: crate::EventFields<'a>,
            /// The host it was seen on.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub host: Option<crate::Host<'a>>,
            /// The container it is about.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub container: Option<crate::Container<'a>>,
        }

        impl<'a> $name<'a> {
            /// A line with its own block and everything else empty.
            #[must_use]
            pub fn new(timestamp: crate::Timestamp, vaectl: $meta) -> Self {
                Self {
                    kind: crate::Kind::$kind,
                    vaectl,
                    $($field: Default::default(),)*
                    timestamp,
                    ecs: crate::Ecs::default(),
                    event: crate::EventFields::default(),
                    host: None,
                    container: None,
                }
            }
        }
    };
}
pub(crate) use line;

/// The JSON Schema of every line type, by file name without its ending.
#[must_use]
pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
    vec![
        ("clock", schemars::schema_for!(Clock<'static>)),
        ("container", schemars::schema_for!(ContainerLine<'static>)),
        ("dead_letter", schemars::schema_for!(DeadLetter<'static>)),
        ("end", schemars::schema_for!(End<'static>)),
        ("event", schemars::schema_for!(Event<'static>)),
        ("gap", schemars::schema_for!(Gap<'static>)),
        ("heartbeat", schemars::schema_for!(Heartbeat<'static>)),
        ("hello", schemars::schema_for!(Hello<'static>)),
        ("incident", schemars::schema_for!(Incident<'static>)),
        ("lease", schemars::schema_for!(crate::Lease)),
        ("ledger", schemars::schema_for!(Ledger<'static>)),
        ("summary", schemars::schema_for!(Summary<'static>)),
        ("verdict", schemars::schema_for!(Verdict<'static>)),
        ("window", schemars::schema_for!(Window<'static>)),
    ]
}
