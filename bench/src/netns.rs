//! Working from a container's network namespace with the host's own threads.
//!
//! Each container listens on its usual port in a namespace of its own, so that replicas have the same arguments and no
//! load leaves the machine. The sockets of the load still belong to the caller's cgroup, not to the container's.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::thread::{self, JoinHandle};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Runs `work` on a thread of its own inside the network namespace of `pid`.
///
/// Threads that `work` starts are inside too.
///
/// # Panics
/// The new thread does, where this process may not enter the namespace.
pub fn spawn<T: Send + 'static>(pid: u32, work: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    let namespace = File::open(format!("/proc/{pid}/ns/net"))?;
    thread::Builder::new().name("netns".to_owned()).spawn(move || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("the namespace was opened and this process may enter it");
        work()
    })
}
