//! All four stages on real containers, with an attack in one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::PipeReader;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use vaectl_bench::probe::Generator;
use vaectl_bench::{Container, Engine, Image, Options, Workspace, netns};
use vaectl_schemas::Timestamp;

use super::recording::{Lines, Recording, Stage, counted, events, is, windows};
use super::skipped;
use crate::support::{command, until};

const WINDOW: [&str; 2] = ["--window", "200ms"];
/// What asks for the health of a container, as part of what it does.
const JOB: &str = "while :; do /usr/bin/redis-cli ping >/dev/null; sleep 0.5; done";
/// The longest lease of a scorer that was killed, and its last second.
const LEASE: Duration = Duration::from_secs(31);
/// More than a second of programs that the workload never started.
const ATTACK: &str = "i=0; while [ $i -lt 60 ]; do /bin/ls / >/dev/null; sleep 0.02; i=$((i+1)); done";

fn start(names: &[&str], image: &Image, workspace: &Workspace) -> Vec<Container> {
    let start = |name: &&str| Container::start(&Engine::Runc, image, name, &Options::default(), workspace).unwrap();
    names.iter().map(start).collect()
}

/// Records replicas at this job until each has so many windows, and makes a model; how much that is.
fn train(image: &Image, workspace: &Workspace, models: &Path, replicas: &[&str], job: &str, least: usize) -> Value {
    let names: Vec<_> = replicas.iter().map(|name| format!("{name}-{}", workspace.tag())).collect();
    let only = names.iter().flat_map(|name| ["--container", name]);
    let recording = Recording::start(&WINDOW.into_iter().chain(only).collect::<Vec<_>>(), &[]);
    let fleet = start(replicas, image, workspace);
    for container in &fleet {
        container.run_inside(job).unwrap();
    }
    recording.until("windows enough of each", |lines| {
        fleet.iter().all(|c| windows(lines).filter(|window| is(window, c.id())).count() >= least)
    });
    let file = workspace.path().join("recording.jsonl");
    let lines: Vec<_> = recording.stop().iter().map(Value::to_string).collect();
    fs::write(&file, lines.join("\n") + "\n").unwrap();
    let args = ["--seeds", "1", "--draws", "2", "--epochs", "40", "--report", "json", "--log-level", "warn"];
    let trained = command(&["train"]).arg("--models").arg(models).args(args).arg(&file).output().unwrap();
    assert!(trained.status.success(), "{trained:?}");
    let report: Value = serde_json::from_slice(&trained.stdout).unwrap();
    let mut keys = report["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["name"] == image.reference()).unwrap();
    assert_eq!(key["runs"], replicas.len(), "{key}");
    key["outcome"]["trained"]["grade"].clone()
}

/// `record | score | publish`, with what crosses the second pipe kept.
struct Pipeline {
    record: Stage,
    score: Stage,
    publish: Stage,
    scored: Lines,
    published: Lines,
}

impl Pipeline {
    /// So much may wait for a slow `publish`.
    fn start(models: &Path, repository: &Path, backlog: &str) -> Self {
        let stage = |args: &[&str], stdin: Stdio| {
            let mut command = command(&[args, &["--log-level", "warn"]].concat());
            Stage(command.stdin(stdin).stdout(Stdio::piped()).spawn().unwrap())
        };
        let (models, to) = (models.to_str().unwrap(), format!("dir:{}", repository.display()));
        let mut record = stage(&["record", WINDOW[0], WINDOW[1], "--backlog-bytes", "32K"], Stdio::null());
        let recorded = record.0.stdout.take().unwrap();
        let mut score =
            stage(&["score", "--pass-windows", "--backlog-bytes", backlog, "--models", models], recorded.into());
        let mut publish = stage(&["publish", "--windows", "--to", &to], Stdio::piped());
        let scored = Lines::of(score.0.stdout.take().unwrap(), publish.0.stdin.take().unwrap());
        let published = Lines::of(publish.0.stdout.take().unwrap(), std::io::sink());
        Self { record, score, publish, scored, published }
    }

    /// Waits until what `score` has written so far is enough.
    fn until(&self, what: &str, enough: impl Fn(&[Value]) -> bool) {
        self.scored.until(what, enough);
    }

    /// Ends the first stage and with it all; what `score` and `publish` have written.
    fn stop(self) -> (Vec<Value>, Vec<Value>) {
        self.record.terminate();
        self.record.finish();
        self.score.finish();
        let scored = self.scored.all();
        self.publish.finish();
        (scored, self.published.all())
    }
}

/// `record --control | score --control` of one container, with what crosses both pipes kept.
struct Controlled {
    record: Stage,
    score: Stage,
    recorded: Lines,
    scored: Lines,
    between: PipeReader,
}

impl Controlled {
    fn start(models: &Path, name: &str, workspace: &Workspace) -> Self {
        let socket = workspace.path().join("control.sock");
        let stage = |args: &[&str], stdin: Stdio| {
            let common = ["--control", socket.to_str().unwrap(), "--log-level", "warn"];
            let mut command = command(&[args, &common].concat());
            Stage(command.stdin(stdin).stdout(Stdio::piped()).spawn().unwrap())
        };
        let name = format!("{name}-{}", workspace.tag());
        let mut record = stage(&["record", WINDOW[0], WINDOW[1], "--container", &name], Stdio::null());
        let (between, into) = std::io::pipe().unwrap();
        let stdin = between.try_clone().unwrap().into();
        let mut score = stage(&["score", "--models", models.to_str().unwrap()], stdin);
        let recorded = Lines::of(record.0.stdout.take().unwrap(), into);
        let scored = Lines::of(score.0.stdout.take().unwrap(), std::io::sink());
        Self { record, score, recorded, scored, between }
    }
}

/// Every document of a repository.
fn documents(repository: &Path) -> Vec<Value> {
    let mut documents = Vec::new();
    for dataset in fs::read_dir(repository).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for day in fs::read_dir(dataset).unwrap() {
            let text = fs::read_to_string(day.unwrap().path()).unwrap();
            documents.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
    }
    documents
}

/// The datasets of a stage's ledger.
fn ledger(lines: &[Value], stage: &str) -> BTreeMap<String, BTreeMap<String, u64>> {
    let line = lines.iter().find(|line| line["type"] == "ledger" && line["vaectl"]["stage"] == stage).unwrap();
    serde_json::from_value(line["vaectl"]["datasets"].clone()).unwrap()
}

fn types(lines: &[Value]) -> BTreeSet<&str> {
    lines.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

fn count(lines: &[Value], kind: &str) -> u64 {
    lines.iter().filter(|line| line["type"] == kind).count() as u64
}

/// What went in came out or is accounted for, in each stage and from one to the next.
fn adds_up(scored: &[Value], published: &[Value], documents: &[Value]) {
    let recorded = ledger(scored, "record");
    let [seen, lost] = ["seen", "lost"].map(|column| recorded["vaectl.event"][column]);
    let gaps = scored.iter().filter(|line| line["type"] == "gap" && line["vaectl"]["cause"] != "containers");
    let (of_record, of_score): (Vec<_>, Vec<_>) = gaps.partition(|gap| gap["event"]["sequence"].is_u64());
    let total = |gaps: &[&Value]| gaps.iter().map(|gap| gap["vaectl"]["lost"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(lost, total(&of_record));
    let accounts = ledger(scored, "score");
    for (dataset, account) in &accounts {
        let rest = ["passed", "suppressed", "held", "dropped"].map(|column| account[column]);
        assert_eq!(account["received"], rest.iter().sum::<u64>(), "{dataset}");
    }
    let of_events = |column: &str| -> u64 {
        let datasets = ["vaectl.process", "vaectl.file", "vaectl.network"];
        datasets.iter().filter_map(|dataset| accounts.get(*dataset)).map(|account| account[column]).sum()
    };
    assert_eq!(of_events("received"), seen - lost);
    let of_backlog: Vec<_> = of_score.into_iter().filter(|gap| gap["vaectl"]["cause"] == "backlog").collect();
    assert_eq!(of_events("passed"), count(scored, "event") + total(&of_backlog));
    assert_eq!(accounts["vaectl.window"]["received"], recorded["vaectl.window"]["seen"]);
    let (mut received, mut indexed) = (0, 0);
    for (dataset, account) in ledger(published, "publish") {
        let rest = ["indexed", "duplicate", "merged", "dead_lettered", "spooled", "dropped"].map(|c| account[c]);
        assert_eq!(account["received"], rest.iter().sum::<u64>(), "{dataset}");
        received += account["received"];
        indexed += account["indexed"];
    }
    let bookkeeping: u64 = ["hello", "ledger", "end"].map(|kind| count(scored, kind)).iter().sum();
    assert_eq!((received, indexed), (scored.len() as u64 - bookkeeping, documents.len() as u64));
}

#[test]
fn an_attack_on_a_trained_image_arrives_in_the_repository_and_all_lines_add_up() {
    if skipped("an_attack_on_a_trained_image_arrives_in_the_repository_and_all_lines_add_up") {
        return;
    }
    let workspace = Workspace::new("pipeline").unwrap();
    let [redis, probe] = ["redis", "probe"].map(|name| Image::build(name, workspace.path()).unwrap());
    let [models, repository] = ["models", "repository"].map(|name| workspace.path().join(name));
    assert_eq!(train(&redis, &workspace, &models, &["a", "b", "c", "d"], ":", 40), "provisional");

    let pipeline = Pipeline::start(&models, &repository, "16M");
    pipeline.until("record says hello", |lines| lines.iter().any(|line| line["vaectl"]["boot"].is_string()));
    let (fleet, noisy) = (start(&["e", "f"], &redis, &workspace), start(&["noisy"], &probe, &workspace));
    let (victim, calm) = (fleet[0].id().to_owned(), fleet[1].id().to_owned());
    // More than the recorder was given room for: a gap, and only in the noisy one.
    Generator::start(&noisy[0], Duration::from_secs(1), 0.0, None).unwrap().finish().unwrap();
    pipeline.until("both are judged by their model", |lines| {
        let judged = |id: &str| lines.iter().any(|line| is(line, id) && line["vaectl"]["state"] == "warming");
        judged(&victim) && judged(&calm)
    });
    fleet[0].run_inside(ATTACK).unwrap();
    let closed = |line: &Value| line["type"] == "incident" && is(line, &victim) && line["vaectl"]["status"] == "closed";
    pipeline.until("the incident is over", |lines| lines.iter().any(closed));
    let (scored, published) = pipeline.stop();
    let documents = documents(&repository);

    let kinds = ["container", "event", "gap", "incident", "summary", "verdict", "window"];
    assert_eq!(types(&documents), kinds.into());
    assert_eq!(types(&scored), kinds.into_iter().chain(["hello", "ledger", "end"]).collect());
    let ids: BTreeSet<_> = documents.iter().map(|line| line["event"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), documents.len());
    let incident = &documents.iter().find(|line| closed(line)).unwrap()["vaectl"]["incident"];
    let of_it = |event: &&Value| event["vaectl"]["incident"] == *incident;
    let programs: BTreeSet<_> =
        events(&documents, "exec").filter(of_it).filter_map(|event| event["process"]["args"][0].as_str()).collect();
    assert!(programs.contains("/bin/ls"), "{programs:?}");
    assert!(documents.iter().filter(|line| line["type"] == "event").filter(of_it).all(|event| is(event, &victim)));
    adds_up(&scored, &published, &documents);
}

#[test]
fn an_incident_at_the_depth_of_the_census_has_its_cause_and_is_watched_though_its_scorer_is_killed() {
    if skipped("an_incident_at_the_depth_of_the_census_has_its_cause_and_is_watched_though_its_scorer_is_killed") {
        return;
    }
    let workspace = Workspace::new("controlled").unwrap();
    let (image, models) = (Image::build("redis", workspace.path()).unwrap(), workspace.path().join("models"));
    let grade = train(&image, &workspace, &models, &["a", "b", "c", "d", "e", "f"], JOB, 110);
    assert_eq!(grade, "established");

    let pipeline = Controlled::start(&models, "victim", &workspace);
    pipeline.recorded.until("record says hello", |lines| lines.iter().any(|line| line["type"] == "hello"));
    let victim = start(&["victim"], &image, &workspace).remove(0);
    victim.run_inside(JOB).unwrap();
    let stable = |line: &&Value| line["type"] == "verdict" && line["vaectl"]["state"] == "stable";
    // Long after the first the lease of the census is there.
    pipeline.scored.until("it is stable", |lines| lines.iter().filter(stable).count() >= 5);
    victim.run_inside("/usr/bin/redis-cli -p 4444 ping; echo >/control/done").unwrap();
    let done = victim.control().join("done");
    until("the cause", || done.exists().then_some(()));
    let flood = || (0..500).for_each(|_| drop(TcpStream::connect((Ipv4Addr::LOCALHOST, 6379))));
    netns::spawn(victim.pid(), flood).unwrap().join().unwrap();
    victim.run_inside("while :; do /bin/ls / >/dev/null; sleep 0.05; done").unwrap();
    let of_its_history = |event: &&Value| event["vaectl"]["history"] == true && event["vaectl"]["incident"].is_string();
    pipeline.scored.until("the program and whom it called are in the incident", |lines| {
        let called = |event: &Value| event["destination"]["port"] == 4444;
        events(lines, "exec").filter(of_its_history).any(|event| event["process"]["args"][2] == "4444")
            && events(lines, "connect").filter(of_its_history).any(called)
    });

    pipeline.score.send(Signal::KILL);
    // The recorder writes on, as to a successor.
    let mut between = pipeline.between;
    std::thread::spawn(move || std::io::copy(&mut between, &mut std::io::sink()));
    let expired = Timestamp::from_ns(Timestamp::now().as_ns() + LEASE.as_nanos() as u64);
    let time = |event: &Value| serde_json::from_value::<Timestamp>(event["@timestamp"].clone()).unwrap();
    pipeline.recorded.until("it is watched in full without a lease", |lines| {
        events(lines, "fork").last().is_some_and(|fork| time(fork) > expired)
    });
    pipeline.record.terminate();
    pipeline.record.finish();
}

#[test]
fn a_publisher_that_stalls_costs_events_and_nothing_else_and_all_of_it_is_told() {
    if skipped("a_publisher_that_stalls_costs_events_and_nothing_else_and_all_of_it_is_told") {
        return;
    }
    let workspace = Workspace::new("stalled").unwrap();
    let image = Image::build("probe", workspace.path()).unwrap();
    let repository = workspace.path().join("repository");
    let pipeline = Pipeline::start(Path::new("none"), &repository, "32K");
    let fleet = start(&["noisy", "calm"], &image, &workspace);
    let [noisy, calm] = [0, 1].map(|at: usize| fleet[at].id().to_owned());
    pipeline.until("both have a window", |lines| {
        [&noisy, &calm].iter().all(|id| windows(lines).any(|window| is(window, id)))
    });
    pipeline.publish.send(Signal::STOP);
    // Until every pipe and both backlogs are full, and then some: a minute would fill no more.
    let done = Generator::start(&fleet[0], Duration::from_secs(12), 300.0, None).unwrap().finish().unwrap();
    pipeline.publish.send(Signal::CONT);
    let before = pipeline.scored.get().len();
    pipeline.until("the lines flow again", |lines| lines.len() > before + 20);
    drop(fleet);
    pipeline.until("both have ended", |lines| {
        let ended = |id: &str| lines.iter().any(|line| is(line, id) && line["vaectl"]["status"] == "ended");
        ended(&noisy) && ended(&calm)
    });
    let (scored, published) = pipeline.stop();
    let gaps = |cause: &'static str| {
        scored.iter().filter(move |line| line["type"] == "gap" && line["vaectl"]["cause"] == cause)
    };
    assert_eq!(gaps("ring_full").chain(gaps("quota")).count(), 0, "the ring was emptied all the time");
    assert!(gaps("backlog").next().is_some(), "events were dropped");
    let merged = |window: &&Value| window["vaectl"]["window"]["merged"].as_u64() > Some(1);
    assert!(windows(&scored).filter(merged).count() > 0, "windows were added up");
    let own: Vec<_> = scored.iter().filter(|line| is(line, &noisy)).cloned().collect();
    assert_eq!(counted(&own, "net.accept"), done.connections, "and lost nothing");
    let dropped: Vec<_> = ledger(&scored, "score")
        .into_iter()
        .filter(|(_, account)| account.get("dropped").is_some_and(|dropped| *dropped > 0))
        .map(|(dataset, _)| dataset)
        .collect();
    let events = ["vaectl.process", "vaectl.file", "vaectl.network"];
    assert!(dropped.iter().all(|dataset| events.contains(&dataset.as_str())), "{dropped:?}");
    adds_up(&scored, &published, &documents(&repository));
}
