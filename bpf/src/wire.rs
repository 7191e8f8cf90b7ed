//! Records and rows as they cross from kernel to user space. Generated from `wire.h`: see `tests/wire.rs`.
//! One file, however long, as that header is the only definition.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The observer itself, and what it was told to leave out.
pub const SLOT_IGNORED: usize = 0;
/// Everything outside containers.
pub const SLOT_HOST: usize = 1;
/// The first container.
pub const SLOT_FIRST: usize = 2;
/// The direct-mapped cache of slots: a power of two.
pub const CACHE_ENTRIES: usize = 65536;
/// slot entries.
pub const SLOT_ENTRIES: usize = 16384;
/// exec entries.
pub const EXEC_ENTRIES: usize = 16384;
/// flow entries.
pub const FLOW_ENTRIES: usize = 32768;
/// datagram entries.
pub const DATAGRAM_ENTRIES: usize = 8192;
/// peer entries.
pub const PEER_ENTRIES: usize = 8192;
/// signal entries.
pub const SIGNAL_ENTRIES: usize = 1024;
/// Processes that came into containers.
pub const ENTRIES: usize = 4096;
/// ended entries.
pub const ENDED_ENTRIES: usize = 1024;
/// cgroup ring kib.
pub const CGROUP_RING_KIB: usize = 256;
/// scratch bytes.
pub const SCRATCH_BYTES: usize = 8192;
/// syscalls.
pub const SYSCALLS: usize = 512;
/// A CPU sample that fell into no call.
pub const SYSCALL_NONE: usize = 509;
/// Numbers beyond the table.
pub const SYSCALL_OTHER: usize = 510;
/// Calls by the 32-bit gate, whatever their number: all bits set.
pub const SYSCALL_COMPAT: usize = 511;
/// errnos.
pub const ERRNOS: usize = 134;
/// ancestors.
pub const ANCESTORS: usize = 8;
/// exec path.
pub const EXEC_PATH: usize = 256;
/// cell bytes.
pub const CELL_BYTES: usize = 128;
/// What a longer record has beyond them is not kept.
pub const RECORD_CELLS: usize = 16;
/// depth census.
pub const DEPTH_CENSUS: usize = 0;
/// depth process.
pub const DEPTH_PROCESS: usize = 1;
/// depth full.
pub const DEPTH_FULL: usize = 2;
/// state free.
pub const STATE_FREE: usize = 0;
/// A new cgroup of which user space has not said what it is.
pub const STATE_UNDECIDED: usize = 1;
/// state container.
pub const STATE_CONTAINER: usize = 2;
/// count exec.
pub const COUNT_EXEC: usize = 0;
/// count fork.
pub const COUNT_FORK: usize = 1;
/// count exit.
pub const COUNT_EXIT: usize = 2;
/// count exit nonzero.
pub const COUNT_EXIT_NONZERO: usize = 3;
/// count signal.
pub const COUNT_SIGNAL: usize = 4;
/// count accept.
pub const COUNT_ACCEPT: usize = 5;
/// count connect.
pub const COUNT_CONNECT: usize = 6;
/// count connect failed.
pub const COUNT_CONNECT_FAILED: usize = 7;
/// count close.
pub const COUNT_CLOSE: usize = 8;
/// count tx bytes.
pub const COUNT_TX_BYTES: usize = 9;
/// count rx bytes.
pub const COUNT_RX_BYTES: usize = 10;
/// count unix connect.
pub const COUNT_UNIX_CONNECT: usize = 11;
/// count open write.
pub const COUNT_OPEN_WRITE: usize = 12;
/// count unlink.
pub const COUNT_UNLINK: usize = 13;
/// count rename.
pub const COUNT_RENAME: usize = 14;
/// count chmod.
pub const COUNT_CHMOD: usize = 15;
/// count io uring.
pub const COUNT_IO_URING: usize = 16;
/// count memfd exec.
pub const COUNT_MEMFD_EXEC: usize = 17;
/// count entered.
pub const COUNT_ENTERED: usize = 18;
/// Events that found the ring full.
pub const COUNT_LOST_RING: usize = 19;
/// Events that were written.
pub const COUNT_EVENTS: usize = 20;
/// Different programs seen.
pub const COUNT_EXEC_PATHS: usize = 21;
/// Executions beyond the programs that are kept.
pub const COUNT_EXEC_OTHER: usize = 22;
/// CPU time of processes that ended, ns.
pub const COUNT_DEAD_CPU: usize = 23;
/// Its user part, by ticks, ns.
pub const COUNT_DEAD_USER: usize = 24;
/// Its system part, by ticks, ns.
pub const COUNT_DEAD_SYSTEM: usize = 25;
/// Events beyond the container's share of the ring.
pub const COUNT_LOST_QUOTA: usize = 26;
/// Events that woke the reader, because the ring filled.
pub const COUNT_WAKEUPS: usize = 27;
/// Peers that datagrams were sent to.
pub const COUNT_UDP_CONNECT: usize = 28;
/// Processes that began in other namespaces than their parent's.
pub const COUNT_NAMESPACE: usize = 29;
/// counts.
pub const COUNTS: usize = 30;
/// kind exec.
pub const KIND_EXEC: usize = 1;
/// kind exit.
pub const KIND_EXIT: usize = 2;
/// kind fork.
pub const KIND_FORK: usize = 3;
/// kind rare.
pub const KIND_RARE: usize = 4;
/// kind file.
pub const KIND_FILE: usize = 5;
/// kind connect.
pub const KIND_CONNECT: usize = 6;
/// kind accept.
pub const KIND_ACCEPT: usize = 7;
/// kind listen.
pub const KIND_LISTEN: usize = 8;
/// kind close.
pub const KIND_CLOSE: usize = 9;
/// kind cgroup new.
pub const KIND_CGROUP_NEW: usize = 10;
/// kind cgroup gone.
pub const KIND_CGROUP_GONE: usize = 11;
/// The process came into its container from outside.
pub const FLAG_ENTERED: usize = 1;
/// The program has no name in any directory.
pub const FLAG_MEMFD: usize = 2;
/// The file is new.
pub const FLAG_CREATED: usize = 4;
/// A path or the arguments were cut.
pub const FLAG_TRUNCATED: usize = 8;
/// The peer opened the connection.
pub const FLAG_INBOUND: usize = 16;
/// The process that owns the socket is not known.
pub const FLAG_NO_PROCESS: usize = 32;

