//! Figures of processes and of rounds.

use std::fs;
use std::time::Duration;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

/// Time on a core, in user mode and in the kernel, of all threads of a process that live; `None` once it is gone. To the
/// nanosecond: what `stat` says is rounded to ticks of 10 ms.
#[must_use]
pub fn cpu_time(pid: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let on_core = |thread: fs::DirEntry| {
        // A thread may end meanwhile.
        let schedule = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        schedule.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    Some(Duration::from_nanos(threads.filter_map(on_core).sum()))
}

/// Anonymous resident memory of a process in bytes: `RssAnon`.
#[must_use]
pub fn rss_anon(pid: u32) -> Option<u64> {
    status(pid, "RssAnon:")
}

/// The most memory that a process ever had resident, in bytes: `VmHWM`.
#[must_use]
pub fn peak_rss(pid: u32) -> Option<u64> {
    status(pid, "VmHWM:")
}

/// A size in bytes from the status of a process.
fn status(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

/// Keeps a process on one core; 0 is the caller itself. Threads that it starts later stay there too.
pub fn pin(pid: u32, core: u32) -> std::io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core as usize);
    Ok(sched_setaffinity(Pid::from_raw(pid.cast_signed()), &set)?)
}

/// Median and extremes of a few rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// The middle one; the mean of the two middle ones where their number is even.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// The spread of at least one value.
    ///
    /// # Panics
    /// Without a value there is no spread.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (last, half) = (sorted.len().checked_sub(1).expect("at least one value"), sorted.len() / 2);
        let median = if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) };
        Self { min: sorted[0], median, max: sorted[last] }
    }
}

/// Measures `a` and `b` in turn, so that what drifts on the machine meets both; a round begins with the other one.
pub fn interleaved<E>(
    rounds: usize,
    mut a: impl FnMut() -> Result<f64, E>,
    mut b: impl FnMut() -> Result<f64, E>,
) -> Result<(Vec<f64>, Vec<f64>), E> {
    let (mut of_a, mut of_b) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 0..rounds {
        if round % 2 == 0 {
            of_a.push(a()?);
            of_b.push(b()?);
        } else {
            of_b.push(b()?);
            of_a.push(a()?);
        }
    }
    Ok((of_a, of_b))
}

#[cfg(test)]
mod tests {
    use super::{Spread, cpu_time, interleaved, rss_anon};

    #[test]
    fn a_spread_is_its_middle_and_its_ends() {
        assert_eq!(Spread::of(&[5.0, 1.0, 3.0]), Spread { min: 1.0, median: 3.0, max: 5.0 });
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 9.0]).median.to_bits(), 3.0_f64.to_bits());
    }

    #[test]
    fn rounds_alternate() {
        let order = std::cell::RefCell::new(String::new());
        let note = |name: char| {
            order.borrow_mut().push(name);
            Ok::<f64, ()>(0.0)
        };
        interleaved(2, || note('a'), || note('b')).unwrap();
        assert_eq!(*order.borrow(), "abba");
    }

    #[test]
    fn this_process_has_memory_and_no_process_has_none() {
        assert!(rss_anon(std::process::id()).is_some_and(|bytes| bytes > 0));
        assert!(cpu_time(std::process::id()).is_some());
        assert!(cpu_time(u32::MAX).is_none() && rss_anon(u32::MAX).is_none());
    }
}
