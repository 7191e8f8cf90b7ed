//! The names and units of numbers, as a person says them.

use std::borrow::Cow;

use super::feature::PACE;

/// A kind of number on a window.
pub(crate) struct Measure<'a> {
    scale: Scale,
    /// What is counted or measured; `(s)` and `(es)` are there in the plural.
    noun: Cow<'a, str>,
    /// It adds up over the window.
    pub(crate) adds_up: bool,
}

#[derive(Clone, Copy)]
enum Scale {
    Count,
    /// Nanoseconds, said as seconds.
    Seconds,
    Bytes,
    /// A part of one, said in percent.
    Percent,
}

/// What the counters and gauges of this project are of.
const NOUNS: [(&str, Scale, &str); 27] = [
    (PACE, Scale::Count, "call(s) a CPU-second"),
    ("cpu.user_ns", Scale::Seconds, "CPU-second(s)"),
    ("cpu.system_ns", Scale::Seconds, "kernel CPU-second(s)"),
    ("process.exec", Scale::Count, "program(s) started"),
    ("process.fork", Scale::Count, "fork(s)"),
    ("process.exit", Scale::Count, "process(es) ended"),
    ("process.exit_nonzero", Scale::Count, "process(es) ended with an error"),
    ("process.signal", Scale::Count, "signal(s)"),
    ("process.namespace", Scale::Count, "process(es) begun in other namespaces"),
    ("process.memfd_exec", Scale::Count, "program(s) started from memory"),
    ("net.accept", Scale::Count, "connection(s) accepted"),
    ("net.connect", Scale::Count, "connection(s) made"),
    ("net.connect_failed", Scale::Count, "connection(s) failed"),
    ("net.close", Scale::Count, "connection(s) closed"),
    ("net.tx_bytes", Scale::Bytes, "sent"),
    ("net.rx_bytes", Scale::Bytes, "received"),
    ("net_udp.connect", Scale::Count, "datagram peer(s) called"),
    ("net_unix.connect", Scale::Count, "connection(s) to local sockets"),
    ("file.open_write", Scale::Count, "file(s) opened for writing"),
    ("file.unlink", Scale::Count, "file(s) removed"),
    ("file.rename", Scale::Count, "file(s) renamed"),
    ("file.chmod", Scale::Count, "file mode(s) changed"),
    ("io_uring.submit", Scale::Count, "request(s) to io_uring"),
    ("io.read_bytes", Scale::Bytes, "read from devices"),
    ("io.write_bytes", Scale::Bytes, "written to devices"),
    ("memory.bytes", Scale::Bytes, "of memory"),
    ("pids", Scale::Count, "process(es)"),
];

/// What does not add up over a window.
const LEVELS: [&str; 3] = ["memory.bytes", "pids", PACE];

impl<'a> Measure<'a> {
    /// The measure of a feature by its name on a verdict. A name of another program's stands for itself.
    pub(crate) fn of(feature: &'a str) -> Self {
        if let Some(call) = feature.strip_prefix("share.syscall.") {
            return Self { scale: Scale::Percent, noun: format!("{call} among all calls").into(), adds_up: false };
        }
        let known = NOUNS.iter().find(|(name, ..)| *name == feature);
        let (scale, noun) = known.map_or_else(|| foreign(feature), |&(_, scale, noun)| (scale, noun.into()));
        Self { scale, noun, adds_up: !LEVELS.contains(&feature) }
    }

    /// An amount with its unit and what it is of, such as `812 read calls`.
    pub(crate) fn amount(&self, value: f64) -> String {
        let number = self.number(value);
        let noun = self.noun(number == "1");
        format!("{number} {noun}")
    }

    /// What is counted or measured.
    pub(crate) fn noun(&self, one: bool) -> String {
        let [es, s] = if one { ["", ""] } else { ["es", "s"] };
        self.noun.replace("(es)", es).replace("(s)", s)
    }