/// One container's census.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Row {
    /// created ns.
    pub created_ns: u64,
    /// 0 while only the runtime has run in it; then the workload's first process, or 1.
    pub ready: u64,
    /// The process that was the first of a pid namespace of its own: what has one is a container.
    pub init: u64,
    /// syscall.
    pub syscall: [u64; SYSCALLS],
    /// failed.
    pub failed: [u64; ERRNOS],
    /// count.
    pub count: [u64; COUNTS],
}

const _: () = assert!(size_of::<Row>() == 5432);
const _: () = assert!(std::mem::offset_of!(Row, created_ns) == 0);
const _: () = assert!(std::mem::offset_of!(Row, ready) == 8);
const _: () = assert!(std::mem::offset_of!(Row, init) == 16);
const _: () = assert!(std::mem::offset_of!(Row, syscall) == 24);
const _: () = assert!(std::mem::offset_of!(Row, failed) == 4120);
const _: () = assert!(std::mem::offset_of!(Row, count) == 5192);

/// In which calls a container's CPU time was spent: one sample a CPU and tick.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Samples {
    /// syscall.
    pub syscall: [u64; SYSCALLS],
}

const _: () = assert!(size_of::<Samples>() == 4096);
const _: () = assert!(std::mem::offset_of!(Samples, syscall) == 0);

/// What user space says of a slot.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Control {
    /// depth.
    pub depth: u32,
    /// state.
    pub state: u32,
}

const _: () = assert!(size_of::<Control>() == 8);
const _: () = assert!(std::mem::offset_of!(Control, depth) == 0);
const _: () = assert!(std::mem::offset_of!(Control, state) == 4);

/// Which program a container executed.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct ExecKey {
    /// hash.
    pub hash: u64,
    /// slot.
    pub slot: u32,
    /// pad.
    pub pad: u32,
}

const _: () = assert!(size_of::<ExecKey>() == 16);
const _: () = assert!(std::mem::offset_of!(ExecKey, hash) == 0);
const _: () = assert!(std::mem::offset_of!(ExecKey, slot) == 8);
const _: () = assert!(std::mem::offset_of!(ExecKey, pad) == 12);

/// The kernel's `exec_count`.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct ExecCount {
    /// count.
    pub count: u64,
    /// len.
    pub len: u32,
    /// pad.
    pub pad: u32,
    /// Names from the leaf up, each ended by a zero.
    pub path: [u8; EXEC_PATH],
}

