//! The loop: empties the rings, follows containers, closes windows.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tracing::{debug, warn};
use vaectl_bpf::wire::{self, CgroupRecord, Control, Header, Row};
use vaectl_schemas::{ContainerStatus, Depth, Gap, GapCause, GapInfo, Hello, HelloInfo, VERSION};
use zerocopy::FromBytes;

use crate::backlog::{Backlog, Item, append};
use crate::cgroup::{self, Account, Cpu};
use crate::clock::{Clock, boot_ns};
use crate::config::Config;
use crate::container::{Stage, Tracked};
use crate::error::RecordError;
use crate::event::turn_round;
use crate::facts::{self, Facts};
use crate::load::{Kernel, MapError, Tunables};
use crate::privileges;
use crate::runtime::{Candidate, Named, Resolver, classify};
use crate::window::{Reading, Windows};
use crate::writer::Writer;

/// How often the ring is emptied without being asked.
const BEAT: Duration = Duration::from_millis(100);
/// How long a new cgroup may take to show what it is.
const UNDECIDED: Duration = Duration::from_secs(3);
/// How long a runtime may take to name a container.
const NAMING: Duration = Duration::from_secs(20);
/// Events of an undecided cgroup that are kept.
const UNDECIDED_BYTES: usize = 1 << 20;

const HOST: u32 = wire::SLOT_HOST as u32;

/// What a recording amounted to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Lines written.
    pub lines: u64,
    /// Events among them.
    pub events: u64,
    /// Events lost, in the kernel and here.
    pub lost: u64,
}

/// Records until `stop` is set or the configured time is over, and writes whole lines to `out`.
///
/// A slow reader never stops the ring from being emptied: what waits is bounded, the fullest container's events go
/// first, windows are added up, and what was lost is said in `gap` lines.
///
/// # Errors
/// Where the host cannot record, the kernel refuses the programs, or `out` fails.
pub fn record(config: Config, out: impl Write + Send, stop: &AtomicBool) -> Result<Totals, RecordError> {
    let window_ns = u64::try_from(config.window.as_nanos()).unwrap_or(u64::MAX);
    if !(100_000_000..=3_600_000_000_000).contains(&window_ns) {
        let value = format!("{:?}", config.window);
        return Err(RecordError::Setting { name: "--window", value, allowed: "100 ms to 1 h" });
    }
    if !config.ring_bytes.is_power_of_two() || config.ring_bytes < 4096 {
        let value = config.ring_bytes.to_string();
        return Err(RecordError::Setting { name: "--ring-bytes", value, allowed: "a power of two from 4096" });
    }
    if !(1..=60_000).contains(&config.max_containers) {
        let value = config.max_containers.to_string();
        return Err(RecordError::Setting { name: "--max-containers", value, allowed: "1 to 60000" });
    }
    let facts = facts::check();
    let obstacles = facts.obstacles();
    if !obstacles.is_empty() {
        return Err(RecordError::Host(obstacles));
    }
    let root = facts.cgroup2.clone().unwrap_or_default();
    let mut recorder = Recorder::new(config, facts, root)?;
    if let Err(error) = privileges::drop_others() {
        warn!(%error, "Capabilities could not be dropped.");
    }
    recorder.run(out, stop)
}

struct Recorder {
    config: Config,
    facts: Facts,
    root: PathBuf,
    kernel: Kernel,
    clock: Clock,
    windows: Windows,
    tracked: HashMap<u32, Tracked>,
    by_cgroup: HashMap<u64, u32>,
    ask: Sender<(u32, u64, Candidate)>,
    answers: Receiver<(u32, u64, Option<Named>)>,
    items: Vec<Item>,
    lost: u64,
}

