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
const ESTABLISHED_CALIBRATION_WINDOWS: usize = 200;
/// By so many windows of 5 s a model can promise one episode a day; more are worth more to the networks.
const PROMISING_WINDOWS: usize = 600;
/// Fewer windows than these calibrate nothing, and a run that has fewer teaches only, where two longer ones are there.
const LEAST_CALIBRATION_WINDOWS: usize = 30;

impl<'a> Split<'a> {
    /// Splits a group's runs in the order of their first windows, the newest for calibration; or says what is missing.
    ///
    /// One run in four calibrates, and more until they have 600 windows, as long as two runs and as many windows are
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
        let (short, long): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| run.len() < LEAST_CALIBRATION_WINDOWS);
        let (short, mut runs) = if long.len() < LEAST_RUNS { (Vec::new(), runs) } else { (short, long) };
        let mut calibration = runs.split_off(runs.len() - (runs.len() / 4).max(1));
        let count = |runs: &[&Run]| runs.iter().map(|run| run.len()).sum::<usize>();
        while let [rest @ .., last] = &runs[..]
            && count(&calibration) < PROMISING_WINDOWS
            && rest.len() >= 2
            && count(&calibration) + last.len() <= count(rest)
        {
            calibration.extend(runs.pop());
        }
        if count(&calibration) < LEAST_CALIBRATION_WINDOWS {
            return Err(format!(
                "{} of at least {LEAST_CALIBRATION_WINDOWS} windows to calibrate by, in the newest of its runs: record for \
                 longer",
                count(&calibration)
            ));
        }
        let established = group.runs.len() >= ESTABLISHED_RUNS
            && windows >= ESTABLISHED_WINDOWS
            && count(&calibration) >= ESTABLISHED_CALIBRATION_WINDOWS;
        let grade = if established { Grade::Established } else { Grade::Provisional };
        // The short ones in front: the newest of those that teach are held out.
        Ok(Self { training: [short, runs].concat(), calibration, grade })
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Grade, Timestamp, Window, WindowInfo, WindowMeta};

    use super::Split;
    use crate::intake::Group;

    /// How many windows each of the runs has that teach, and that calibrate, and the grade.
    fn split(lengths: &[usize]) -> Result<(Vec<usize>, Vec<usize>, Grade), String> {
        let mut group = Group::default();
        for (number, length) in lengths.iter().enumerate() {
            let window = |at: usize| {
                let meta = WindowMeta { v: 1, window: WindowInfo::default(), run: None, job: None, state: None };
                Window::new(Timestamp::from_ns((number * 1_000_000 + at) as u64), meta)
            };
            group.runs.insert(format!("run-{number}"), (0..*length).map(window).collect());
        }
        let lengths = |runs: &[&Vec<_>]| runs.iter().map(|run| run.len()).collect();
        Split::of(&group).map(|split| (lengths(&split.training), lengths(&split.calibration), split.grade))
    }

    #[test]
    fn the_newest_calibrate_till_there_are_enough_and_as_many_are_left_to_teach() {
        assert_eq!(split(&[60, 61]), Ok((vec![60], vec![61], Grade::Provisional)));
        assert_eq!(split(&[80; 6]), Ok((vec![80; 3], vec![80; 3], Grade::Provisional)));
        assert_eq!(split(&[150; 12]), Ok((vec![150; 8], vec![150; 4], Grade::Established)));
        assert_eq!(split(&[200, 200, 201]), Ok((vec![200, 200], vec![201], Grade::Established)));
        assert_eq!(split(&[300, 300, 100]), Ok((vec![300, 300], vec![100], Grade::Provisional)));
    }

    #[test]
    fn a_short_run_does_not_calibrate_where_longer_ones_can() {
        assert_eq!(split(&[1000, 1000, 3]), Ok((vec![3, 1000], vec![1000], Grade::Established)));
        assert!(split(&[200, 1]).unwrap_err().starts_with("1 of at least 30 windows"));
        // Where all are short they are all there is.
        assert_eq!(split(&[1; 200]).map(|split| split.1.len()), Ok(100));
    }

    #[test]
    fn one_run_or_few_windows_are_too_little() {
        assert!(split(&[500]).unwrap_err().contains("run a second one"));
        assert!(split(&[50, 50]).unwrap_err().contains("record for longer"));
    }
}