const _: () = assert!(size_of::<ExecCount>() == 272);
const _: () = assert!(std::mem::offset_of!(ExecCount, count) == 0);
const _: () = assert!(std::mem::offset_of!(ExecCount, len) == 8);
const _: () = assert!(std::mem::offset_of!(ExecCount, pad) == 12);
const _: () = assert!(std::mem::offset_of!(ExecCount, path) == 16);

/// Whose a flow is: datagrams are a process's alone, since their socket's address is used again when it is gone.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct FlowKey {
    /// Its address.
    pub socket: u64,
    /// Of the process that sends datagrams; 0 for a connection.
    pub start_ns: u64,
    /// pid.
    pub pid: u32,
    /// pad.
    pub pad: u32,
}

const _: () = assert!(size_of::<FlowKey>() == 24);
const _: () = assert!(std::mem::offset_of!(FlowKey, socket) == 0);
const _: () = assert!(std::mem::offset_of!(FlowKey, start_ns) == 8);
const _: () = assert!(std::mem::offset_of!(FlowKey, pid) == 16);
const _: () = assert!(std::mem::offset_of!(FlowKey, pad) == 20);

/// A process, whatever becomes of its number.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Process {
    /// start ns.
    pub start_ns: u64,
    /// pid.
    pub pid: u32,
    /// pad.
    pub pad: u32,
}

const _: () = assert!(size_of::<Process>() == 16);
const _: () = assert!(std::mem::offset_of!(Process, start_ns) == 0);
const _: () = assert!(std::mem::offset_of!(Process, pid) == 8);
const _: () = assert!(std::mem::offset_of!(Process, pad) == 12);

/// Whom a container connects to.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Peer {
    /// slot.
    pub slot: u32,
    /// port.
    pub port: u16,
    /// family.
    pub family: u16,
    /// address.
    pub address: [u8; 16],
}

const _: () = assert!(size_of::<Peer>() == 24);
const _: () = assert!(std::mem::offset_of!(Peer, slot) == 0);
const _: () = assert!(std::mem::offset_of!(Peer, port) == 4);
const _: () = assert!(std::mem::offset_of!(Peer, family) == 6);
const _: () = assert!(std::mem::offset_of!(Peer, address) == 8);

/// The kernel's `header`.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Header {
    /// time ns.
    pub time_ns: u64,
    /// Of the process.
    pub start_ns: u64,
    /// parent start ns.
    pub parent_start_ns: u64,
    /// slot.
    pub slot: u32,
    /// pid.
    pub pid: u32,
    /// parent pid.
    pub parent_pid: u32,
    /// uid.
    pub uid: u32,
    /// What the call returned; the wait status for exits.
    pub ret: i32,
    /// The call's number.
    pub nr: u16,
    /// kind.
    pub kind: u8,
    /// flags.
    pub flags: u8,
    /// comm.
    pub comm: [u8; 16],
}

const _: () = assert!(size_of::<Header>() == 64);
const _: () = assert!(std::mem::offset_of!(Header, time_ns) == 0);
const _: () = assert!(std::mem::offset_of!(Header, start_ns) == 8);
const _: () = assert!(std::mem::offset_of!(Header, parent_start_ns) == 16);
const _: () = assert!(std::mem::offset_of!(Header, slot) == 24);
const _: () = assert!(std::mem::offset_of!(Header, pid) == 28);
const _: () = assert!(std::mem::offset_of!(Header, parent_pid) == 32);
const _: () = assert!(std::mem::offset_of!(Header, uid) == 36);
const _: () = assert!(std::mem::offset_of!(Header, ret) == 40);
const _: () = assert!(std::mem::offset_of!(Header, nr) == 44);
const _: () = assert!(std::mem::offset_of!(Header, kind) == 46);
const _: () = assert!(std::mem::offset_of!(Header, flags) == 47);
const _: () = assert!(std::mem::offset_of!(Header, comm) == 48);

/// The kernel's `ancestor`.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Ancestor {
    /// start ns.
    pub start_ns: u64,
    /// pid.
    pub pid: u32,
    /// pad.
    pub pad: u32,
    /// comm.
    pub comm: [u8; 16],
}

