//! The door of the crate.

use std::sync::Arc;

use vaectl_schemas::{Kind, RawLine, Window, peek};

use crate::batch::{Batch, Item};
use crate::gate::Gate;
use crate::judge::Library;
use crate::settlement::Ahead;
use crate::{Config, ModelError, ModelFolder, ScoreError, Watch};

/// Turns lines of `record` into verdicts, and lets through what they call for.
///
/// Lines to write are appended to `out`, whole. Windows are gathered, so that models judge many at once; [`flush`]
/// ends the gathering and changes nothing else: the bytes are the same however often it is called. Only the lines' own
/// time counts, so a replayed stream gives the bytes of the live one.
///
/// [`flush`]: Self::flush
pub struct Scorer {
    gate: Gate,
    batch: Batch,
    begun: bool,
    keep_lines: bool,
}

impl Scorer {
    /// A scorer with the models of `config.models`, and what is wrong with any of them; the good ones are used.
    #[must_use]
    pub fn new(config: Config) -> (Self, Vec<ModelError>) {
        let (models, errors) = ModelFolder::open(&config.models);
        (Self::with_models(config, Box::new(models)), errors)
    }

    pub(crate) fn with_models(config: Config, models: Box<dyn Library>) -> Self {
        let keep_lines = config.pass_windows;
        Self { gate: Gate::new(config, models), batch: Batch::default(), begun: false, keep_lines }
    }

    /// Takes one line. Fails at one that cannot be read only where `config.strict` says so.
    pub fn line(&mut self, raw: &RawLine<'_>, out: &mut Vec<u8>) -> Result<(), ScoreError> {
        if !self.begun {
            // Only lines tell the time; a stage that takes another's place may begin in the middle of one.
            if Gate::time_of(raw.bytes).is_none() && !self.batch.is_full() {
                self.batch.push_line(raw);
                return Ok(());
            }
            self.begun = true;
            self.gate.begin(raw.bytes, out);
            self.flush(out)?;
        }
        if let Some(window) = window(raw) {
            self.batch.push_window(Box::new(window), Some(raw).filter(|_| self.keep_lines));
        } else if self.batch.is_empty() {
            return self.gate.line(raw, out);
        } else {
            self.batch.push_line(raw);
        }
        if self.batch.is_full() { self.flush(out) } else { Ok(()) }
    }

    /// Judges what was gathered. To be called when the input has nothing more at hand.
    pub fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), ScoreError> {
        if !self.begun {
            return Ok(());
        }
        let mut batch = std::mem::take(&mut self.batch);
        let mut ahead = self.judge_ahead(&batch);
        let items = std::mem::take(&mut batch.items);
        let mut result = Ok(());
        for (item, ahead) in items.into_iter().zip(&mut ahead) {
            result = match item {
                Item::Window(window, line) => {
                    let line = line.map(|line| batch.raw(&line));
                    self.gate.window(window, ahead.take(), line.map(|raw| raw.bytes), out);
                    Ok(())
                }
                Item::Line(line) => self.gate.line(&batch.raw(&line), out),
            };
            if result.is_err() {
                break;
            }
        }
        batch.clear();
        self.batch = batch;
        result
    }

    /// Judges what is left, writes the summaries, the ledger and the end. `cause` is `eof`, `signal` or `error`.
    pub fn finish(&mut self, cause: &str, out: &mut Vec<u8>) -> Result<(), ScoreError> {
        if !self.begun {
            self.begun = true;
            self.gate.begin(b"", out);
        }
        self.flush(out)?;
        self.gate.finish(cause, out);
        Ok(())
    }

    /// Reads the model folder again and returns what is wrong in it; what was good stays in use.
    pub fn reload(&mut self) -> Vec<ModelError> {
        self.gate.reload()
    }

    /// Models that turned out not to fit the windows that came, each once; those windows are not scored.
    pub fn take_complaints(&mut self) -> Vec<ModelError> {
        self.gate.take_complaints()
    }

    /// Keys without an established model that had one more run put into the archive, and now at least two: there is
    /// something to learn from.
    pub fn take_learnable(&mut self) -> Vec<String> {
        self.gate.take_learnable()
    }

    /// How deep each run is to be watched, by its state after the windows judged so far.
    pub fn watches(&self) -> impl Iterator<Item = Watch<'_>> {
        self.gate.watches()
    }

    /// How many lines could not be read so far.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.gate.malformed()
    }

    /// One judgement for each window whose model is known by now, in the places of the batch.
    fn judge_ahead(&self, batch: &Batch) -> Vec<Option<Ahead>> {
        let expected = |window| self.gate.expected(window).filter(|model| model.scorable(window).is_ok());
        let mut wanted: Vec<_> =
            batch.windows().filter_map(|(at, window)| Some((at, window, expected(window)?))).collect();
        wanted.sort_by_key(|(.., model)| Arc::as_ptr(model).cast::<()>());
        let mut ahead = Vec::new();
        ahead.resize_with(batch.items.len(), || None);
        let mut judgements = Vec::new();
        for group in wanted.chunk_by(|(.., a), (.., b)| Arc::ptr_eq(a, b)) {
            let windows: Vec<&Window<'_>> = group.iter().map(|(_, window, _)| *window).collect();
            group[0].2.judge(&windows, &mut judgements);
            for ((at, _, model), judgement) in group.iter().zip(judgements.drain(..)) {
                ahead[*at] = Some(Ahead { model: model.clone(), judgement });
            }
        }
        ahead
    }
}

/// The window of a line that is one and names its container; the gate says what is wrong with any other.
fn window(raw: &RawLine<'_>) -> Option<Window<'static>> {
    if raw.oversized.is_some() || !matches!(peek(raw.bytes), Ok(Kind::Window)) {
        return None;
    }
    let text = std::str::from_utf8(raw.bytes).ok()?;
    let window: Window<'static> = serde_json::from_str(text).ok()?;
    window.container.as_ref()?.id.as_ref()?;
    Some(window)
}