    /// What is usual, such as `0.2 to 0.4 are usual`; counts are widened to whole ones.
    pub(crate) fn usual(&self, [low, high]: [f64; 2]) -> String {
        let (low, high) = match self.scale {
            Scale::Count => (low.floor(), high.ceil()),
            _ => (low, high),
        };
        if high == 0.0 {
            return "none is usual".to_owned();
        }
        match [low, high].map(|end| self.number(end)) {
            [low, high] if low == high => format!("{low} is usual"),
            [low, high] => format!("{} to {high} are usual", low.trim_end_matches(" %")),
        }
    }

    fn number(&self, value: f64) -> String {
        match self.scale {
            Scale::Count => number(value),
            Scale::Seconds => number(value / 1e9),
            Scale::Bytes => bytes(value),
            Scale::Percent => format!("{} %", number(100.0 * value)),
        }
    }
}

fn foreign(feature: &str) -> (Scale, Cow<'_, str>) {
    match feature.split_once('.') {
        Some(("syscall", call)) => (Scale::Count, format!("{call} call(s)").into()),
        Some(("oncpu", "none")) => (Scale::Count, "CPU sample(s) outside calls".into()),
        Some(("oncpu", call)) => (Scale::Count, format!("CPU sample(s) in {call}").into()),
        Some(("syscall_failed", error)) => (Scale::Count, format!("call(s) failed with {error}").into()),
        _ if feature.ends_with("_ns") => {
            (Scale::Seconds, format!("second(s) of {}", feature.trim_end_matches("_ns")).into())
        }
        _ if feature.ends_with("bytes") => {
            let stem = feature.trim_end_matches("bytes").trim_end_matches(['.', '_']);
            (Scale::Bytes, format!("of {stem}").into())
        }
        _ => (Scale::Count, feature.into()),
    }
}

/// Two digits below a hundred, whole numbers above.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 10.0 => 0,
        v if v >= 1.0 => 1,
        v if v >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn bytes(value: f64) -> String {
    match value {
        v if v >= 1e9 => format!("{} GB", number(v / 1e9)),
        v if v >= 1e6 => format!("{} MB", number(v / 1e6)),
        v if v >= 1e3 => format!("{} kB", number(v / 1e3)),
        v => format!("{} B", number(v)),
    }
}

#[cfg(test)]
mod tests {
    use super::Measure;

    #[test]
    fn amounts_have_their_units_and_one_is_one() {
        let of = |name, value| Measure::of(name).amount(value);
        assert_eq!(of("cpu.user_ns", 1.9e9), "1.9 CPU-seconds");
        assert_eq!(of("cpu.user_ns", 1e9), "1 CPU-second");
        assert_eq!(of("net.accept", 1.0), "1 connection accepted");
        assert_eq!(of("process.exit", 1.0), "1 process ended");
        assert_eq!(of("net.rx_bytes", 5e6), "5 MB received");
        assert_eq!(of("io.write_bytes", 3e6), "3 MB written to devices");
        assert_eq!(of("syscall.read", 812.0), "812 read calls");
        assert_eq!(of("syscall.access", 1.0), "1 access call");
        assert_eq!(of("syscall_failed.EPERM", 1.0), "1 call failed with EPERM");
        assert_eq!(of("oncpu.fsync", 3.0), "3 CPU samples in fsync");
        assert_eq!(of("oncpu.none", 1.0), "1 CPU sample outside calls");
        assert_eq!(of("share.syscall.read", 0.9), "90 % read among all calls");
        assert_eq!(of("calls_per_cpu_second", 90_000.0), "90000 calls a CPU-second");
        assert_eq!(of("disk.wait_ns", 3e9), "3 seconds of disk.wait");
        assert_eq!(of("queue.bytes", 1.0), "1 B of queue");
        assert_eq!(of("alien.thing", 4.0), "4 alien.thing");
    }

    #[test]
    fn ranges_are_short() {
        let of = |name, range| Measure::of(name).usual(range);
        assert_eq!(of("net.tx_bytes", [1200.0, 9000.0]), "1.2 kB to 9 kB are usual");
        assert_eq!(of("syscall.read", [3.4, 11.2]), "3 to 12 are usual");
        assert_eq!(of("syscall.read", [0.0, 0.0]), "none is usual");
        assert_eq!(of("pids", [3.0, 3.0]), "3 is usual");
        assert_eq!(of("share.syscall.read", [0.1, 0.125]), "10 to 12 % are usual");
    }
}
