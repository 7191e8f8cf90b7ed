//! A meter on the way to the server: it hands on bytes as they come and counts them, and requests.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts on loopback until this process ends. What it takes of the processor is the bench's, no publisher's.
pub(super) struct Proxy {
    pub(super) port: u16,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// To the server and back.
    bytes: [AtomicU64; 2],
    requests: AtomicU64,
}

impl Proxy {
    /// Starts it before a server: `127.0.0.1:9200`.
    pub(super) fn start(server: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let counts: Arc<Counts> = Arc::default();
        let (theirs, server) = (Arc::clone(&counts), server.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A server that is away closes the client's connection.
                let Ok(server) = TcpStream::connect(&server) else { continue };
                let Ok(ends) = client.try_clone().and_then(|c| Ok((c, server.try_clone()?))) else { continue };
                let answered = Arc::new(AtomicBool::new(true));
                for (way, (from, to)) in [(client, ends.1), (server, ends.0)].into_iter().enumerate() {
                    let (counts, answered) = (Arc::clone(&theirs), Arc::clone(&answered));
                    let count = move |read| {
                        counts.bytes[way].fetch_add(read as u64, Ordering::Relaxed);
                        // A request begins where the client speaks after the server did.
                        let begins = answered.swap(way == 1, Ordering::Relaxed) && way == 0;
                        counts.requests.fetch_add(u64::from(begins), Ordering::Relaxed);
                    };
                    std::thread::spawn(move || hand_on(from, to, count));
                }
            }
        });
        Ok(Self { port, counts })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Bytes to the server and back so far, without the headers of TCP.
    pub(super) fn bytes(&self) -> [u64; 2] {
        [0, 1].map(|way| self.counts.bytes[way].load(Ordering::Relaxed))
    }

    pub(super) fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }
}

fn hand_on(mut from: TcpStream, mut to: TcpStream, count: impl Fn(usize)) {
    let mut part = vec![0; 256 << 10];
    while let Ok(read @ 1..) = from.read(&mut part) {
        count(read);
        if to.write_all(&part[..read]).is_err() {
            break;
        }
    }
    // The other way ends too: half-open connections have no use here.
    let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::Proxy;

    #[test]
    fn bytes_arrive_and_are_counted_by_way() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::start(&server.local_addr().unwrap().to_string()).unwrap();
        let mut client = TcpStream::connect(("127.0.0.1", proxy.port)).unwrap();
        let mut peer = None;
        let mut got = [0; 5];
        for _ in 0..3 {
            client.write_all(b"12345").unwrap();
            let peer = peer.get_or_insert_with(|| server.accept().unwrap().0);
            peer.read_exact(&mut got).unwrap();
            peer.write_all(b"ab").unwrap();
            client.read_exact(&mut got[..2]).unwrap();
        }
        assert_eq!((&got[..2], proxy.bytes(), proxy.requests()), (&b"ab"[..], [15, 6], 3));
    }
}
