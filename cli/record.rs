use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use tracing::info;
use vaectl_collector::{Config, RecordError, Recorder, Runs, Totals};
use vaectl_schemas::Depth;

use crate::context::{Context, Streams};
use crate::error::{Exit, Failure};
use crate::io::signals::Cause;
use crate::io::{dead_letter, sources};
use crate::units;

/// Watch containers and write what they do: windows of counters, and events.
///
/// Needs root, or the capabilities `BPF`, `PERFMON`, `SYS_PTRACE` and `DAC_READ_SEARCH`; `vaectl check` says what is
/// missing.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The length of a window.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = units::duration)]
    window: Duration,
    /// How much is reported of containers that nobody asked for otherwise.
    #[arg(long, value_name = "DEPTH", default_value = "full")]
    depth: DepthName,
    /// Only this container, by its name or the beginning of its id; may be repeated.
    #[arg(long, value_name = "NAME")]
    container: Vec<String>,
    /// Take this cgroup for a container, by its path below the v2 root; may be repeated.
    #[arg(long, value_name = "PATH")]
    cgroup: Vec<String>,
    /// Leave out this cgroup and all below it; may be repeated.
    #[arg(long, value_name = "PATH")]
    exclude_cgroup: Vec<String>,
    /// End after this long.
    #[arg(long, value_name = "DURATION", value_parser = units::duration)]
    duration: Option<Duration>,
    /// How many containers there is room for.
    #[arg(long, value_name = "N", default_value = "512")]
    max_containers: u32,
    /// Ask no container engine for names; read only what runtimes leave in files.
    #[arg(long, value_parser = BoolishValueParser::new())]
    no_engine: bool,
    /// The room for events in the kernel.
    #[arg(long, value_name = "SIZE", default_value = "16M", value_parser = units::size)]
    ring_bytes: usize,
    /// The room for events that wait for a slow reader; with `--control`, half as much again for those of suspicious containers.
    #[arg(long, value_name = "SIZE", default_value = "8M", value_parser = units::size)]
    backlog_bytes: usize,
    /// Listen on this socket for the depth of each container, which `score --control` asks for.
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,
    /// Count system calls only in this share of the time, in short slices at random; a rare call or a file that falls
    /// between slices is seen only where a container is watched deeper than the census. Without `--control` it takes
    /// `--depth census`: deeper, all calls are counted.
    #[arg(long, value_name = "SHARE", default_value = "1")]
    census_duty: f64,
    /// The room in the kernel for what a container does below its depth, with `--control`.
    #[arg(long, value_name = "SIZE", default_value = "288K", value_parser = units::size)]
    flight_bytes: usize,
    /// Let the kernel count how often it runs each program and for how long, and log that at the end. Needs
    /// `CAP_SYS_ADMIN`; while it counts, every run of every program of this host takes longer.
    #[arg(long, value_parser = BoolishValueParser::new())]
    bpf_stats: bool,
    /// Write the lines of this recording instead, plain or zstd.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
}

/// A depth by its name.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DepthName {
    /// Counters only.
    Census,
    /// Also program starts and ends, and rare events.
    Process,
    /// Also forks, files and sockets.
    Full,
}

impl Args {
    /// The control socket that was asked for.
    pub(crate) fn control(&self) -> Option<&Path> {
        self.control.as_deref()
    }

    /// Whether a recording takes the place of the kernel.
    pub(crate) fn replays(&self) -> bool {
        self.replay.is_some()
    }

    fn resolve(self, max_line_bytes: usize) -> Result<Config, Failure> {
        let below_4g = |name: &str, size: usize| {
            u32::try_from(size).map_err(|_| Failure::usage(format!("{name} is too large")).hint("give less than 4G"))
        };
        let ring_bytes = below_4g("--ring-bytes", self.ring_bytes)?;
        let flight_bytes = below_4g("--flight-bytes", self.flight_bytes)?;
        Ok(Config {
            window: self.window,
            depth: match self.depth {
                DepthName::Census => Depth::Census,
                DepthName::Process => Depth::Process,
                DepthName::Full => Depth::Full,
            },
            containers: self.container,
            cgroups: self.cgroup,
            exclude_cgroups: self.exclude_cgroup,
            duration: self.duration,
            max_containers: self.max_containers,
            no_engine: self.no_engine,
            ring_bytes,
            backlog_bytes: self.backlog_bytes,
            control: self.control,
            census_duty: self.census_duty,
            flight_bytes,
            max_line_bytes,
            bpf_stats: self.bpf_stats,
        })
    }
}

pub(crate) fn execute(args: Args, context: Context) -> Result<Exit, Failure> {
    if let Some(file) = &args.replay {
        return replay(file, context);
    }
    let config = args.resolve(context.shared.max_line_bytes)?;
    // Before any other thread: the recorder gives up rights for its own thread only.
    let recorder = Recorder::open(config)?;
    let Streams { input: _input, mut output, requests, signals: _signals, watchdog } = context.streams()?;
    let outcome = recorder.run(&mut output, &requests.stop_flag(), requests.wake(), || watchdog.feed());
    let written = output.finish();
    if requests.cause().is_some_and(|(cause, _)| cause == Cause::ReaderGone) {
        return Ok(Exit::Done);
    }
    let totals = outcome?;
    written?;
    for Runs { program, count, time } in &totals.runs {
        let each_ns = time.as_nanos() as u64 / count;
        info!(program, runs = count, each_ns, "The kernel ran a program.");
    }
    let Totals { lines, events, lost, wakeups, counted, .. } = totals;
    info!(lines, events, lost, wakeups, counted, "Recorded.");
    Ok(Exit::Done)
}

/// Writes a recording as it stands; one that was cut ends with its last whole line.
fn replay(file: &Path, context: Context) -> Result<Exit, Failure> {
    let (max_line_bytes, strict) = (context.shared.max_line_bytes, context.shared.strict);
    let Streams { input, mut output, requests, signals: _signals, watchdog } = context.streams()?;
    let sources = sources::open(&[file.to_owned()], input)?;
    let mut bad = 0_u64;
    let mut result = Ok(());
    let mut lines = Vec::new();
    sources::for_each_line(sources, max_line_bytes, &requests, |line, file| {
        watchdog.feed();
        lines.clear();
        match line.oversized {
            None => lines.extend_from_slice(line.bytes),
            Some(length) => {
                bad += 1;
                let reason = format!("{length} bytes are more than the {max_line_bytes} of --max-line-bytes");
                lines.extend(dead_letter::quote("record", line, file, reason));
            }
        }
        lines.push(b'\n');
        result = output.write_all(&lines);
        result.is_ok() && !(strict && bad > 0)
    })?;
    let written = output.finish();
    result.and(written)?;
    Ok(if bad > 0 { Exit::Partial } else { Exit::Done })
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Host(missing) => {
                missing.iter().fold(Self::new(Exit::Host, "this host cannot record"), Self::hint)
            }
            RecordError::Write(error) => error.into(),
            error @ RecordError::Control { .. } => {
                Self::caused(Exit::Usage, &error).hint("end the other recorder, or name another path with --control")
            }
            error @ RecordError::Room { .. } => {
                Self::caused(Exit::Host, &error).hint("lower --max-containers or --flight-bytes")
            }
            error @ RecordError::Setting { .. } => Self::caused(Exit::Usage, &error),
            error => Self::caused(Exit::Host, &error),
        }
    }
}
