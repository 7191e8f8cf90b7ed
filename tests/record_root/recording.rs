//! A `record` that runs beside the test, and the lines it has written so far.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{command, until, wait};

/// Dropping it kills the recorder.
pub(crate) struct Recording {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
    reader: Option<JoinHandle<()>>,
}

impl Recording {
    /// Starts `record` with these arguments and environment, and waits until its programs are attached.
    pub(crate) fn start(args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = command(&[&["record", "--log-level", "warn"], args].concat());
        command.envs(env.iter().copied());
        Self::of(command)
    }

    /// The same of a command that becomes `record`.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in stdout.lines() {
                let line = serde_json::from_str(&line.unwrap()).expect("a line is JSON");
                kept.lock().unwrap().push(line);
            }
        });
        let recording = Self { child, lines, reader: Some(reader) };
        recording.until("record says hello", |lines| lines.iter().any(|line| line["type"] == "hello"));
        recording
    }

    pub(crate) fn lines(&self) -> MutexGuard<'_, Vec<Value>> {
        self.lines.lock().unwrap()
    }

    /// Waits until what was written so far is enough.
    pub(crate) fn until(&self, what: &str, enough: impl Fn(&[Value]) -> bool) {
        until(what, || enough(&self.lines()).then_some(()));
    }

    /// Ends it in order, and returns all that it wrote.
    pub(crate) fn stop(mut self) -> Vec<Value> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert_eq!(wait(&mut self.child), Some(0));
        self.reader.take().expect("it is joined once").join().expect("the reader ends");
        std::mem::take(&mut self.lines())
    }

    /// Waits for the end of a container, ends with it, and returns that container's lines.
    pub(crate) fn stop_after_the_end_of(self, id: &str) -> Vec<Value> {
        let ended = |line: &Value| is(line, id) && line["vaectl"]["status"] == "ended";
        self.until("the container ended", |lines| lines.iter().any(ended));
        self.stop().into_iter().filter(|line| is(line, id)).collect()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // One that has ended is not killed again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a line is of this container.
pub(crate) fn is(line: &Value, container: &str) -> bool {
    line["container"]["id"] == container
}

/// The windows.
pub(crate) fn windows(lines: &[Value]) -> impl Iterator<Item = &Value> {
    lines.iter().filter(|line| line["type"] == "window")
}

/// The events of an action.
pub(crate) fn events<'a>(lines: &'a [Value], action: &'static str) -> impl Iterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["type"] == "event" && line["event"]["action"] == action)
}

/// The sum of a counter over all windows.
pub(crate) fn counted(lines: &[Value], counter: &str) -> u64 {
    let counts = windows(lines).filter_map(|window| window["counters"].get(counter));
    counts.map(|count| count.as_u64().expect("a count")).sum()
}