impl Recorder {
    fn new(config: Config, facts: Facts, root: PathBuf) -> Result<Self, RecordError> {
        let host_mnt_ns = std::fs::read_link("/proc/1/ns/mnt")
            .ok()
            .and_then(|l| l.to_string_lossy().trim_start_matches("mnt:[").trim_end_matches(']').parse().ok())
            .unwrap_or(0);
        let tunables = Tunables { max_containers: config.max_containers, ring_bytes: config.ring_bytes, host_mnt_ns };
        let kernel = Kernel::load(&tunables, &facts)?;
        let windows = Windows::new(config.window.as_nanos() as u64, &facts);
        let (ask, questions) = channel();
        let (answer, answers) = channel();
        let ask_engines = !config.no_engine;
        std::thread::Builder::new()
            .name("names".to_owned())
            .spawn(move || resolve(&Resolver::new(ask_engines), &questions, &answer))
            .map_err(RecordError::Write)?;
        let mut recorder = Self {
            config,
            facts,
            root,
            kernel,
            clock: Clock::now(),
            windows,
            tracked: HashMap::new(),
            by_cgroup: HashMap::new(),
            ask,
            answers,
            items: Vec::new(),
            lost: 0,
        };
        recorder
            .start()
            .map_err(|error| RecordError::Kernel { what: "a map".to_owned(), reason: error.to_string() })?;
        let facts = recorder.facts.clone();
        recorder.kernel.attach(&facts)?;
        // Counting begins here: what loading took is not part of the first window.
        let now = boot_ns();
        recorder.tracked.values_mut().for_each(|tracked| tracked.last_ns = now);
        Ok(recorder)
    }

    /// Fills the maps with what is there before the programs run.
    fn start(&mut self) -> Result<(), MapError> {
        let now = boot_ns();
        for slot in wire::SLOT_FIRST as u32..self.config.max_containers + wire::SLOT_FIRST as u32 {
            self.kernel.reset(slot, false, self.control(wire::STATE_UNDECIDED))?;
            self.kernel.offer(slot)?;
        }
        let host_depth = depth_number(self.config.depth.min(Depth::Process));
        self.kernel.reset(HOST, true, Control { depth: host_depth, state: wire::STATE_UNDECIDED as u32 })?;
        let mut host = Tracked::new(HOST, 0, String::new(), now, true, &self.facts.boot_id);
        host.identify("host".to_owned(), None);
        host.stage = Stage::Live;
        host.cpu = None;
        self.items.push(Item::Bind(HOST, host.identity.clone()));
        self.tracked.insert(HOST, host);
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = own.lines().find_map(|l| l.strip_prefix("0::")).filter(|p| *p != "/").map(str::to_owned);
        for (path, id) in cgroup::scan(&self.root) {
            let excluded = Some(&path) == own.as_ref() || self.config.exclude_cgroups.contains(&path);
            if excluded {
                self.kernel.bind(id, wire::SLOT_IGNORED as u32)?;
            } else if let Some(candidate) = self.candidate(&path) {
                let Some(slot) = self.kernel.take() else {
                    warn!(cgroup = path, "There is no room for this container: raise --max-containers.");
                    continue;
                };
                self.kernel.reset(slot, true, self.control(wire::STATE_CONTAINER))?;
                self.kernel.bind(id, slot)?;
                let mut tracked = Tracked::new(slot, id, path.clone(), now, false, &self.facts.boot_id);
                tracked.cpu = cgroup::account(&self.facts, &path).cpu;
                self.by_cgroup.insert(id, slot);
                self.adopt(tracked, candidate);
            }
        }
        Ok(())
    }

    fn control(&self, state: usize) -> Control {
        Control { depth: depth_number(self.config.depth), state: state as u32 }
    }

    /// The container that a cgroup is, by its form or because it was asked for.
    fn candidate(&self, path: &str) -> Option<Candidate> {
        if self.config.cgroups.iter().any(|c| c.trim_end_matches('/') == path) {
            let id = path.rsplit('/').next().unwrap_or(path).to_owned();
            return classify(path).or(Some(Candidate { id, runtime: "cgroup" }));
        }
        classify(path).filter(|_| self.config.cgroups.is_empty() || !self.config.containers.is_empty())
    }

