//! The control socket from the scorer's side: leases of depth, sent when they change and again before they run out.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tracing::{info, warn};
use vaectl_schemas::{Depth, Lease, VERSION};
use vaectl_scorer::Watch;

/// How long a lease holds. A scorer that is killed is missed after this.
const TTL: Duration = Duration::from_secs(30);
/// It may be late by as much again.
const RENEW: Duration = Duration::from_secs(15);
/// How long a change may wait where the input never pauses: half of what an event at the new depth may take.
const PRESSING: Duration = Duration::from_millis(50);
/// How often a recorder that is not there is called.
const RETRY: Duration = Duration::from_secs(1);

/// Leases to a recorder that may come and go; nothing waits for it.
pub(crate) struct Leases {
    path: PathBuf,
    stream: Option<UnixStream>,
    /// What the recorder was told, by run: how deep, whether history is wanted, and whether it is to hold events.
    told: HashMap<String, (Depth, bool, bool)>,
    renewed: Instant,
    tried: Option<Instant>,
    /// When [`send`](Self::send) was called.
    sent: Instant,
}

impl Leases {
    pub(crate) fn to(path: PathBuf) -> Self {
        Self { path, stream: None, told: HashMap::new(), renewed: Instant::now(), tried: None, sent: Instant::now() }
    }

    /// After how long [`send`](Self::send) has something to do though nothing has changed.
    pub(crate) fn due(&self) -> Duration {
        match (&self.stream, self.tried) {
            (Some(_), _) => RENEW.saturating_sub(self.renewed.elapsed()),
            (None, tried) => tried.map_or(Duration::ZERO, |tried| RETRY.saturating_sub(tried.elapsed())),
        }
    }

    /// Whether [`send`](Self::send) should not wait for the input to pause.
    pub(crate) fn is_pressing(&self) -> bool {
        self.sent.elapsed() >= PRESSING
    }

    /// Tells the recorder what has changed, or all of it where it is time.
    pub(crate) fn send<'a>(&mut self, watches: impl Iterator<Item = Watch<'a>>) {
        self.sent = Instant::now();
        // A recorder never answers: what can be read is its end.
        if self.stream.as_mut().is_some_and(|stream| matches!(stream.read(&mut [0]), Ok(0))) {
            warn!(path = %self.path.display(), "The recorder is gone.");
            self.stream = None;
        }
        if self.stream.is_none() && !self.connect() {
            return;
        }
        if self.renewed.elapsed() >= RENEW {
            self.told.clear();
            self.renewed = Instant::now();
        }
        let mut requests = Vec::new();
        for watch in watches {
            let wanted = (watch.depth, watch.history, watch.hold);
            if self.told.get(watch.run) == Some(&wanted) {
                continue;
            }
            self.told.insert(watch.run.to_owned(), wanted);
            let lease = Lease {
                v: VERSION,
                run: watch.run.to_owned(),
                depth: watch.depth,
                ttl_ms: TTL.as_millis() as u64,
                suspected_ns: watch.suspected_ns,
                history: watch.history,
                hold: watch.hold,
            };
            requests.extend(serde_json::to_vec(&lease).expect("a lease is plain data"));
            requests.push(b'\n');
        }
        if let Some(stream) = &mut self.stream
            && let Err(error) = stream.write_all(&requests)
        {
            warn!(%error, "The recorder does not take leases any more.");
            self.stream = None;
        }
    }

    fn connect(&mut self) -> bool {
        if self.tried.is_some_and(|tried| tried.elapsed() < RETRY) {
            return false;
        }
        let connect = || -> io::Result<UnixStream> {
            let stream = UnixStream::connect(&self.path)?;
            // A recorder that does not read is as good as none.
            stream.set_nonblocking(true)?;
            Ok(stream)
        };
        match connect() {
            Ok(stream) => {
                info!(path = %self.path.display(), "The recorder takes leases.");
                (self.stream, self.tried) = (Some(stream), None);
                self.told.clear();
                self.renewed = Instant::now();
                true
            }
            Err(error) => {
                if self.tried.is_none() {
                    info!(path = %self.path.display(), %error, "No recorder listens yet: containers stay at its depth.");
                }
                self.tried = Some(Instant::now());
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::os::unix::net::UnixListener;

    use vaectl_schemas::{Depth, Lease};
    use vaectl_scorer::Watch;

    use super::Leases;

    #[test]
    fn a_change_is_told_once_and_all_to_a_recorder_that_came_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let mut leases = Leases::to(path.clone());
        let watch = |run, depth| Watch { run, depth, suspected_ns: 0, history: false, hold: false };
        leases.send([watch("a", Depth::Census)].into_iter());
        leases.tried = None;

        let heard = |listener: &UnixListener, leases: &mut Leases| -> Vec<(String, Depth)> {
            let stream = listener.accept().unwrap().0;
            leases.stream = None;
            let lines = BufReader::new(stream).lines().map(Result::unwrap);
            let leases = lines.map(|line| serde_json::from_str::<Lease>(&line).unwrap());
            leases.map(|lease| (lease.run, lease.depth)).collect()
        };
        let listener = UnixListener::bind(&path).unwrap();
        leases.send([watch("a", Depth::Census), watch("b", Depth::Process)].into_iter());
        leases.send([watch("a", Depth::Full), watch("b", Depth::Process)].into_iter());
        let [a, b] = ["a".to_owned(), "b".to_owned()];
        assert_eq!(
            heard(&listener, &mut leases),
            [(a.clone(), Depth::Census), (b.clone(), Depth::Process), (a.clone(), Depth::Full)]
        );
        leases.send([watch("a", Depth::Full), watch("b", Depth::Process)].into_iter());
        assert_eq!(heard(&listener, &mut leases), [(a, Depth::Full), (b, Depth::Process)]);
    }

    #[test]
    fn a_recorder_that_is_gone_is_called_again_though_nothing_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let watches =
            || [Watch { run: "a", depth: Depth::Census, suspected_ns: 0, history: false, hold: false }].into_iter();
        let mut leases = Leases::to(path.clone());
        for _ in 0..2 {
            let listener = UnixListener::bind(&path).unwrap();
            leases.tried = None;
            leases.send(watches());
            let mut line = String::new();
            BufReader::new(listener.accept().unwrap().0).read_line(&mut line).unwrap();
            assert!(line.contains("census"), "{line}");
            assert!(leases.due() > super::RETRY, "it is renewed in its time");
            std::fs::remove_file(&path).unwrap();
        }
    }
}
