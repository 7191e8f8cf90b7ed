//! Output in which a report that nobody has read yet gives way to the next one.

use super::output::Pending;
use super::plain::Plain;

/// Lines in the order they came, but that a `ledger` line takes the place of the one before it: it says all that that
/// one said. A reader that is slow or asleep holds back who reports to it no more than a quick one.
#[derive(Default)]
pub(crate) struct Reports {
    lines: Plain,
    /// How long the report is that ends them; 0 where none does.
    report: usize,
}

impl Pending for Reports {
    fn push(&mut self, lines: &[u8]) {
        let report = lines.starts_with(br#"{"type":"ledger","#);
        if report {
            self.lines.retract(self.report);
        }
        self.report = if report { lines.len() } else { 0 };
        self.lines.push(lines);
    }

    fn full(&self) -> bool {
        self.lines.full()
    }

    fn bytes(&self) -> usize {
        self.lines.bytes()
    }

    fn take(&mut self, out: &mut Vec<u8>, last: bool) {
        self.lines.take(out, last);
        // Lines are taken whole, and it is the last one.
        if self.lines.bytes() < self.report {
            self.report = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pending, Reports};

    fn ledger(n: u32) -> Vec<u8> {
        format!("{{\"type\":\"ledger\",\"n\":{n:04}}}\n").into_bytes()
    }

    #[test]
    fn of_reports_that_wait_the_newest_is_kept_and_nothing_else_is_lost() {
        let mut reports = Reports::default();
        reports.push(b"{\"type\":\"event\"}\n");
        for n in 0..100_000 {
            reports.push(&ledger(n));
        }
        assert!(!reports.full());
        reports.push(b"{\"type\":\"end\"}\n");
        reports.push(&ledger(7));
        let mut out = Vec::new();
        reports.take(&mut out, false);
        let expected = [&b"{\"type\":\"event\"}\n"[..], &ledger(99_999), b"{\"type\":\"end\"}\n", &ledger(7)];
        assert_eq!(out, expected.concat());
        assert_eq!(reports.bytes(), 0);
    }

    #[test]
    fn a_report_that_was_taken_is_not_taken_back() {
        let mut reports = Reports::default();
        let mut out = Vec::new();
        for n in 0..2 {
            reports.push(&ledger(n));
            reports.take(&mut out, false);
        }
        assert_eq!(out, [ledger(0), ledger(1)].concat());
    }
}
