//! The field sets of the Elastic Common Schema that lines use, by their ECS names.
//!
//! Text is `Cow`, so that the collector writes an event without copying what it borrowed from the kernel's record.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

type Text<'a> = Cow<'a, str>;

macro_rules! field_sets {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub struct $name<'a> { $(
            $(#[$fdoc])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,
        )*
        }
    )* };
}

field_sets! {
    /// `event.*`: what kind of record this is.
    EventFields {
        /// `event`, `metric`, `alert`, `state` or `pipeline_error`.
        kind: Text<'a>,
        /// ECS categories such as `process`, `network`, `file`.
        category: Vec<Text<'a>>,
        /// ECS types such as `start`, `end`, `connection`, `creation`.
        #[serde(rename = "type")]
        types: Vec<Text<'a>>,
        /// What happened: `exec`, `open`, `connect`, ...
        action: Text<'a>,
        /// `success` or `failure`.
        outcome: Text<'a>,
        /// `vaectl.process`, `vaectl.network`, `vaectl.file`, `vaectl.window`, ...
        dataset: Text<'a>,
        /// The identity of the line.
        id: Text<'a>,
        /// The line's number within one start of `record`.
        sequence: u64,
        /// One sentence for a person.
        reason: Text<'a>,
        /// When what is described began.
        start: crate::Timestamp,
        /// When it ended.
        end: crate::Timestamp,
        /// How long it lasted, in nanoseconds.
        duration: u64,
    }
    /// `host.*`.
    Host {
        /// The machine id.
        id: Text<'a>,
        /// The host name.
        name: Text<'a>,
    }
    /// `container.*`. Every document carries it, since Elasticsearch does not join.
    Container {
        /// The runtime's full id; `host` for the pseudo-container of everything outside containers.
        id: Text<'a>,
        /// The runtime's name for it; absent until metadata arrived, or where there is none.
        name: Text<'a>,
        /// `docker`, `podman`, `runc`, `containerd`, `cri-o`.
        runtime: Text<'a>,
        /// What it runs.
        image: Image<'a>,
    }
    /// `container.image.*`.
    Image {
        /// The repository.
        name: Text<'a>,
        /// The tag.
        tag: Text<'a>,
        /// The digests.
        hash: ImageHash<'a>,
    }
    /// `container.image.hash.*`.
    ImageHash {
        /// Digests as `sha256:...`, the image's own first.
        all: Vec<Text<'a>>,
    }
    /// `process.*`.
    Process {
        /// Host, boot, pid and start time: the key that joins events.
        entity_id: Text<'a>,
        /// The process id on the host.
        pid: u32,
        /// The kernel's short name of the task.
        name: Text<'a>,
        /// The path of the program.
        executable: Text<'a>,
        /// The argument vector.
        args: Vec<Text<'a>>,
        /// How many arguments there were, where `args` is cut.
        args_count: u32,
        /// When it started.
        start: crate::Timestamp,
        /// When it ended.
        end: crate::Timestamp,
        /// The exit status; 128 + n for signal n.
        exit_code: i64,
        /// Where it stood.
        working_directory: Text<'a>,
        /// Its parent.
        parent: ProcessRef<'a>,
        /// Ancestors above the parent, nearest first.
        ancestors: Vec<ProcessRef<'a>>,
        /// The first process of this tree inside the container.
        entry_leader: ProcessRef<'a>,
        /// The leader of its session.
        session_leader: ProcessRef<'a>,
        /// How the tree entered the container: `{"type":"container"}` where an operator's exec did.
        entry_meta: EntryMeta<'a>,
        /// Its capabilities.
        thread: Thread<'a>,
    }
    /// A process by reference.
    ProcessRef {
        /// Its entity id.
        entity_id: Text<'a>,
        /// Its process id on the host.
        pid: u32,
        /// The kernel's short name of the task.
        name: Text<'a>,
        /// The path of its program.
        executable: Text<'a>,
    }
    /// `process.entry_meta.*`.
    EntryMeta {
        /// `container` for a process whose parent is outside its container.
        #[serde(rename = "type")]
        kind: Text<'a>,
    }
    /// `process.thread.*`.
    Thread {
        /// The capability sets.
        capabilities: Capabilities<'a>,
    }
    /// `process.thread.capabilities.*`.
    Capabilities {
        /// The effective set as names such as `CAP_SYS_ADMIN`.
        effective: Vec<Text<'a>>,
    }
    /// `source.*`, who opened the connection, and `destination.*`, who was called.
    Endpoint {
        /// The address as text.
        address: Text<'a>,
        /// The IP address.
        ip: Text<'a>,
        /// The port.
        port: u16,
        /// Bytes sent by this side.
        bytes: u64,
    }
    /// `network.*`.
    Network {
        /// `tcp`, `udp` or `unix`.
        transport: Text<'a>,
        /// `ipv4` or `ipv6`.
        #[serde(rename = "type")]
        kind: Text<'a>,
        /// `inbound` or `outbound`.
        direction: Text<'a>,
    }
    /// `file.*`.
    File {
        /// The full path inside the container.
        path: Text<'a>,
        /// The path a rename led to, or a link points to.
        target_path: Text<'a>,
        /// The inode number.
        inode: Text<'a>,
        /// Permissions in octal.
        mode: Text<'a>,
    }
    /// `user.*`.
    User {
        /// The numeric user id, as text (ECS keyword).
        id: Text<'a>,
        /// The one taken on, for `setuid` and its kin.
        effective: EffectiveUser<'a>,
    }
    /// `user.effective.*`.
    EffectiveUser {
        /// The numeric user id, as text.
        id: Text<'a>,
    }
    /// `rule.*`: the model that judged.
    Rule {
        /// The model's hash.
        id: Text<'a>,
        /// What the model is of, such as `nginx:1.22`.
        name: Text<'a>,
    }
}

/// `ecs.*`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ecs<'a> {
    /// The version the names are taken from.
    pub version: Text<'a>,
}

impl Default for Ecs<'_> {
    fn default() -> Self {
        Self { version: crate::ECS_VERSION.into() }
    }
}

/// Whether an event of this dataset and action is a program that was executed, or one of the rare things that processes
/// do to each other and to the kernel: what may be the cause of an incident, and goes last where something has to go.
#[must_use]
pub fn is_telling(dataset: &str, action: &str) -> bool {
    !matches!(dataset, "vaectl.network" | "vaectl.file") && !matches!(action, "" | "fork" | "exit")
}
