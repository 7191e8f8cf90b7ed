//! Which cgroup is whose: children of containers, the host, the recorder's own, and those that were asked for.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aya::maps::{HashMap, Map, MapData, MapInfo};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use vaectl_bench::{Container, Engine, Options, Workspace, interrupt};

use super::control::lease;
use super::recording::{Recording, events, executions, is, windows};
use super::supervision::held;
use super::{FACTS, probe, skipped};
use crate::support::{LIMIT, VAECTL, until, wait};

/// A cgroup that goes with the test.
struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    fn new(path: &str) -> Self {
        let folder = FACTS.cgroup2.as_ref().expect("recording takes one").join(path.trim_start_matches('/'));
        fs::create_dir(&folder).unwrap();
        Self { folder }
    }

    fn id(&self) -> u64 {
        fs::metadata(&self.folder).unwrap().ino()
    }

    fn take(&self, pid: &str) {
        fs::write(self.folder.join("cgroup.procs"), pid.trim()).unwrap();
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // It is empty once its processes are reaped; one that is gone went with its container.
        let gone = || fs::remove_dir(&self.folder).is_ok() || !self.folder.exists();
        if let Err(error) = interrupt::until("the cgroup did not empty", LIMIT, gone) {
            eprintln!("{}: {error}", self.folder.display());
        }
    }
}

/// The path of a process's cgroup below the v2 root.
fn cgroup_of(pid: u32) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    text.lines().find_map(|line| line.strip_prefix("0::")).unwrap().to_owned()
}

#[test]
fn children_of_a_container_are_the_container_whenever_they_were_made() {
    if skipped("children_of_a_container_are_the_container_whenever_they_were_made") {
        return;
    }
    let (workspace, image) = probe();
    let options = Options { host_pids: true, ..Options::default() };
    let container = Container::start(&Engine::Runc, &image, "parent", &options, &workspace).unwrap();
    let path = cgroup_of(container.pid());
    let before = Cgroup::new(&format!("{path}/before"));
    let recording = Recording::start(&["--window", "500ms"], &[]);
    let after = Cgroup::new(&format!("{path}/after"));
    let id = container.id().to_owned();
    let programs = |lines: &[Value]| {
        let of_probe = |event: &&Value| is(event, &id) && event["process"]["executable"] == "/usr/bin/probe";
        let told: Vec<Value> = events(lines, "exec").filter(of_probe).cloned().collect();
        told
    };
    for (number, cgroup) in [&before, &after].into_iter().enumerate() {
        let [started, moved] = ["started", "moved"].map(|step| container.control().join(format!("{step}-{number}")));
        container
            .run_inside(&format!(
                "echo $$ >/control/part; mv /control/part /control/started-{number}; \
                 while [ ! -e /control/moved-{number} ]; do sleep 0.02; done; /usr/bin/probe noop"
            ))
            .unwrap();
        interrupt::until("the command did not start", LIMIT, || started.exists()).unwrap();
        cgroup.take(&fs::read_to_string(started).unwrap());
        fs::write(moved, "").unwrap();
        recording.until("its program is told", |lines| programs(lines).len() == number + 1);
    }
    recording.until("windows count both", |lines| {
        let own: Vec<_> = lines.iter().filter(|line| is(line, &id)).cloned().collect();
        executions(&own, "/usr/bin/probe") == 2
    });
    assert!(programs(&recording.lines()).iter().all(|event| event["process"].get("entry_meta").is_none()));
    drop(container);
    drop((before, after));
    let lines = recording.stop_after_the_end_of(&id);
    let cgroups: Vec<_> = lines.iter().filter_map(|line| line["vaectl"]["cgroup"].as_str()).collect();
    assert!(cgroups.iter().all(|cgroup| *cgroup == path), "{cgroups:?}");
}

#[test]
fn containers_that_begin_while_the_recorder_does_are_all_found() {
    if skipped("containers_that_begin_while_the_recorder_does_are_all_found") {
        return;
    }
    let (workspace, image) = probe();
    let start = |name| Container::start(&Engine::Runc, &image, name, &Options::default(), &workspace).unwrap();
    let (recording, fleet) = std::thread::scope(|scope| {
        let fleet = scope.spawn(|| ["a", "b", "c", "d", "e", "f"].map(start));
        (Recording::start(&["--window", "500ms"], &[]), fleet.join().unwrap())
    });
    for container in &fleet {
        let named = |line: &Value| is(line, container.id()) && line["vaectl"]["status"] == "named";
        recording.until("it is named", |lines| lines.iter().any(named));
    }
    let lines = recording.stop();
    for container in &fleet {
        let started = |line: &&Value| is(line, container.id()) && line["vaectl"]["status"] == "started";
        assert_eq!(lines.iter().filter(started).count(), 1);
    }
}

