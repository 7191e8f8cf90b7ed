use std::borrow::Cow;

use regex::{Captures, Regex};

use crate::document::Document;
use crate::object::Object;

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

/// What a line has in it wherever there may be a secret.
const HINTS: &str = r#""-u"|"--user"|(?i:pass|pwd|secret|token|credential|auth|key|bearer|basic\s|://[^/\s]*@|eyJ)|AKIA|ASIA|gh[pousr]_|glpat-|xox[abprs]-|sk_live_|hvs\.|github_pat_"#;

/// Fields that hold what a program was told, or the name of a file.
const FIELDS: [&[&str]; 6] = [
    &["process", "args"],
    &["process", "executable"],
    &["process", "working_directory"],
    &["file", "path"],
    &["file", "target_path"],
    &["vaectl", "command"],
];

/// Takes secrets out of documents before anything of them leaves the host.
pub(crate) struct Redactor {
    /// One pass over a line tells most of them to be clean.
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
        // What others' patterns may be anchored to is a field, not a line.
        let trigger = if own.is_empty() { HINTS } else { "" };
        Ok(Self {
            trigger: Regex::new(trigger)?,
            shapes,
            option: Regex::new(&format!(r"(?i)^--?(?:[a-z0-9]+[-_])*{NAME}$"))?,
        })
    }

    /// Redacts a document; its line stays as it is where nothing is found.
    pub(crate) fn redact(&self, document: &mut Document) {
        if !self.trigger.is_match(&document.line) {
            return;
        }
        let Ok(mut object) = Object::parse(&document.line) else { return };
        let mut changed = Vec::new();
        for path in FIELDS {
            let redacted = if let Some(arguments) = object.get::<Vec<String>>(path) {
                self.arguments(&arguments).is_some_and(|new| object.set(path, &new).is_ok())
            } else {
                let text = object.get::<String>(path);
                let new = text.as_deref().map(|text| self.text(text));
                matches!(new, Some(Cow::Owned(new)) if object.set(path, &new).is_ok())
            };
            if redacted {
                changed.push(path.join("."));
            }
        }
        if !changed.is_empty() && object.set(&["vaectl", "redacted"], &changed).is_ok() {
            document.line = object.to_string();
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
    use crate::document::{Document, Origin, Tier};

    fn redacted(line: &str) -> String {
        let mut document = Document {
            line: line.into(),
            id: "x".into(),
            dataset: "d".into(),
            tier: Tier::Process,
            day: 0,
            origin: Origin::default(),
            spooled: false,
        };
        Redactor::new(&["sesame-[0-9]+".into(), "pin(?P<secret>[0-9]{4})".into()]).unwrap().redact(&mut document);
        document.line
    }

    fn arguments(arguments: &[&str]) -> Vec<String> {
        let line = serde_json::json!({"vaectl": {"v": 1}, "process": {"args": arguments}}).to_string();
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
        let line = r#"{"type" : "event","process":{"args":["sort","--key","2"]}}"#;
        assert_eq!(redacted(line), line);
    }
}
