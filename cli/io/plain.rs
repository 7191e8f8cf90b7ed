//! Output that holds its writer back: nothing is dropped.

use super::output::{BLOCK, Pending};

/// Lines in the order they came. A writer that is several blocks ahead of the reader waits.
#[derive(Default)]
pub(crate) struct Plain(Vec<u8>);

impl Plain {
    /// Takes back the last so many bytes.
    pub(crate) fn retract(&mut self, bytes: usize) {
        self.0.truncate(self.0.len() - bytes);
    }
}

impl Pending for Plain {
    fn push(&mut self, lines: &[u8]) {
        self.0.extend_from_slice(lines);
    }

    fn full(&self) -> bool {
        self.0.len() > 4 * BLOCK
    }

    fn bytes(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, out: &mut Vec<u8>, last: bool) {
        let window = &self.0[..self.0.len().min(BLOCK)];
        let end = match memchr::memrchr(b'\n', window).or_else(|| memchr::memchr(b'\n', &self.0)) {
            Some(at) => at + 1,
            None if last => self.0.len(),
            None => 0,
        };
        out.extend(self.0.drain(..end));
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Pending, Plain};

    #[test]
    fn only_whole_lines_are_taken_until_the_end() {
        let mut plain = Plain::default();
        plain.push(b"one\ntw");
        let mut out = Vec::new();
        plain.take(&mut out, false);
        assert_eq!(out, b"one\n");
        plain.take(&mut out, false);
        assert_eq!(out, b"one\n");
        plain.take(&mut out, true);
        assert_eq!(out, b"one\ntw");
    }

    #[test]
    fn a_line_longer_than_a_block_is_taken_whole() {
        let mut plain = Plain::default();
        let long = [vec![b'x'; BLOCK * 2], b"\n".to_vec()].concat();
        plain.push(&long);
        plain.push(b"y\n");
        let mut out = Vec::new();
        plain.take(&mut out, false);
        assert_eq!(out, long);
    }
}
