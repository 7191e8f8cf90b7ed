use std::io;
use std::sync::Arc;

use tracing::error;
use vaectl_schemas::{Accepted, DeadLetterInfo, End, EndInfo, LedgerInfo, Timestamp, derived_id};

use crate::dead_letter::{DeadLetters, of_document, of_line};
use crate::document::{Document, Origin, Outcome};
use crate::ledger::Ledger;
use crate::line::Line;
use crate::output::Output;
use crate::spool::Progress;

/// Where every line is accounted for: the only place that moves the ledger.
pub(crate) struct Account<W> {
    pub(crate) ledger: Ledger,
    pub(crate) output: Output<W>,
    letters: DeadLetters,
    malformed: u64,
    accepted: Option<Accepted>,
    /// How far files were taken in.
    pub(crate) progress: Progress,
}

impl<W: io::Write> Account<W> {
    pub(crate) fn new(letters: DeadLetters, output: W) -> Self {
        Self {
            ledger: Ledger::default(),
            output: Output::new(output),
            letters,
            malformed: 0,
            accepted: None,
            progress: Progress::default(),
        }
    }

    /// A line of that dataset came in.
    pub(crate) fn received(&mut self, dataset: &Arc<str>) {
        self.ledger.of(dataset).received += 1;
    }

    /// Others stand for a line of that dataset.
    pub(crate) fn merged(&mut self, dataset: &Arc<str>) {
        self.ledger.of(dataset).merged += 1;
    }

    /// A line could not be read.
    pub(crate) fn malformed(&mut self, line: &Line, reason: String) {
        let dataset = self.ledger.name("malformed");
        self.received(&dataset);
        self.malformed += 1;
        self.bury(&dataset, of_line(line, reason));
    }

    /// The repository has said what became of a document.
    pub(crate) fn settle(&mut self, document: Document, outcome: Outcome) {
        if document.spooled {
            self.ledger.of(&document.dataset).spooled -= 1;
        }
        match outcome {
            Outcome::Indexed => self.ledger.of(&document.dataset).indexed += 1,
            Outcome::Duplicate => self.ledger.of(&document.dataset).duplicate += 1,
            Outcome::SetAside => {
                let counts = self.ledger.of(&document.dataset);
                counts.indexed += 1;
                counts.failure_store += 1;
            }
            Outcome::Rejected { status, reason } => {
                let dataset = document.dataset.clone();
                self.bury(&dataset, of_document(document, status, reason));
            }
        }
    }

    /// Documents are on the disk now.
    pub(crate) fn spooled(&mut self, documents: &mut [Document]) {
        for document in documents {
            document.spooled = true;
            self.ledger.of(&document.dataset).spooled += 1;
        }
    }

    /// A document was read from the disk; one that an earlier process left there is received with that.
    pub(crate) fn loaded(&mut self, document: &mut Document, inherited: bool) {
        document.spooled = true;
        if inherited {
            let counts = self.ledger.of(&document.dataset);
            counts.received += 1;
            counts.spooled += 1;
        }
    }

    /// Documents that were on the disk are lost with their batch; those that an earlier process left there are received
    /// with that.
    pub(crate) fn lost(&mut self, dataset: &Arc<str>, documents: u64, inherited: bool) {
        let counts = self.ledger.of(dataset);
        if inherited {
            counts.received += documents;
        } else {
            counts.spooled -= documents;
        }
        counts.dropped += documents;
    }

    /// A document is lost: the spool is full, or whoever read standard output has gone.
    pub(crate) fn dropped(&mut self, document: &Document) {
        let counts = self.ledger.of(&document.dataset);
        counts.spooled -= u64::from(document.spooled);
        counts.dropped += 1;
    }

    /// Keeps a letter that no line of the input stands behind, and is not counted therefore.
    pub(crate) fn note(&mut self, letter: DeadLetterInfo) -> io::Result<()> {
        self.letters.keep(letter, &mut self.output)
    }

    /// How many lines could not be read.
    pub(crate) fn malformed_lines(&self) -> u64 {
        self.malformed
    }

    /// Where dead letters are, for a message.
    pub(crate) fn whereabouts(&self) -> String {
        self.letters.whereabouts()
    }

    /// Waits until the disk has the dead letters.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.letters.sync()
    }

    #[cfg(test)]
    pub(crate) fn is_synced(&self) -> bool {
        !self.letters.unsynced
    }

    /// Reports that all lines up to this one survive this process.
    pub(crate) fn accept(&mut self, last: &Origin) -> io::Result<()> {
        self.accepted = Some(Accepted { line: last.number, file: last.file.as_deref().map(str::to_owned) });
        self.report()
    }

    /// Writes the ledger as it stands.
    pub(crate) fn report(&mut self) -> io::Result<()> {
        self.write_ledger(Timestamp::now())
    }

    /// Writes the ledger and the end of the stream.
    pub(crate) fn close(&mut self, cause: &str) -> io::Result<()> {
        self.letters.sync()?;
        let now = Timestamp::now();
        self.write_ledger(now)?;
        let (lines, malformed) = (self.output.lines(), self.malformed);
        let info =
            EndInfo { v: vaectl_schemas::VERSION, stage: "publish".into(), cause: cause.into(), lines, malformed };
        let mut end = End::new(now, info);
        end.event.kind = Some("state".into());
        end.event.dataset = Some("vaectl.end".into());
        let mut line = serde_json::to_vec(&end)?;
        line.push(b'\n');
        self.output.write(&line, 1)
    }

    fn write_ledger(&mut self, now: Timestamp) -> io::Result<()> {
        let info = LedgerInfo { accepted: self.accepted.clone(), ..self.ledger.info() };
        let mut ledger = vaectl_schemas::Ledger::new(now, info);
        ledger.event.kind = Some("metric".into());
        ledger.event.dataset = Some("vaectl.ledger".into());
        ledger.event.id = Some(derived_id("ledger", [now.to_string().as_str()]).into());
        let mut line = serde_json::to_vec(&ledger)?;
        line.push(b'\n');
        self.output.write(&line, 1)
    }

    fn bury(&mut self, dataset: &Arc<str>, letter: DeadLetterInfo) {
        match self.letters.keep(letter, &mut self.output) {
            Ok(()) => self.ledger.of(dataset).dead_lettered += 1,
            Err(error) => {
                if error.kind() != io::ErrorKind::BrokenPipe {
                    error!(%error, "A dead letter could not be written, its line is lost.");
                }
                self.ledger.of(dataset).dropped += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Account;
    use crate::Line;
    use crate::dead_letter::DeadLetters;
    use crate::document::{Document, Outcome, Tier};

    #[test]
    fn every_line_ends_in_one_column() {
        let mut account = Account::new(DeadLetters::output(), Vec::new());
        let dataset = account.ledger.name("vaectl.process");
        let document = Document { dataset: dataset.clone(), ..Document::sample("x", "{}", Tier::Process) };
        for outcome in
            [Outcome::Indexed, Outcome::Duplicate, Outcome::Rejected { status: Some(400), reason: "no".into() }]
        {
            account.received(&dataset);
            account.settle(document.clone(), outcome);
        }
        account.received(&dataset);
        account.merged(&dataset);
        account.malformed(&Line::default(), "no".into());
        account.close("eof").unwrap();

        let total = account.ledger.total();
        assert_eq!((total.received, total.settled()), (5, 5));
        assert_eq!((total.indexed, total.duplicate, total.merged, total.dead_lettered), (1, 1, 1, 2));
        assert_eq!(account.output.lines(), 4);
    }
}