/// A program of its own name, so that nobody else's is taken for it.
fn own_program(workspace: &Workspace) -> PathBuf {
    let program = workspace.path().join(format!("program-{}", workspace.tag()));
    fs::copy("/bin/true", &program).unwrap();
    program
}

fn starts<'a>(lines: &'a [Value], program: &'a Path) -> impl Iterator<Item = &'a Value> {
    events(lines, "exec").filter(move |event| event["process"]["executable"].as_str().map(Path::new) == Some(program))
}

#[test]
fn what_runs_outside_containers_is_the_host_and_the_recorder_s_own_cgroup_is_left_out() {
    if skipped("what_runs_outside_containers_is_the_host_and_the_recorder_s_own_cgroup_is_left_out") {
        return;
    }
    let workspace = Workspace::new("own").unwrap();
    let program = own_program(&workspace);
    let own = Cgroup::new(&format!("/vaectl-{}", workspace.tag()));
    let enter = format!("echo $$ > {}/cgroup.procs; exec \"$0\" \"$@\"", own.folder.display());
    let mut record = Command::new("/bin/sh");
    record.args(["-c", &enter, VAECTL, "record", "--window", "500ms"]);
    let recording = Recording::of(record);
    let inside = Command::new("/bin/sh").args(["-c", &enter]).arg(&program).arg("inside").status().unwrap();
    let outside = Command::new(&program).arg("outside").status().unwrap();
    assert!(inside.success() && outside.success());
    recording.until("the host's program is told", |lines| starts(lines, &program).next().is_some());
    recording.until("the host has a window", |lines| windows(lines).any(|window| is(window, "host")));
    let lines = recording.stop();
    let told: Vec<_> = starts(&lines, &program).map(|event| &event["process"]["args"][1]).collect();
    assert_eq!(told, ["outside"]);
    assert!(starts(&lines, &program).all(|event| is(event, "host")));
    let deeper = lines.iter().filter(|line| is(line, "host") && line["type"] == "event");
    let deeper =
        deeper.filter(|event| ["vaectl.file", "vaectl.network"].contains(&event["event"]["dataset"].as_str().unwrap()));
    assert_eq!(deeper.count(), 0, "files and connections of the host are nobody's business");
}

#[test]
fn what_runs_in_a_new_cgroup_that_is_no_container_is_the_host_s_from_its_first_program() {
    if skipped("what_runs_in_a_new_cgroup_that_is_no_container_is_the_host_s_from_its_first_program") {
        return;
    }
    let workspace = Workspace::new("fresh").unwrap();
    let program = own_program(&workspace);
    let recording = Recording::start(&["--window", "500ms"], &[]);
    let fresh = Cgroup::new(&format!("/fresh-{}", workspace.tag()));
    let enter = format!("echo $$ > {}/cgroup.procs; \"$0\" child; exec \"$0\" self", fresh.folder.display());
    assert!(Command::new("/bin/sh").args(["-c", &enter]).arg(&program).status().unwrap().success());
    recording.until("both programs are told", |lines| starts(lines, &program).count() == 2);
    let lines = recording.stop();
    let mut told: Vec<_> =
        starts(&lines, &program).map(|event| event["process"]["args"][1].as_str().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, ["child", "self"]);
    assert!(starts(&lines, &program).all(|event| is(event, "host") && event["process"].get("entry_meta").is_none()));
}

#[test]
fn a_cgroup_that_was_asked_for_is_a_container_and_the_only_one() {
    if skipped("a_cgroup_that_was_asked_for_is_a_container_and_the_only_one") {
        return;
    }
    let (workspace, image) = probe();
    let program = own_program(&workspace);
    let container = Container::start(&Engine::Runc, &image, "other", &Options::default(), &workspace).unwrap();
    let asked = Cgroup::new(&format!("/asked-{}", workspace.tag()));
    let path = format!("/asked-{}", workspace.tag());
    let recording = Recording::start(&["--window", "500ms", "--cgroup", &path], &[]);
    let enter = format!("echo $$ > {}/cgroup.procs; exec \"$0\"", asked.folder.display());
    assert!(Command::new("/bin/sh").args(["-c", &enter]).arg(&program).status().unwrap().success());
    let id = path.trim_start_matches('/');
    recording.until("its program is told", |lines| starts(lines, &program).any(|event| is(event, id)));
    recording.until("it has a window", |lines| windows(lines).any(|window| is(window, id)));
    container.run_inside("/usr/bin/probe noop").unwrap();
    recording.until("another window", |lines| windows(lines).filter(|window| is(window, id)).count() > 2);
    is_only(&recording.stop(), id);
}

