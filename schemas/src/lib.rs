//! Every type that crosses a pipe or a disk, and nothing else.
//!
//! A stream is one JSON object a line. Each line is an Elastic Common Schema document as it stands; what ECS has no
//! name for is under `vaectl`. The first key is `type`, the second `vaectl`, which begins with the version `v`, so
//! that a reader can tell what a line is without parsing it whole ([`peek`]).
//!
//! Absent is not zero: a value that was not measured is left out. Numbers stay below 2^53, times are RFC 3339 with
//! nanoseconds. Adding a field is compatible; anything else bumps [`VERSION`].
//!
//! ```
//! use vaectl_schemas::{Kind, Window, peek};
//!
//! let line = br#"{"type":"window","vaectl":{"v":1,"window":{"nominal_ns":5000000000,"duration_ns":5000312001,
//! "coverage":{"syscall":1.0},"lost":0}},"counters":{"syscall.read":812},"gauges":{"pids":5},
//! "@timestamp":"2026-11-24T03:48:26.000000001Z"}"#;
//! assert_eq!(peek(line).unwrap(), Kind::Window);
//! let window: Window = serde_json::from_slice(line).unwrap();
//! assert_eq!(window.counters.get("syscall.read"), Some(812.0));
//! ```

mod control;
mod ecs;
mod elasticsearch;
mod escape;
mod identity;
mod lines;
mod metrics;
mod read;
mod time;

pub use control::Lease;
pub use ecs::{
    Capabilities, Container, Ecs, EffectiveUser, Endpoint, EntryMeta, EventFields, File, Host, Image, ImageHash,
    Network, Process, ProcessRef, Rule, Thread, User, is_telling,
};
pub use elasticsearch::{elasticsearch_templates, opensearch_policies};
pub use escape::{escape, unescape};
pub use identity::{EntityIds, EventIds, derived_id, job_hash};
pub use lines::{
    Accepted, Attribution, Channel, Clock, ClockInfo, ContainerInfo, ContainerLine, ContainerStatus, DeadLetter,
    DeadLetterInfo, Depth, End, EndInfo, Event, EventInfo, Gap, GapCause, GapInfo, Grade, Header, Heartbeat,
    HeartbeatInfo, Hello, HelloInfo, Incident, IncidentCause, IncidentInfo, IncidentStatus, Kind, KindError, Ledger,
    LedgerInfo, ModelMatch, ModelRef, PathSource, ScoreParts, State, Summary, SummaryInfo, Verdict, VerdictInfo,
    Window, WindowInfo, WindowMeta, peek, schemas,
};
pub use metrics::Metrics;
pub use read::{DEFAULT_MAX_LINE_BYTES, LineReader, RawLine, ReadError, open};
pub use time::Timestamp;

/// The version of the line format, on every line as `vaectl.v`.
pub const VERSION: u32 = 1;

/// Stands on a window for the programs that there is no room for, with how often these were executed.
pub const OTHER_PROGRAMS: &str = "(other)";

/// The ECS version that the field names are taken from.
pub const ECS_VERSION: &str = "9.0.0";
