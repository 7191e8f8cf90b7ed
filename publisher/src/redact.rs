use std::borrow::Cow;

use regex::{Captures, Regex};
use serde_json::value::{RawValue, to_raw_value};

use crate::object::Object;
use crate::peek::Peek;

/// What stands where a secret was.
const REDACTED: &str = "[redacted]";

/// Names that are given a secret: in options, assignments, headers, queries.
const NAME: &str = r"(?:pass(?:word|wd|phrase)?|secret|token|credentials?|auth(?:orization)?|(?:api|access|private|secret|encryption|account)[-_]?key|pwd)";

/// Secrets that show themselves, whatever stands before them.
const SHAPES: [&str; 6] = [
    // The password of a URL.
    r"[a-z][a-z0-9+.-]*://[^/\s:@]*:(?P<secret>[^/\s@]+)@",
    // What a header carries.
    r"(?:bearer|basic)\s+(?P<secret>[a-z0-9+/=._~-]{8,})",
    // A JSON web token.
    r"\b(?P<secret>eyJ[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]*)",
    // Keys of AWS, GitHub, GitLab, Slack, Stripe and their like.
    r"\b(?P<secret>(?:AKIA|ASIA)[0-9A-Z]{16})\b",
    r"\b(?P<secret>(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk_live_|hvs\.)[a-z0-9_-]{10,})",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<secret>[\s\S]+)",
];

/// What a field has in it wherever there may be a secret.
const HINTS: &str = r#""-u"|"--user"|(?i:pass|pwd|secret|token|credential|auth|key|bearer|basic\s|://[^/\s]*@|eyJ)|AKIA|ASIA|gh[pousr]_|glpat-|xox[abprs]-|sk_live_|hvs\.|github_pat_"#;

/// Takes secrets out of documents before anything of them leaves the host.
pub(crate) struct Redactor {
    /// One pass over a field tells nearly all of them to be clean.
    trigger: Regex,
    shapes: Vec<Regex>,
    /// An option whose next argument is the secret.
    option: Regex,
}

impl Redactor {
    /// With patterns of the user's own: the group `secret` of a match is taken out, all of it where there is none.
    ///
    /// # Errors
    /// Where one is no regular expression.
    pub(crate) fn new(own: &[String]) -> Result<Self, regex::Error> {
        let assigned = format!(r"(?:^|[\W_]){NAME}s?[=:]\s*(?P<secret>[^\s&;,]+)");
        let mut shapes = Vec::new();
        for pattern in SHAPES.into_iter().chain([assigned.as_str()]) {
            shapes.push(Regex::new(&format!("(?i){pattern}"))?);
        }
        for pattern in own {
            shapes.push(Regex::new(pattern)?);
        }
        // Of others' patterns nothing is known.
        let trigger = if own.is_empty() { HINTS } else { "" };
        Ok(Self {
            trigger: Regex::new(trigger)?,
            shapes,
            option: Regex::new(&format!(r"(?i)^--?(?:[a-z0-9]+[-_])*{NAME}$"))?,
        })
    }

    /// The line without its secrets; none where there are none in it.
    pub(crate) fn redact(&self, line: &str, peek: &Peek<'_>) -> Option<String> {
        let mut object = None;
        let mut changed = Vec::new();
        for (set, name, value) in told(peek) {
            let Some(new) = value.filter(|value| self.is_suspect(value)).and_then(|value| self.value(value)) else {
                continue;
            };
            if object.is_none() {
                object = Some(Object::parse(line).ok()?);
            }
            object.as_mut()?.within(set, |fields| fields.set(name, &new)).ok()?;
            changed.push(format!("{set}.{name}"));
        }
        let mut object = object?;
        object.within("vaectl", |vaectl| vaectl.set("redacted", &changed)).ok()?;
        Some(object.to_string())
    }

    /// Whether a field may have a secret in it; what is written with escapes may spell anything.
    fn is_suspect(&self, value: &RawValue) -> bool {
        self.trigger.is_match(value.get()) || value.get().contains('\\')
    }

    /// A text, or a list of texts, without its secrets, where it had any.
    fn value(&self, value: &RawValue) -> Option<Box<RawValue>> {
        if let Ok(arguments) = serde_json::from_str::<Vec<String>>(value.get()) {
            return to_raw_value(&self.arguments(&arguments)?).ok();
        }
        let text: String = serde_json::from_str(value.get()).ok()?;
        match self.text(&text) {
            Cow::Owned(new) => to_raw_value(&new).ok(),
            Cow::Borrowed(_) => None,
        }
    }

    /// The arguments without their secrets, where there were any.
    fn arguments(&self, arguments: &[String]) -> Option<Vec<String>> {
        let mut changed = false;
        let mut before = "";
        let mut redacted = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let new = if self.option.is_match(before) && !argument.starts_with('-') {
                Cow::Borrowed(REDACTED)
            } else if let (true, Some((user, _))) = (matches!(before, "-u" | "--user"), argument.split_once(':')) {
                Cow::Owned(format!("{user}:{REDACTED}"))
            } else {
                self.text(argument)
            };
            changed |= new != *argument;
            redacted.push(new.into_owned());
            before = argument;
        }
        changed.then_some(redacted)
    }

    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.shapes.iter().fold(Cow::Borrowed(text), |text, shape| match shape.replace_all(&text, without_secret) {
            Cow::Borrowed(_) => text,
            Cow::Owned(new) => Cow::Owned(new),
        })
    }
}

