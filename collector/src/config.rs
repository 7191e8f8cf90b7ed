//! What `record` was asked to do.

use std::path::PathBuf;
use std::time::Duration;

use vaectl_bpf::wire;
use vaectl_schemas::Depth;

use crate::error::RecordError;

/// The settings of a recording.
#[derive(Clone, Debug)]
pub struct Config {
    /// The length of a window.
    pub window: Duration,
    /// The depth of containers without a lease.
    pub depth: Depth,
    /// Only containers with one of these names or id prefixes; all where empty.
    pub containers: Vec<String>,
    /// These cgroups, by their path below the v2 root, are containers whatever they look like; only they where
    /// `containers` is empty.
    pub cgroups: Vec<String>,
    /// Cgroups that are left out, with all below them.
    pub exclude_cgroups: Vec<String>,
    /// How long to record; until told to stop where absent.
    pub duration: Option<Duration>,
    /// How many containers there is room for.
    pub max_containers: u32,
    /// Ask no container engine; only files of runtimes.
    pub no_engine: bool,
    /// The size of the ring of events in bytes, a power of two.
    pub ring_bytes: u32,
    /// Events that may wait for a slow reader, in bytes; half as much again may be kept of suspicious containers.
    pub backlog_bytes: usize,
    /// Where to listen for leases of depth. With it a container without a lease is watched at `process`, and what is
    /// below its depth goes into its flight recorder.
    pub control: Option<PathBuf>,
    /// The share of the time in which system calls are counted, in slices; all of it without a control socket at a depth
    /// beyond the census, where slices would save nothing.
    pub census_duty: f64,
    /// The size of a container's flight recorder in bytes.
    pub flight_bytes: u32,
    /// The longest line that is written.
    pub max_line_bytes: usize,
    /// Let the kernel count how often it runs each program and for how long, which makes every run dearer.
    pub bpf_stats: bool,
}

/// What the hash tables in the kernel take, in bytes.
fn tables(slot_entries: u32) -> usize {
    // An entry's links and its place in a bucket, beside a key and a value in whole words.
    const ENTRY: usize = 48 + 16;
    let of = |entries: usize, key: usize, value: usize| {
        entries * (ENTRY + key.next_multiple_of(8) + value.next_multiple_of(8))
    };
    of(slot_entries as usize, size_of::<u64>(), size_of::<u32>())
        + of(wire::EXEC_ENTRIES, size_of::<wire::ExecKey>(), size_of::<wire::ExecCount>())
        + of(wire::FLOW_ENTRIES, size_of::<wire::FlowKey>(), size_of::<wire::NetRecord>())
        + of(wire::DATAGRAM_ENTRIES, size_of::<u64>(), size_of::<u64>())
        + of(wire::PEER_ENTRIES, size_of::<wire::Peer>(), size_of::<u64>())
        + of(wire::SIGNAL_ENTRIES, size_of::<u64>(), size_of::<u32>())
        + of(wire::ENTRIES, size_of::<u32>(), 2 * size_of::<u64>())
        + of(wire::ENDED_ENTRIES, size_of::<wire::Process>(), size_of::<u8>())
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(5),
            depth: Depth::Full,
            containers: Vec::new(),
            cgroups: Vec::new(),
            exclude_cgroups: Vec::new(),
            duration: None,
            max_containers: 512,
            no_engine: false,
            ring_bytes: 16 << 20,
            backlog_bytes: 8 << 20,
            control: None,
            census_duty: 1.0,
            flight_bytes: 288 << 10,
            max_line_bytes: vaectl_schemas::DEFAULT_MAX_LINE_BYTES,
            bpf_stats: false,
        }
    }
}

impl Config {
    /// Refuses what is out of range, by the name of its option.
    pub(crate) fn validate(&self) -> Result<(), RecordError> {
        let window_ns = self.window.as_nanos();
        let checks = [
            (
                "--window",
                format!("{:?}", self.window),
                "100 ms to 1 h",
                (100_000_000..=3_600_000_000_000).contains(&window_ns),
            ),
            (
                "--ring-bytes",
                self.ring_bytes.to_string(),
                "a power of two from 4096",
                self.ring_bytes.is_power_of_two() && self.ring_bytes >= 4096,
            ),
            (
                "--max-containers",
                self.max_containers.to_string(),
                "1 to 60000",
                (1..=60_000).contains(&self.max_containers),
            ),
            ("--census-duty", self.census_duty.to_string(), "0.01 to 1", (0.01..=1.0).contains(&self.census_duty)),
            (
                "--flight-bytes",
                self.flight_bytes.to_string(),
                "from 9 KiB to 64 MiB",
                (9 << 10..=64 << 20).contains(&self.flight_bytes),
            ),
            (
                "--flight-bytes",
                self.flight_bytes.to_string(),
                "so much for each of --max-containers does not fit a map",
                self.flight_cells().into_iter().all(|cells| u32::try_from(u64::from(cells) * self.slots()).is_ok()),
            ),
        ];
        match checks.into_iter().find(|check| !check.3) {
            Some((name, value, allowed, _)) => Err(RecordError::Setting { name, value, allowed }),
            None => Ok(()),
        }
    }

