//! Reading lines: bounded, numbered, from plain or zstd files, with a cut end taken as normal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// The longest line that is written, and accepted unless told otherwise: 64 KiB.
pub const DEFAULT_MAX_LINE_BYTES: usize = 64 * 1024;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}: {source}")]
pub struct ReadError {
    /// The file.
    pub path: String,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Opens a file of lines; one that begins as a zstd frame does is decompressed.
///
/// A recording that was cut off in the middle of a frame ends with the last line that was whole.
pub fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, ReadError> {
    let inner = || -> io::Result<Box<dyn BufRead + Send>> {
        let mut file = BufReader::with_capacity(128 * 1024, File::open(path)?);
        let zstd = file.fill_buf()?.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        Ok(if zstd {
            let decoder = zstd::Decoder::with_buffer(file)?;
            Box::new(BufReader::with_capacity(128 * 1024, CutIsEnd(decoder)))
        } else {
            Box::new(file)
        })
    };
    inner().map_err(|source| ReadError { path: path.display().to_string(), source })
}

struct CutIsEnd<R>(R);

impl<R: Read> Read for CutIsEnd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            other => other,
        }
    }
}

/// One line of the input.
#[derive(Debug)]
pub struct RawLine<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes without the line end; the first part of it where it is too long.
    pub bytes: &'a [u8],
    /// Its length where it is longer than is accepted; the rest was skipped.
    pub oversized: Option<u64>,
    /// It had no line end: the input was cut, or its writer left the last one out.
    pub unterminated: bool,
}

/// Reads lines of at most `max` bytes. Empty lines are passed over.
pub struct LineReader<R> {
    input: R,
    max: usize,
    number: u64,
    line: Vec<u8>,
}

impl<R: BufRead> LineReader<R> {
    /// Reads from `input`.
    pub fn new(input: R, max: usize) -> Self {
        Self { input, max, number: 0, line: Vec::new() }
    }

    /// The next line, or `None` at the end of the input.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine<'_>>> {
        loop {
            self.line.clear();
            let limit = self.max as u64 + 1;
            let read = (&mut self.input).take(limit).read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            let terminated = self.line.last() == Some(&b'\n');
            let mut oversized = None;
            let mut unterminated = !terminated;
            if terminated {
                self.line.pop();
                if self.line.last() == Some(&b'\r') {
                    self.line.pop();
                }
            } else if self.line.len() > self.max {
                let (rest, ended) = skip_line(&mut self.input)?;
                oversized = Some(self.line.len() as u64 + rest);
                unterminated = !ended;
                self.line.truncate(self.max);
            }
            if !self.line.is_empty() {
                return Ok(Some(RawLine { number: self.number, bytes: &self.line, oversized, unterminated }));
            }
        }
    }
}

/// Skips to behind the next line end; how many bytes were before it, and whether there was one.
fn skip_line(input: &mut impl BufRead) -> io::Result<(u64, bool)> {
    let mut skipped = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok((skipped, false));
        }
        match buffer.iter().position(|&b| b == b'\n') {
            Some(at) => {
                input.consume(at + 1);
                return Ok((skipped + at as u64, true));
            }
            None => {
                let len = buffer.len();
                skipped += len as u64;
                input.consume(len);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LineReader, open};

    fn lines(input: &[u8], max: usize) -> Vec<(u64, Vec<u8>, Option<u64>, bool)> {
        let mut reader = LineReader::new(input, max);
        let mut out = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            out.push((line.number, line.bytes.to_vec(), line.oversized, line.unterminated));
        }
        out
    }

    #[test]
    fn an_oversized_line_is_skipped_and_counted() {
        let got = lines(b"ab\n\ncdefgh\nij", 4);
        assert_eq!(
            got,
            [(1, b"ab".to_vec(), None, false), (3, b"cdef".to_vec(), Some(6), false), (4, b"ij".to_vec(), None, true)]
        );
    }

    #[test]
    fn a_line_of_just_the_limit_is_whole() {
        assert_eq!(lines(b"abcd\nx\n", 4)[0], (1, b"abcd".to_vec(), None, false));
    }

    #[test]
    fn a_cut_recording_ends_with_its_last_line() {
        let text: String = (0..20_000).map(|i| format!("{{\"n\":{}}}\n", i * 7919 % 10_007)).collect();
        let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
        let path = std::env::temp_dir().join(format!("vaectl-cut-{}.zst", std::process::id()));
        std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
        let mut reader = LineReader::new(open(&path).unwrap(), 1024);
        let mut whole = 0;
        while let Some(line) = reader.next_line().unwrap() {
            whole += u32::from(!line.unterminated);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(whole > 0 && whole < 20_000, "{whole}");
    }
}