/// The fields that hold what a program was told, or the name of a file.
fn told<'a>(peek: &Peek<'a>) -> [(&'static str, &'static str, Option<&'a RawValue>); 6] {
    let (process, file) = (peek.process.as_ref(), peek.file.as_ref());
    [
        ("process", "args", process.and_then(|process| process.args)),
        ("process", "executable", process.and_then(|process| process.executable)),
        ("process", "working_directory", process.and_then(|process| process.working_directory)),
        ("file", "path", file.and_then(|file| file.path)),
        ("file", "target_path", file.and_then(|file| file.target_path)),
        ("vaectl", "command", peek.vaectl.command),
    ]
}

/// A match with the secret in it taken out.
fn without_secret(found: &Captures<'_>) -> String {
    let all = found.get_match();
    let secret = found.name("secret").unwrap_or(all);
    let text = all.as_str();
    let (before, after) = (&text[..secret.start() - all.start()], &text[secret.end() - all.start()..]);
    format!("{before}{REDACTED}{after}")
}

#[cfg(test)]
mod tests {
    use super::Redactor;

    fn redacted(line: &str) -> String {
        let redactor = Redactor::new(&["sesame-[0-9]+".into(), "pin(?P<secret>[0-9]{4})".into()]).unwrap();
        redactor.redact(line, &serde_json::from_str(line).unwrap()).unwrap_or_else(|| line.to_owned())
    }

    fn arguments(arguments: &[&str]) -> Vec<String> {
        let line = serde_json::json!({"type": "event", "vaectl": {"v": 1}, "process": {"args": arguments}}).to_string();
        let line: serde_json::Value = serde_json::from_str(&redacted(&line)).unwrap();
        serde_json::from_value(line["process"]["args"].clone()).unwrap()
    }

    #[test]
    fn secrets_in_arguments_are_taken_out_and_the_rest_is_left() {
        for (before, after) in [
            (&["mysql", "--password=hunter2", "-h", "db"][..], &["mysql", "--password=[redacted]", "-h", "db"][..]),
            (&["tool", "--api-key", "abc", "x"], &["tool", "--api-key", "[redacted]", "x"]),
            (&["curl", "-u", "me:pw", "http://h"], &["curl", "-u", "me:[redacted]", "http://h"]),
            (
                &["curl", "-H", "Authorization: Bearer abcdefgh12345"],
                &["curl", "-H", "Authorization: [redacted] [redacted]"],
            ),
            (&["env", "DB_PASSWORD=x", "A=b"], &["env", "DB_PASSWORD=[redacted]", "A=b"]),
            (&["git", "clone", "https://u:p@host/x"], &["git", "clone", "https://u:[redacted]@host/x"]),
            (&["x", "AKIAABCDEFGHIJKLMNOP"], &["x", "[redacted]"]),
            (&["x", "ghp_0123456789abcdefghij"], &["x", "[redacted]"]),
            (&["wget", "http://h/?token=abc&n=1"], &["wget", "http://h/?token=[redacted]&n=1"]),
            (&["open", "sesame-42", "pin1234"], &["open", "[redacted]", "pin[redacted]"]),
        ] {
            assert_eq!(arguments(before), after, "{before:?}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_left() {
        for kept in [
            &["sort", "--key=2"][..1],
            &["passwd", "root"],
            &["ssh-keygen", "-t", "ed25519"],
            &["cat", "/etc/passwd"],
            &["tool", "--password-file", "/run/x"],
            &["tool", "--tokens", "5"],
            &["sudo", "-u", "postgres"],
        ] {
            assert_eq!(arguments(kept), kept, "{kept:?}");
        }
    }

    #[test]
    fn what_was_redacted_is_named_and_the_keys_keep_their_order() {
        let line = r#"{"type":"event","vaectl":{"v":1},"file":{"path":"/srv/token=abc/x"},"process":{"args":["a"]}}"#;
        let expected = r#"{"type":"event","vaectl":{"v":1,"redacted":["file.path"]},"file":{"path":"/srv/token=[redacted]"},"process":{"args":["a"]}}"#;
        assert_eq!(redacted(line), expected);
    }

    #[test]
    fn a_clean_line_keeps_its_bytes() {
        let line = r#"{"type" : "event","vaectl":{"v":1},"process":{"args":["sort","--key","2"]}}"#;
        assert_eq!(redacted(line), line);
    }

    #[test]
    fn a_secret_behind_escapes_is_found_without_patterns_of_ones_own() {
        let line = r#"{"type":"event","vaectl":{"v":1},"process":{"args":["--\u0070assw\u006frd=hunter2"]}}"#;
        let line = Redactor::new(&[]).unwrap().redact(line, &serde_json::from_str(line).unwrap()).unwrap();
        assert!(line.contains("--password=[redacted]") && !line.contains("hunter2"), "{line}");
    }
}
