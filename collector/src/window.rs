//! From two readings of a row to a window.

use std::collections::BTreeMap;

use vaectl_bpf::wire::{self, Row, Samples};
use vaectl_schemas::{Metrics, Timestamp, VERSION, Window, WindowInfo, WindowMeta};

use crate::cgroup::Account;
use crate::container::{Identity, Tracked};
use crate::facts::Facts;
use crate::names;

/// What was read of a container at the end of a window.
pub(crate) struct Reading {
    pub(crate) row: Box<Row>,
    pub(crate) samples: Option<Box<Samples>>,
    pub(crate) account: Account,
    pub(crate) execs: BTreeMap<String, u64>,
    pub(crate) now_ns: u64,
    /// For how long calls have been counted by now.
    pub(crate) watched_ns: u64,
    /// The container began or ended within the window.
    pub(crate) part: bool,
}

/// What is counted where a call ends: it is watched as long as calls are counted.
const OF_CALLS: [&str; 4] = ["syscall", "file", "net_udp", "net_unix"];

/// Counters that most windows have at most.
const ROOM: usize = 64;

/// Makes windows; knows the names of the counters and what is watched.
pub(crate) struct Windows {
    nominal_ns: u64,
    syscalls: Vec<String>,
    failed: Vec<String>,
    sampled: Vec<String>,
    counters: Vec<(usize, &'static str)>,
    coverage: Metrics,
}

impl Windows {
    pub(crate) fn new(nominal_ns: u64, facts: &Facts) -> Self {
        let watched = |index: usize| match index {
            wire::COUNT_TX_BYTES => facts.has("sock_send_length"),
            wire::COUNT_RX_BYTES => facts.has("sock_recv_length"),
            wire::COUNT_ACCEPT | wire::COUNT_CONNECT | wire::COUNT_CONNECT_FAILED | wire::COUNT_CLOSE => {
                facts.has("inet_sock_set_state")
            }
            wire::COUNT_SIGNAL => facts.has("signal_generate"),
            wire::COUNT_IO_URING => facts.has("io_uring_submit_req"),
            _ => true,
        };
        let coverage = [
            ("process", true),
            ("net", facts.has("inet_sock_set_state")),
            ("net_bytes", facts.has("sock_send_length")),
            ("io_uring", facts.has("io_uring_submit_req")),
        ];
        Self {
            nominal_ns,
            syscalls: names::syscall_counters(),
            failed: names::failed_counters(),
            sampled: names::sampled_counters(),
            counters: names::COUNTERS.into_iter().filter(|&(i, _)| watched(i)).collect(),
            coverage: coverage.into_iter().filter(|c| c.1).map(|(name, _)| (name, 1.0)).collect(),
        }
    }

