//! The control socket: who may, and only who may, says how deep containers are watched.

use std::collections::VecDeque;
use std::io::{self, BufReader};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// The number of a connection.
pub(crate) type Client = u64;

/// What comes from clients.
#[derive(Debug)]
pub(crate) enum Request {
    Lease(Client, Lease),
    /// It is gone, with all that it could have asked for.
    HungUp(Client),
}

/// A socket on which leases arrive; dropping it removes its file.
pub(crate) struct Control {
    path: PathBuf,
    requests: Receiver<Request>,
    wake: Arc<OwnedFd>,
}

#[derive(Clone)]
struct Inbox {
    requests: SyncSender<Request>,
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
    pub(crate) fn requests(&self) -> impl Iterator<Item = Request> {
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

/// Who is connected, the one that was silent for longest first.
#[derive(Clone, Default)]
struct Clients(Arc<Mutex<VecDeque<Arc<UnixStream>>>>);

impl Clients {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<UnixStream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one more in; the one that has to go for it.
    fn add(&self, stream: &Arc<UnixStream>) -> Option<Arc<UnixStream>> {
        let mut clients = self.lock();
        clients.push_back(Arc::clone(stream));
        if clients.len() > CLIENTS { clients.pop_front() } else { None }
    }

    /// Takes one out; whether it was still in.
    fn remove(&self, stream: &Arc<UnixStream>) -> bool {
        let mut clients = self.lock();
        let place = clients.iter().position(|client| Arc::ptr_eq(client, stream));
        place.and_then(|place| clients.remove(place)).is_some()
    }

    /// Takes in that one has said something.
    fn hear(&self, stream: &Arc<UnixStream>) {
        if self.remove(stream) {
            self.lock().push_back(Arc::clone(stream));
        }
    }
}

fn accept(listener: &UnixListener, inbox: &Inbox) {
    let clients = Clients::default();
    for (client, stream) in (0..).zip(listener.incoming().flatten()) {
        let peer = socket_peercred(&stream).ok().map(|peer| peer.uid);
        if peer.is_none_or(|uid| !uid.is_root() && uid != geteuid()) {
            warn!(?peer, "A stranger was turned away from the control socket.");
            continue;
        }
        let (stream, inbox, clients) = (Arc::new(stream), inbox.clone(), clients.clone());
        if let Some(silent) = clients.add(&stream) {
            warn!(CLIENTS, "A client too many: the one that was silent for longest is cut off.");
            // One that hung up meanwhile is cut off already.
            let _ = silent.shutdown(Shutdown::Both);
        }
        std::thread::spawn(move || {
            serve(client, &stream, &inbox, || clients.hear(&stream));
            clients.remove(&stream);
        });
    }
}

/// Takes leases until the client hangs up, or says something that is none; `heard` is called for each.
fn serve(client: Client, stream: &UnixStream, inbox: &Inbox, heard: impl Fn()) {
    info!("A scorer has connected to the control socket.");
    let wake = || {
        // A counter that is full has woken the reader already.
        let _ = rustix::io::write(&*inbox.wake, &1_u64.to_ne_bytes());
    };
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
                break;
            }
            Err(error) => {
                warn!(%error, "A request that is no lease: its client is cut off.");
                break;
            }
        };
        heard();
        if inbox.requests.send(Request::Lease(client, lease)).is_err() {
            return;
        }
        // All leases are renewed at once: the recorder is woken once for as many as are at hand.
        if !lines.input_mut().buffer().contains(&b'\n') {
            wake();
        }
    }
    if inbox.requests.send(Request::HungUp(client)).is_ok() {
        wake();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use super::{Client, Control, Request};

    const LIMIT: Duration = Duration::from_secs(10);

    fn listen(name: &str) -> (PathBuf, Control) {
        let path = std::env::temp_dir().join(format!("vaectl-control-{name}-{}.sock", std::process::id()));
        let control = Control::listen(&path).unwrap();
        (path, control)
    }

    /// Waits until the recorder has heard that.
    fn hear<T>(control: &Control, what: &str, is_it: impl Fn(Request) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(heard) = control.requests().find_map(&is_it) {
                return heard;
            }
            assert!(began.elapsed() < LIMIT, "{what} is heard");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Has a client ask for the depth of a run, and waits until the recorder has heard it; which client it was.
    fn ask(control: &Control, mut stream: &UnixStream, run: &str) -> Client {
        writeln!(stream, r#"{{"v":1,"run":"{run}","depth":"full","ttl_ms":1000}}"#).unwrap();
        hear(control, run, |request| match request {
            Request::Lease(client, lease) if lease.run == run => Some(client),
            _ => None,
        })
    }

    fn is_cut_off(mut client: &UnixStream) -> bool {
        client.set_read_timeout(Some(LIMIT)).unwrap();
        matches!(client.read(&mut [0]), Ok(0))
    }

    #[test]
    fn clients_that_say_nothing_do_not_keep_a_scorer_out() {
        let (path, control) = listen("silent");
        let connect = || UnixStream::connect(&path).unwrap();
        let [first, second, _third, fourth] = [(); 4].map(|()| connect());
        // They have all come in once the last of them is heard.
        ask(&control, &fourth, "fourth");
        ask(&control, &first, "first");
        let fifth = connect();
        assert!(is_cut_off(&second), "it was silent for longest");
        ask(&control, &fifth, "fifth");
        ask(&control, &first, "again");
    }

    #[test]
    fn it_is_heard_which_client_hung_up() {
        let (path, control) = listen("gone");
        let [first, second] = [(); 2].map(|()| UnixStream::connect(&path).unwrap());
        let clients = [ask(&control, &first, "first"), ask(&control, &second, "second")];
        for (stream, client) in [second, first].into_iter().zip(clients.into_iter().rev()) {
            drop(stream);
            hear(&control, "its end", |request| {
                matches!(request, Request::HungUp(gone) if gone == client).then_some(())
            });
        }
    }
}