#[test]
fn a_cgroup_that_is_left_out_stays_so_when_it_is_made_anew() {
    if skipped("a_cgroup_that_is_left_out_stays_so_when_it_is_made_anew") {
        return;
    }
    let workspace = Workspace::new("excluded").unwrap();
    let program = own_program(&workspace);
    let path = format!("/excluded-{}", workspace.tag());
    let first = Cgroup::new(&path);
    let recording = Recording::start(&["--window", "200ms", "--exclude-cgroup", &path], &[]);
    drop(first);
    let again = Cgroup::new(&path);
    // By its form it is a container.
    let below = Cgroup::new(&format!("{path}/{}", "e".repeat(64)));
    // Until the recorder has heard of a cgroup, it is a new one like any other.
    turns(&recording);
    for cgroup in [&again, &below] {
        let enter = format!("echo $$ > {}/cgroup.procs; exec \"$0\" inside", cgroup.folder.display());
        assert!(Command::new("/bin/sh").args(["-c", &enter]).arg(&program).status().unwrap().success());
    }
    assert!(Command::new(&program).arg("outside").status().unwrap().success());
    recording.until("the host's program is told", |lines| starts(lines, &program).any(|event| is(event, "host")));
    recording.until("the host has windows", |lines| windows(lines).filter(|window| is(window, "host")).count() > 2);
    drop(below);
    let lines = recording.stop();
    let told: Vec<_> = starts(&lines, &program).map(|event| &event["process"]["args"][1]).collect();
    assert_eq!(told, ["outside"]);
    assert!(!lines.iter().any(|line| is(line, &"e".repeat(64))));
}

/// Waits until the recorder has gone through what has happened so far: windows come at the end of a turn.
fn turns(recording: &Recording) {
    let before = windows(&recording.lines()).count();
    recording.until("two turns and more", |lines| windows(lines).count() > before + 2);
}

/// The cgroups that have a slot of their own, be it that of what is left out, for the programs of this process.
fn bound(pid: Pid) -> BTreeSet<u64> {
    let is_slots = |id: &&u32| MapInfo::from_id(**id).unwrap().name_as_str() == Some("slots");
    let maps = held(pid);
    let slots = MapData::from_id(*maps["map_id:"].iter().find(is_slots).unwrap()).unwrap();
    let slots: HashMap<_, u64, u32> = Map::HashMap(slots).try_into().unwrap();
    slots.keys().map(Result::unwrap).collect()
}

#[test]
fn a_cgroup_that_is_left_out_and_gone_at_once_is_forgotten() {
    if skipped("a_cgroup_that_is_left_out_and_gone_at_once_is_forgotten") {
        return;
    }
    let workspace = Workspace::new("brief").unwrap();
    let [brief, lasting] = ["brief", "lasting"].map(|name| format!("/{name}-{}", workspace.tag()));
    let args = ["--window", "200ms", "--exclude-cgroup", &brief, "--exclude-cgroup", &lasting];
    let recording = Recording::start(&args, &[]);
    let pid = Pid::from_raw(recording.pid().cast_signed()).unwrap();
    // All of them are gone before the recorder hears of the first.
    kill_process(pid, Signal::STOP).unwrap();
    let gone: BTreeSet<u64> = (0..20).map(|_| Cgroup::new(&brief).id()).collect();
    let lasting = Cgroup::new(&lasting);
    let unheard = bound(pid);
    assert!(gone.len() == 20 && gone.is_subset(&unheard), "each has a slot: {gone:?} of {unheard:?}");
    kill_process(pid, Signal::CONT).unwrap();
    turns(&recording);
    let left = bound(pid);
    assert!(left.contains(&lasting.id()), "what is still there stays left out");
    assert_eq!(left.intersection(&gone).count(), 0, "{gone:?} of {left:?}");
    recording.stop();
}