    /// Makes a cgroup a container that is recorded, and asks for its name.
    fn adopt(&mut self, mut tracked: Tracked, candidate: Candidate) {
        tracked.stage = Stage::Live;
        tracked.identify(candidate.id.clone(), Some(candidate.runtime));
        self.items.push(Item::Bind(tracked.slot, tracked.identity.clone()));
        self.items.push(Item::Container(Box::new(tracked.line(self.clock.wall(boot_ns()), ContainerStatus::Started))));
        // The worker lives as long as the recorder.
        let _ = self.ask.send((tracked.slot, tracked.cgroup, candidate));
        self.tracked.insert(tracked.slot, tracked);
    }

    fn run(&mut self, out: impl Write + Send, stop: &AtomicBool) -> Result<Totals, RecordError> {
        let start: u128 = rand::random();
        let backlog = Backlog::new(self.config.backlog_bytes);
        let failed = AtomicBool::new(false);
        let lost = AtomicU64::new(0);
        let writer = Writer::new(out, &self.facts, start, self.config.max_line_bytes);
        self.hello(start);
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                let cause =
                    || (if stop.load(Ordering::Relaxed) { "signal" } else { "duration" }, lost.load(Ordering::Relaxed));
                let result = writer.run(&backlog, cause);
                failed.store(true, Ordering::Relaxed);
                result
            });
            let began = Instant::now();
            let mut due = began + self.config.window;
            backlog.push(self.items.drain(..));
            loop {
                let over = self.config.duration.is_some_and(|d| began.elapsed() >= d);
                if over || stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed) {
                    break;
                }
                self.wait(due);
                self.turn(&backlog);
                if Instant::now() >= due {
                    self.close_windows();
                    while due <= Instant::now() {
                        due += self.config.window;
                    }
                }
                backlog.push(self.items.drain(..));
            }
            self.turn(&backlog);
            self.finish();
            lost.store(self.lost, Ordering::Relaxed);
            backlog.push(self.items.drain(..));
            backlog.close();
            let (lines, events) = writing.join().map_err(|_| std::io::Error::other("the writer panicked"))??;
            Ok(Totals { lines, events, lost: self.lost })
        })
    }

    fn hello(&mut self, start: u128) {
        let hello = Hello::new(
            self.clock.wall(boot_ns()),
            HelloInfo {
                v: VERSION,
                stage: "record".to_owned(),
                tool: format!("vaectl {}", env!("CARGO_PKG_VERSION")),
                start: Some(format!("{start:032x}")),
                boot: Some(self.facts.boot_id.clone()),
                kernel: Some(self.facts.kernel.clone()),
                window_ns: Some(self.config.window.as_nanos() as u64),
                depth: Some(self.config.depth),
                missing: self.facts.missing(),
            },
        );
        self.items.insert(0, Item::Hello(Box::new(hello)));
    }

    /// Sleeps until the ring calls, a window is due, or a beat has passed.
    fn wait(&self, due: Instant) {
        let timeout = due.saturating_duration_since(Instant::now()).min(BEAT);
        let timeout = Timespec { tv_sec: 0, tv_nsec: timeout.as_nanos() as i64 };
        let mut fds =
            [PollFd::new(&self.kernel.events, PollFlags::IN), PollFd::new(&self.kernel.cgroups, PollFlags::IN)];
        // An interrupted sleep is a short one.
        let _ = poll(&mut fds, Some(&timeout));
    }

    /// One turn: cgroups first, so that every record's slot is known.
    fn turn(&mut self, backlog: &Backlog) {
        let mut gone = self.drain_cgroups();
        self.drain_events();
        gone.extend(self.drain_cgroups());
        self.name();
        self.decide();
        for (slot, n) in backlog.dropped() {
            self.lost += n;
            if let Some(tracked) = self.tracked.get_mut(&slot) {
                tracked.dropped += n;
                let gap = gap(tracked, self.clock, GapCause::Backlog, n);
                self.items.push(gap);
            }
        }
        self.flush_events();
        for slot in gone {
            self.end(slot);
        }
    }

    /// Takes in cgroups that came; those that went.
    fn drain_cgroups(&mut self) -> Vec<u32> {
        let mut records = Vec::new();
        self.kernel.cgroups.drain(|bytes| {
            if let Ok((record, path)) = CgroupRecord::read_from_prefix(bytes) {
                let path = path.get(..record.path_len.saturating_sub(1) as usize).unwrap_or_default();
                records.push((record, String::from_utf8_lossy(path).into_owned()));
            }
        });
        let mut gone = Vec::new();
        for (record, path) in records {
            if record.kind as usize == wire::KIND_CGROUP_GONE {
                gone.extend(self.by_cgroup.get(&record.id));
            } else if record.slot == HOST {
                warn!(cgroup = path, "There is no room for another container: raise --max-containers.");
                let host = &self.tracked[&HOST];
                self.items.push(gap(host, self.clock, GapCause::Containers, 1));
            } else {
                self.by_cgroup.insert(record.id, record.slot);
                let tracked = Tracked::new(record.slot, record.id, path, record.time_ns, true, &self.facts.boot_id);
                self.tracked.insert(record.slot, tracked);
            }
        }
        gone
    }

    fn drain_events(&mut self) {
        let Self { kernel, tracked, lost, .. } = self;
        kernel.events.drain(|record| {
            let Ok((header, _)) = Header::ref_from_prefix(record) else { return };
            let Some(tracked) = tracked.get_mut(&header.slot) else { return };
            if matches!(tracked.stage, Stage::Undecided(_)) && tracked.events.len() > UNDECIDED_BYTES {
                tracked.dropped += 1;
                *lost += 1;
            } else {
                append(&mut tracked.events, record);
            }
        });
    }

    fn flush_events(&mut self) {
        for tracked in self.tracked.values_mut().filter(|t| !matches!(t.stage, Stage::Undecided(_))) {
            if !tracked.events.is_empty() {
                self.items.push(Item::Events(tracked.slot, std::mem::take(&mut tracked.events)));
            }
        }
    }

    /// Finds out what new cgroups are: containers, parts of one, or none.
    fn decide(&mut self) {
        let undecided: Vec<(u32, Instant)> = self
            .tracked
            .values()
            .filter_map(|t| if let Stage::Undecided(since) = t.stage { Some((t.slot, since)) } else { None })
            .collect();
        for (slot, since) in undecided {
            let path = self.tracked[&slot].path.clone();
            let inside = self
                .tracked
                .values()
                .any(|t| t.stage == Stage::Live && t.slot != HOST && path.starts_with(&format!("{}/", t.path)));
            if let Some(candidate) = self.candidate(&path).filter(|_| !inside) {
                let Some(tracked) = self.tracked.remove(&slot) else { continue };
                let control = self.control(wire::STATE_CONTAINER);
                self.report("control", |kernel| kernel.control(slot, control));
                self.adopt(tracked, candidate);
            } else if inside || since.elapsed() > UNDECIDED {
                self.release(slot);
            }
        }
    }

    /// Gives a slot back: its cgroup counts for its parent from now on.
    fn release(&mut self, slot: u32) {
        let Some(tracked) = self.tracked.remove(&slot) else { return };
        self.by_cgroup.remove(&tracked.cgroup);
        let control = self.control(wire::STATE_UNDECIDED);
        self.report("slot", |kernel| {
            kernel.unbind(tracked.cgroup)?;
            kernel.forget_execs(slot);
            kernel.reset(slot, false, control)?;
            kernel.offer(slot)
        });
    }

    fn report(&mut self, what: &str, act: impl FnOnce(&mut Kernel) -> Result<(), MapError>) {
        if let Err(error) = act(&mut self.kernel) {
            warn!(%error, what, "A map in the kernel could not be written.");
        }
    }

    /// Takes in the names that arrived.
    fn name(&mut self) {
        while let Ok((slot, cgroup, named)) = self.answers.try_recv() {
            let Some(tracked) = self.tracked.get_mut(&slot).filter(|t| t.cgroup == cgroup) else { continue };
            let status = match named {
                Some(named) => {
                    tracked.name(named);
                    ContainerStatus::Named
                }
                None => ContainerStatus::Unnamed,
            };
            let wanted = &self.config.containers;
            let container = &tracked.identity.container;
            let is = |text: &Option<std::borrow::Cow<'_, str>>, w: &str| text.as_deref().is_some_and(|t| t == w);
            if !wanted.is_empty()
                && !wanted.iter().any(|w| {
                    is(&container.name, w) || container.id.as_deref().is_some_and(|id| id.starts_with(w.as_str()))
                })
            {
                let cgroup = tracked.cgroup;
                debug!(container = ?container.name, "Not asked for.");
                self.release(slot);
                self.report("slot", |kernel| kernel.bind(cgroup, wire::SLOT_IGNORED as u32));
                continue;
            }
            let line = tracked.line(self.clock.wall(boot_ns()), status);
            self.items.push(Item::Bind(slot, tracked.identity.clone()));
            self.items.push(Item::Container(Box::new(line)));
        }
    }

    /// The windows of all that live.
    fn close_windows(&mut self) {
        let step = self.clock.refresh();
        self.items.push(Item::Clock(self.clock, step));
        let mut slots: Vec<u32> = self.tracked.values().filter(|t| t.stage == Stage::Live).map(|t| t.slot).collect();
        slots.sort_unstable();
        let programs = self.programs();
        let nominal = self.config.window.as_nanos() as u64;
        for slot in slots {
            let started_within = self.tracked[&slot].born && boot_ns() - self.tracked[&slot].last_ns < nominal * 9 / 10;
            let exists = slot == HOST || self.root.join(self.tracked[&slot].path.trim_start_matches('/')).exists();
            if exists {
                self.window(slot, &programs, started_within, None);
            } else {
                self.end(slot);
            }
        }
    }

    /// Programs that were executed since the last window, by slot.
    fn programs(&mut self) -> HashMap<u32, BTreeMap<String, u64>> {
        let mut found = HashMap::<u32, BTreeMap<String, u64>>::new();
        for (key, value) in self.kernel.execs() {
            let Some(tracked) = self.tracked.get_mut(&key.slot) else { continue };
            let before = tracked.execs.insert(key.hash, value.count).unwrap_or(0);
            if value.count > before {
                let path = turn_round(value.path.get(..value.len as usize).unwrap_or_default());
                let path = vaectl_schemas::escape(&path).0.into_owned();
                *found.entry(key.slot).or_default().entry(path).or_default() += value.count - before;
            }
        }
        found
    }

    fn window(&mut self, slot: u32, programs: &HashMap<u32, BTreeMap<String, u64>>, part: bool, cpu: Option<Cpu>) {
        let now = boot_ns();
        let Ok(row) = self.kernel.row(slot) else { return };
        let Some(tracked) = self.tracked.get_mut(&slot) else { return };
        let mut execs = programs.get(&slot).cloned().unwrap_or_default();
        let other = row.count[wire::COUNT_EXEC_OTHER].wrapping_sub(tracked.last.count[wire::COUNT_EXEC_OTHER]);
        if other > 0 {
            execs.insert("(other)".to_owned(), other);
        }
        let lost = row.count[wire::COUNT_LOST_RING].wrapping_sub(tracked.last.count[wire::COUNT_LOST_RING]);
        if lost > 0 {
            self.lost += lost;
            self.items.push(gap(tracked, self.clock, GapCause::RingFull, lost));
        }
        let account = match cpu {
            Some(cpu) => Account { cpu: Some(cpu), ..Account::default() },
            None if slot == HOST => Account::default(),
            None => cgroup::account(&self.facts, &tracked.path),
        };
        let timestamp = self.clock.wall(now);
        let reading = Reading { row: Box::new(row), account, execs, now_ns: now, part };
        let window = self.windows.make(tracked, reading, timestamp);
        self.items.push(Item::Window(slot, now, Box::new(window)));
    }

    /// The last window of a container, and its end.
    fn end(&mut self, slot: u32) {
        let Some(tracked) = self.tracked.get_mut(&slot) else { return };
        if tracked.stage == Stage::Live {
            tracked.stage = Stage::Gone;
            let born = tracked.born;
            let programs = self.programs();
            let cpu = self.kernel.row(slot).ok().filter(|_| born).map(|row| dead_cpu(&row));
            self.window(slot, &programs, true, cpu);
            let line = self.tracked[&slot].line(self.clock.wall(boot_ns()), ContainerStatus::Ended);
            self.items.push(Item::Container(Box::new(line)));
        }
        self.release(slot);
    }

    /// The last windows of all.
    fn finish(&mut self) {
        let programs = self.programs();
        let mut slots: Vec<u32> = self.tracked.values().filter(|t| t.stage == Stage::Live).map(|t| t.slot).collect();
        slots.sort_unstable();
        for slot in slots {
            self.window(slot, &programs, true, None);
        }
    }
}

