//! From a record of the kernel to an event line.

use std::net::{Ipv4Addr, Ipv6Addr};

use vaectl_bpf::wire::{self, Ancestor, ExecRecord, FileRecord, ForkRecord, Header, NetRecord, RareRecord};
use vaectl_schemas::{
    Capabilities, EffectiveUser, Endpoint, EntityIds, EntryMeta, Event, EventFields, EventInfo, File, Network,
    PathSource, Process, ProcessRef, Thread, User, VERSION, escape,
};
use zerocopy::FromBytes;

use crate::clock::Clock;
use crate::names;
use crate::process::Processes;

/// Turns records into lines, and learns the programs of processes on the way.
pub(crate) struct Decoder {
    pub(crate) clock: Clock,
    entities: EntityIds,
    processes: Processes,
}

/// A line under construction: text that is not UTF-8 is named as it is met.
struct Draft {
    event: Event<'static>,
}

impl Draft {
    fn text(&mut self, field: &str, bytes: &[u8]) -> std::borrow::Cow<'static, str> {
        let (text, escaped) = escape(bytes);
        if escaped {
            self.event.vaectl.escaped.push(field.to_owned());
        }
        text.into_owned().into()
    }

    /// Takes a field off the data of a record, which a flight recorder may have cut.
    fn part<'a>(&mut self, field: &str, data: &mut &'a [u8], len: u32) -> &'a [u8] {
        let len = len as usize;
        if len > data.len() {
            self.cut(field);
        }
        let (part, rest) = data.split_at(len.min(data.len()));
        *data = rest;
        part
    }

    fn cut(&mut self, field: &str) {
        let cut = &mut self.event.vaectl.truncated;
        if !cut.iter().any(|known| known == field) {
            cut.push(field.to_owned());
        }
    }

    fn is(&mut self, dataset: &'static str, category: &'static str, kind: &'static str, action: &'static str) {
        let fields = &mut self.event.event;
        fields.kind = Some("event".into());
        fields.dataset = Some(dataset.into());
        fields.category = Some(vec![category.into()]);
        fields.types = Some(vec![kind.into()]);
        fields.action = Some(action.into());
    }
}

impl Decoder {
    pub(crate) fn new(clock: Clock, entities: EntityIds) -> Self {
        Self { clock, entities, processes: Processes::default() }
    }

    /// The event of a record and when it was, in time since boot; `None` where the record is not understood.
    pub(crate) fn decode(&mut self, record: &[u8]) -> Option<(Event<'static>, u64)> {
        let (header, _) = Header::read_from_prefix(record).ok()?;
        let mut draft = Draft {
            event: Event::new(self.clock.wall(header.time_ns), EventInfo { v: VERSION, ..EventInfo::default() }),
        };
        match usize::from(header.kind) {
            wire::KIND_EXEC => self.exec(&mut draft, record)?,
            wire::KIND_EXIT => {
                draft.is("vaectl.process", "process", "end", "exit");
                self.actor(&mut draft, &header);
                let (signal, code) = (i64::from(header.ret & 0x7f), i64::from(header.ret >> 8 & 0xff));
                let process = draft.event.process.get_or_insert_default();
                process.exit_code = Some(if signal > 0 { 128 + signal } else { code });
                process.end = Some(self.clock.wall(header.time_ns));
                draft.event.event.duration = Some(header.time_ns.saturating_sub(header.start_ns));
                self.processes.exited(header.pid, header.start_ns);
            }
            wire::KIND_FORK => {
                let (fork, _) = ForkRecord::read_from_prefix(record).ok()?;
                draft.is("vaectl.process", "process", "start", "fork");
                self.processes.forked(header.pid, fork.child_pid, fork.child_start_ns);
                let parent = self.reference(header.pid, header.start_ns, &header.comm);
                draft.event.process = Some(Process {
                    entity_id: Some(self.entities.of(fork.child_pid, fork.child_start_ns).into()),
                    pid: Some(fork.child_pid),
                    start: Some(self.clock.wall(fork.child_start_ns)),
                    name: parent.name.clone(),
                    executable: parent.executable.clone(),
                    parent: Some(parent),
                    ..Process::default()
                });
            }
            wire::KIND_FILE => self.file(&mut draft, record)?,
            wire::KIND_RARE => self.rare(&mut draft, record)?,
            kind => self.net(&mut draft, record, kind)?,
        }
        if header.nr != 0 && draft.event.event.outcome.is_none() {
            let failed = header.ret < 0;
            draft.event.event.outcome = Some(if failed { "failure" } else { "success" }.into());
            draft.event.vaectl.errno = failed.then(|| names::errno(-header.ret));
        }
        Some((draft.event, header.time_ns))
    }

