//! The loop: empties the rings, follows containers, closes windows.

mod census;
mod depths;
mod handover;
mod registry;

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;
use vaectl_bpf::wire::{self, Header};
use vaectl_schemas::{Depth, Gap, GapCause, GapInfo, Hello, HelloInfo, VERSION};
use zerocopy::FromBytes;

use crate::backlog::{Backlog, Item, append, records_in};
use crate::cgroup;
use crate::clock::{Clock, boot_ns};
use crate::config::Config;
use crate::container::{Stage, Taken, Tracked};
use crate::control::Control;
use crate::duty::Duty;
use crate::error::RecordError;
use crate::facts::{self, Facts};
use crate::lease::Leases;
use crate::load::{Kernel, MapError, Runs};
use crate::naming::Naming;
use crate::privileges;
use crate::window::Windows;
use crate::writer::{Ending, Writer};

/// How often the ring is emptied without being asked. Coming by costs what forty events do, in this stage and in the
/// next: at a hundred events a second it is a third of all.
const BEAT: Duration = Duration::from_secs(1);
/// How often where no container is watched so closely that anything is in it, or that anybody waits for it: leases that run
/// out are all there is to see.
const CALM: Duration = Duration::from_secs(5);
/// How often while a cgroup has not shown what it is: a container may live for less than a beat.
const QUICK: Duration = Duration::from_millis(5);

/// Open files that are none of a cgroup: maps, programs, sockets, and some to spare.
const OTHER_FILES: u64 = 256;

const HOST: u32 = wire::SLOT_HOST as u32;

/// What a recording amounted to.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Lines written.
    pub lines: u64,
    /// Events among them.
    pub events: u64,
    /// Events lost, in the kernel and here.
    pub lost: u64,
    /// Events that woke the reader of the ring before it came by on its own.
    pub wakeups: u64,
    /// The share of the time in which calls were counted.
    pub counted: f64,
    /// What the kernel ran, where it was asked to count.
    pub runs: Vec<Runs>,
}

/// A recorder whose programs run in the kernel; dropping it takes them out.
pub struct Recorder {
    config: Config,
    facts: Facts,
    root: PathBuf,
    kernel: Kernel,
    clock: Clock,
    windows: Windows,
    tracked: HashMap<u32, Tracked>,
    by_cgroup: HashMap<u64, u32>,
    naming: Naming,
    control: Option<Control>,
    leases: Leases,
    duty: Duty,
    /// When containers are looked for that had begun before.
    find_due: Option<Instant>,
    /// The cgroups that there was no room for, and that may be containers.
    roomless: HashSet<String>,
    /// When leases are looked at for having run out.
    leases_due: Instant,
    items: Vec<Item>,
    /// Events of cgroups whose coming was not read yet.
    early: Vec<u8>,
    /// Slots whose cgroup was not there any more when windows were closed.
    vanished: Vec<u32>,
    lost: u64,
    /// Events that nobody asked for.
    unwanted: u64,
    wakeups: u64,
}

impl Recorder {
    /// Loads the programs, gives up every right that recording does not take, and begins to count.
    ///
    /// Rights are those of the calling thread and of threads that it starts from now on: start no other before.
    ///
    /// # Errors
    /// Where a setting is out of range, the host cannot record, or the kernel refuses the programs.
    pub fn open(config: Config) -> Result<Self, RecordError> {
        config.validate()?;
        let facts = facts::check();
        let obstacles = facts.obstacles();
        if !obstacles.is_empty() {
            return Err(RecordError::Host(obstacles));
        }
        if config.slices_in_vain() {
            warn!(
                "All calls are counted: slices save nothing where containers are always watched deeper. Add --control, or \
                 --depth census."
            );
        }
        allow_files(config.max_containers)?;
        let kernel = Kernel::load(&config, &facts)?;
        if let Err(error) = privileges::drop_others() {
            warn!(%error, "Capabilities could not be dropped.");
        }
        let listen = |path: &PathBuf| {
            Control::listen(path).map_err(|source| RecordError::Control { path: path.display().to_string(), source })
        };
        let control = config.control.as_ref().map(listen).transpose()?;
        let naming = Naming::start(!config.no_engine).map_err(RecordError::Write)?;
        let leases = Leases::new(config.max_containers);
        let mut recorder = Self {
            windows: Windows::new(config.window.as_nanos() as u64, &facts),
            root: facts.cgroup2.clone().unwrap_or_default(),
            duty: Duty::new(config.counted_share(), boot_ns()),
            config,
            facts,
            kernel,
            clock: Clock::now(),
            tracked: HashMap::new(),
            by_cgroup: HashMap::new(),
            naming,
            control,
            leases,
            find_due: Some(Instant::now() + registry::UNDECIDED),
            roomless: HashSet::new(),
            leases_due: Instant::now(),
            items: Vec::new(),
            early: Vec::new(),
            vanished: Vec::new(),
            lost: 0,
            unwanted: 0,
            wakeups: 0,
        };
        let map = |error: MapError| RecordError::Kernel { what: "a map".to_owned(), reason: error.to_string() };
        recorder.fill().map_err(map)?;
        recorder.kernel.attach(&recorder.facts)?;
        // Counting begins here: what loading took is not part of the first window.
        let now = boot_ns();
        recorder.duty = Duty::new(recorder.config.counted_share(), now);
        recorder.tracked.values_mut().for_each(|tracked| tracked.last_ns = now);
        recorder.find().map_err(map)?;
        Ok(recorder)
    }

