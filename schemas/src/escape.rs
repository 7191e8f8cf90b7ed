//! Bytes that are not UTF-8, as text, without loss.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `bytes` as text, and whether they had to be escaped.
///
/// Valid UTF-8 is returned as it is. Otherwise each byte that is not part of a valid sequence becomes `\xHH` and each
/// backslash `\\`; the writer then names the field in `vaectl.escaped`, and [`unescape`] gives the bytes back.
#[must_use]
pub fn escape(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), false);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    (Cow::Owned(out), true)
}

/// The bytes that [`escape`] made `text` from, or `None` where `text` is not of its making.
#[must_use]
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        (rest, ()) = match (first, tail) {
            (b'\\', [b'\\', tail @ ..]) => (tail, out.push(b'\\')),
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let hex = |c: u8| (c as char).to_digit(16);
                (tail, out.push((hex(*high)? * 16 + hex(*low)?) as u8))
            }
            (b'\\', _) => return None,
            (byte, tail) => (tail, out.push(*byte)),
        };
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{escape, unescape};

    #[test]
    fn valid_text_is_left_alone() {
        assert_eq!(escape(b"/srv/a\\b").0, "/srv/a\\b");
        assert!(!escape("/srv/é".as_bytes()).1);
    }

    #[test]
    fn broken_bytes_come_back() {
        for bytes in [&b"\xff"[..], b"a\\b\xc3", b"\xf0\x9f\x98", b"\\x41\xfe"] {
            let (text, escaped) = escape(bytes);
            assert!(escaped);
            assert_eq!(unescape(&text).as_deref(), Some(bytes));
        }
    }
}
