use std::borrow::Cow;

use regex::{Captures, Regex};
use serde_json::value::{RawValue, to_raw_value};

use crate::object::Object;
use crate::peek::Peek;
use crate::words::words;

/// What stands where a secret was.
const REDACTED: &str = "[redacted]";

/// Names that are given a secret: in options, assignments, headers, queries. Long ones also with something glued on, as
/// in `PGPASSWORD`; `compass` and `OLDPWD` are none.
const NAME: &str = concat!(
    r"(?:[a-z0-9]*(?:pass(?:word|wd|phrase)|secret|token|credentials?|",
    r"(?:api|access|private|secret|encryption|account)[-_]?key)",
    r"|(?:db|ssh|user|root|admin|smtp|ldap|proxy)?(?:pass|pwd)|auth(?:orization)?)[0-9]*",
);

/// The value of a name within a text: quoted, also within quotes, or a word.
const VALUE: &str = r#"(?P<secret>\\"[^"]+\\"|"(?:[^"\\]|\\.)+"?|'[^']+'?|(?:\\\s|[^\s&;,])*[^\s&;,"'])"#;

/// Secrets that show themselves, whatever stands before them.
const SHAPES: [&str; 7] = [
    // The password of a URL.
    r"[a-z][a-z0-9+.-]*://[^/\s:@]*:(?P<secret>[^/\s@]+)@",
    // What a header carries, of whatever scheme.
    r#"authorization\s*:\s+(?P<secret>[^\r\n"';|&]+)"#,
    r"(?:bearer|basic)\s+(?P<secret>[a-z0-9+/=._~-]{8,})",
    // A JSON web token.
    r"\b(?P<secret>eyJ[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]*)",
    // Keys of AWS, GitHub, GitLab, Slack, Stripe and their like.
    r"\b(?P<secret>(?:AKIA|ASIA)[0-9A-Z]{16})\b",
    r"\b(?P<secret>(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk_live_|hvs\.)[a-z0-9_-]{10,})",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<secret>[\s\S]+)",
];

/// What a field has in it wherever there may be a secret.
const HINTS: &str = r#"-u[\s"]|"--user|(?i:pass|pwd|secret|token|credential|auth|key|bearer|basic\s|://[^/\s]*@|eyJ)|AKIA|ASIA|gh[pousr]_|glpat-|xox[abprs]-|sk_live_|hvs\.|github_pat_"#;

/// Takes secrets out of documents before anything of them leaves the host.
pub(crate) struct Redactor {
    /// One pass over a field tells nearly all of them to be clean.
    trigger: Regex,
    shapes: Vec<Regex>,
    /// The name of an option or a variable whose value is a secret.
    name: Regex,
    /// An argument that is a header, up to its secret.
    header: Regex,
}

