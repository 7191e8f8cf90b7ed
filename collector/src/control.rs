//! The control socket: who may, and only who may, says how deep containers are watched.

use std::io::{self, BufReader};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::Mode;
use rustix::net::sockopt::socket_peercred;
use rustix::process::{geteuid, umask};
use tracing::{info, warn};
use vaectl_schemas::{Lease, LineReader, VERSION};

/// A request is a small object.
const LONGEST_LINE: usize = 4096;
/// One scorer asks, and perhaps one that takes over from it.
const CLIENTS: usize = 4;
/// Requests that may wait for the recorder; beyond them their clients do.
const WAITING: usize = 1024;

/// A socket on which leases arrive; dropping it removes its file.
pub(crate) struct Control {
    path: PathBuf,
    requests: Receiver<Lease>,
    wake: Arc<OwnedFd>,
}

#[derive(Clone)]
struct Inbox {
    requests: SyncSender<Lease>,
    wake: Arc<OwnedFd>,
}

impl Control {
    /// Listens at `path`; a file that a recorder left behind there is replaced, one that is in use is not.
    pub(crate) fn listen(path: &Path) -> io::Result<Self> {
        if UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another recorder listens there"));
        }
        match std::fs::symlink_metadata(path) {
            Ok(metadata) if std::os::unix::fs::FileTypeExt::is_socket(&metadata.file_type()) => {
                std::fs::remove_file(path)?;
            }
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file that is no socket is there")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let before = umask(Mode::from_raw_mode(0o177));
        let listener = UnixListener::bind(path);
        umask(before);
        let listener = listener?;
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (send, requests) = sync_channel(WAITING);
        let inbox = Inbox { requests: send, wake: wake.clone() };
        std::thread::Builder::new().name("control".to_owned()).spawn(move || accept(&listener, &inbox))?;
        Ok(Self { path: path.to_owned(), requests, wake })
    }

    /// Requests that came since the last call.
    pub(crate) fn requests(&self) -> impl Iterator<Item = Lease> {
        // Nothing to read means that nobody called.
        let _ = rustix::io::read(&*self.wake, &mut [0; 8]);
        self.requests.try_iter()
    }
}

impl AsFd for Control {
    /// Readable when a request has come.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // A file that somebody else removed is as good as removed.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn accept(listener: &UnixListener, inbox: &Inbox) {
    let clients = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming().flatten() {
        let peer = socket_peercred(&stream).ok().map(|peer| peer.uid);
        if peer.is_none_or(|uid| !uid.is_root() && uid != geteuid()) {
            warn!(?peer, "A stranger was turned away from the control socket.");
        } else if clients.fetch_add(1, Ordering::Relaxed) >= CLIENTS {
            clients.fetch_sub(1, Ordering::Relaxed);
            warn!(CLIENTS, "A client too many was turned away from the control socket.");
        } else {
            let (inbox, clients) = (inbox.clone(), clients.clone());
            std::thread::spawn(move || {
                serve(stream, &inbox);
                clients.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }
}

/// Takes leases until the client hangs up, or says something that is none.
fn serve(stream: UnixStream, inbox: &Inbox) {
    info!("A scorer has connected to the control socket.");
    let mut lines = LineReader::new(BufReader::new(stream), LONGEST_LINE);
    while let Ok(Some(line)) = lines.next_line() {
        let lease = match serde_json::from_slice::<Lease>(line.bytes) {
            Ok(lease) if line.oversized.is_none() && lease.v <= VERSION => lease,
            Ok(lease) => {
                warn!(
                    version = lease.v,
                    bytes = line.bytes.len(),
                    "A request of another version or too long: its client is cut off."
                );
                return;
            }
            Err(error) => {
                warn!(%error, "A request that is no lease: its client is cut off.");
                return;
            }
        };
        if inbox.requests.send(lease).is_err() {
            return;
        }
        // A scorer renews all leases at once, and the recorder is woken once for as many as are at hand.
        if !lines.input_mut().buffer().contains(&b'\n') {
            // A counter that is full has woken the reader already.
            let _ = rustix::io::write(&*inbox.wake, &1_u64.to_ne_bytes());
        }
    }
}
