//! The programs and maps in the kernel. Nothing else in this project names aya.

use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

pub(crate) use aya::maps::MapError;
use aya::maps::{Array, HashMap, MapData, Queue, RingBuf};
use aya::programs::perf_event::{PerfEventConfig, PerfEventScope, SamplePolicy, SoftwareEvent};
use aya::programs::tp_btf::BtfTracePointLinkId;
use aya::programs::{BtfTracePoint, PerfEvent, Program, ProgramError};
use aya::sys::{Stats, enable_stats};
use aya::util::online_cpus;
use aya::{Btf, Ebpf, EbpfError, EbpfLoader};
use vaectl_bpf::wire::{self, Cell, Control, ExecCount, ExecKey, Flight, Row, Samples};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

use crate::clock::boot_ns;
use crate::config::Config;
use crate::duty::Calls;
use crate::error::RecordError;
use crate::facts::Facts;
use crate::flight;

/// The programs, and the tracepoint that each is for.
pub(crate) const TRACEPOINTS: [(&str, &str); 12] = [
    ("on_sys_exit", "sys_exit"),
    ("on_exec", "sched_process_exec"),
    ("on_fork", "sched_process_fork"),
    ("on_exit", "sched_process_exit"),
    ("on_signal", "signal_generate"),
    ("on_socket_state", "inet_sock_set_state"),
    ("on_send", "sock_send_length"),
    ("on_receive", "sock_recv_length"),
    ("on_io_uring", "io_uring_submit_req"),
    ("on_cgroup_new", "cgroup_mkdir"),
    ("on_cgroup_gone", "cgroup_rmdir"),
    ("on_attach", "cgroup_attach_task"),
];

/// The program that counts calls.
const CALLS: &str = "on_sys_exit";

/// The program that samples what CPU time goes to, and how often it does so on each CPU. A second has no whole number of
/// its periods: what happens once a second is not met every time.
const TICK: (&str, u64) = ("on_tick", 49);

type Cache = [u8; size_of::<u64>() * wire::CACHE_ENTRIES];

static EMPTY_CACHE: Cache = [0; size_of::<Cache>()];

/// The loaded object. Dropping it detaches every program.
pub(crate) struct Kernel {
    programs: Ebpf,
    /// Calls are counted.
    calls: Option<BtfTracePointLinkId>,
    rows: Array<MapData, [u8; size_of::<Row>()]>,
    samples: Array<MapData, [u8; size_of::<Samples>()]>,
    /// There are samples, and a row of them for each slot.
    sampled: bool,
    controls: Array<MapData, [u8; size_of::<Control>()]>,
    slots: HashMap<MapData, u64, u32>,
    /// The kernel side's globals that begin as zeros, of which the cache of slots is the only one.
    cache: Array<MapData, Cache>,
    between_slices: Array<MapData, [u8; size_of::<u32>()]>,
    free: Queue<MapData, u32>,
    execs: HashMap<MapData, [u8; size_of::<ExecKey>()], [u8; size_of::<ExecCount>()]>,
    flights: Array<MapData, [u8; size_of::<Flight>()]>,
    rings: [Cells; 2],
    /// Up to where the flight recorder of a slot was read, or belonged to another container.
    told: std::collections::HashMap<u32, [u64; 2]>,
    /// Whether a cgroup's slot changed since the cache was last settled.
    rebound: bool,
    /// Cells of flight recorders that were taken again before anybody read them.
    pub(crate) overwritten: u64,
    /// The ring of events.
    pub(crate) events: Ring,
    /// The ring of cgroups that come and go.
    pub(crate) cgroups: Ring,
    /// While it is open, the kernel counts runs of all programs of the host.
    counting: Option<OwnedFd>,
}

/// How often the kernel ran a program, and for how long in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    /// The program's name in the object.
    pub program: String,
    /// Runs.
    pub count: u64,
    /// By the kernel's clock, which does not see what it takes to come to the program and which takes more itself.
    pub time: Duration,
}

fn refused(what: &str, error: &dyn std::error::Error) -> RecordError {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    // The verifier's log runs over hundreds of lines; its last words say why.
    let reason = reason.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default().trim().to_owned();
    RecordError::Kernel { what: what.to_owned(), reason }
}

/// Whether a map was refused for its size.
fn is_too_large(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::OutOfMemory | ErrorKind::ArgumentListTooLong)
}

/// The programs that this kernel can run, and their tracepoints.
fn available(facts: &Facts) -> impl Iterator<Item = (&'static str, &'static str)> {
    TRACEPOINTS.into_iter().filter(|(_, tracepoint)| facts.has(tracepoint))
}