    fn reference(&mut self, pid: u32, start_ns: u64, comm: &[u8]) -> ProcessRef<'static> {
        ProcessRef {
            entity_id: Some(self.entities.of(pid, start_ns).into()),
            pid: Some(pid),
            name: Some(until_zero(comm).into()),
            executable: self.processes.executable(pid, start_ns).map(|e| e.to_string().into()),
        }
    }

    /// Who did it.
    fn actor(&mut self, draft: &mut Draft, header: &Header) {
        let me = self.reference(header.pid, header.start_ns, &header.comm);
        draft.event.process = Some(Process {
            entity_id: me.entity_id,
            pid: me.pid,
            name: me.name,
            executable: me.executable,
            start: Some(self.clock.wall(header.start_ns)),
            parent: Some(ProcessRef {
                entity_id: Some(self.entities.of(header.parent_pid, header.parent_start_ns).into()),
                pid: Some(header.parent_pid),
                ..ProcessRef::default()
            }),
            ..Process::default()
        });
        draft.event.user = Some(User { id: Some(header.uid.to_string().into()), effective: None });
    }

    fn exec(&mut self, draft: &mut Draft, record: &[u8]) -> Option<()> {
        let (exec, mut data) = ExecRecord::read_from_prefix(record).ok()?;
        let header = exec.header;
        let path = draft.part("process.executable", &mut data, exec.path_len);
        let cwd = draft.part("process.working_directory", &mut data, exec.cwd_len);
        let args = draft.part("process.args", &mut data, exec.args_len);
        draft.is("vaectl.process", "process", "start", "exec");
        let executable = draft.text("process.executable", &turn_round(path));
        self.processes.executed(header.pid, header.start_ns, &executable);
        self.actor(draft, &header);
        let whole = args.strip_suffix(b"\0").unwrap_or(args);
        let each = |arg| draft.text("process.args", arg);
        let args = (!args.is_empty()).then(|| whole.split(|b| *b == 0).map(each).collect());
        // Nothing is the root, unless it is what a cut has left.
        let cwd =
            (exec.cwd_len == 0 || !cwd.is_empty()).then(|| draft.text("process.working_directory", &turn_round(cwd)));
        let ancestors: Vec<Ancestor> = exec.ancestors.into_iter().take(exec.ancestors_len as usize).collect();
        let mut up =
            ancestors.iter().map(|a| self.reference(a.pid, a.start_ns, &a.comm)).collect::<Vec<_>>().into_iter();
        let leader = |decoder: &Self, pid: u32, start: u64| ProcessRef {
            entity_id: Some(decoder.entities.of(pid, start).into()),
            pid: Some(pid),
            ..ProcessRef::default()
        };
        let session = ancestors
            .iter()
            .find(|a| a.pid == exec.session_pid)
            .map(|a| a.start_ns)
            .or_else(|| (exec.session_pid == header.pid).then_some(header.start_ns))
            .or_else(|| self.processes.start_of(exec.session_pid, header.start_ns));
        let process = draft.event.process.get_or_insert_default();
        process.executable = Some(executable);
        process.args = args;
        process.args_count = Some(exec.arguments);
        process.working_directory = cwd;
        process.parent = up.next().or(process.parent.take());
        process.ancestors = Some(up.collect()).filter(|a: &Vec<_>| !a.is_empty());
        process.entry_leader = Some(leader(self, exec.entry_pid, exec.entry_start_ns));
        process.session_leader = session.map(|start| leader(self, exec.session_pid, start));
        let effective = names::capabilities(exec.capabilities).into_iter().map(Into::into).collect();
        process.thread = Some(Thread { capabilities: Some(Capabilities { effective: Some(effective) }) });
        let flags = usize::from(header.flags);
        if flags & wire::FLAG_ENTERED != 0 {
            process.entry_meta = Some(EntryMeta { kind: Some("container".into()) });
        }
        if flags & wire::FLAG_TRUNCATED != 0 {
            draft.cut("process.args");
        }
        if flags & wire::FLAG_MEMFD != 0 {
            draft.event.vaectl.call = Some("memfd".to_owned());
        }
        Some(())
    }

    fn file(&mut self, draft: &mut Draft, record: &[u8]) -> Option<()> {
        let (file, mut data) = FileRecord::read_from_prefix(record).ok()?;
        let header = file.header;
        let call = names::syscall(usize::from(header.nr));
        let created = usize::from(header.flags) & wire::FLAG_CREATED != 0;
        let (kind, action) = match call.as_str() {
            "unlink" | "unlinkat" | "rmdir" => ("deletion", "unlink"),
            "rename" | "renameat" | "renameat2" => ("change", "rename"),
            "chmod" | "fchmod" | "fchmodat" | "fchmodat2" => ("change", "chmod"),
            "mkdir" | "mkdirat" | "mknod" | "mknodat" | "link" | "linkat" | "symlink" | "symlinkat" => {
                ("creation", "create")
            }
            "truncate" => ("change", "truncate"),
            _ if created => ("creation", "create"),
            _ => ("change", "open"),
        };
        draft.is("vaectl.file", "file", kind, action);
        self.actor(draft, &header);
        let [path, dir] = [file.path_len, file.dir_len].map(|len| draft.part("file.path", &mut data, len));
        let [to, to_dir] = [file.to_len, file.to_dir_len].map(|len| draft.part("file.target_path", &mut data, len));
        let walked = file.walked != 0;
        let path = if walked { turn_round(path) } else { joined(dir, path) };
        let target = (!to.is_empty()).then(|| joined(to_dir, to));
        draft.event.file = Some(File {
            // An empty argument names nothing: what the call is about is behind its descriptor.
            path: (file.path_len > 0).then(|| draft.text("file.path", &path)),
            target_path: target.map(|t| draft.text("file.target_path", &t)),
            inode: (file.inode != 0).then(|| file.inode.to_string().into()),
            mode: (action == "chmod").then(|| format!("{:04o}", file.mode & 0o7777).into()),
        });
        draft.event.vaectl.path_source = Some(if walked { PathSource::File } else { PathSource::Argument });
        draft.event.vaectl.call = Some(call);
        Some(())
    }

    fn rare(&mut self, draft: &mut Draft, record: &[u8]) -> Option<()> {
        let (rare, mut data) = RareRecord::read_from_prefix(record).ok()?;
        let header = rare.header;
        let call = names::syscall(usize::from(header.nr));
        let action = match call.as_str() {
            "kill" | "tkill" | "tgkill" | "rt_sigqueueinfo" | "rt_tgsigqueueinfo" | "pidfd_send_signal" => "kill",
            "ptrace" | "process_vm_writev" | "process_vm_readv" => "ptrace",
            "setuid" | "setreuid" | "setresuid" | "setfsuid" => "setuid",
            "setgid" | "setregid" | "setresgid" | "setfsgid" | "setgroups" => "setgid",
            "capset" => "capset",
            "mount" | "fsopen" | "fsconfig" | "fsmount" | "fspick" | "move_mount" | "mount_setattr" | "open_tree"
            | "pivot_root" | "chroot" => "mount",
            "umount2" => "umount",
            "unshare" | "clone" | "clone3" => "unshare",
            "setns" => "setns",
            "init_module" | "finit_module" | "delete_module" | "kexec_load" | "kexec_file_load" => "module_load",
            "bpf" | "perf_event_open" => "bpf",
            _ => "rare_call",
        };
        draft.is("vaectl.process", "process", "change", action);
        self.actor(draft, &header);
        match action {
            "kill" => {
                draft.event.vaectl.target_pid = Some(i64::from(rare.args[0] as i32));
                draft.event.vaectl.argument =
                    Some(rare.args[if matches!(&*call, "tgkill" | "rt_tgsigqueueinfo") { 2 } else { 1 }]);
            }
            "ptrace" => {
                draft.event.vaectl.target_pid = Some(i64::from(rare.args[1] as i32));
                draft.event.vaectl.argument = telling(rare.args[0]);
            }
            "setuid" => {
                // The real one comes first where both are given; all ones leaves it as it is.
                let id = rare.args[usize::from(call.starts_with("setre"))] as u32;
                let user = draft.event.user.get_or_insert_default();
                user.effective = (id != u32::MAX).then(|| EffectiveUser { id: Some(id.to_string().into()) });
            }
            _ => draft.event.vaectl.argument = telling(rare.args[0]),
        }
        let path = draft.part("file.path", &mut data, rare.path_len);
        if !path.is_empty() {
            let path = draft.text("file.path", path.strip_suffix(b"\0").unwrap_or(path));
            draft.event.file = Some(File { path: Some(path), ..File::default() });
            draft.event.vaectl.path_source = Some(PathSource::Argument);
        }
        draft.event.vaectl.call = Some(call);
        Some(())
    }

    fn net(&mut self, draft: &mut Draft, record: &[u8], kind: usize) -> Option<()> {
        let (net, _) = NetRecord::read_from_prefix(record).ok()?;
        let header = net.header;
        let inbound = usize::from(header.flags) & wire::FLAG_INBOUND != 0;
        let (types, action) = match kind {
            wire::KIND_CONNECT => ("start", "connect"),
            wire::KIND_ACCEPT => ("start", "accept"),
            wire::KIND_LISTEN => ("info", "listen"),
            wire::KIND_CLOSE => ("end", "close"),
            _ => return None,
        };
        draft.is("vaectl.network", "network", types, action);
        if usize::from(header.flags) & wire::FLAG_NO_PROCESS == 0 {
            self.actor(draft, &header);
        }
        let ip = |bytes: &[u8; 16]| match net.family {
            10 => Ipv6Addr::from(*bytes).to_canonical().to_string(),
            _ => Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).to_string(),
        };
        // A socket of both families that speaks the old one.
        let mapped = [&net.local, &net.remote].iter().any(|end| Ipv6Addr::from(**end).to_ipv4_mapped().is_some());
        let closed = kind == wire::KIND_CLOSE;
        // A socket that never got an address or a port has none.
        let end = |address: &[u8; 16], port: u16, bytes: u64| {
            let text = (port != 0 || *address != [0; 16]).then(|| ip(address));
            Endpoint {
                address: text.clone().map(Into::into),
                ip: text.map(Into::into),
                port: (port != 0).then_some(port),
                bytes: closed.then_some(bytes),
            }
        };
        let local = end(&net.local, net.local_port, net.tx_bytes);
        let remote = end(&net.remote, net.remote_port, net.rx_bytes);
        let event = &mut draft.event;
        (event.source, event.destination) = match (kind, inbound) {
            (wire::KIND_LISTEN, _) => (None, Some(local)),
            (_, true) => (Some(remote), Some(local)),
            (_, false) => (Some(local), Some(remote)),
        };
        event.network = Some(Network {
            transport: Some(if net.protocol == 17 { "udp" } else { "tcp" }.into()),
            kind: Some(if net.family == 10 && !mapped { "ipv6" } else { "ipv4" }.into()),
            direction: (kind != wire::KIND_LISTEN).then(|| if inbound { "inbound" } else { "outbound" }.into()),
        });
        if closed && net.opened_ns > 0 {
            event.event.duration = Some(header.time_ns.saturating_sub(net.opened_ns));
        }
        // A connection under way is not a failure: its end will tell.
        if header.ret == -115 {
            event.event.outcome = Some("unknown".into());
        }
        Some(())
    }
}

