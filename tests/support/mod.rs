//! What the tests share: the program in a bare environment, and its output in one piece.

pub(crate) mod manager;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Pid;

/// The program under test.
pub(crate) const VAECTL: &str = env!("CARGO_BIN_EXE_vaectl");

/// How long anything may take on a loaded machine before it counts as hanging.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// What a command left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or("signal".to_owned(), |code| code.to_string());
        write!(f, "{}--- stderr ---\n{}[exit {code}]", self.stdout, self.stderr)
    }
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program with an empty environment and no waiting before a failing exit.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(VAECTL);
    command.env_clear().args(args).args(["--exit-wait", "0"]);
    command
}

/// The same, with all three streams as pipes.
pub(crate) fn start(args: &[&str]) -> Child {
    command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Runs the program to its end on this input.
pub(crate) fn run(args: &[&str], stdin: impl Into<Vec<u8>>) -> Output {
    output(assert_cmd::Command::from_std(command(args)).write_stdin(stdin).timeout(LIMIT))
}

/// Runs a prepared command to its end.
pub(crate) fn output(command: &mut assert_cmd::Command) -> Output {
    let output = command.output().expect("the program runs");
    let text = |bytes| redact(&String::from_utf8(bytes).expect("output is UTF-8"));
    Output { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
}

/// Replaces what differs from run to run by text of the same width.
pub(crate) fn redact(text: &str) -> String {
    let mut out: String = text.replace(env!("CARGO_PKG_VERSION"), "X.Y.Z");
    let log_time = |line: &str| {
        let digits = line.len() > 27 && line.as_bytes()[26] == b'Z' && line.starts_with("20");
        if digits { format!("TTTT-TT-TTTTT:TT:TT.TTTTTTZ{}", &line[27..]) } else { line.to_owned() }
    };
    if out.lines().any(|line| line.starts_with("20")) {
        out = out.lines().map(|line| log_time(line) + "\n").collect();
    }
    out
}

/// Waits for a child's end, which must come before the limit.
pub(crate) fn wait(child: &mut Child) -> Option<i32> {
    until("the program ends", || child.try_wait().expect("the child is ours").map(|status| status.code()))
}

/// The process of a stage of `run`, once it is there.
pub(crate) fn stage_of(run: u32, stage: &str) -> Pid {
    until(stage, || {
        let children = std::fs::read_to_string(format!("/proc/{run}/task/{run}/children")).expect("run is there");
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).find_map(|pid: i32| {
            let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
            (line.split('\0').nth(1) == Some(stage)).then_some(Pid::from_raw(pid)?)
        })
    })
}

/// Asks again and again until there is an answer.
pub(crate) fn until<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(start.elapsed() < LIMIT, "timed out: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A file of the golden cases.
pub(crate) fn golden(path: &str) -> PathBuf {
    root().join("tests/golden").join(path)
}

/// The lines of a small stream: two containers, events, a gap, a type of the future and a broken line.
pub(crate) fn stream() -> Vec<u8> {
    std::fs::read(golden("stream.jsonl")).expect("the stream is checked in")
}

/// The same without the broken line.
pub(crate) fn clean_stream() -> Vec<u8> {
    let stream = stream();
    let json = |line: &&[u8]| serde_json::from_slice::<serde_json::Value>(line).is_ok();
    stream.split_inclusive(|&byte| byte == b'\n').filter(json).flatten().copied().collect()
}
