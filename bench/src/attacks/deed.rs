//! Doing what the plan says.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

use super::catalog::{Answer, Attack, Change, Method};
use super::plan::What;
use super::stage::Member;
use crate::error::Naming;
use crate::stage::mortal;
use crate::{Container, HarnessError, INTRUDER, Load, interrupt, netns};

/// The core that what is pinned shares.
const CORE: usize = 1;

/// Where the resident intruder reads what it is told, as the container sees it.
pub(super) const ORDERS: &str = "orders";

impl Member<'_> {
    /// Does it, and waits until it is over.
    pub(super) fn act(&self, what: &What, seed: u64) -> Result<(), HarnessError> {
        match what {
            What::Attack(attack, with_program) => self.attack(attack, *with_program, seed),
            What::Change(change) | What::Routine(change) => self.change(*change),
        }
    }

    fn attack(&self, attack: &Attack, with_program: bool, seed: u64) -> Result<(), HarnessError> {
        let (time, container) = (Duration::from_secs(attack.seconds()), self.container());
        if let Some(count) = attack.files() {
            lay_out(&container.control().join("files"), count)?;
        }
        match attack.method {
            Method::Flood { times, pinned } => {
                if pinned {
                    keep_on(&container, Some(CORE))?;
                }
                let load = Load::flood(&container, times * self.replica.service.trained_maximum(), seed)?;
                drop(container);
                interrupt::pause(time)?;
                drop(load);
                if pinned {
                    keep_on(&self.container(), None)?;
                }
            }
            Method::Inside(line, answer) => {
                let port = answer.map(|answer| answer_calls(&container, answer, time)).transpose()?;
                order(&container, line, port, attack, with_program)?;
                drop(container);
                interrupt::pause(time)?;
            }
            Method::UnderLoad(line) | Method::Confined(line) => {
                order(&container, line, None, attack, with_program)?;
                drop(container);
                interrupt::pause(time)?;
            }
        }
        Ok(())
    }

    fn change(&self, change: Change) -> Result<(), HarnessError> {
        let service = self.replica.service;
        if let Some(command) = service.command_of(change) {
            return self.container().run_inside(command);
        }
        if let Some(words) = service.exec_of(change) {
            let times = if change == Change::Health { 4 } else { 1 };
            for _ in 0..times {
                self.container().exec(words)?;
                interrupt::pause(Duration::from_secs(10 * u64::from(times > 1)))?;
            }
            return Ok(());
        }
        match change {
            Change::Restart => self.restart(),
            _ => self.neighbour(Duration::from_secs(change.seconds())),
        }
    }

    /// Something else takes the core on which the container is.
    fn neighbour(&self, time: Duration) -> Result<(), HarnessError> {
        keep_on(&self.container(), Some(CORE))?;
        let mut burner = mortal(&self.intruder)
            .args(["mine", "100", &time.as_secs().to_string()])
            .spawn()
            .naming("start", &self.intruder)?;
        pin(burner.id(), Some(CORE)).naming("pin", &self.intruder)?;
        burner.wait().naming("wait for", &self.intruder)?;
        keep_on(&self.container(), None)
    }
}

/// Tells the intruder what to do: a program that is fetched and started, or one that is there already.
fn order(
    container: &Container,
    line: &str,
    port: Option<u16>,
    attack: &Attack,
    with_program: bool,
) -> Result<(), HarnessError> {
    let port = port.map_or_else(String::new, |port| port.to_string());
    let line = line.replace("SECONDS", &attack.seconds().to_string()).replace("PORT", &port);
    if with_program {
        return container.run_inside(&format!(
            "mkdir -p /tmp/.x && cp /control/intruder {INTRUDER} && chmod 755 {INTRUDER} && exec {INTRUDER} {line}"
        ));
    }
    let orders = container.control().join(ORDERS);
    fs::OpenOptions::new()
        .write(true)
        .open(&orders)
        .and_then(|mut fifo| writeln!(fifo, "{line}"))
        .naming("write to", &orders)
}