    /// The window of a container from its last reading to `reading`, which becomes the last one.
    pub(crate) fn make(&self, tracked: &mut Tracked, reading: Reading, timestamp: Timestamp) -> Window<'static> {
        let Reading { row, samples, account, execs, now_ns, watched_ns, part } = reading;
        let mut counters = Metrics::with_capacity(ROOM);
        let mut push = |name: &str, now: u64, before: u64| {
            let n = now.wrapping_sub(before);
            if n > 0 {
                counters.push(name, n as f64);
            }
        };
        for (index, name) in self.syscalls.iter().enumerate() {
            push(name, row.syscall[index], tracked.last.syscall[index]);
        }
        for (index, name) in self.failed.iter().enumerate() {
            push(name, row.failed[index], tracked.last.failed[index]);
        }
        for &(index, name) in &self.counters {
            push(name, row.count[index], tracked.last.count[index]);
        }
        let delta = |index: usize| row.count[index].wrapping_sub(tracked.last.count[index]);
        let duration_ns = now_ns - tracked.last_ns;
        let mut coverage = self.coverage.clone();
        let watched = ((watched_ns - tracked.watched_ns) as f64 / duration_ns.max(1) as f64).min(1.0);
        for family in OF_CALLS {
            coverage.push(family, watched);
        }
        if let Some(samples) = &samples {
            for (index, name) in self.sampled.iter().enumerate() {
                push(name, samples.syscall[index], tracked.samples.as_ref().map_or(0, |last| last.syscall[index]));
            }
            coverage.push("oncpu", 1.0);
        }
        if let (Some(now), Some(before)) = (account.cpu, tracked.cpu) {
            push("cpu.user_ns", now.user_ns.max(before.user_ns), before.user_ns);
            push("cpu.system_ns", now.system_ns.max(before.system_ns), before.system_ns);
            coverage.push("cpu", 1.0);
        }
        if let (Some(now), Some(before)) = (account.io, tracked.io) {
            push("io.read_bytes", now.read_bytes.max(before.read_bytes), before.read_bytes);
            push("io.write_bytes", now.write_bytes.max(before.write_bytes), before.write_bytes);
            coverage.push("io", 1.0);
        }
        let mut gauges = Metrics::default();
        for (name, value) in [("memory.bytes", account.memory_bytes), ("pids", account.pids)] {
            if let Some(value) = value {
                gauges.push(name, value as f64);
                coverage.push(name.split('.').next().unwrap_or(name), 1.0);
            }
        }
        let entered = delta(wire::COUNT_ENTERED);
        let info = WindowInfo {
            nominal_ns: self.nominal_ns,
            duration_ns,
            coverage,
            lost: delta(wire::COUNT_LOST_RING) + delta(wire::COUNT_LOST_QUOTA) + tracked.dropped,
            part,
            merged: None,
            entered: (entered > 0).then_some(entered as u32),
        };
        let Identity { container, run, job } = &*tracked.identity;
        let meta = WindowMeta { v: VERSION, window: info, run: Some(run.clone()), job: job.clone(), state: None };
        let mut window = Window::new(timestamp, meta);
        window.counters = counters;
        window.gauges = gauges;
        window.execs = execs;
        window.container = Some(container.clone());
        tracked.last = row;
        tracked.last_ns = now_ns;
        tracked.watched_ns = watched_ns;
        tracked.samples = samples;
        tracked.dropped = 0;
        tracked.cpu = account.cpu.or(tracked.cpu);
        tracked.io = account.io.or(tracked.io);
        window
    }
}

/// Adds a later window of the same run to one that still waits.
pub(crate) fn merge(sum: &mut Window<'static>, later: &Window<'static>) {
    for (name, value) in later.counters.iter() {
        sum.counters.add(name, value);
    }
    for (name, value) in later.gauges.iter() {
        sum.gauges.set(name, value);
    }
    for (name, n) in &later.execs {
        *sum.execs.entry(name.clone()).or_default() += n;
    }
    let info = &mut sum.vaectl.window;
    let more = &later.vaectl.window;
    let [before, after] =
        [info.duration_ns, more.duration_ns].map(|ns| ns as f64 / (info.duration_ns + more.duration_ns) as f64);
    info.coverage = info.coverage.iter().map(|(family, share)| (family, share * before)).collect();
    more.coverage.iter().for_each(|(family, share)| info.coverage.add(family, share * after));
    info.duration_ns += more.duration_ns;
    info.lost += more.lost;
    info.part |= more.part;
    info.entered = info.entered.max(more.entered);
    info.merged = Some(info.merged.unwrap_or(1) + more.merged.unwrap_or(1));
    sum.timestamp = later.timestamp;
    sum.container.clone_from(&later.container);
    sum.vaectl.job.clone_from(&later.vaectl.job);
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Timestamp, VERSION, Window, WindowInfo, WindowMeta};

    use super::merge;

    fn window(duration_ns: u64, coverage: &[(&str, f64)]) -> Window<'static> {
        let coverage = coverage.iter().copied().collect();
        let info = WindowInfo { duration_ns, coverage, ..WindowInfo::default() };
        Window::new(Timestamp::default(), WindowMeta { v: VERSION, window: info, run: None, job: None, state: None })
    }

    #[test]
    fn windows_that_are_added_up_were_watched_for_as_long_as_both() {
        let mut sum = window(3_000, &[("syscall", 0.5), ("memory", 1.0)]);
        merge(&mut sum, &window(1_000, &[("syscall", 0.1), ("oncpu", 1.0)]));
        let shares = ["syscall", "memory", "oncpu"].map(|family| sum.vaectl.window.coverage.get(family).unwrap());
        assert!(
            shares.iter().zip([0.4, 0.75, 0.25]).all(|(got, expected)| (got - expected).abs() < 1e-9),
            "{shares:?}"
        );
    }
}
