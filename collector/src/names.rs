//! Numbers of the kernel by their names.

use vaectl_bpf::wire;

/// The counter of a system call, such as `syscall.read`.
pub(crate) fn syscall_counters() -> Vec<String> {
    (0..wire::SYSCALLS).map(|nr| format!("syscall.{}", syscall(nr))).collect()
}

/// The name of a system call; its number where it has none here.
pub(crate) fn syscall(nr: usize) -> String {
    match nr {
        wire::SYSCALL_COMPAT => "compat".to_owned(),
        wire::SYSCALL_OTHER => "other".to_owned(),
        _ => syscalls::Sysno::new(nr).map_or_else(|| nr.to_string(), |s| s.name().to_owned()),
    }
}

/// The counter of CPU samples that fell into a call, such as `oncpu.read`; into none, `oncpu.none`.
pub(crate) fn sampled_counters() -> Vec<String> {
    let name = |nr| if nr == wire::SYSCALL_NONE { "none".to_owned() } else { syscall(nr) };
    (0..wire::SYSCALLS).map(|nr| format!("oncpu.{}", name(nr))).collect()
}

/// The counter of failures by their error, such as `syscall_failed.EAGAIN`.
pub(crate) fn failed_counters() -> Vec<String> {
    (0..wire::ERRNOS).map(|error| format!("syscall_failed.{}", errno(error as i32))).collect()
}

/// The name of an error; its number where it has none.
pub(crate) fn errno(error: i32) -> String {
    syscalls::Errno::new(error).name().map_or_else(|| error.to_string(), str::to_owned)
}

/// The counters of a row that go onto windows, beside calls and failures.
pub(crate) const COUNTERS: [(usize, &str); 20] = [
    (wire::COUNT_EXEC, "process.exec"),
    (wire::COUNT_FORK, "process.fork"),
    (wire::COUNT_EXIT, "process.exit"),
    (wire::COUNT_EXIT_NONZERO, "process.exit_nonzero"),
    (wire::COUNT_SIGNAL, "process.signal"),
    (wire::COUNT_NAMESPACE, "process.namespace"),
    (wire::COUNT_MEMFD_EXEC, "process.memfd_exec"),
    (wire::COUNT_ACCEPT, "net.accept"),
    (wire::COUNT_CONNECT, "net.connect"),
    (wire::COUNT_CONNECT_FAILED, "net.connect_failed"),
    (wire::COUNT_CLOSE, "net.close"),
    (wire::COUNT_TX_BYTES, "net.tx_bytes"),
    (wire::COUNT_RX_BYTES, "net.rx_bytes"),
    (wire::COUNT_UDP_CONNECT, "net_udp.connect"),
    (wire::COUNT_UNIX_CONNECT, "net_unix.connect"),
    (wire::COUNT_OPEN_WRITE, "file.open_write"),
    (wire::COUNT_UNLINK, "file.unlink"),
    (wire::COUNT_RENAME, "file.rename"),
    (wire::COUNT_CHMOD, "file.chmod"),
    (wire::COUNT_IO_URING, "io_uring.submit"),
];

/// The names of the capabilities in a set.
pub(crate) fn capabilities(set: u64) -> Vec<String> {
    let mut names: Vec<(u8, String)> =
        caps::all().into_iter().filter(|c| set >> c.index() & 1 == 1).map(|c| (c.index(), c.to_string())).collect();
    names.sort_unstable();
    names.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_have_the_kernel_s_names() {
        assert_eq!(super::syscall(0), "read");
        assert_eq!(super::syscall(257), "openat");
        assert_eq!(super::errno(11), "EAGAIN");
        assert_eq!(super::capabilities(1 << 21 | 1), ["CAP_CHOWN", "CAP_SYS_ADMIN"]);
    }
}
