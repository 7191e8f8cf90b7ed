//! Text from inside containers, made harmless for a terminal.

use std::fmt::Write;
use std::io;

use clap::ValueEnum;
use serde::Serialize;

/// How figures look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// A table.
    Table,
    /// One JSON object.
    Json,
}

/// Whether a terminal may take it for a command, or a reader for something else than it is.
fn is_harmful(c: char) -> bool {
    // Beside control characters: marks that turn the direction of writing, and those that have no width.
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Text as it may be printed: what is harmful stands as `\u{1b}`.
pub(crate) fn text(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_harmful(c) {
            // Writing to memory does not fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
        out
    })
}

/// Several lines as they may be printed.
pub(crate) fn lines(lines: &str) -> String {
    lines.lines().map(|line| text(line) + "\n").collect()
}

/// A line of JSON as it may be printed, which is the same JSON.
pub(crate) fn json(line: &str) -> String {
    line.chars().fold(String::with_capacity(line.len()), |mut out, c| {
        if is_harmful(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
        out
    })
}

/// A value as a line of JSON as it may be printed.
pub(crate) fn object(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string(value).map_err(io::Error::other)?;
    Ok(json(&text))
}

/// Rows as columns, each as wide as its widest text; the last one is not padded.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, field) in widths.iter_mut().zip(row) {
            *width = (*width).max(field.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let line =
            row.iter().zip(&widths).fold(String::new(), |line, (field, width)| format!("{line}{field:width$}  "));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{columns, json, text};

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let nasty = "\u{1b}]0;owned\u{7}\u{9b}2J\r\n\u{202e}gpj.exe";
        let safe = text(nasty);
        assert_eq!(safe, r"\u{1b}]0;owned\u{7}\u{9b}2J\u{d}\u{a}\u{202e}gpj.exe");
        let line = serde_json::to_string(nasty).unwrap();
        assert!(json(&line).chars().all(|c| c.is_ascii_graphic()));
        assert_eq!(serde_json::from_str::<String>(&json(&line)).unwrap(), nasty);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_field() {
        let rows = [vec!["a".into(), "long".into(), "x".into()], vec!["é".into(), "b".into(), String::new()]];
        assert_eq!(columns(&rows), "a  long  x\né  b\n");
    }
}
