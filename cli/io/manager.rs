//! The service manager that started this process, where it asked to be told how it is: systemd's protocol.
//!
//! A datagram each, to the socket that the environment names. sd-notify, the crate for this, takes no abstract
//! addresses, which is what a manager outside the file system's reach gives.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use tracing::warn;

/// The variable that names the socket.
pub(crate) const SOCKET: &str = "NOTIFY_SOCKET";
/// How often the manager wants to hear of the process, and of which one.
pub(crate) const WATCHDOG: [&str; 2] = ["WATCHDOG_USEC", "WATCHDOG_PID"];

/// What says that the process is up.
pub(crate) const READY: &str = "READY=1";
/// What feeds the watchdog.
pub(crate) const ALIVE: &str = "WATCHDOG=1";

/// What comes before a model key that has runs to learn from. Managers pass over names that begin so.
pub(crate) const LEARNABLE: &str = "X_VAECTL_LEARNABLE=";

/// Whoever wants to know, which may be nobody.
pub(crate) struct Manager(pub(super) Option<UnixDatagram>);

impl Manager {
    pub(crate) fn from_environment() -> Self {
        let address = std::env::var_os(SOCKET).filter(|address| !address.is_empty());
        Self(address.and_then(|address| {
            connect(&address).inspect_err(|error| warn!(?address, %error, "The service manager is not there.")).ok()
        }))
    }

    /// After how long without a word it takes this process for dead, where it watches it.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        self.0.as_ref()?;
        let [limit, pid] = WATCHDOG.map(|name| std::env::var(name).ok());
        let limit = limit?.parse().ok().filter(|limit| *limit > 0)?;
        let mine = pid.is_none_or(|pid| pid.parse() == Ok(std::process::id()));
        mine.then(|| Duration::from_micros(limit))
    }

    /// Tells it `state`: one assignment a line.
    pub(crate) fn tell(&self, state: &str) {
        if let Some(socket) = &self.0
            && let Err(error) = socket.send(state.as_bytes())
        {
            warn!(%error, state, "The service manager does not listen.");
        }
    }
}

fn connect(address: &OsStr) -> io::Result<UnixDatagram> {
    let address = match address.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(address)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    // A manager that does not read costs messages, never the process.
    socket.set_nonblocking(true)?;
    Ok(socket)
}