#[test]
fn the_end_of_a_connection_is_not_told_of_who_has_got_its_slot_meanwhile() {
    if skipped("the_end_of_a_connection_is_not_told_of_who_has_got_its_slot_meanwhile") {
        return;
    }
    let workspace = Workspace::new("heir").unwrap();
    let socket = workspace.path().join("control.sock");
    let [caller, heir] = ["caller", "heir"].map(|name| format!("/{name}-{}", workspace.tag()));
    let own = ["--window", "200ms", "--max-containers", "1", "--control", socket.to_str().unwrap(), "--cgroup", &heir];
    let recording = Recording::start(&own, &[]);
    let pid = Pid::from_raw(recording.pid().cast_signed()).unwrap();
    // What other tests make may have the only slot for a while.
    let with_slot = |path: &str| {
        until("it has the slot", || Some(Cgroup::new(path)).filter(|cgroup| bound(pid).contains(&cgroup.id())))
    };
    let enter = |cgroup: &Cgroup, script: &str| {
        // What has begun in it is its own.
        let script = format!("echo $$ >{}/cgroup.procs; bash -c '{script}'; :", cgroup.folder.display());
        Command::new("/bin/bash").args(["-c", &script]).stdin(Stdio::piped()).spawn().unwrap()
    };
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let caller = with_slot(&caller);
    let call = format!("exec 3<>/dev/tcp/127.0.0.1/{}; read", server.local_addr().unwrap().port());
    let mut calling = enter(&caller, &call);
    let (connection, from) = server.accept().unwrap();
    until("it turns out to be no container", || (!bound(pid).contains(&caller.id())).then_some(()));
    let heir = with_slot(&heir);
    recording.until("it is followed", |lines| lines.iter().any(|line| line["vaectl"]["status"] == "started"));

    drop(calling.stdin.take());
    assert_eq!(wait(&mut calling), Some(0));
    drop(connection);
    let sign = workspace.path().join("sign");
    assert_eq!(wait(&mut enter(&heir, &format!("echo >{}", sign.display()))), Some(0));
    let run = recording.lines().iter().find_map(|line| Some(line["vaectl"]["run"].as_str()?.to_owned())).unwrap();
    lease(&socket, &run, "full", 60_000);
    let signed = |line: &Value| line["vaectl"]["history"] == true && line["file"]["path"] == *sign.to_str().unwrap();
    recording.until("its own history", |lines| lines.iter().any(signed));
    let lines = recording.stop();
    let ends: Vec<_> = lines.iter().filter(|line| line["source"]["port"] == from.port()).collect();
    assert!(ends.is_empty(), "{ends:#?}");
}

/// No container but this one is on any line, not even the host.
fn is_only(lines: &[Value], id: &str) {
    let ids = lines.iter().filter_map(|line| line["container"]["id"].as_str()).collect::<BTreeSet<_>>();
    assert_eq!(ids, [id].into());
}

#[test]
fn a_container_that_was_asked_for_by_name_is_the_only_one_from_the_first_line() {
    if skipped("a_container_that_was_asked_for_by_name_is_the_only_one_from_the_first_line") {
        return;
    }
    let (workspace, image) = probe();
    let start = |name| Container::start(&Engine::Runc, &image, name, &Options::default(), &workspace).unwrap();
    let before = start("before");
    let name = format!("asked-{}", workspace.tag());
    let recording = Recording::start(&["--window", "200ms", "--container", &name], &[]);
    let (other, asked) = (start("other"), start("asked"));
    for container in [&before, &other, &asked] {
        container.run_inside("/usr/bin/probe noop").unwrap();
    }
    recording.until("its program is told", |lines| {
        events(lines, "exec").any(|event| event["process"]["executable"] == "/usr/bin/probe")
    });
    let windows_so_far = windows(&recording.lines()).count();
    recording.until("windows follow", |lines| windows(lines).count() > windows_so_far + 2);
    is_only(&recording.stop(), asked.id());
}

#[test]
fn the_recorder_keeps_the_rights_that_it_needs_and_no_other_in_every_thread() {
    if skipped("the_recorder_keeps_the_rights_that_it_needs_and_no_other_in_every_thread") {
        return;
    }
    let recording = Recording::start(&["--window", "500ms"], &[]);
    // DAC_READ_SEARCH, SYS_PTRACE, PERFMON and BPF.
    let kept = [2, 19, 38, 39].iter().fold(0_u64, |set, capability| set | 1 << capability);
    let mut threads = 0;
    for thread in fs::read_dir(format!("/proc/{}/task", recording.pid())).unwrap() {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        for name in ["CapEff:", "CapPrm:", "CapInh:"] {
            let set = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let set = u64::from_str_radix(set.trim(), 16).unwrap();
            assert_eq!(set & !kept, 0, "{name} {set:016x}");
        }
        threads += 1;
    }
    assert!(threads > 1);
}
