//! `run` trains the first models by itself.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpriority_process, kill_process, test_kill_process};
use tempfile::TempDir;
use vaectl_scorer::model::{ModelLock, Versions};

use crate::support::{command, stage_of, until, wait};
use crate::training::windows;

/// `run` with a scorer alone, which is fed by hand.
struct Run {
    folder: TempDir,
    child: Child,
    stdin: ChildStdin,
    stdout: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
}

/// Windows of one container.
const WINDOWS: u64 = 80;

impl Run {
    fn start(run: &str, train: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let config = format!(
            "[run]\nstages = ['score']\n{run}\n[score]\nmodels = 'models'\narchive = 'archive'\n\
             [train]\nsince = '2026-01-01T00:00:00Z'\ndraws = 1\n{train}\n"
        );
        fs::write(folder.path().join("vaectl.toml"), config).unwrap();
        let mut command = command(&["run", "-c", "vaectl.toml"]);
        command.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, log) = (gather(child.stdout.take().unwrap()), gather(child.stderr.take().unwrap()));
        Self { folder, stdin: child.stdin.take().unwrap(), child, stdout, log }
    }

    /// Feeds the windows of the containers of these numbers.
    fn feed(&mut self, runs: std::ops::Range<u64>) {
        let text = windows(runs.end, WINDOWS);
        let skipped = text.split_inclusive('\n').skip((runs.start * WINDOWS) as usize);
        self.stdin.write_all(skipped.collect::<String>().as_bytes()).unwrap();
    }

    fn models(&self) -> PathBuf {
        self.folder.path().join("models")
    }

    fn has_model(&self) -> bool {
        let keys = Versions::keys(&self.models()).unwrap();
        keys.iter().any(|key| Versions::of(&self.models(), key).current().unwrap().is_some())
    }

    /// What the training runs that ended have reported.
    fn reports(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.lines().filter(|line| line.contains("Training ended.")).map(str::to_owned).collect()
    }

    /// Waits until the log says this.
    fn told(&self, what: &str) {
        until(what, || self.log.lock().unwrap().contains(what).then_some(()));
    }

    fn verdicts(&self, what: &str) -> usize {
        let out = self.stdout.lock().unwrap();
        out.lines().filter(|line| line.contains(r#""type":"verdict""#) && line.contains(what)).count()
    }
}

/// Reads lines in the background, so that nobody waits for a reader.
fn gather(reader: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let all = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&all);
    thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            *into.lock().unwrap() += &(line + "\n");
        }
    });
    all
}

const QUICK: &str = "seeds = [1]\nepochs = 20";

#[test]
fn a_second_run_gets_its_image_a_model_that_judges_at_once_and_more_runs_a_contest() {
    let mut run = Run::start("train-after = '300ms'\ntrain-every = '1s'", QUICK);
    run.feed(0..1);
    until("the windows are judged", || (run.verdicts("") == WINDOWS as usize).then_some(()));
    thread::sleep(Duration::from_secs(1));
    assert!(!run.has_model() && run.reports().is_empty(), "one run is none to calibrate on");
    assert_eq!(run.verdicts(r#""state":"unknown""#), WINDOWS as usize);

    run.feed(1..2);
    until("a first model", || run.has_model().then_some(()));
    let first = until("its report", || run.reports().first().cloned());
    assert!(first.contains("vaectl train: 0 promoted, 1 new (nginx:1.22)"), "{first}");

    run.feed(2..4);
    until("it judges without a restart", || (run.verdicts(r#""match":"exact""#) > 0).then_some(()));
    let contest = until("a contest", || {
        run.reports().into_iter().find(|report| report.contains("1 promoted") || report.contains("false positives of"))
    });
    assert!(contest.contains("0 new"), "{contest}");
    drop(run.stdin);
    assert_eq!(wait(&mut run.child), Some(0));
}

#[test]
fn the_lock_of_another_training_is_waited_for() {
    let mut run = Run::start("train-after = '200ms'\ntrain-every = '1h'", QUICK);
    let lock = ModelLock::take(&run.models()).unwrap();
    run.feed(0..2);
    until("it was tried twice", || (run.reports().len() >= 2).then_some(()));
    assert!(!run.has_model());
    run.told("are being changed by another run");
    drop(lock);
    until("a first model", || run.has_model().then_some(()));
}

#[test]
fn what_an_archive_has_from_before_is_trained_too() {
    let mut run = Run::start("train-after = '300ms'", QUICK);
    run.feed(0..2);
    until("a first model", || run.has_model().then_some(()));
    drop(run.stdin);
    assert_eq!(wait(&mut run.child), Some(0));
    fs::remove_dir_all(run.folder.path().join("models")).unwrap();
    let mut again = command(&["run", "-c", "vaectl.toml"]);
    again.current_dir(run.folder.path()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut again = again.spawn().unwrap();
    until("a first model again", || {
        let keys = Versions::keys(&run.folder.path().join("models")).unwrap();
        (!keys.is_empty()).then_some(())
    });
    drop(again.stdin.take());
    assert_eq!(wait(&mut again), Some(0));
}

#[test]
fn training_gives_way_to_the_stages_and_ends_with_them() {
    let seeds: Vec<String> = (1..=200).map(|seed| seed.to_string()).collect();
    let slow = format!("seeds = [{}]\nepochs = 400", seeds.join(", "));
    let mut run = Run::start("train-after = '100ms'", &slow);
    run.feed(0..2);
    let training = stage_of(run.child.id(), "train");
    until("it is niced", || (getpriority_process(Some(training)) == Ok(15)).then_some(()));
    let judged = run.verdicts("");
    run.feed(2..3);
    until("windows are judged meanwhile", || (run.verdicts("") >= judged + WINDOWS as usize).then_some(()));
    assert!(test_kill_process(training).is_ok() && !run.has_model(), "it still trains");
    kill_process(Pid::from_child(&run.child), Signal::TERM).unwrap();
    assert_eq!(wait(&mut run.child), Some(0));
    assert!(test_kill_process(training).is_err(), "nothing is left behind");
}

#[test]
fn where_it_is_told_to_it_trains_nothing() {
    let mut run = Run::start("train-after = '0s'\nno-train = true", QUICK);
    run.feed(0..2);
    until("the windows are judged", || (run.verdicts("") == 2 * WINDOWS as usize).then_some(()));
    thread::sleep(Duration::from_millis(300));
    drop(run.stdin);
    assert_eq!(wait(&mut run.child), Some(0));
    assert_eq!(run.log.lock().unwrap().matches("Training").count(), 0);
}