impl Redactor {
    /// With patterns of the user's own: the group `secret` of a match is taken out, all of it where there is none.
    ///
    /// # Errors
    /// Where one is no regular expression.
    pub(crate) fn new(own: &[String]) -> Result<Self, regex::Error> {
        // A name in quotes is one of JSON.
        let assigned = format!(r#"(?:^|[\W_]){NAME}s?(?:\\?["']\s*)?[=:]\s*{VALUE}"#);
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
            name: Regex::new(&format!(r"(?i)^(?:[a-z0-9]+[-_.]+)*{NAME}$"))?,
            header: Regex::new(r"(?i)^(?:-[a-z]|--[a-z-]+=)?(?:proxy-)?authorization\s*:\s*")?,
        })
    }

    /// The line without its secrets; none where there are none in it.
    ///
    /// # Errors
    /// Where it is not known how to write it without them.
    pub(crate) fn redact(&self, line: &str, peek: &Peek<'_>) -> serde_json::Result<Option<String>> {
        let mut changed = Vec::new();
        for (set, name, value) in told(peek) {
            if let Some(value) = value.filter(|value| self.is_suspect(value))
                && let Some(new) = self.value(value)?
            {
                changed.push((set, name, new));
            }
        }
        if changed.is_empty() {
            return Ok(None);
        }
        let names: Vec<_> = changed.iter().map(|(set, name, _)| format!("{set}.{name}")).collect();
        let mut object = Object::parse(line)?;
        for (set, name, new) in &changed {
            object.within(set, |fields| fields.set(name, new))?;
        }
        object.within("vaectl", |vaectl| vaectl.set("redacted", &names))?;
        Ok(Some(object.to_string()))
    }

    /// Whether a field may have a secret in it; what is written with escapes may spell anything.
    fn is_suspect(&self, value: &RawValue) -> bool {
        self.trigger.is_match(value.get()) || value.get().contains('\\')
    }

    /// A text, or a list of texts, without its secrets, where it had any; what is neither is taken out as a whole.
    fn value(&self, value: &RawValue) -> serde_json::Result<Option<Box<RawValue>>> {
        if let Ok(arguments) = serde_json::from_str::<Vec<String>>(value.get()) {
            return self.arguments(&arguments).map(|new| to_raw_value(&new)).transpose();
        }
        let new = match serde_json::from_str::<Option<String>>(value.get()) {
            Ok(text) => text.and_then(|text| Some(self.text(&text).into_owned()).filter(|new| *new != text)),
            Err(_) => Some(REDACTED.to_owned()),
        };
        new.map(|new| to_raw_value(&new)).transpose()
    }

    /// The arguments without their secrets, where there were any.
    fn arguments(&self, arguments: &[impl AsRef<str>]) -> Option<Vec<String>> {
        let mut changed = false;
        let mut before = "";
        let mut redacted = Vec::with_capacity(arguments.len());
        for argument in arguments.iter().map(AsRef::as_ref) {
            let new = self.argument(before, argument);
            changed |= new != *argument;
            redacted.push(new.into_owned());
            before = argument;
        }
        changed.then_some(redacted)
    }

    fn argument<'a>(&self, before: &str, argument: &'a str) -> Cow<'a, str> {
        if self.is_option(before) && !argument.starts_with('-') {
            return REDACTED.into();
        }
        if let (true, Some((user, password))) = (matches!(before, "-u" | "--user"), argument.split_once(':'))
            && !password.starts_with("//")
        {
            return format!("{user}:{REDACTED}").into();
        }
        let is_command = is_shell(before);
        if !is_command && let Some(kept) = self.before_value(argument) {
            return format!("{kept}{REDACTED}").into();
        }
        let text = self.text(argument);
        let new = (is_command || text.contains(char::is_whitespace)).then(|| self.command(&text)).flatten();
        new.map_or(text, Cow::Owned)
    }

    /// Whether what follows is a secret.
    fn is_option(&self, text: &str) -> bool {
        text.strip_prefix('-').is_some_and(|name| self.name.is_match(name.strip_prefix('-').unwrap_or(name)))
    }

    /// What stands before the secret in an argument that is nothing but an option, a variable or a header with its value.
    fn before_value<'a>(&self, argument: &'a str) -> Option<&'a str> {
        let kept = self.header.find(argument).map(|header| header.as_str()).or_else(|| {
            let (name, value) = argument.split_once('=')?;
            // A form looks like a variable too.
            let is_form = value.contains('&') && name.contains(|c: char| c.is_ascii_lowercase());
            let is_variable = !is_form && !value.contains(char::is_whitespace) && self.name.is_match(name);
            (is_variable || self.is_option(name)).then(|| &argument[..=name.len()])
        });
        kept.filter(|kept| kept.len() < argument.len())
    }

    /// A command line without the secrets among its words, where there were any.
    fn command(&self, text: &str) -> Option<String> {
        let words = words(text);
        let new = self.arguments(&words)?;
        let mut redacted = String::with_capacity(text.len());
        let mut end = 0;
        for (word, new) in words.into_iter().zip(&new).filter(|(word, new)| word.plain != **new) {
            let quote = quote(&text[word.at.clone()]);
            redacted.extend([&text[end..word.at.start], quote, new, quote]);
            end = word.at.end;
        }
        Some(redacted + &text[end..])
    }

    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.shapes.iter().fold(Cow::Borrowed(text), |text, shape| match shape.replace_all(&text, without_secret) {
            Cow::Borrowed(_) => text,
            Cow::Owned(new) => Cow::Owned(new),
        })
    }
}

/// Whether what follows is a command line for a shell: `sh -c`, `bash -lc`.
fn is_shell(option: &str) -> bool {
    option.starts_with('-') && !option.starts_with("--") && option.ends_with('c')
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
    let quote = quote(secret.as_str());
    format!("{before}{quote}{REDACTED}{quote}{after}")
}

