use std::ops::Range;

/// A word of a command line.
pub(crate) struct Word {
    /// Where it stands, with its quotes.
    pub(crate) at: Range<usize>,
    /// What a program would get.
    pub(crate) plain: String,
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.plain
    }
}

/// The words of a command line as a shell takes it apart, near enough to find its options. A quote that nothing closes is
/// a character like others, so that prose comes apart too.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut end = 0;
    while let Some(gap) = text[end..].find(|c| !parts(c)) {
        let start = end + gap;
        let (plain, length) = word(&text[start..]);
        end = start + length;
        words.push(Word { at: start..end, plain });
    }
    words
}

fn parts(c: char) -> bool {
    c.is_whitespace() || ";|&()".contains(c)
}

/// The word that a text begins with, and how long it is there.
fn word(text: &str) -> (String, usize) {
    let mut plain = String::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next().filter(|&c| !parts(c)) {
        at += c.len_utf8();
        if c == '\\' {
            let escaped = text[at..].chars().next();
            plain.extend(escaped);
            at += escaped.map_or(0, char::len_utf8);
        } else if "'\"".contains(c)
            && let Some((inner, length)) = quoted(&text[at..], c)
        {
            plain += &inner;
            at += length;
        } else {
            plain.push(c);
        }
    }
    (plain, at)
}

/// What stands before the closing quote, and how long it is with that.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut plain = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return Some((plain, at + 1)),
            '\\' if quote == '"' => plain.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => plain.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_command_line_comes_apart_as_in_a_shell() {
        for (text, expected) in [
            ("a  b;c|d&&e (f)", &["a", "b", "c", "d", "e", "f"][..]),
            (r#"a 'b c' "d \"e\"" f\ g"#, &["a", "b c", "d \"e\"", "f g"]),
            (r#"X="a b"c'd'"#, &["X=a bcd"]),
            ("don't stop é", &["don't", "stop", "é"]),
            (r"a\", &["a"]),
            ("", &[]),
        ] {
            let words = words(text);
            assert_eq!(words.iter().map(|word| word.plain.as_str()).collect::<Vec<_>>(), expected, "{text}");
            assert!(words.iter().all(|word| !text[word.at.clone()].is_empty()), "{text}");
        }
    }
}