const _: () = assert!(size_of::<Ancestor>() == 32);
const _: () = assert!(std::mem::offset_of!(Ancestor, start_ns) == 0);
const _: () = assert!(std::mem::offset_of!(Ancestor, pid) == 8);
const _: () = assert!(std::mem::offset_of!(Ancestor, pad) == 12);
const _: () = assert!(std::mem::offset_of!(Ancestor, comm) == 16);

/// Followed by the program's path, the working directory's, and the arguments, each ended by a zero.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct ExecRecord {
    /// header.
    pub header: Header,
    /// Effective.
    pub capabilities: u64,
    /// Of the tree's first process inside the container.
    pub entry_start_ns: u64,
    /// session pid.
    pub session_pid: u32,
    /// entry pid.
    pub entry_pid: u32,
    /// arguments.
    pub arguments: u32,
    /// ancestors len.
    pub ancestors_len: u32,
    /// path len.
    pub path_len: u32,
    /// cwd len.
    pub cwd_len: u32,
    /// args len.
    pub args_len: u32,
    /// pad.
    pub pad: u32,
    /// ancestors.
    pub ancestors: [Ancestor; ANCESTORS],
}

const _: () = assert!(size_of::<ExecRecord>() == 368);
const _: () = assert!(std::mem::offset_of!(ExecRecord, header) == 0);
const _: () = assert!(std::mem::offset_of!(ExecRecord, capabilities) == 64);
const _: () = assert!(std::mem::offset_of!(ExecRecord, entry_start_ns) == 72);
const _: () = assert!(std::mem::offset_of!(ExecRecord, session_pid) == 80);
const _: () = assert!(std::mem::offset_of!(ExecRecord, entry_pid) == 84);
const _: () = assert!(std::mem::offset_of!(ExecRecord, arguments) == 88);
const _: () = assert!(std::mem::offset_of!(ExecRecord, ancestors_len) == 92);
const _: () = assert!(std::mem::offset_of!(ExecRecord, path_len) == 96);
const _: () = assert!(std::mem::offset_of!(ExecRecord, cwd_len) == 100);
const _: () = assert!(std::mem::offset_of!(ExecRecord, args_len) == 104);
const _: () = assert!(std::mem::offset_of!(ExecRecord, pad) == 108);
const _: () = assert!(std::mem::offset_of!(ExecRecord, ancestors) == 112);

/// The kernel's `fork_record`.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct ForkRecord {
    /// header.
    pub header: Header,
    /// child start ns.
    pub child_start_ns: u64,
    /// child pid.
    pub child_pid: u32,
    /// pad.
    pub pad: u32,
}

const _: () = assert!(size_of::<ForkRecord>() == 80);
const _: () = assert!(std::mem::offset_of!(ForkRecord, header) == 0);
const _: () = assert!(std::mem::offset_of!(ForkRecord, child_start_ns) == 64);
const _: () = assert!(std::mem::offset_of!(ForkRecord, child_pid) == 72);
const _: () = assert!(std::mem::offset_of!(ForkRecord, pad) == 76);

/// Followed by the path (or argument), its directory, the second argument, and its directory.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct FileRecord {
    /// header.
    pub header: Header,
    /// inode.
    pub inode: u64,
    /// Permissions, or the flags of the open.
    pub mode: u32,
    /// path len.
    pub path_len: u32,
    /// dir len.
    pub dir_len: u32,
    /// to len.
    pub to_len: u32,
    /// to dir len.
    pub to_dir_len: u32,
    /// The path was walked from the file; else it is the argument.
    pub walked: u32,
}

const _: () = assert!(size_of::<FileRecord>() == 96);
const _: () = assert!(std::mem::offset_of!(FileRecord, header) == 0);
const _: () = assert!(std::mem::offset_of!(FileRecord, inode) == 64);
const _: () = assert!(std::mem::offset_of!(FileRecord, mode) == 72);
const _: () = assert!(std::mem::offset_of!(FileRecord, path_len) == 76);
const _: () = assert!(std::mem::offset_of!(FileRecord, dir_len) == 80);
const _: () = assert!(std::mem::offset_of!(FileRecord, to_len) == 84);
const _: () = assert!(std::mem::offset_of!(FileRecord, to_dir_len) == 88);
const _: () = assert!(std::mem::offset_of!(FileRecord, walked) == 92);