fn program<'a, P>(programs: &'a mut Ebpf, name: &str) -> Result<P, RecordError>
where
    P: TryFrom<&'a mut Program, Error = ProgramError>,
{
    let program = programs
        .program_mut(name)
        .ok_or_else(|| RecordError::Kernel { what: name.to_owned(), reason: "no such program".to_owned() })?;
    program.try_into().map_err(|e| refused(name, &e))
}

fn hook<'a>(programs: &'a mut Ebpf, name: &str) -> Result<&'a mut BtfTracePoint, RecordError> {
    program(programs, name)
}

fn sampler(programs: &mut Ebpf) -> Result<&mut PerfEvent, RecordError> {
    program(programs, TICK.0)
}

impl Kernel {
    /// Loads the object and every program whose tracepoint this kernel has; nothing runs before [`Kernel::attach`].
    pub(crate) fn load(config: &Config, facts: &Facts) -> Result<Self, RecordError> {
        let enable = || enable_stats(Stats::RunTime).map_err(|e| refused("statistics of programs (--bpf-stats)", &e));
        let counting = config.bpf_stats.then(enable).transpose()?;
        let btf = Btf::from_sys_fs().map_err(|e| refused("the kernel's BTF", &e))?;
        let own_pid = std::process::id();
        let sampled = config.in_slices();
        let sliced = u8::from(sampled);
        let capacity = config.entries(1);
        let ring_bytes = u64::from(config.ring_bytes);
        let flight_cells = config.flight_cells();
        let [programs_mask, activity_mask] = flight_cells.map(|cells| cells.saturating_sub(1));
        let [program_cells, activity_cells] = flight_cells.map(|cells| config.entries(cells).max(1));
        let mut programs = EbpfLoader::new()
            .btf(Some(&btf))
            .override_global("own_pid", &own_pid, true)
            .override_global("sliced", &sliced, true)
            .override_global("ring_bytes", &ring_bytes, true)
            .override_global("program_mask", &programs_mask, true)
            .override_global("activity_mask", &activity_mask, true)
            .map_max_entries("slots", config.slot_entries())
            .map_max_entries("rows", capacity)
            .map_max_entries("cpu_samples", if sampled { capacity } else { 1 })
            .map_max_entries("controls", capacity)
            .map_max_entries("free_slots", capacity)
            .map_max_entries("shares", capacity)
            .map_max_entries("flights", capacity)
            .map_max_entries("program_cells", program_cells)
            .map_max_entries("activity_cells", activity_cells)
            .map_max_entries("events", config.ring_bytes)
            .load(vaectl_bpf::OBJECT)
            .map_err(|error| match error {
                EbpfError::MapError(MapError::CreateError { name, io_error }) if is_too_large(&io_error) => {
                    RecordError::Room { map: name, source: io_error }
                }
                error => refused("the object", &error),
            })?;
        for (name, tracepoint) in available(facts) {
            hook(&mut programs, name)?.load(tracepoint, &btf).map_err(|e| refused(name, &e))?;
        }
        if sampled {
            sampler(&mut programs)?.load().map_err(|e| refused(TICK.0, &e))?;
        }
        let mut take = |name: &str| {
            programs
                .take_map(name)
                .ok_or_else(|| RecordError::Kernel { what: name.to_owned(), reason: "no such map".to_owned() })
        };
        let maps = |e: MapError| refused("a map", &e);
        Ok(Self {
            rows: Array::try_from(take("rows")?).map_err(maps)?,
            samples: Array::try_from(take("cpu_samples")?).map_err(maps)?,
            sampled,
            controls: Array::try_from(take("controls")?).map_err(maps)?,
            slots: HashMap::try_from(take("slots")?).map_err(maps)?,
            cache: Array::try_from(take(".bss")?).map_err(maps)?,
            between_slices: Array::try_from(take(".data.slices")?).map_err(maps)?,
            free: Queue::try_from(take("free_slots")?).map_err(maps)?,
            execs: HashMap::try_from(take("execs")?).map_err(maps)?,
            flights: Array::try_from(take("flights")?).map_err(maps)?,
            rings: [
                Cells { map: Array::try_from(take("program_cells")?).map_err(maps)?, each: flight_cells[0] },
                Cells { map: Array::try_from(take("activity_cells")?).map_err(maps)?, each: flight_cells[1] },
            ],
            told: std::collections::HashMap::new(),
            rebound: false,
            overwritten: 0,
            events: Ring(RingBuf::try_from(take("events")?).map_err(maps)?),
            cgroups: Ring(RingBuf::try_from(take("cgroup_events")?).map_err(maps)?),
            calls: None,
            counting,
            programs,
        })
    }