/// Files of the service that somebody writes anew.
fn lay_out(folder: &Path, count: usize) -> Result<(), HarnessError> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).naming("create", folder)?;
    (0..count).try_for_each(|number| {
        let path = folder.join(format!("document-{number}"));
        fs::write(&path, vec![b'x'; 8192]).naming("write", &path)
    })
}

/// Listens in the container's network, but outside of the container, and answers the calls of `time`.
fn answer_calls(container: &Container, answer: Answer, time: Duration) -> Result<u16, HarnessError> {
    let (send, receive) = std::sync::mpsc::channel();
    let work = move || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let port = listener.as_ref().ok().and_then(|listener| listener.local_addr().ok()).map(|address| address.port());
        let _ = send.send(port);
        let Ok(listener) = listener else { return };
        let end = Instant::now() + time;
        let _ = listener.set_nonblocking(true);
        while Instant::now() < end && interrupt::check().is_ok() {
            match listener.accept() {
                Ok((caller, _)) if answer == Answer::Page => {
                    let _ = page(&caller);
                }
                Ok((caller, _)) => {
                    thread::spawn(move || talk(&caller, answer, end));
                }
                Err(_) => thread::sleep(Duration::from_millis(2)),
            }
        }
    };
    let name = container.name();
    netns::spawn(container.pid(), work).naming("listen beside", name.as_ref())?;
    let port = receive.recv().ok().flatten();
    port.ok_or_else(|| std::io::Error::other("no port")).naming("listen beside", name.as_ref())
}

fn page(caller: &TcpStream) -> std::io::Result<()> {
    caller.set_nonblocking(false)?;
    caller.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut lines = BufReader::new(caller).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    (&mut &*caller).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
}

/// What is typed into a shell, a line every two seconds.
const TYPED: [&str; 6] = ["id\n", "ls -l /tmp\n", "cat /etc/passwd\n", "ps\n", "ls /\n", "echo $HOME\n"];

fn talk(caller: &TcpStream, answer: Answer, end: Instant) {
    let _ = caller.set_nonblocking(false);
    let _ = caller.set_read_timeout(Some(Duration::from_millis(50)));
    let (mut typed, mut said, mut due) = (TYPED.iter().cycle(), vec![0; 1 << 16], Instant::now());
    while Instant::now() < end && interrupt::check().is_ok() {
        match (&mut &*caller).read(&mut said) {
            Ok(0) => return,
            Err(error) if !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                return;
            }
            _ => {}
        }
        if answer == Answer::Typist && Instant::now() >= due {
            due += Duration::from_secs(2);
            let line = typed.next().map_or("", |line| *line);
            if (&mut &*caller).write_all(line.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Keeps all processes of a container on one core, or lets them go where they like.
fn keep_on(container: &Container, core: Option<usize>) -> Result<(), HarnessError> {
    let path = PathBuf::from(format!("/proc/{}/cgroup", container.pid()));
    let text = fs::read_to_string(&path).naming("read", &path)?;
    let own = text.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    for root in ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"] {
        let Ok(processes) = fs::read_to_string(Path::new(root).join(own).join("cgroup.procs")) else { continue };
        for pid in processes.lines().filter_map(|pid| pid.parse().ok()) {
            // One may end before its turn.
            let _ = pin(pid, core);
        }
        return Ok(());
    }
    Err(std::io::Error::other("no processes")).naming("list the cgroup of", container.name().as_ref())
}

fn pin(pid: u32, core: Option<usize>) -> std::io::Result<()> {
    let mut set = CpuSet::new();
    match core {
        Some(core) => set.set(core),
        None => (0..CpuSet::MAX_CPU).for_each(|core| set.set(core)),
    }
    Ok(sched_setaffinity(Pid::from_raw(pid.cast_signed()), &set)?)
}