    /// Records until `stop` is set or the configured time is over, and writes whole lines to `out`. Whoever sets `stop` makes
    /// `wake` readable, an event counter. `alive` is called once a turn, and after as long as it says again.
    ///
    /// A slow reader never stops the ring from being emptied: what waits is bounded, the fullest container's events go
    /// first, windows are added up, and what was lost is said in `gap` lines.
    ///
    /// # Errors
    /// Where `out` fails.
    pub fn run(
        mut self,
        out: impl Write + Send,
        stop: &AtomicBool,
        wake: impl AsFd,
        alive: impl Fn() -> Option<Duration>,
    ) -> Result<Totals, RecordError> {
        let start: u128 = rand::random();
        let backlog = Backlog::new(self.config.backlog_bytes);
        // The writer has ended, be it for an error.
        let written = AtomicBool::new(false);
        let reader = std::thread::current();
        let [lost, overwritten, unwanted] = [(); 3].map(|()| AtomicU64::new(0));
        let remembers = self.control.is_some();
        let writer = Writer::new(out, &self.facts, start, self.config.max_line_bytes);
        self.hello(start);
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                let ending = || Ending {
                    cause: if stop.load(Ordering::Relaxed) { "signal" } else { "duration" },
                    lost: lost.load(Ordering::Relaxed),
                    overwritten: remembers.then(|| overwritten.load(Ordering::Relaxed)),
                    unwanted: unwanted.load(Ordering::Relaxed),
                };
                let result = writer.run(&backlog, ending);
                written.store(true, Ordering::Relaxed);
                reader.unpark();
                result
            });
            let began = Instant::now();
            let mut due = began + self.config.window;
            backlog.push(self.items.drain(..));
            loop {
                let over = self.config.duration.is_some_and(|d| began.elapsed() >= d);
                if over || stop.load(Ordering::Relaxed) || written.load(Ordering::Relaxed) {
                    break;
                }
                self.wait(due, alive(), &wake);
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
            backlog.push(self.items.drain(..));
            // What that left no room for is told of as well: a gap takes none.
            self.own_up(&backlog);
            backlog.push(self.items.drain(..));
            lost.store(self.lost, Ordering::Relaxed);
            overwritten.store(self.kernel.overwritten, Ordering::Relaxed);
            unwanted.store(self.unwanted, Ordering::Relaxed);
            backlog.close();
            // The rest goes as fast as it is read, and waiting for that is no hang.
            while let Some(left) = alive()
                && !written.load(Ordering::Relaxed)
                && !writing.is_finished()
            {
                std::thread::park_timeout(left);
            }
            let (lines, events) = writing.join().map_err(|_| std::io::Error::other("the writer panicked"))??;
            Ok(Totals {
                lines,
                events,
                lost: self.lost,
                wakeups: self.wakeups,
                counted: self.duty.watched_share(boot_ns()),
                runs: self.kernel.runs(),
            })
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
                depth: Some(self.config.unleased()),
                missing: self.facts.missing(),
            },
        );
        self.items.insert(0, Item::Hello(Box::new(hello)));
    }

    /// Sleeps until the ring or `wake` calls, a window or a look for containers is due, or a beat or `most` has passed.
    fn wait(&self, due: Instant, most: Option<Duration>, wake: &impl AsFd) {
        let beat = self.tracked.values().map(beat).min().unwrap_or(CALM);
        let due = self.find_due.map_or(due, |find| find.min(due));
        let timeout = due.saturating_duration_since(Instant::now()).min(beat).min(self.duty.left(boot_ns()));
        let timeout = most.map_or(timeout, |most| most.min(timeout));
        let timeout = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: i64::from(timeout.subsec_nanos()) };
        let mut fds = vec![
            PollFd::new(wake, PollFlags::IN),
            PollFd::new(&self.kernel.events, PollFlags::IN),
            PollFd::new(&self.kernel.cgroups, PollFlags::IN),
        ];
        fds.extend(self.control.as_ref().map(|control| PollFd::new(control, PollFlags::IN)));
        // An interrupted sleep is a short one.
        let _ = poll(&mut fds, Some(&timeout));
        if !fds[0].revents().is_empty() {
            let _ = rustix::io::read(wake, &mut [0; 8]);
        }
    }

    /// One turn. Cgroups come first: of one that is gone by then every event is in the ring, and its slot is given to
    /// another only after these are read.
    fn turn(&mut self, backlog: &Backlog) {
        let mut gone = std::mem::take(&mut self.vanished);
        gone.extend(self.drain_cgroups());
        self.drain_events();
        self.name();
        self.decide();
        self.find_late();
        self.keep_depths();
        self.keep_duty();
        self.own_up(backlog);
        self.hold_events();
        self.flush_events();
        for slot in gone {
            self.end(slot);
        }
    }

    fn drain_events(&mut self) {
        let Self { kernel, tracked, early, .. } = self;
        let mut foreign = 0;
        let mut take = |record: &[u8]| {
            let taken = give(tracked, record);
            foreign += u64::from(taken == Some(Taken::Foreign));
            taken.is_some()
        };
        let waited = std::mem::take(early);
        let unknown = records_in(&waited).filter(|record| !take(record)).count() as u64;
        kernel.events.drain(|record| {
            if !take(record) {
                append(early, record);
            }
        });
        self.dropped(HOST, foreign + unknown);
    }

    /// Takes in what the backlog had no room for.
    fn own_up(&mut self, backlog: &Backlog) {
        for (slot, n) in backlog.dropped() {
            self.dropped(slot, n);
        }
    }

    /// Takes in that events of a slot were lost downstream of the ring. What a container lost that is gone meanwhile is told
    /// of the host.
    fn dropped(&mut self, slot: u32, lost: u64) {
        if lost == 0 {
            return;
        }
        self.lost += lost;
        let owner = if self.tracked.contains_key(&slot) { slot } else { HOST };
        if let Some(tracked) = self.tracked.get_mut(&owner) {
            tracked.dropped += lost;
            self.items.push(gap(tracked, self.clock, GapCause::Backlog, lost));
        }
    }

    fn flush_events(&mut self) {
        for tracked in self.tracked.values_mut().filter(|t| !t.waits()) {
            if !tracked.events.is_empty() {
                self.items.push(Item::Events(tracked.slot, std::mem::take(&mut tracked.events)));
            }
        }
    }
}