    /// Attaches every program that was loaded.
    pub(crate) fn attach(&mut self, facts: &Facts) -> Result<(), RecordError> {
        for (name, _) in available(facts).filter(|(name, _)| *name != CALLS) {
            hook(&mut self.programs, name)?.attach().map_err(|e| refused(name, &e))?;
        }
        if self.sampled {
            let (name, per_second) = TICK;
            let clock = PerfEventConfig::Software(SoftwareEvent::CpuClock);
            for cpu in online_cpus().map_err(|(_, error)| refused(name, &error))? {
                let scope = PerfEventScope::AllProcessesOneCpu { cpu };
                let policy = SamplePolicy::Frequency(per_second);
                sampler(&mut self.programs)?.attach(clock, scope, policy, false).map_err(|e| refused(name, &e))?;
            }
        }
        self.watch_calls(Calls::Counted)
    }

    /// Puts the hook on calls in, or takes it out, and says whether it counts.
    pub(crate) fn watch_calls(&mut self, calls: Calls) -> Result<(), RecordError> {
        let between = u32::from(calls == Calls::Told);
        self.between_slices.set(0, between.to_ne_bytes(), 0).map_err(|e| refused("a map", &e))?;
        let program = hook(&mut self.programs, CALLS)?;
        match (calls != Calls::Unseen, self.calls.take()) {
            (true, None) => self.calls = Some(program.attach().map_err(|e| refused(CALLS, &e))?),
            (false, Some(link)) => program.detach(link).map_err(|e| refused(CALLS, &e))?,
            (_, as_it_is) => self.calls = as_it_is,
        }
        Ok(())
    }

    /// How often each program ran, those that never did left out; none where the kernel was not asked to count.
    pub(crate) fn runs(&self) -> Vec<Runs> {
        let of = |(name, program): (&str, &Program)| {
            let info = program.info().ok().filter(|info| info.run_count() > 0)?;
            Some(Runs { program: name.to_owned(), count: info.run_count(), time: info.run_time() })
        };
        self.counting.iter().flat_map(|_| self.programs.programs().filter_map(of)).collect()
    }

    /// One container's census.
    pub(crate) fn row(&self, slot: u32) -> Result<Row, MapError> {
        let bytes = self.rows.get(&slot, 0)?;
        Ok(Row::read_from_bytes(&bytes).expect("the value has the size of a row"))
    }

    /// What one container's CPU time went to; `None` where it is not sampled.
    pub(crate) fn samples(&self, slot: u32) -> Option<Box<Samples>> {
        let bytes = self.sampled.then(|| self.samples.get(&slot, 0).ok())??;
        Some(Box::new(Samples::read_from_bytes(&bytes).expect("the value has the size of samples")))
    }

    /// Makes a slot fit for another container.
    pub(crate) fn reset(&mut self, slot: u32, ready: bool, control: Control) -> Result<(), MapError> {
        let mut row = Row::new_zeroed();
        row.ready = u64::from(ready);
        // From here on its runtime has a while to set it up.
        row.created_ns = boot_ns();
        let mut bytes = [0; size_of::<Row>()];
        bytes.copy_from_slice(row.as_bytes());
        self.rows.set(slot, bytes, 0)?;
        if self.sampled {
            self.samples.set(slot, [0; size_of::<Samples>()], 0)?;
        }
        self.control(slot, control)
    }

    fn flown(&self, slot: u32) -> Result<[u64; 2], MapError> {
        let flight = Flight::read_from_bytes(&self.flights.get(&slot, 0)?).expect("the value has the size of one");
        Ok([flight.programs, flight.activity])
    }

    /// What the flight recorder of a slot holds and was not read before, each of its rings in the order it happened. Once
    /// nothing is written to it any more it is `settled`: before that, what is not whole yet is left for the next time.
    pub(crate) fn history(&mut self, slot: u32, settled: bool) -> Result<Vec<Vec<u8>>, MapError> {
        let flown = self.flown(slot)?;
        let told = self.told.entry(slot).or_default();
        let mut records = Vec::new();
        for ((cells, told), flown) in self.rings.iter().zip(told).zip(flown) {
            let mut reading = flight::read(*told..flown, cells.each.into(), settled, |number| cells.cell(slot, number));
            *told = reading.next;
            self.overwritten += reading.overwritten;
            records.append(&mut reading.records);
        }
        Ok(records)
    }

    /// Counts the cells of a slot's flight recorder that were overwritten before anybody read them.
    pub(crate) fn account(&mut self, slot: u32) -> Result<(), MapError> {
        let flown = self.flown(slot)?;
        let told = self.told.entry(slot).or_default();
        for ((cells, told), flown) in self.rings.iter().zip(told).zip(flown) {
            let oldest = flown.saturating_sub(cells.each.into());
            self.overwritten += oldest.saturating_sub(*told);
            *told = oldest.max(*told);
        }
        Ok(())
    }