/// The quotes that a text stands in; nothing where it does not.
fn quote(text: &str) -> &'static str {
    let around = |quote: &&str| text.len() >= 2 * quote.len() && text.starts_with(quote) && text.ends_with(quote);
    ["\\\"", "\"", "'"].into_iter().find(around).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Redactor;

    fn redacted(line: &str) -> String {
        let redactor = Redactor::new(&["sesame-[0-9]+".into(), "pin(?P<secret>[0-9]{4})".into()]).unwrap();
        redactor.redact(line, &serde_json::from_str(line).unwrap()).unwrap().unwrap_or_else(|| line.to_owned())
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
            (&["curl", "-H", "Authorization: Bearer abcdefgh12345"], &["curl", "-H", "Authorization: [redacted]"]),
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
    fn secrets_in_one_argument_are_taken_out_whole() {
        for (before, after) in [
            ("PGPASSWORD=x", "PGPASSWORD=[redacted]"),
            ("DB_PASSWORD=ab,cd;ef", "DB_PASSWORD=[redacted]"),
            ("--password=ab,c&d;e f", "--password=[redacted]"),
            ("-Dspring.datasource.password=a,b", "-Dspring.datasource.password=[redacted]"),
            ("accessToken=a1", "accessToken=[redacted]"),
            ("token=ab&n=1", "token=[redacted]&n=1"),
            ("Authorization: ApiKey aWQ6a2V5", "Authorization: [redacted]"),
            ("Authorization: Token abc", "Authorization: [redacted]"),
            ("-HAuthorization: Digest username=\"me\", response=\"b2\"", "-HAuthorization: [redacted]"),
            (
                "GET / HTTP/1.0\r\nAuthorization: ApiKey a2\r\nHost: h",
                "GET / HTTP/1.0\r\nAuthorization: [redacted]\r\nHost: h",
            ),
            ("X-Vault-Token: abc", "X-Vault-Token: [redacted]"),
            (r#"{"user":"me","password":"x","n":1}"#, r#"{"user":"me","password":"[redacted]","n":1}"#),
            (r#"{"password" : "x y, z", "n": 1}"#, r#"{"password" : "[redacted]", "n": 1}"#),
            ("password: 'a b'", "password: '[redacted]'"),
            ("password=\"a b", "password=[redacted]"),
            ("Server=db;Password=ab;Port=1", "Server=db;Password=[redacted];Port=1"),
        ] {
            assert_eq!(arguments(&["tool", before]), ["tool", after], "{before}");
        }
    }

    #[test]
    fn secrets_in_a_command_line_are_taken_out_and_the_commands_are_left() {
        for (before, after) in [
            ("mysql --password x -h db", "mysql --password [redacted] -h db"),
            ("mysql --password 'x y' -h db", "mysql --password '[redacted]' -h db"),
            ("mysql --password=ab,cd -h db", "mysql --password=[redacted] -h db"),
            ("PGPASSWORD=x psql -h db", "PGPASSWORD=[redacted] psql -h db"),
            ("PGPASSWORD='x y' psql", "PGPASSWORD='[redacted]' psql"),
            ("PGPASSWORD=ab,cd psql", "PGPASSWORD=[redacted] psql"),
            ("TOKEN=x;curl${IFS}evil", "TOKEN=[redacted];curl${IFS}evil"),
            ("curl -u me:pw http://h", "curl -u me:[redacted] http://h"),
            ("curl -H 'Authorization: ApiKey abc' http://h", "curl -H 'Authorization: [redacted]' http://h"),
            ("curl -H Authorization:\\ Token\\ abc http://h", "curl -H Authorization:[redacted] http://h"),
            (r#"curl -d '{"token": "a b"}' http://h"#, r#"curl -d '{"token": "[redacted]"}' http://h"#),
            (r#"curl -d "{\"token\":\"a b\"}" h"#, r#"curl -d "{\"token\":\"[redacted]\"}" h"#),
            (r#"su -c "mysql --password x" me"#, r#"su -c "mysql --password [redacted]" me"#),
        ] {
            assert_eq!(arguments(&["sh", "-c", before]), ["sh", "-c", after], "{before}");
        }
    }

    #[test]
    fn a_field_that_cannot_be_read_is_taken_out_as_a_whole() {
        for args in
            [r#"["--password=hunter2","\ud800"]"#, r#"["--password=hunter2",7]"#, r#"{"a":"--password=hunter2"}"#]
        {
            let line = format!(r#"{{"type":"event","vaectl":{{"v":1}},"process":{{"args":{args}}}}}"#);
            let expected =
                r#"{"type":"event","vaectl":{"v":1,"redacted":["process.args"]},"process":{"args":"[redacted]"}}"#;
            assert_eq!(redacted(&line), expected, "{args}");
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
            &["sqlmap", "-u", "http://h:8080/x"],
            &["env", "OLDPWD=/srv", "compass=north", "BYPASS=1", "monkey=2"],
            &["sh", "-c", "echo don't \"stop\"; cat secret.txt | grep -c 'a b' && ls /etc/passwd"],
            &["sh", "-c", "kubectl get secret db; vault token lookup; ssh-keygen -t rsa"],
            &["python3", "-c", "import secrets, tokenize; print('a', \"b\")"],
            &["git", "commit", "-m", "Say why the author's key is one"],
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
        let line = Redactor::new(&[]).unwrap().redact(line, &serde_json::from_str(line).unwrap()).unwrap().unwrap();
        assert!(line.contains("--password=[redacted]") && !line.contains("hunter2"), "{line}");
    }
}
