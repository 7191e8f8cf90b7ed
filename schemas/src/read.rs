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
/// A recording that was cut off in the middle of a frame ends with the last line that was whole, and a plain file where
/// it ended when it was opened.
pub fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, ReadError> {
    let inner = || -> io::Result<Box<dyn BufRead + Send>> {
        let mut file = BufReader::with_capacity(128 * 1024, File::open(path)?);
        let zstd = file.fill_buf()?.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        Ok(if zstd {
            let decoder = zstd::Decoder::with_buffer(file)?;
            Box::new(BufReader::with_capacity(128 * 1024, CutIsEnd(decoder)))
        } else {
            // A pipe that is named as a file has no length.
            let length = file.get_ref().metadata().map(|about| if about.is_file() { about.len() } else { u64::MAX })?;
            Box::new(file.take(length))
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
///
/// An error such as `WouldBlock` loses nothing: the next call goes on where the input stopped.
pub struct LineReader<R> {
    input: R,
    max: usize,
    number: u64,
    line: Vec<u8>,
    length: u64,
    returned: bool,
}

impl<R: BufRead> LineReader<R> {
    /// Reads from `input`.
    pub fn new(input: R, max: usize) -> Self {
        Self { input, max, number: 0, line: Vec::new(), length: 0, returned: false }
    }

    /// The input, to wait on.
    pub fn input_mut(&mut self) -> &mut R {
        &mut self.input
    }

    /// The next line, or `None` at the end of the input.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine<'_>>> {
        if std::mem::take(&mut self.returned) {
            self.begin();
        }
        loop {
            let ended = self.read_part()?;
            if ended == Ended::Not {
                continue;
            }
            if self.line.last() == Some(&b'\r') && ended == Ended::LineEnd {
                self.line.pop();
            }
            if self.line.is_empty() {
                if ended == Ended::Input {
                    return Ok(None);
                }
                self.number += 1;
                self.begin();
                continue;
            }
            self.number += 1;
            self.returned = true;
            return Ok(Some(RawLine {
                number: self.number,
                bytes: &self.line,
                oversized: (self.length > self.max as u64).then_some(self.length),
                unterminated: ended == Ended::Input,
            }));
        }
    }

    fn begin(&mut self) {
        self.line.clear();
        self.length = 0;
    }

    /// Takes what the input has of this line.
    fn read_part(&mut self) -> io::Result<Ended> {
        let buffer = match self.input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(Ended::Not),
            other => other?,
        };
        if buffer.is_empty() {
            return Ok(Ended::Input);
        }
        let end = memchr::memchr(b'\n', buffer);
        let part = &buffer[..end.unwrap_or(buffer.len())];
        let room = self.max - self.line.len();
        self.line.extend_from_slice(&part[..part.len().min(room)]);
        self.length += part.len() as u64;
        let taken = part.len() + usize::from(end.is_some());
        self.input.consume(taken);
        Ok(if end.is_some() { Ended::LineEnd } else { Ended::Not })
    }
}

#[derive(PartialEq, Eq)]
enum Ended {
    Not,
    LineEnd,
    Input,
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufReader, Read};

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
    fn an_input_that_is_not_ready_loses_nothing() {
        struct Hesitant<'a>(&'a [u8], bool);
        impl Read for Hesitant<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 { Err(io::ErrorKind::WouldBlock.into()) } else { self.0.read(&mut buffer[..1]) }
            }
        }
        let mut reader = LineReader::new(BufReader::new(Hesitant(b"ab\ncdefgh\n\ni", false)), 4);
        let mut got = Vec::new();
        loop {
            match reader.next_line() {
                Ok(Some(line)) => got.push((line.number, line.bytes.to_vec(), line.oversized)),
                Ok(None) => break,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert_eq!(got, [(1, b"ab".to_vec(), None), (2, b"cdef".to_vec(), Some(6)), (4, b"i".to_vec(), None)]);
    }

    #[test]
    fn a_cut_recording_ends_with_its_last_line() {
        let numbers = (0..200_000_u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string());
        let text = numbers.collect::<Vec<_>>().join("\n") + "\n";
        let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
        let path = std::env::temp_dir().join(format!("vaectl-cut-{}.zst", std::process::id()));
        std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
        let mut reader = LineReader::new(open(&path).unwrap(), 1024);
        let mut whole = 0;
        while let Some(line) = reader.next_line().unwrap() {
            whole += u32::from(!line.unterminated);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(whole > 0 && whole < 200_000, "{whole}");
    }
}
