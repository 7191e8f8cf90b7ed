//! What the process may do, and giving up what it no longer needs.

use caps::{CapSet, Capability};

/// Loading programs, and reading other processes and root's files later.
const KEPT: [Capability; 4] =
    [Capability::CAP_BPF, Capability::CAP_PERFMON, Capability::CAP_SYS_PTRACE, Capability::CAP_DAC_READ_SEARCH];

/// Whether this process may load tracing programs.
pub(crate) fn may_load() -> bool {
    let has = |c| caps::has_cap(None, CapSet::Effective, c).unwrap_or(false);
    has(Capability::CAP_SYS_ADMIN) || (has(Capability::CAP_BPF) && has(Capability::CAP_PERFMON))
}

/// Drops every capability of this thread, and of those it starts, that recording does not take.
pub(crate) fn drop_others() -> Result<(), caps::errors::CapsError> {
    let now = caps::read(None, CapSet::Permitted)?;
    let kept = KEPT.into_iter().filter(|c| now.contains(c)).collect();
    caps::set(None, CapSet::Inheritable, &caps::CapsHashSet::new())?;
    caps::set(None, CapSet::Effective, &kept)?;
    caps::set(None, CapSet::Permitted, &kept)
}
