//! What is done to containers, known before any of it is: attacks with what they touch, and changes that are none.

/// What answers an intruder from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Takes what comes, and says nothing.
    Silent,
    /// Types commands into a shell.
    Typist,
    /// Sends a page for every connection.
    Page,
}

/// How an attack is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Method {
    /// From within: a line for `tests/containers/payload/intruder.c`, where `SECONDS` stands for the time and `PORT` for that
    /// of whoever answers.
    Inside(&'static str, Option<Answer>),
    /// The same while the load is at its peak.
    UnderLoad(&'static str),
    /// From outside: so many times the most requests that training has, with the container on one core or not.
    Flood {
        /// Multiples.
        times: f64,
        /// On one core.
        pinned: bool,
    },
    /// From within, in a container whose seccomp profile is like the engines' own.
    Confined(&'static str),
}

/// One kind of attack.
#[derive(Debug, PartialEq)]
pub(super) struct Attack {
    /// What it is called.
    pub(super) name: &'static str,
    /// Windows within which it has to be found; none where the curve is shown and nothing is promised.
    pub(super) limit: Option<usize>,
    pub(super) method: Method,
    /// What it touches, at most five; one that ends in `*` stands for all that begin so.
    pub(super) touched: [&'static str; 5],
}

const MINER: [&str; 5] = ["cpu.user_ns", "calls_per_cpu_second", "exec:*", "process.fork", "syscall.clock_gettime"];
const FLOOD: [&str; 5] = ["net.accept", "net.close", "net.rx_bytes", "net.tx_bytes", "syscall.accept4"];
const SOURCE: [&str; 5] = ["net.connect", "syscall.connect", "net.rx_bytes", "net.tx_bytes", "exec:*"];
const SHELL: [&str; 5] = ["net.connect", "syscall.connect", "syscall.dup2", "process.exec", "exec:*"];
const SCAN: [&str; 5] =
    ["net.connect", "net.connect_failed", "syscall.connect", "syscall_failed.ECONNREFUSED", "exec:*"];
const REWRITE: [&str; 5] = ["file.open_write", "file.unlink", "syscall.unlink", "syscall.open", "exec:*"];
const EXFIL: [&str; 5] = ["net.tx_bytes", "net.connect", "syscall.sendto", "syscall.connect", "exec:*"];
const BOMB: [&str; 5] = ["process.fork", "pids", "syscall.clone", "syscall_failed.EAGAIN", "exec:*"];
const ESCAPE: [&str; 5] = ["syscall.setns", "syscall.unshare", "syscall.mount", "syscall.bpf", "exec:*"];

const fn attack(name: &'static str, limit: Option<usize>, method: Method, touched: [&'static str; 5]) -> Attack {
    Attack { name, limit, method, touched }
}

/// All of them, those of a kind in the order of their strength.
pub(super) const ATTACKS: [Attack; 24] = {
    use Answer::{Page, Silent, Typist};
    use Method::{Confined, Flood, Inside, UnderLoad};
    [
        attack("miner 5 %", None, Inside("mine 5 SECONDS", None), MINER),
        attack("miner 10 %", Some(6), Inside("mine 10 SECONDS", None), MINER),
        attack("miner 25 %", Some(2), Inside("mine 25 SECONDS", None), MINER),
        attack("miner 100 %", Some(2), Inside("mine 100 SECONDS", None), MINER),
        attack("miner 25 % under load", Some(2), UnderLoad("mine 25 SECONDS"), MINER),
        attack("flood x2", None, Flood { times: 2.0, pinned: false }, FLOOD),
        attack("flood x5", Some(2), Flood { times: 5.0, pinned: false }, FLOOD),
        attack("flood x20", Some(2), Flood { times: 20.0, pinned: false }, FLOOD),
        // Far beyond what the service lets through: most are refused.
        attack("flood, rate-limited", Some(2), Flood { times: 40.0, pinned: false }, FLOOD),
        attack("flood, pinned", Some(2), Flood { times: 20.0, pinned: true }, FLOOD),
        attack("flood, source", Some(2), Inside("flood PORT 300 SECONDS", Some(Page)), SOURCE),
        attack("reverse shell, idle", Some(2), Inside("shell PORT", Some(Silent)), SHELL),
        attack("reverse shell, typing", Some(2), Inside("shell PORT", Some(Typist)), SHELL),
        attack("scan 10/s", None, Inside("scan 10 SECONDS", None), SCAN),
        attack("scan 100/s", Some(2), Inside("scan 100 SECONDS", None), SCAN),
        attack("scan 1000/s", Some(2), Inside("scan 1000 SECONDS", None), SCAN),
        attack("rewrite 5/s", Some(2), Inside("rewrite 5 SECONDS /control/files", None), REWRITE),
        attack("rewrite 50/s", Some(2), Inside("rewrite 50 SECONDS /control/files", None), REWRITE),
        attack("exfil 10 kB/s", None, Inside("exfil PORT 10000 SECONDS", Some(Silent)), EXFIL),
        attack("exfil 100 kB/s", None, Inside("exfil PORT 100000 SECONDS", Some(Silent)), EXFIL),
        attack("exfil 1 MB/s", Some(3), Inside("exfil PORT 1000000 SECONDS", Some(Silent)), EXFIL),
        attack("fork bomb", Some(2), Inside("bomb SECONDS", None), BOMB),
        attack("escape probe", Some(2), Inside("escape", None), ESCAPE),
        attack("escape probe, seccomp", Some(2), Confined("escape"), ESCAPE),
    ]
};

impl Attack {
    /// Whether it comes from within.
    pub(super) fn is_inside(&self) -> bool {
        !matches!(self.method, Method::Flood { .. })
    }

    /// How long it goes on, in seconds; the probes of ways out are over at once.
    pub(super) fn seconds(&self) -> u64 {
        match self.method {
            Method::Inside("escape", _) | Method::Confined(_) => 2,
            _ => 40,
        }
    }

    /// How long files last at the rate at which they are written anew.
    pub(super) fn files(&self) -> Option<usize> {
        let Method::Inside(line, _) = self.method else { return None };
        let rate: usize = line.strip_prefix("rewrite ")?.split(' ').next()?.parse().ok()?;
        Some(rate * self.seconds() as usize + 1)
    }
}

/// A change that is no attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The log goes to another file, which is packed.
    Rotation,
    /// A job that reads, sorts and packs for a fraction of a second.
    Job,
    /// The service reads its settings again.
    Reload,
    /// The engine asks from outside whether all is well, four times.
    Health,
    /// The container is stopped and started.
    Restart,
    /// Another one takes all of the core that it runs on.
    Neighbour,
    /// Somebody looks around by the engine's `exec`.
    Operator,
}

impl Change {
    /// All of them.
    pub(super) const ALL: [Self; 7] =
        [Self::Rotation, Self::Job, Self::Reload, Self::Health, Self::Restart, Self::Neighbour, Self::Operator];

    /// Those that belong to a service's usual life: training has them too.
    pub(super) const ROUTINE: [Self; 4] = [Self::Rotation, Self::Job, Self::Reload, Self::Health];

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rotation => "log rotation",
            Self::Job => "cron job",
            Self::Reload => "configuration reload",
            Self::Health => "health checks",
            Self::Restart => "restart",
            Self::Neighbour => "noisy neighbour",
            Self::Operator => OPERATOR,
        }
    }

    /// How long it goes on, in seconds.
    pub(super) fn seconds(self) -> u64 {
        match self {
            Self::Rotation | Self::Job | Self::Reload | Self::Operator => 5,
            Self::Restart => 10,
            Self::Neighbour => 30,
            Self::Health => 40,
        }
    }
}

/// Counted apart.
pub(super) const OPERATOR: &str = "operator's exec";

/// What is put behind the name of an attack that starts no program.
pub(super) const RESIDENT: &str = ", no program";

/// The attack of that name, whichever way it was made.
pub(super) fn by_name(event: &str) -> Option<&'static Attack> {
    ATTACKS.iter().find(|attack| event.strip_suffix(RESIDENT).unwrap_or(event) == attack.name)
}
