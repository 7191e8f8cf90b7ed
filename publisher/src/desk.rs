use std::io::{self, Write};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::error;

use crate::account::Account;
use crate::config::Config;
use crate::document::{Origin, Outcome};
use crate::encode::{Encoder, Fate};
use crate::error::{PublishError, SinkError};
use crate::held::Held;
use crate::line::Line;
use crate::merge::merge;
use crate::publish::Totals;
use crate::redact::Redactor;
use crate::replay::original;
use crate::sinks::Sink;
use crate::stop::{GRACE, Stop};

/// How many lines are taken from the channel at once, at most.
const WAVE: usize = 256;
/// How often the ledger is reported where no line is accepted for good before the end.
const REPORT_EVERY: Duration = Duration::from_mins(1);

/// Takes lines in and hands documents on.
pub(crate) struct Desk<W> {
    account: Account<W>,
    config: Config,
    encoder: Encoder,
    held: Held,
    /// The last line that was taken in.
    last: Origin,
    /// When the ledger was last reported.
    reported: Instant,
    stop: Stop,
}

/// Why the taking in ended.
enum End {
    Input,
    Signal,
    Strict(PublishError),
    Sink(SinkError),
}

impl<W: Write> Desk<W> {
    pub(crate) fn new(account: Account<W>, config: &Config, stop: Stop) -> Result<Self, PublishError> {
        let redactor = config.redact.as_deref().map(Redactor::new).transpose();
        let redactor = redactor.map_err(|error| PublishError::Configuration {
            what: "a pattern of secrets".into(),
            reason: error.to_string().replace('\n', " "),
        })?;
        Ok(Self {
            account,
            config: config.clone(),
            encoder: Encoder { windows: config.windows, redactor },
            held: Held::default(),
            last: Origin::default(),
            reported: Instant::now(),
            stop,
        })
    }

