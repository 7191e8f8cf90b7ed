//! Stages that run beside the test, and the lines they have written so far.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{command, until, wait};

/// Lines that a stage has written so far, read by a thread.
pub(crate) struct Lines {
    read: Arc<Mutex<Vec<Value>>>,
    reader: JoinHandle<()>,
}

impl Lines {
    /// Reads lines to their end and hands them on.
    pub(crate) fn of(from: impl Read + Send + 'static, mut onward: impl Write + Send + 'static) -> Self {
        let read: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = Arc::clone(&read);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(from).lines() {
                let line = line.unwrap();
                writeln!(onward, "{line}").unwrap();
                // A stage that takes another's place begins with a line end.
                if !line.is_empty() {
                    kept.lock().unwrap().push(serde_json::from_str(&line).expect("a line is JSON"));
                }
            }
        });
        Self { read, reader }
    }

    pub(crate) fn get(&self) -> MutexGuard<'_, Vec<Value>> {
        self.read.lock().unwrap()
    }

    /// Waits until what was written so far is enough.
    pub(crate) fn until(&self, what: &str, enough: impl Fn(&[Value]) -> bool) {
        until(what, || enough(&self.get()).then_some(()));
    }

    /// All lines, once the stage has ended.
    pub(crate) fn all(self) -> Vec<Value> {
        self.reader.join().expect("the reader ends");
        std::mem::take(&mut self.read.lock().unwrap())
    }
}

/// A child that is killed where it has not ended.
pub(crate) struct Stage(pub(crate) Child);

impl Stage {
    pub(crate) fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Asks it to end, as a supervisor does.
    pub(crate) fn terminate(&self) {
        self.send(Signal::TERM);
    }

    /// Waits for its end, which must be a success.
    pub(crate) fn finish(mut self) {
        assert_eq!(wait(&mut self.0), Some(0));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // One that has ended is not killed again.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running `record`.
pub(crate) struct Recording {
    stage: Stage,
    lines: Lines,
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
        let mut stage = Stage(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
        let lines = Lines::of(stage.0.stdout.take().expect("it is a pipe"), std::io::sink());
        lines.until("record says hello", |lines| lines.iter().any(|line| line["type"] == "hello"));
        Self { stage, lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.stage.0.id()
    }

    pub(crate) fn lines(&self) -> MutexGuard<'_, Vec<Value>> {
        self.lines.get()
    }

    /// Waits until what was written so far is enough.
    pub(crate) fn until(&self, what: &str, enough: impl Fn(&[Value]) -> bool) {
        self.lines.until(what, enough);
    }

    /// Lets it stand still.
    pub(crate) fn pause(&self) {
        self.stage.send(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.stage.send(Signal::CONT);
    }

    /// Ends it in order, and returns all that it wrote.
    pub(crate) fn stop(self) -> Vec<Value> {
        self.stage.terminate();
        self.stage.finish();
        self.lines.all()
    }

    /// Waits for the end of a container, ends with it, and returns that container's lines.
    pub(crate) fn stop_after_the_end_of(self, id: &str) -> Vec<Value> {
        let ended = |line: &Value| is(line, id) && line["vaectl"]["status"] == "ended";
        self.until("the container ended", |lines| lines.iter().any(ended));
        self.stop().into_iter().filter(|line| is(line, id)).collect()
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

/// How often windows say that a program was executed.
pub(crate) fn executions(lines: &[Value], program: &str) -> u64 {
    windows(lines).filter_map(|window| window["execs"].get(program)).map(|count| count.as_u64().expect("a count")).sum()
}