    /// The depth of a container without a lease.
    pub(crate) fn unleased(&self) -> Depth {
        if self.control.is_some() { Depth::Process } else { self.depth }
    }

    /// How many cells the two rings of a container's flight recorder have, powers of two: for programs, and for what
    /// else it does, which is eight times as much. None without a control socket, since nobody would read them.
    pub(crate) fn flight_cells(&self) -> [u32; 2] {
        if self.control.is_none() {
            return [0, 0];
        }
        let cells = self.flight_bytes / wire::CELL_BYTES as u32 / 9;
        let programs = if cells.is_power_of_two() { cells } else { cells.next_power_of_two() / 2 };
        [programs, programs * 8]
    }

    fn slots(&self) -> u64 {
        u64::from(self.max_containers) + wire::SLOT_FIRST as u64
    }

    /// How many entries a map has with so many for each slot, which a checked configuration bounds.
    pub(crate) fn entries(&self, each: u32) -> u32 {
        (u64::from(each) * self.slots()) as u32
    }

    /// How many cgroups may have a slot: containers, and others that are left out.
    pub(crate) fn slot_entries(&self) -> u32 {
        self.max_containers + wire::SLOT_ENTRIES as u32
    }

    /// Whether slices were asked for and would save nothing: the hook stays in while any container is watched deeper than the
    /// census.
    pub(crate) fn slices_in_vain(&self) -> bool {
        self.census_duty < 1.0 && self.control.is_none() && self.depth > Depth::Census
    }

    /// The share of the time in which system calls are counted: a hook that is in at its full price counts all of them.
    pub(crate) fn counted_share(&self) -> f64 {
        if self.slices_in_vain() { 1.0 } else { self.census_duty }
    }

    /// Whether system calls are counted only some of the time.
    pub(crate) fn in_slices(&self) -> bool {
        self.counted_share() < 1.0
    }

    /// What the maps in the kernel take, in bytes, with this room for containers: they are allocated once and never grow.
    #[must_use]
    pub fn kernel_bytes(&self) -> u64 {
        let [programs, activity] = self.flight_cells();
        let cells = (programs + activity) as usize * size_of::<wire::Cell>();
        let samples = if self.in_slices() { size_of::<wire::Samples>() } else { 0 };
        let small =
            size_of::<wire::Control>() + size_of::<wire::Share>() + size_of::<wire::Flight>() + size_of::<u32>();
        let each = size_of::<wire::Row>() + samples + cells + small;
        let rings = self.ring_bytes as usize + (wire::CGROUP_RING_KIB << 10);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let shared = wire::CACHE_ENTRIES * size_of::<u64>() + processors * wire::SCRATCH_BYTES;
        self.slots() * each as u64 + (rings + shared + tables(self.slot_entries())) as u64
    }

    /// Whether containers are told by what they look like, and not only by the cgroups that were asked for.
    pub(crate) fn by_form(&self) -> bool {
        self.cgroups.is_empty() || !self.containers.is_empty()
    }

    /// Whether the cgroup at `path` is one that is left out, or below one.
    pub(crate) fn excludes(&self, path: &str) -> bool {
        let within = |rest: &str| rest.is_empty() || rest.starts_with('/');
        self.exclude_cgroups.iter().any(|c| path.strip_prefix(c.trim_end_matches('/')).is_some_and(within))
    }

    /// Whether a container of this name or id was asked for.
    pub(crate) fn wants(&self, name: Option<&str>, id: &str) -> bool {
        self.containers.is_empty() || self.containers.iter().any(|w| name == Some(w) || id.starts_with(w.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use vaectl_schemas::Depth;

    use super::Config;

    #[test]
    fn as_many_cells_as_a_map_can_hold_are_allowed_and_no_more() {
        let config = |max_containers, flight_bytes| Config {
            control: Some(PathBuf::new()),
            max_containers,
            flight_bytes,
            ..Config::default()
        };
        let most = config(60_000, 288 << 10);
        assert!(most.validate().is_ok() && most.slot_entries() > 60_000);
        assert_eq!(most.entries(most.flight_cells()[1]), 60_002 * 2048);
        let refusal = config(60_000, 64 << 20).validate().unwrap_err().to_string();
        assert!(refusal.starts_with("--flight-bytes 67108864 is out of range"), "{refusal}");
        assert!(config(500, 64 << 20).validate().is_ok());
        let without_one = Config { control: None, ..config(60_000, 64 << 20) };
        assert!(without_one.validate().is_ok());
    }

    #[test]
    fn all_calls_are_counted_where_slices_are_in_vain_since_nothing_ever_falls_to_the_census() {
        let config = |census_duty, control, depth| Config { depth, control, census_duty, ..Config::default() };
        let counted = |config: Config| (config.slices_in_vain(), config.in_slices(), config.counted_share());
        assert_eq!(counted(config(0.1, None, Depth::Full)), (true, false, 1.0));
        assert_eq!(counted(config(0.1, None, Depth::Process)), (true, false, 1.0));
        assert_eq!(counted(config(0.1, None, Depth::Census)), (false, true, 0.1));
        assert_eq!(counted(config(0.1, Some(PathBuf::new()), Depth::Full)), (false, true, 0.1));
        assert_eq!(counted(config(1.0, None, Depth::Full)), (false, false, 1.0));
    }
}