    /// Works until the input ends, the end is asked for, or `sink` takes no more.
    pub(crate) async fn work<S: Sink>(
        mut self,
        mut sink: S,
        mut lines: mpsc::Receiver<Line>,
        enough: impl FnOnce(),
    ) -> Result<Totals, PublishError> {
        let end = match self.take_in(&mut sink, &mut lines).await {
            end @ (End::Input | End::Signal | End::Strict(_)) => match self.finish(&mut sink).await {
                Ok(()) => end,
                Err(error) => End::Sink(error),
            },
            end @ End::Sink(_) => end,
        };
        if let End::Sink(_) | End::Strict(_) = end {
            enough();
        }
        let (cause, result) = match end {
            End::Input => ("eof", Ok(false)),
            End::Signal => ("signal", Ok(false)),
            End::Strict(error) => ("error", Err(error)),
            End::Sink(SinkError::Closed) => {
                self.drop_rest(&mut lines).await;
                return Ok(self.totals(true));
            }
            End::Sink(error) => ("error", Err(self.bury_rest(&mut sink, &mut lines, &error).await)),
        };
        match self.account.close(cause) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                result.and(Err(PublishError::Peer(format!("cannot write standard output: {error}"))))
            }
            Err(_) => result.map(|_| self.totals(true)),
            Ok(()) => result.map(|closed| self.totals(closed)),
        }
    }

    async fn take_in<S: Sink>(&mut self, sink: &mut S, lines: &mut mpsc::Receiver<Line>) -> End {
        if let Err(error) = sink.begin(&mut self.account).await {
            return End::Sink(error);
        }
        let limits = sink.limits();
        let most = WAVE.min(limits.documents.max(1));
        let mut wave = Vec::with_capacity(most);
        let mut stopping = false;
        loop {
            let due = self.held.since.map(|since| since + limits.age);
            tokio::select! {
                biased;
                _ = self.stop.requested(), if !stopping => {
                    stopping = true;
                    lines.close();
                }
                moved = sink.progress(&mut self.account) => if let Err(error) = moved {
                    return End::Sink(error);
                },
                taken = lines.recv_many(&mut wave, most) => if taken == 0 {
                    return if stopping { End::Signal } else { End::Input };
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
            for line in wave.drain(..) {
                if let Err(error) = self.take(line) {
                    return End::Strict(error);
                }
            }
            if self.held.are_due(&limits)
                && let Err(error) = self.deliver(sink).await
            {
                return End::Sink(error);
            }
        }
    }

    fn take(&mut self, line: Line) -> Result<(), PublishError> {
        self.last = Origin { number: line.number, file: line.file.clone() };
        if self.account.progress.note(&line) {
            return Ok(());
        }
        let line = if self.config.replay { original(line) } else { Ok(line) };
        let fate = match line {
            Ok(line) => self.encoder.encode(line, &mut self.account.ledger),
            Err((line, reason)) => Fate::Malformed { line, reason },
        };
        match fate {
            Fate::Control => {}
            Fate::Merged(dataset) => {
                self.account.received(&dataset);
                self.account.merged(&dataset);
            }
            Fate::Document(document) => {
                self.account.received(&document.dataset);
                self.held.push(document);
            }
            Fate::Malformed { line, reason } => {
                self.account.malformed(&line, reason.clone());
                if self.config.strict {
                    let file = line.file.as_deref().unwrap_or("standard input");
                    return Err(PublishError::Strict { place: format!("line {} of {file}", line.number), reason });
                }
            }
        }
        Ok(())
    }

    async fn deliver<S: Sink>(&mut self, sink: &mut S) -> Result<(), SinkError> {
        if self.held.documents.is_empty() {
            return Ok(());
        }
        if self.config.merge && sink.merges() {
            merge(&mut self.held.documents, &mut self.account);
        }
        if sink.durable() {
            let _ = self.account.sync().inspect_err(|error| error!(%error, "Dead letters may be lost in a crash."));
        }
        sink.deliver(&mut self.held.documents, &mut self.account).await?;
        self.held.restart();
        // A reader that is gone ends the stage by itself.
        if sink.durable() {
            let _ = self.account.accept(&self.last);
        } else if self.reported.elapsed() >= REPORT_EVERY {
            self.reported = Instant::now();
            let _ = self.account.report();
        }
        Ok(())
    }

    async fn finish<S: Sink>(&mut self, sink: &mut S) -> Result<(), SinkError> {
        self.deliver(sink).await?;
        sink.end(&mut self.account).await
    }

    /// Makes dead letters of all that was received, not delivered, and not kept for the next start.
    async fn bury_rest<S: Sink>(
        &mut self,
        sink: &mut S,
        lines: &mut mpsc::Receiver<Line>,
        error: &SinkError,
    ) -> PublishError {
        let before = self.account.ledger.total();
        self.take_rest(lines).await;
        let reason = error.to_string();
        let held = std::mem::take(&mut self.held.documents);
        for document in sink.rest(held, &mut self.account) {
            let reason = format!("not delivered: {reason}");
            self.account.settle(document, Outcome::Rejected { status: None, reason });
        }
        let after = self.account.ledger.total();
        PublishError::Undelivered {
            reason,
            kept: after.dead_lettered - before.dead_lettered,
            place: self.account.whereabouts(),
            lost: after.dropped - before.dropped,
            waiting: sink.waits_in().map(|place| (after.spooled, place)),
        }
    }

    async fn drop_rest(&mut self, lines: &mut mpsc::Receiver<Line>) {
        self.take_rest(lines).await;
        for document in self.held.documents.drain(..) {
            self.account.dropped(&document);
        }
    }

    /// Takes what the feeder has in hand; one that does not end is not waited for.
    async fn take_rest(&mut self, lines: &mut mpsc::Receiver<Line>) {
        let taking = async {
            while let Some(line) = lines.recv().await {
                // A malformed line is one among the rest now, however strict.
                let _ = self.take(line);
            }
        };
        let _ = timeout(GRACE, taking).await;
    }

    fn totals(self, closed: bool) -> Totals {
        Totals { malformed: self.account.malformed_lines(), ledger: self.account.ledger, closed }
    }
}