/// The kernel's `net_record`.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct NetRecord {
    /// header.
    pub header: Header,
    /// tx bytes.
    pub tx_bytes: u64,
    /// rx bytes.
    pub rx_bytes: u64,
    /// 0 where the beginning was not seen.
    pub opened_ns: u64,
    /// family.
    pub family: u16,
    /// protocol.
    pub protocol: u16,
    /// local port.
    pub local_port: u16,
    /// remote port.
    pub remote_port: u16,
    /// local.
    pub local: [u8; 16],
    /// remote.
    pub remote: [u8; 16],
}

const _: () = assert!(size_of::<NetRecord>() == 128);
const _: () = assert!(std::mem::offset_of!(NetRecord, header) == 0);
const _: () = assert!(std::mem::offset_of!(NetRecord, tx_bytes) == 64);
const _: () = assert!(std::mem::offset_of!(NetRecord, rx_bytes) == 72);
const _: () = assert!(std::mem::offset_of!(NetRecord, opened_ns) == 80);
const _: () = assert!(std::mem::offset_of!(NetRecord, family) == 88);
const _: () = assert!(std::mem::offset_of!(NetRecord, protocol) == 90);
const _: () = assert!(std::mem::offset_of!(NetRecord, local_port) == 92);
const _: () = assert!(std::mem::offset_of!(NetRecord, remote_port) == 94);
const _: () = assert!(std::mem::offset_of!(NetRecord, local) == 96);
const _: () = assert!(std::mem::offset_of!(NetRecord, remote) == 112);

/// Followed by the path argument of mount and its kin.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct RareRecord {
    /// header.
    pub header: Header,
    /// args.
    pub args: [u64; 3],
    /// path len.
    pub path_len: u32,
    /// pad.
    pub pad: u32,
}

const _: () = assert!(size_of::<RareRecord>() == 96);
const _: () = assert!(std::mem::offset_of!(RareRecord, header) == 0);
const _: () = assert!(std::mem::offset_of!(RareRecord, args) == 64);
const _: () = assert!(std::mem::offset_of!(RareRecord, path_len) == 88);
const _: () = assert!(std::mem::offset_of!(RareRecord, pad) == 92);

/// One cell of a flight recorder's ring.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Cell {
    /// 0 while it is written; else its number in the ring, from 1.
    pub sequence: u32,
    /// Which part of its record it holds.
    pub part: u16,
    /// Of the whole record.
    pub len: u16,
    /// data.
    pub data: [u8; CELL_BYTES],
}

const _: () = assert!(size_of::<Cell>() == 136);
const _: () = assert!(std::mem::offset_of!(Cell, sequence) == 0);
const _: () = assert!(std::mem::offset_of!(Cell, part) == 4);
const _: () = assert!(std::mem::offset_of!(Cell, len) == 6);
const _: () = assert!(std::mem::offset_of!(Cell, data) == 8);

/// What a container has in the ring.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Share {
    /// Where the ring's writer stood when this began.
    pub until: u64,
    /// bytes.
    pub bytes: u64,
}

const _: () = assert!(size_of::<Share>() == 16);
const _: () = assert!(std::mem::offset_of!(Share, until) == 0);
const _: () = assert!(std::mem::offset_of!(Share, bytes) == 8);

/// How many cells of a container's two rings were ever taken.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct Flight {
    /// programs.
    pub programs: u64,
    /// activity.
    pub activity: u64,
}

const _: () = assert!(size_of::<Flight>() == 16);
const _: () = assert!(std::mem::offset_of!(Flight, programs) == 0);
const _: () = assert!(std::mem::offset_of!(Flight, activity) == 8);

/// Followed by the path below the root of the hierarchy.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub struct CgroupRecord {
    /// time ns.
    pub time_ns: u64,
    /// id.
    pub id: u64,
    /// slot.
    pub slot: u32,
    /// kind.
    pub kind: u32,
    /// path len.
    pub path_len: u32,
    /// pad.
    pub pad: u32,
}

const _: () = assert!(size_of::<CgroupRecord>() == 32);
const _: () = assert!(std::mem::offset_of!(CgroupRecord, time_ns) == 0);
const _: () = assert!(std::mem::offset_of!(CgroupRecord, id) == 8);
const _: () = assert!(std::mem::offset_of!(CgroupRecord, slot) == 16);
const _: () = assert!(std::mem::offset_of!(CgroupRecord, kind) == 20);
const _: () = assert!(std::mem::offset_of!(CgroupRecord, path_len) == 24);
const _: () = assert!(std::mem::offset_of!(CgroupRecord, pad) == 28);