/// CPU time of a container of which every process has ended: exact in sum, split as the ticks fell.
fn dead_cpu(row: &Row) -> Cpu {
    let [total, user, system] =
        [wire::COUNT_DEAD_CPU, wire::COUNT_DEAD_USER, wire::COUNT_DEAD_SYSTEM].map(|i| row.count[i]);
    let user_ns = if user + system == 0 { total } else { (total as f64 * user as f64 / (user + system) as f64) as u64 };
    Cpu { user_ns, system_ns: total - user_ns.min(total) }
}

fn gap(tracked: &Tracked, clock: Clock, cause: GapCause, lost: u64) -> Item {
    let from = Some(clock.wall(tracked.last_ns));
    let mut line = Gap::new(clock.wall(boot_ns()), GapInfo { v: VERSION, cause, lost, from });
    line.container = Some(tracked.identity.container.clone());
    Item::Gap(Box::new(line))
}

fn depth_number(depth: Depth) -> u32 {
    (match depth {
        Depth::Census => wire::DEPTH_CENSUS,
        Depth::Process => wire::DEPTH_PROCESS,
        Depth::Full => wire::DEPTH_FULL,
    }) as u32
}

/// Names containers, again and again for as long as a runtime may take.
fn resolve(
    resolver: &Resolver,
    questions: &Receiver<(u32, u64, Candidate)>,
    answer: &Sender<(u32, u64, Option<Named>)>,
) {
    let mut open: Vec<(u32, u64, Candidate, Instant)> = Vec::new();
    loop {
        let question = if open.is_empty() {
            questions.recv().map(Some)
        } else {
            match questions.recv_timeout(Duration::from_millis(250)) {
                Err(RecvTimeoutError::Timeout) => Ok(None),
                other => other.map(Some).map_err(|_| RecvError),
            }
        };
        match question {
            Ok(Some((slot, cgroup, candidate))) => open.push((slot, cgroup, candidate, Instant::now())),
            Ok(None) => {}
            Err(_) => return,
        }
        open.retain(|(slot, cgroup, candidate, since)| {
            let named = resolver.resolve(candidate);
            let done = named.is_some() || since.elapsed() > NAMING;
            if done {
                // A recorder that is gone wants no answer.
                let _ = answer.send((*slot, *cgroup, named));
            }
            !done
        });
    }
}
