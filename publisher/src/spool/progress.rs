use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vaectl_schemas::derived_id;

use crate::line::Line;

/// How far the files of an input were taken in, standard input among them, and how far an earlier process came that was
/// killed in the midst of the same ones.
///
/// It stands in the last batch that was written, so that both are on the disk or neither is: lines that are in the
/// spool are not taken in a second time, and not merged with others then.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    reached: Reached,
    earlier: Reached,
    /// Where the last line stood.
    file: String,
    number: u64,
    /// Of the current file, the last line that the earlier process took.
    skip: u64,
}

/// How a command line names it.
const STANDARD_INPUT: &str = "-";

/// By file.
type Reached = BTreeMap<String, Place>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// A hash of the file's first line that is not empty: another file may have its name by now.
    first: String,
    line: u64,
}

/// How a batch ends that carries progress.
#[derive(Serialize, Deserialize)]
pub(super) struct Mark {
    accepted: Reached,
}

impl Progress {
    /// What an earlier process came to.
    pub(crate) fn resume(&mut self, mark: Option<&str>) {
        let mark = mark.and_then(|mark| serde_json::from_str::<Mark>(mark).ok());
        self.earlier = mark.map(|mark| mark.accepted).unwrap_or_default();
    }

    /// Notes a line of a file; whether the earlier process took it in already.
    pub(crate) fn note(&mut self, line: &Line) -> bool {
        let file = line.file.as_deref().unwrap_or(STANDARD_INPUT);
        // Numbers count empty lines, which nobody sends: the first that comes need not be number 1.
        if file != self.file || line.number <= self.number {
            file.clone_into(&mut self.file);
            let first = derived_id("line", [String::from_utf8_lossy(&line.bytes).as_ref()]);
            let same = self.earlier.get(file).filter(|place| place.first == first);
            self.skip = same.map_or(0, |place| place.line);
            self.reached.insert(file.to_owned(), Place { first, line: line.number });
        } else if let Some(place) = self.reached.get_mut(file) {
            place.line = line.number;
        }
        self.number = line.number;
        (1..=self.skip).contains(&line.number)
    }

    /// What a batch carries; nothing where nothing was read.
    pub(crate) fn mark(&self) -> Option<String> {
        let mark = Mark { accepted: self.reached.clone() };
        if mark.accepted.is_empty() { None } else { serde_json::to_string(&mark).ok() }
    }
}

/// Whether a line of a batch is its mark.
pub(super) fn is_mark(line: &str) -> bool {
    line.starts_with(r#"{"accepted":"#)
}

#[cfg(test)]
mod tests {
    use super::{Progress, is_mark};
    use crate::Line;

    fn line(file: Option<&str>, number: u64, text: &str) -> Line {
        Line { number, file: file.map(Into::into), bytes: text.into(), ..Line::default() }
    }

    #[test]
    fn a_file_is_gone_on_with_behind_its_last_line_and_another_of_its_name_is_not() {
        let mut before = Progress::default();
        for (number, text) in [(1, "hello"), (2, "two"), (3, "three")] {
            assert!(!before.note(&line(Some("a"), number, text)));
        }
        let mark = before.mark().unwrap();
        assert!(is_mark(&mark));
        for (first, taken) in [("hello", [true, true, true, false]), ("other", [false; 4])] {
            let mut after = Progress::default();
            after.resume(Some(&mark));
            let seen =
                [1, 2, 3, 4].map(|number| after.note(&line(Some("a"), number, if number == 1 { first } else { "x" })));
            assert_eq!(seen, taken);
            assert!(!after.note(&line(Some("b"), 1, "hello")));
        }
    }

    #[test]
    fn an_empty_line_at_the_start_of_a_file_skips_nothing_of_it() {
        let mut before = Progress::default();
        assert!(!(1..=5).any(|number| before.note(&line(Some("a"), number, "hello"))));
        let mut after = Progress::default();
        after.resume(before.mark().as_deref());
        assert!(after.note(&line(Some("a"), 1, "hello")));
        assert!(![2, 3].map(|number| after.note(&line(Some("b"), number, "other"))).contains(&true));
        // And where that file was reached into, it is gone on with.
        let mut again = Progress::default();
        again.resume(after.mark().as_deref());
        assert_eq!([2, 3, 4].map(|number| again.note(&line(Some("b"), number, "other"))), [true, true, false]);
    }

    #[test]
    fn standard_input_that_begins_as_before_is_gone_on_with_too() {
        let mut before = Progress::default();
        assert_eq!(before.mark(), None);
        assert!(!before.note(&line(None, 1, "hello")) && !before.note(&line(None, 2, "two")));
        let mut after = Progress::default();
        after.resume(before.mark().as_deref());
        assert_eq!([1, 2, 3].map(|number| after.note(&line(None, number, "hello"))), [true, true, false]);
    }
}
