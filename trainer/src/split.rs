//! Which runs teach and which calibrate: whole runs, never windows.

use vaectl_schemas::Grade;

use crate::intake::{Group, Run};

/// Runs apart by what they are for.
#[derive(Clone, Debug)]
pub struct Split<'a> {
    /// What networks are fitted to.
    pub training: Vec<&'a Run>,
    /// What scores are read by, the newest first.
    pub calibration: Vec<&'a Run>,
    /// How much that is.
    pub grade: Grade,
}

const LEAST_RUNS: usize = 2;
const LEAST_WINDOWS: usize = 120;
const ESTABLISHED_RUNS: usize = 3;
const ESTABLISHED_WINDOWS: usize = 600;
const CALIBRATION_WINDOWS: usize = 200;

impl<'a> Split<'a> {
    /// Splits a group's runs in the order of their first windows, the newest for calibration; or says what is missing.
    ///
    /// One run in four calibrates, and more until they have 200 windows, as long as two runs and as many windows are
    /// left to teach.
    pub fn of(group: &'a Group) -> Result<Self, String> {
        let windows: usize = group.runs.values().map(Vec::len).sum();
        if group.runs.len() < LEAST_RUNS || windows < LEAST_WINDOWS {
            return Err(format!(
                "{} of at least {LEAST_RUNS} runs and {windows} of at least {LEAST_WINDOWS} windows: {}",
                group.runs.len(),
                if group.runs.len() < LEAST_RUNS { "restart it, or run a second one" } else { "record for longer" }
            ));
        }
        let mut runs: Vec<&Run> = group.runs.values().collect();
        runs.sort_by_key(|run| run.first().map(|window| window.timestamp));
        let mut calibration = runs.split_off(runs.len() - (runs.len() / 4).max(1));
        let count = |runs: &[&Run]| runs.iter().map(|run| run.len()).sum::<usize>();
        while let [rest @ .., last] = &runs[..]
            && count(&calibration) < CALIBRATION_WINDOWS
            && rest.len() >= 2
            && count(&calibration) + last.len() <= count(rest)
        {
            calibration.extend(runs.pop());
        }
        let established = group.runs.len() >= ESTABLISHED_RUNS
            && windows >= ESTABLISHED_WINDOWS
            && count(&calibration) >= CALIBRATION_WINDOWS;
        let grade = if established { Grade::Established } else { Grade::Provisional };
        Ok(Self { training: runs, calibration, grade })
    }
}
