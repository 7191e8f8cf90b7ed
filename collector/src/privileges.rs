//! What the process may do, and giving up what it no longer needs.

use caps::{CapSet, Capability};

/// Loading programs, and reading other processes and root's files later.
const KEPT: [Capability; 4] =
    [Capability::CAP_BPF, Capability::CAP_PERFMON, Capability::CAP_SYS_PTRACE, Capability::CAP_DAC_READ_SEARCH];

/// What is not known without a right that loading does not take.
const WITHOUT: [(Capability, &str); 2] = [
    (Capability::CAP_SYS_PTRACE, "programs of others that ran before have no name on events (process.executable)"),
    (Capability::CAP_DAC_READ_SEARCH, "containers whose state another user keeps have no name and no image"),
];

fn has(capability: Capability) -> bool {
    caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false)
}

/// What this process will not see for want of a right, one sentence each.
pub(crate) fn missing() -> Vec<String> {
    let missing = WITHOUT.iter().filter(|(capability, _)| !has(*capability));
    missing.map(|(capability, what)| format!("no {capability}: {what}")).collect()
}

/// Whether this process may load tracing programs.
pub(crate) fn may_load() -> bool {
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
