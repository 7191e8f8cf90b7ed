//! Load on a container: steady, seeded, from inside its network namespace.

mod http;
mod pace;
mod postgres;
mod redis;
mod shape;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::error::Naming;
use crate::{Container, HarnessError, netns};
use pace::Pace;
pub use shape::Shape;

/// What a load speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Pages of a web server.
    Http,
    /// Reads and writes of a store.
    Redis,
    /// Transactions of a database.
    Postgres,
}

/// Load that goes on until it is dropped.
#[derive(Debug)]
pub struct Load {
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    done: AtomicU64,
    failed: AtomicU64,
    /// What each request took in microseconds, since they were last asked for.
    latencies: Mutex<Vec<u32>>,
}

impl Load {
    /// Pages of a web server, about `per_second` of them: mostly one connection each, some on a kept one.
    pub fn http(container: &Container, per_second: f64, seed: u64) -> Result<Self, HarnessError> {
        Self::speaking(container, Protocol::Http, Pace::new(per_second, seed))
    }

    /// Reads and writes of a store on one kept connection, about `per_second` of them.
    pub fn redis(container: &Container, per_second: f64, seed: u64) -> Result<Self, HarnessError> {
        Self::speaking(container, Protocol::Redis, Pace::new(per_second, seed))
    }

    /// Statements of a database, about `per_second` of them, most on a kept connection.
    pub fn postgres(container: &Container, per_second: f64, seed: u64) -> Result<Self, HarnessError> {
        Self::speaking(container, Protocol::Postgres, Pace::new(per_second, seed))
    }

    /// Load whose level follows a shape that begins at `began`, `per_second` where the level is one.
    pub fn shaped(
        container: &Container,
        protocol: Protocol,
        (per_second, shape, began): (f64, Shape, Instant),
        seed: u64,
    ) -> Result<Self, HarnessError> {
        Self::speaking(container, protocol, Pace::shaped(per_second, shape, began, seed))
    }

    fn speaking(container: &Container, protocol: Protocol, pace: Pace) -> Result<Self, HarnessError> {
        match protocol {
            Protocol::Http => {
                let mut client = http::Client::default();
                Self::start(container, pace, move |noise| client.page(noise))
            }
            Protocol::Redis => {
                let mut client = redis::Client::default();
                Self::start(container, pace, move |noise| client.operation(noise))
            }
            Protocol::Postgres => {
                let mut client = postgres::Client::default();
                Self::start(container, pace, move |noise| client.transaction(noise))
            }
        }
    }

    /// An HTTP flood: pages with a connection each as fast as the server answers, at most `per_second` of them.
    pub fn flood(container: &Container, per_second: f64, seed: u64) -> Result<Self, HarnessError> {
        Self::start(container, Pace::steady(per_second, seed), |_| http::flood_page())
    }

    fn start(
        container: &Container,
        mut pace: Pace,
        mut request: impl FnMut(&mut rand::rngs::StdRng) -> io::Result<()> + Send + 'static,
    ) -> Result<Self, HarnessError> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let work = move || {
            while !theirs.stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                if request(pace.noise()).is_ok() {
                    theirs.done.fetch_add(1, Ordering::Relaxed);
                    theirs.latencies().push(began.elapsed().as_micros().try_into().unwrap_or(u32::MAX));
                } else {
                    theirs.failed.fetch_add(1, Ordering::Relaxed);
                }
                pace.wait();
            }
        };
        let thread = netns::spawn(container.pid(), work).naming("put load on", container.name().as_ref())?;
        Ok(Self { thread: Some(thread), shared })
    }

    /// Requests that were answered.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.shared.done.load(Ordering::Relaxed)
    }

    /// What each answered request took in microseconds, since this was last asked.
    pub(crate) fn take_latencies(&self) -> Vec<u32> {
        std::mem::take(&mut self.shared.latencies())
    }

    /// Requests that were not.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn latencies(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