    /// Says how deep a slot is watched, and what it is.
    pub(crate) fn control(&mut self, slot: u32, control: Control) -> Result<(), MapError> {
        let mut bytes = [0; size_of::<Control>()];
        bytes.copy_from_slice(control.as_bytes());
        self.controls.set(slot, bytes, 0)
    }

    /// Offers a slot to the next cgroup.
    pub(crate) fn offer(&mut self, slot: u32) -> Result<(), MapError> {
        self.free.push(slot, 0)
    }

    /// Takes a slot for a cgroup that was there before.
    pub(crate) fn take(&mut self) -> Option<u32> {
        self.free.pop(0).ok()
    }

    /// Makes a cgroup's calls count for a slot.
    pub(crate) fn bind(&mut self, cgroup: u64, slot: u32) -> Result<(), MapError> {
        self.slots.insert(cgroup, slot, 0)?;
        self.empty_cache()
    }

    /// Whether a cgroup's calls count for a slot of its own.
    pub(crate) fn is_bound(&self, cgroup: u64) -> Result<bool, MapError> {
        match self.slots.get(&cgroup, 0) {
            Ok(_) => Ok(true),
            Err(MapError::KeyNotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn empty_cache(&mut self) -> Result<(), MapError> {
        self.rebound = true;
        let empty: &Cache = &EMPTY_CACHE;
        self.cache.set(0, empty, 0)
    }

    /// Empties the cache of slots once more where one changed: a program that had looked it up just before may have put
    /// the old one in just after.
    pub(crate) fn settle_cache(&mut self) -> Result<(), MapError> {
        if self.rebound {
            self.empty_cache()?;
            self.rebound = false;
        }
        Ok(())
    }

    /// Forgets a cgroup.
    pub(crate) fn unbind(&mut self, cgroup: u64) -> Result<(), MapError> {
        match self.slots.remove(&cgroup) {
            Err(MapError::SyscallError(error)) if error.io_error.kind() == ErrorKind::NotFound => {}
            removed => removed?,
        }
        self.empty_cache()
    }

    /// Every program that these slots executed, and how often since they were reset.
    pub(crate) fn execs(&self, slots: &[u32]) -> impl Iterator<Item = (ExecKey, ExecCount)> {
        self.exec_keys(slots).filter_map(|(bytes, key)| {
            let value = self.execs.get(&bytes, 0).ok()?;
            Some((key, ExecCount::read_from_bytes(&value).expect("the value has the size of one")))
        })
    }

    fn exec_keys(&self, slots: &[u32]) -> impl Iterator<Item = ([u8; size_of::<ExecKey>()], ExecKey)> {
        let key = |bytes: [u8; size_of::<ExecKey>()]| {
            (bytes, ExecKey::read_from_bytes(&bytes).expect("the key has the size of one"))
        };
        self.execs.keys().filter_map(Result::ok).map(key).filter(|(_, key)| slots.contains(&key.slot))
    }

    /// Forgets the programs of a slot, and what its flight recorder holds: they are of a container that left.
    pub(crate) fn forget(&mut self, slot: u32) -> Result<(), MapError> {
        self.account(slot)?;
        // As if its ring had gone round once more: no peer of the next one counts as told already.
        let [programs, activity] = self.flown(slot)?;
        let flight = Flight { programs: programs + u64::from(self.rings[0].each), activity };
        let mut bytes = [0; size_of::<Flight>()];
        bytes.copy_from_slice(flight.as_bytes());
        self.flights.set(slot, bytes, 0)?;
        self.told.insert(slot, [flight.programs, flight.activity]);
        let keys: Vec<_> = self.exec_keys(&[slot]).map(|(bytes, _)| bytes).collect();
        for key in keys {
            // One that is gone already is as good as removed.
            let _ = self.execs.remove(&key);
        }
        Ok(())
    }
}

/// One of the two rings of every container's flight recorder.
struct Cells {
    map: Array<MapData, [u8; size_of::<Cell>()]>,
    each: u32,
}

impl Cells {
    fn copy(&self, slot: u32, number: u64) -> Option<Cell> {
        let key = slot * self.each + (number % u64::from(self.each)) as u32;
        Cell::read_from_bytes(&self.map.get(&key, 0).ok()?).ok()
    }

    /// The cell where that of a number is to be found. One that is written meanwhile has one number and then another, and
    /// is given none.
    fn cell(&self, slot: u32, number: u64) -> Option<Cell> {
        let (cell, again) = (self.copy(slot, number)?, self.copy(slot, number)?);
        Some(Cell { sequence: if cell.sequence == again.sequence { cell.sequence } else { 0 }, ..cell })
    }
}

/// A ring buffer of records.
pub(crate) struct Ring(RingBuf<MapData>);

impl Ring {
    /// Hands every record that is there to `each`.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(&[u8])) {
        while let Some(record) = self.0.next() {
            each(&record);
        }
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
