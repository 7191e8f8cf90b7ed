//! Lines that wait to be judged together, in the order in which they came.

use vaectl_schemas::{RawLine, Window};

/// One line: a window that was parsed, or any other as it came.
pub(crate) enum Item {
    Window(Box<Window<'static>>, Option<Line>),
    Line(Line),
}

/// A line whose bytes are in the batch.
pub(crate) struct Line {
    number: u64,
    start: usize,
    len: usize,
    oversized: Option<u64>,
    unterminated: bool,
}

/// Keeps its room from one batch to the next.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) items: Vec<Item>,
    bytes: Vec<u8>,
    windows: usize,
}

/// Windows that are judged together at most.
const MAX_WINDOWS: usize = 256;
/// Bytes of other lines that wait for them at most.
const MAX_BYTES: usize = 1 << 20;

impl Batch {
    pub(crate) fn push_window(&mut self, window: Box<Window<'static>>, line: Option<&RawLine<'_>>) {
        let line = line.map(|raw| self.keep(raw));
        self.items.push(Item::Window(window, line));
        self.windows += 1;
    }

    pub(crate) fn push_line(&mut self, raw: &RawLine<'_>) {
        let line = self.keep(raw);
        self.items.push(Item::Line(line));
    }

    fn keep(&mut self, raw: &RawLine<'_>) -> Line {
        let &RawLine { number, bytes, oversized, unterminated } = raw;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        Line { number, start, len: bytes.len(), oversized, unterminated }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.windows >= MAX_WINDOWS || self.bytes.len() >= MAX_BYTES
    }

    /// The line as it came.
    pub(crate) fn raw(&self, line: &Line) -> RawLine<'_> {
        let &Line { number, start, len, oversized, unterminated } = line;
        RawLine { number, bytes: &self.bytes[start..start + len], oversized, unterminated }
    }

    /// The windows, with their places among the items.
    pub(crate) fn windows(&self) -> impl Iterator<Item = (usize, &Window<'static>)> {
        self.items.iter().enumerate().filter_map(|(at, item)| match item {
            Item::Window(window, _) => Some((at, window.as_ref())),
            Item::Line(_) => None,
        })
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.bytes.clear();
        self.windows = 0;
    }
}
