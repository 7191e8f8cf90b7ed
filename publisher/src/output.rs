use std::io::{self, Write};

/// Standard output: whole lines, counted.
pub(crate) struct Output<W> {
    inner: W,
    lines: u64,
}

impl<W: Write> Output<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, lines: 0 }
    }

    /// Writes `count` lines with their line ends, and flushes them.
    pub(crate) fn write(&mut self, lines: &[u8], count: usize) -> io::Result<()> {
        self.inner.write_all(lines)?;
        self.inner.flush()?;
        self.lines += count as u64;
        Ok(())
    }

    /// How many lines were written.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }
}
