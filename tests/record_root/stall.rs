//! Readers that stall: a server that answers nobody for a time, below all stages of `run`; and a recorder alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use vaectl_bench::fake::{Fake, Reply};
use vaectl_bench::probe::Generator;
use vaectl_bench::{Container, Engine, Options, Workspace};

use super::recording::{Lines, Stage, events, executions, is, windows};
use super::{probe, skipped};
use crate::support::manager::{heard, is_fed, starves, watched};
use crate::support::{command, stage_of, until};

/// How often programs run in the container that is not busy.
const FEW: u64 = 20;
/// No more programs than this are run in the busy one.
const MOST: u64 = 60_000;

/// A server that takes everything, or answers nobody.
fn server() -> (Fake, Arc<AtomicBool>) {
    let stalled = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stalled);
    let fake = Fake::new(move |_| {
        while asked.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Reply::Take
    });
    (fake.unwrap(), stalled)
}

/// `run` of all stages on two containers, watched by a service manager.
struct Scene {
    run: Stage,
    /// What `publish` reports.
    lines: Lines,
    manager: UnixDatagram,
    fake: Fake,
    stalled: Arc<AtomicBool>,
    busy: Container,
    calm: Container,
    _workspace: Workspace,
}

fn scene() -> Scene {
    let (workspace, image) = probe();
    let start = |name| Container::start(&Engine::Runc, &image, name, &Options::default(), &workspace).unwrap();
    let (busy, calm) = (start("busy"), start("calm"));
    let (fake, stalled) = server();
    let [config, letters] = ["vaectl.toml", "letters"].map(|name| workspace.path().join(name));
    // Little room everywhere, so that what waits fills it within seconds.
    let text = format!(
        "log-level = 'warn'\n\
         [record]\nwindow = '200ms'\ncontainer = ['{}', '{}']\nbacklog-bytes = '32K'\n\
         [score]\nmodels = 'none'\npass-windows = true\nbacklog-bytes = '32K'\nevents-per-second = 1000000\n\
         [publish]\nto = '{}'\nwindows = true\nno-merge = true\nbatch-documents = 50\nbatch-age = '100ms'\n\
         summary-age = '1s'\ndead-letter = '{}'\n",
        busy.id(),
        calm.id(),
        fake.url,
        letters.display()
    );
    fs::write(&config, text).unwrap();
    let mut command = command(&["run", "-c", config.to_str().unwrap()]);
    let manager = watched(&mut command, workspace.path(), Duration::from_millis(500));
    let mut run = Stage(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
    let lines = Lines::of(run.0.stdout.take().unwrap(), std::io::sink());
    heard(&manager, "READY=1", "STOPPING=1");
    let scene = Scene { run, lines, manager, fake, stalled, busy, calm, _workspace: workspace };
    scene.until("both have a window", |documents| {
        [&scene.busy, &scene.calm].iter().all(|c| windows(documents).any(|window| is(window, c.id())))
    });
    scene
}

impl Scene {
    /// What the server has stored so far.
    fn documents(&self) -> Vec<Value> {
        self.fake.seen().store.values().map(|source| serde_json::from_str(source).unwrap()).collect()
    }

    /// Waits until what is stored is enough; looks only when there is more.
    fn until(&self, what: &str, enough: impl Fn(&[Value]) -> bool) {
        let mut seen = 0;
        until(what, || {
            let count = self.fake.count();
            (std::mem::replace(&mut seen, count) != count && enough(&self.documents())).then_some(())
        });
    }

    fn stages(&self) -> [i32; 3] {
        ["record", "score", "publish"].map(|stage| stage_of(self.run.0.id(), stage).as_raw_nonzero().get())
    }

    /// Runs programs in the busy container until this is called with the answer, which says how many there were.
    fn keep_busy(&self) -> impl FnOnce() -> u64 {
        let [stop, count] = ["stop", "count"].map(|name| self.busy.control().join(name));
        let each = "/usr/bin/probe noop; i=$((i+1))";
        let turn = format!("while [ ! -e /control/stop ] && [ $i -lt {MOST} ]; do {each}; done");
        self.busy.run_inside(&format!("i=0; {turn}; echo $i >/control/part; mv /control/part /control/count")).unwrap();
        move || {
            fs::write(stop, "").unwrap();
            until("the last program has run", || count.exists().then_some(()));
            fs::read_to_string(count).unwrap().trim().parse().unwrap()
        }
    }
}

/// Whether a thread of a process waits for room in a pipe.
fn waits_for_room(pid: i32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let waits =
        |thread: PathBuf| fs::read_to_string(thread.join("wchan")).is_ok_and(|place| place.contains("pipe_write"));
    threads.flatten().any(|thread| waits(thread.path()))
}

/// What gaps of a container say that was lost: by the recorder, whose lines are numbered, and by the scorer.
fn lost(documents: &[Value], container: &str) -> [u64; 2] {
    let gaps = documents.iter().filter(|line| line["type"] == "gap" && is(line, container));
    let (of_record, of_score): (Vec<_>, Vec<_>) = gaps.partition(|gap| gap["event"]["sequence"].is_u64());
    [of_record, of_score].map(|gaps| gaps.iter().map(|gap| gap["vaectl"]["lost"].as_u64().unwrap()).sum())
}

#[test]
fn a_server_that_stalls_costs_events_alone_and_all_that_run_took_on_is_delivered() {
    if skipped("a_server_that_stalls_costs_events_alone_and_all_that_run_took_on_is_delivered") {
        return;
    }
    let scene = scene();
    let (busy, calm) = (scene.busy.id().to_owned(), scene.calm.id().to_owned());
    let stages = scene.stages();
    scene.stalled.store(true, Ordering::SeqCst);
    let ran = scene.keep_busy();
    let few = format!("i=0; while [ $i -lt {FEW} ]; do /usr/bin/probe noop; i=$((i+1)); done");
    scene.calm.run_inside(&few).unwrap();
    // Until both backlogs and every pipe are full, and then some. No stage counts as hanging.
    let (mut blocked, mut words) = (0, 0);
    while blocked < 24 {
        assert!(words < 600, "the recorder never waited for room in its pipe");
        is_fed(&scene.manager, 1);
        words += 1;
        blocked = if waits_for_room(stages[0]) { blocked + 1 } else { 0 };
    }
    let ran = ran();
    scene.stalled.store(false, Ordering::SeqCst);
    let programs = |documents: &[Value], id: &str| {
        let own: Vec<_> = documents.iter().filter(|line| is(line, id)).cloned().collect();
        executions(&own, "/usr/bin/probe")
    };
    // Windows of all the time, be they added up.
    scene.until("all programs are counted", |documents| {
        programs(documents, &busy) >= ran && programs(documents, &calm) >= FEW
    });
    assert_eq!(scene.stages(), stages, "none had to be started again");
    let Scene { run, lines, fake, busy: first, calm: second, stalled: _, manager: _, _workspace } = scene;
    drop((first, second));
    let ended = |id: &str| {
        let seen = fake.seen();
        seen.store.values().any(|source| source.contains(id) && source.contains(r#""status":"ended""#))
    };
    until("both have ended", || (ended(&busy) && ended(&calm)).then_some(()));
    run.terminate();
    run.finish();
    let reports = lines.all();
    let documents: Vec<Value> =
        fake.seen().store.values().map(|source| serde_json::from_str(source).unwrap()).collect();

    let of_cause = |cause: &'static str| {
        documents.iter().filter(move |line| line["type"] == "gap" && line["vaectl"]["cause"] == cause).count()
    };
    assert_eq!(of_cause("ring_full") + of_cause("quota"), 0, "the ring was emptied all the time");
    assert_eq!((programs(&documents, &busy), programs(&documents, &calm)), (ran, FEW), "windows lost nothing");
    let merged = |window: &&Value| window["vaectl"]["window"]["merged"].as_u64() > Some(1);
    assert!(windows(&documents).filter(merged).count() > 0, "but were added up");
    for (id, all) in [(&busy, ran), (&calm, FEW)] {
        let own: Vec<_> = documents.iter().filter(|line| is(line, id)).cloned().collect();
        let [by_record, by_score] = lost(&documents, id);
        let on_windows = windows(&own).map(|window| window["vaectl"]["window"]["lost"].as_u64().unwrap()).sum::<u64>();
        assert_eq!(on_windows, by_record, "gaps and windows say the same");
        let told = events(&own, "exec").filter(|exec| exec["process"]["executable"] == "/usr/bin/probe").count() as u64;
        assert!(told <= all && all <= told + by_record + by_score, "{told} of {all}, {by_record}, {by_score}");
        let steps = |step: &str| own.iter().filter(|line| line["vaectl"]["status"] == step).count();
        assert_eq!((steps("started"), steps("ended")), (1, 1), "no line of a container's life went");
    }
    let [of_busy, of_calm] = [&busy, &calm].map(|id| lost(&documents, id));
    assert!(of_busy[0] > 0 && of_busy[1] > 0, "both had no room left: {of_busy:?}");
    let [busy_lost, calm_lost] = [of_busy, of_calm].map(|by| by.iter().sum::<u64>());
    assert!(calm_lost * 20 < busy_lost, "who is fullest loses first: {calm_lost} and {busy_lost}");

    let [.., ledger, end] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((&ledger["type"], &end["type"]), (&"ledger".into(), &"end".into()));
    let datasets: BTreeMap<String, BTreeMap<String, u64>> =
        serde_json::from_value(ledger["vaectl"]["datasets"].clone()).unwrap();
    let total = |column: &str| datasets.values().map(|account| account[column]).sum::<u64>();
    assert_eq!(["dropped", "dead_lettered", "spooled"].map(total), [0; 3]);
    // A request that was given up and sent again is a duplicate.
    let delivered = total("indexed") + total("duplicate");
    assert_eq!(total("received"), delivered + total("merged"));
    assert_eq!(documents.len() as u64, delivered);
}

#[test]
fn a_recorder_feeds_the_watchdog_until_it_hangs() {
    if skipped("a_recorder_feeds_the_watchdog_until_it_hangs") {
        return;
    }
    let workspace = Workspace::new("watched").unwrap();
    let limit = Duration::from_millis(200);
    let mut command = command(&["record", "--window", "1h", "--container", "nobody-has-this-name"]);
    let manager = watched(&mut command, workspace.path(), limit);
    let record = Stage(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    heard(&manager, "READY=1", "WATCHDOG=1");
    is_fed(&manager, 20);
    record.send(Signal::STOP);
    starves(&manager, limit);
    record.send(Signal::CONT);
    is_fed(&manager, 20);
    record.terminate();
    record.finish();
}

#[test]
fn a_recorder_whose_reader_is_slow_at_the_end_does_not_hang() {
    if skipped("a_recorder_whose_reader_is_slow_at_the_end_does_not_hang") {
        return;
    }
    let (workspace, image) = probe();
    let container = Container::start(&Engine::Runc, &image, "last", &Options::default(), &workspace).unwrap();
    let mut command = command(&["record", "--window", "200ms", "--duration", "3s", "--container", container.id()]);
    let manager = watched(&mut command, workspace.path(), Duration::from_millis(200));
    let mut record = Stage(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
    heard(&manager, "READY=1", "WATCHDOG=1");
    // More than a pipe and the output take, and no room in time for any of it.
    Generator::start(&container, Duration::from_secs(2), 0.0, None).unwrap().finish().unwrap();
    // Three seconds from where it began, and as long again.
    is_fed(&manager, 60);
    assert!(record.0.try_wait().unwrap().is_none(), "it waits for its reader");
    let mut out = String::new();
    record.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    record.finish();
    let last = out.lines().last().unwrap();
    assert!(last.contains(r#""type":"end""#) && last.contains(r#""cause":"duration""#), "{last}");
}