/// The common fields that every captured line ends with.
pub(crate) fn identify(fields: &mut EventFields<'_>, id: &str, sequence: u64) {
    fields.id = Some(id.to_owned().into());
    fields.sequence = Some(sequence);
}

/// An argument that says what was asked for: addresses say nothing.
fn telling(argument: u64) -> Option<u64> {
    Some(argument).filter(|number| *number < 1 << 40)
}

fn until_zero(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|b| *b == 0).next().unwrap_or_default()).into_owned()
}

/// A path from its names, leaf first, each ended by a zero.
pub(crate) fn turn_round(names: &[u8]) -> Vec<u8> {
    let names = names.strip_suffix(b"\0").unwrap_or(names);
    let mut path = Vec::with_capacity(names.len() + 1);
    for name in names.rsplit(|b| *b == 0) {
        path.push(b'/');
        path.extend_from_slice(name);
    }
    path
}

/// An argument on the directory it is relative to (names, leaf first); an absolute one stands alone.
fn joined(dir: &[u8], argument: &[u8]) -> Vec<u8> {
    let argument = argument.strip_suffix(b"\0").unwrap_or(argument);
    if argument.first() == Some(&b'/') {
        return argument.to_vec();
    }
    let mut path = turn_round(dir);
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(argument);
    path
}

