//! Windows of a made-up service, for the benches that time and do not judge.

use rand::RngExt;
use rand::rngs::StdRng;
use vaectl_schemas::{
    Container, EventFields, Host, Image, ImageHash, Timestamp, VERSION, Window, WindowInfo, WindowMeta,
};

const WINDOW_NS: u64 = 5_000_000_000;
const START_NS: u64 = 1_795_492_106_000_000_000;
const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// So many calls make up most of what is called; the others are rare.
const FREQUENT: usize = 16;

/// What is counted besides calls, with its usual count.
const OTHERS: [(&str, f64); 12] = [
    ("syscall_failed.EAGAIN", 90.0),
    ("syscall_failed.ENOENT", 60.0),
    ("process.exec", 3.0),
    ("process.fork", 9.0),
    ("process.exit", 9.0),
    ("net.accept", 50.0),
    ("net.close", 50.0),
    ("net.tx_bytes", 4e5),
    ("net.rx_bytes", 2e5),
    ("file.open_write", 20.0),
    ("cpu.user_ns", 4e8),
    ("cpu.system_ns", 2e8),
];

/// Replicas of a service whose counters follow two kinds of load, each with noise of its own.
pub(crate) struct Service {
    /// How many replicas take turns; each is a run.
    pub(crate) replicas: usize,
    /// How many kinds of calls they make.
    pub(crate) calls: usize,
}

impl Service {
    /// The counters on each of its windows.
    pub(crate) fn counters(&self) -> usize {
        self.calls + OTHERS.len()
    }

    /// Window lines in the order of time, under random numbers of this stream.
    pub(crate) fn lines(&self, count: usize, random: &mut StdRng) -> Result<Vec<u8>, serde_json::Error> {
        let mut lines = Vec::new();
        for index in 0..count {
            serde_json::to_writer(&mut lines, &self.window(index, random))?;
            lines.push(b'\n');
        }
        Ok(lines)
    }

    fn window(&self, index: usize, random: &mut StdRng) -> Window<'static> {
        let (replica, turn) = (index % self.replicas, (index / self.replicas) as u64);
        let coverage = ["syscall", "process", "net", "file", "cpu"].map(|family| (family, 1.0));
        let info = WindowInfo {
            nominal_ns: WINDOW_NS,
            duration_ns: WINDOW_NS,
            coverage: coverage.into_iter().collect(),
            ..WindowInfo::default()
        };
        let meta = WindowMeta {
            v: VERSION,
            window: info,
            run: Some(format!("run-{replica}")),
            job: Some("bench".into()),
            state: None,
        };
        let mut window = Window::new(Timestamp::from_ns(START_NS + turn * WINDOW_NS + replica as u64 * 1000), meta);
        // Each replica is at another point of the swing, so that a few turns of all of them have seen all of it.
        let loads = [1.0 + 0.5 * (turn as f64 / 40.0 + replica as f64).sin(), random.random_range(0.5..1.5)];
        let mut count = |usual: f64, kind: usize| (usual * loads[kind % 2] * random.random_range(0.9..1.1)).round();
        for call in 0..self.calls {
            let usual = if call < FREQUENT { 4000.0 } else { 40.0 + 3.0 * call as f64 };
            window.counters.push(format!("syscall.call_{call}"), count(usual, call));
        }
        for (at, (name, usual)) in OTHERS.into_iter().enumerate() {
            window.counters.push(name, count(usual, at));
        }
        window.gauges.push("memory.bytes", 73_400_320.0);
        window.gauges.push("pids", 5.0);
        window.execs.insert("/usr/sbin/bench".into(), 3);
        window.event = EventFields {
            kind: Some("metric".into()),
            dataset: Some("vaectl.window".into()),
            id: Some(format!("{index:x}").into()),
            sequence: Some(index as u64),
            ..EventFields::default()
        };
        window.host = Some(Host { id: Some("bench".into()), name: Some("node-1".into()) });
        window.container = Some(container(replica));
        window
    }
}

fn container(replica: usize) -> Container<'static> {
    Container {
        id: Some(format!("{replica:064x}").into()),
        name: Some(format!("web-{replica}").into()),
        runtime: Some("podman".into()),
        image: Some(Image {
            name: Some("bench".into()),
            tag: Some("1".into()),
            hash: Some(ImageHash { all: Some(vec![DIGEST.into()]) }),
        }),
    }
}
