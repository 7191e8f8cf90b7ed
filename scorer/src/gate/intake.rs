//! Which line is whose.

use serde::Deserialize;
use vaectl_schemas::{Clock, Kind, KindError, RawLine, Window, peek};

use super::Gate;
use crate::error::Refusal;
use crate::peek::Peek;
use crate::{ScoreError, dead_letter};

impl Gate {
    /// Takes a line that is not a window that was parsed ahead.
    pub(crate) fn line(&mut self, raw: &RawLine<'_>, out: &mut Vec<u8>) -> Result<(), ScoreError> {
        let Err(refusal) = self.take(raw, out) else { return Ok(()) };
        self.malformed += 1;
        let reason = refusal.to_string();
        if self.context.config.strict {
            return Err(ScoreError::Line { number: raw.number, reason });
        }
        dead_letter::write(raw, reason, &mut self.context, out);
        Ok(())
    }

    fn take(&mut self, raw: &RawLine<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        if let Some(len) = raw.oversized {
            return Err(Refusal::Oversized { len, max: self.context.config.max_line_bytes });
        }
        let text = std::str::from_utf8(raw.bytes)?;
        match peek(raw.bytes) {
            Ok(Kind::Event) => self.event(&parse("event", text, raw)?, raw.bytes, out),
            Ok(Kind::Window) => {
                let window: Window<'static> = parse("window", text, raw)?;
                if window.container.as_ref().is_none_or(|c| c.id.is_none()) {
                    return Err(Refusal::Container("window"));
                }
                self.window(Box::new(window), None, Some(raw.bytes), out);
            }
            Ok(Kind::Container) => self.container(&parse("container", text, raw)?, raw.bytes, out)?,
            Ok(kind @ Kind::Gap) => {
                self.gap(&parse("gap", text, raw)?, out);
                self.pass(dataset(kind), raw.bytes, out);
            }
            Ok(kind @ Kind::Clock) => {
                let line: Clock<'_> = parse("clock", text, raw)?;
                self.step_clock(line.timestamp);
                self.pass(dataset(kind), raw.bytes, out);
            }
            Ok(kind) => {
                parse::<Peek<'_>>("vaectl", text, raw)?;
                self.pass(dataset(kind), raw.bytes, out);
            }
            Err(KindError::Unknown(_)) => self.pass("(unknown)", raw.bytes, out),
            Err(KindError::Malformed(_)) if raw.unterminated => return Err(Refusal::Cut),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Passes a line on as it came.
    pub(super) fn pass(&mut self, dataset: &str, line: &[u8], out: &mut Vec<u8>) {
        let account = self.context.ledger.of(dataset);
        account.received += 1;
        account.passed += 1;
        self.context.pass(line, out);
    }
}

fn parse<'a, T: Deserialize<'a>>(kind: &'static str, text: &'a str, raw: &RawLine<'_>) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|source| {
        if raw.unterminated && source.is_eof() { Refusal::Cut } else { Refusal::Content { kind, source } }
    })
}

/// What a line of the stream itself is counted under.
fn dataset(kind: Kind) -> &'static str {
    match kind {
        Kind::Hello => "vaectl.hello",
        Kind::Container => "vaectl.container",
        Kind::Window => "vaectl.window",
        Kind::Event => "event",
        Kind::Gap => "vaectl.gap",
        Kind::Verdict => "vaectl.verdict",
        Kind::Incident => "vaectl.incident",
        Kind::Summary => "vaectl.summary",
        Kind::Ledger => "vaectl.ledger",
        Kind::DeadLetter => "vaectl.dead_letter",
        Kind::Clock => "vaectl.clock",
        Kind::Heartbeat => "vaectl.heartbeat",
        Kind::End => "vaectl.end",
    }
}