/// Gives a record to whoever has its slot; `None` where nobody is known to have it.
fn give(tracked: &mut HashMap<u32, Tracked>, record: &[u8]) -> Option<Taken> {
    // One that waited lies behind others of any length, where no header is aligned.
    let (header, _) = Header::read_from_prefix(record).ok()?;
    let tracked = tracked.get_mut(&header.slot)?;
    let taken = tracked.take(header.time_ns, record);
    tracked.dropped += u64::from(taken == Taken::Full);
    Some(taken)
}

/// Lets this process have the files of so many cgroups open.
fn allow_files(max_containers: u32) -> Result<(), RecordError> {
    let needed = OTHER_FILES + u64::from(max_containers) * cgroup::FILES;
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < needed) {
        let obstacle =
            format!("{needed} open files are not allowed here: raise the hard limit or lower --max-containers");
        return Err(RecordError::Host(vec![obstacle]));
    }
    if limit.current.is_some_and(|now| now < needed) {
        let raised = Rlimit { current: Some(needed), ..limit };
        setrlimit(Resource::Nofile, raised).map_err(|error| RecordError::Write(error.into()))?;
    }
    Ok(())
}

/// How long the ring may be left alone as far as one cgroup is concerned.
fn beat(tracked: &Tracked) -> Duration {
    match tracked.stage {
        Stage::Undecided(_) => QUICK,
        Stage::Live if tracked.slot == HOST || tracked.depth == Depth::Census || tracked.held_back => CALM,
        _ => BEAT,
    }
}

fn gap(tracked: &Tracked, clock: Clock, cause: GapCause, lost: u64) -> Item {
    let from = Some(clock.wall(tracked.last_ns));
    let mut line = Gap::new(clock.wall(boot_ns()), GapInfo { v: VERSION, cause, lost, from });
    line.container = Some(tracked.identity.container.clone());
    Item::Gap(tracked.slot, Box::new(line))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use vaectl_bpf::wire::Header;
    use vaectl_schemas::Depth;
    use zerocopy::{FromZeros, IntoBytes};

    use super::give;
    use crate::backlog::{append, records_in};
    use crate::container::{Taken, Tracked};

    #[test]
    fn records_that_waited_for_their_cgroup_are_its_own_wherever_they_lie() {
        let facts = crate::facts::check();
        let mut tracked = HashMap::from([(2, Tracked::new(2, 7, "/box".to_owned(), 0, true, Depth::Process, &facts))]);
        let header = Header { slot: 2, ..Header::new_zeroed() };
        let mut waited = Vec::new();
        for arguments in 1..=9 {
            append(&mut waited, &[header.as_bytes(), &vec![b'a'; arguments]].concat());
        }
        assert!(records_in(&waited).all(|record| give(&mut tracked, record) == Some(Taken::Kept)));
        assert_eq!(tracked[&2].events, waited);
        let stranger = Header { slot: 3, ..header };
        assert_eq!(give(&mut tracked, stranger.as_bytes()), None);
    }
}
