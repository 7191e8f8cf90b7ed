//! A service manager with a watchdog, and what it hears.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{LIMIT, until};

/// A manager that waits so long for a word of what the command starts; its socket is in `folder`.
pub(crate) fn watched(command: &mut Command, folder: &Path, limit: Duration) -> UnixDatagram {
    let path = folder.join("notify.sock");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(LIMIT)).unwrap();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", limit.as_micros().to_string());
    manager
}

/// Waits for a message of the service that has this line, and fails at one that has `never`.
pub(crate) fn heard(manager: &UnixDatagram, line: &str, never: &str) {
    let since = Instant::now();
    let mut told = [0; 512];
    loop {
        // Other lines may come all the while.
        assert!(since.elapsed() < LIMIT, "{line} did not come");
        let length = manager.recv(&mut told).unwrap_or_else(|error| panic!("{line} did not come: {error}"));
        let message = str::from_utf8(&told[..length]).unwrap();
        assert!(!message.lines().any(|line| line == never), "{message}");
        if message.lines().any(|told| told == line) {
            return;
        }
    }
}

/// The watchdog is fed so often, which is twice within its limit.
pub(crate) fn is_fed(manager: &UnixDatagram, times: usize) {
    (0..times).for_each(|_| heard(manager, "WATCHDOG=1", "STOPPING=1"));
}

/// Waits until the watchdog hears nothing any more, for five times as long as it waits.
pub(crate) fn starves(manager: &UnixDatagram, limit: Duration) {
    manager.set_read_timeout(Some(5 * limit)).unwrap();
    until("the watchdog starves", || manager.recv(&mut [0; 512]).err());
    manager.set_read_timeout(Some(LIMIT)).unwrap();
}