#[cfg(test)]
mod tests {
    use vaectl_bpf::wire::{self, CELL_BYTES, ExecRecord, FileRecord, RECORD_CELLS};
    use vaectl_schemas::{EntityIds, Event};
    use zerocopy::{FromZeros, IntoBytes};

    use super::{Clock, Decoder, joined, turn_round};

    /// The event of a record and its data, of which a flight recorder has kept what it keeps.
    fn decode_cut(record: &[u8], data: &[u8]) -> Event<'static> {
        let all = [record, data].concat();
        let mut decoder = Decoder::new(Clock::now(), EntityIds::new("host", "boot"));
        decoder.decode(&all[..all.len().min(RECORD_CELLS * CELL_BYTES)]).unwrap().0
    }

    #[test]
    fn an_exec_too_long_for_the_flight_recorder_says_what_it_lost() {
        let mut exec = ExecRecord::new_zeroed();
        exec.header.kind = wire::KIND_EXEC as u8;
        let (path, cwd, args) = (b"tool\0opt\0".to_vec(), b"deep\0".repeat(240), b"argument\0".repeat(100));
        (exec.path_len, exec.cwd_len, exec.args_len) = (path.len() as u32, cwd.len() as u32, args.len() as u32);
        let event = decode_cut(exec.as_bytes(), &[path.clone(), cwd, args.clone()].concat());
        let process = event.process.unwrap();
        assert_eq!(process.executable.as_deref(), Some("/opt/tool"));
        assert!(process.working_directory.unwrap().ends_with("/deep/deep"));
        assert_eq!(process.args.unwrap()[0], "argument");
        assert_eq!(event.vaectl.truncated, ["process.args"]);

        let cwd = b"deep\0".repeat(400);
        exec.cwd_len = cwd.len() as u32;
        let event = decode_cut(exec.as_bytes(), &[path, cwd, args].concat());
        assert_eq!(event.process.unwrap().args, None);
        assert_eq!(event.vaectl.truncated, ["process.working_directory", "process.args"]);
    }

    #[test]
    fn a_rename_too_long_for_the_flight_recorder_says_what_it_lost() {
        let mut file = FileRecord::new_zeroed();
        (file.header.kind, file.header.nr) = (wire::KIND_FILE as u8, 82);
        let (path, dir, to) = (b"from\0".to_vec(), b"deep\0".repeat(400), b"to\0");
        (file.path_len, file.dir_len, file.to_len) = (path.len() as u32, dir.len() as u32, to.len() as u32);
        let event = decode_cut(file.as_bytes(), &[path, dir, to.to_vec()].concat());
        let file = event.file.unwrap();
        assert!(file.path.unwrap().ends_with("/deep/deep/from"));
        assert_eq!((file.target_path, event.event.action.as_deref()), (None, Some("rename")));
        assert_eq!(event.vaectl.truncated, ["file.path", "file.target_path"]);
    }

    #[test]
    fn a_walked_path_reads_from_the_root() {
        assert_eq!(turn_round(b"nginx\0sbin\0usr\0"), b"/usr/sbin/nginx");
        assert_eq!(turn_round(b""), b"/");
    }

    #[test]
    fn a_relative_argument_stands_on_its_directory() {
        assert_eq!(joined(b"tmp\0", b"a/b\0"), b"/tmp/a/b");
        assert_eq!(joined(b"", b"a\0"), b"/a");
        assert_eq!(joined(b"tmp\0", b"/etc/x\0"), b"/etc/x");
    }
}
