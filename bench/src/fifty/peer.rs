//! The publisher that this project did not write: bpftrace's exec, open, connect and accept tools, and rsyslog.
//!
//! The tools are bpftrace's own `execsnoop`, `opensnoop`, `tcpconnect` and `tcpaccept`, but that they print JSON, leave
//! out what is no watched container's, and trace calls where the originals take kprobes, which not every kernel has.
//! rsyslog is as `make packages` unpacks it: installed, it would be the machine's own.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{env, fs};

use elasticsearch::http::Method;
use serde_json::{Value, json};

use super::proxy::Proxy;
use super::publishers::{Publisher, Surroundings};
use crate::cgroup::Cgroup;
use crate::interrupt;
use crate::stage::Stage;

/// Its name, and what it does once it knows the watched cgroups.
const TOOLS: [(&str, &str); 4] = [
    (
        "exec",
        r#"
tracepoint:syscalls:sys_enter_execve /@watched[cgroup]/ {
  printf("\"event\":\"exec\",\"cgroup\":%d,\"pid\":%d,\"uid\":%d,\"comm\":\"%s\",\"path\":\"%s\",\"argument\":\"%s\"\n",
    cgroup, pid, uid, comm, str(args->filename), str(args->argv[1]));
}"#,
    ),
    (
        "open",
        r#"
tracepoint:syscalls:sys_enter_open, tracepoint:syscalls:sys_enter_openat /@watched[cgroup]/ {
  @name[tid] = args->filename;
}
tracepoint:syscalls:sys_exit_open, tracepoint:syscalls:sys_exit_openat /@name[tid]/ {
  printf("\"event\":\"open\",\"cgroup\":%d,\"pid\":%d,\"uid\":%d,\"comm\":\"%s\",\"result\":%d,\"path\":\"%s\"\n",
    cgroup, pid, uid, comm, args->ret, str(@name[tid]));
  delete(@name[tid]);
}"#,
    ),
    (
        "connect",
        r#"
tracepoint:syscalls:sys_enter_connect /@watched[cgroup]/ {
  $any = (struct sockaddr *)args->uservaddr;
  if ($any->sa_family == 2) {
    $to = (struct sockaddr_in *)args->uservaddr;
    printf("\"event\":\"connect\",\"cgroup\":%d,\"pid\":%d,\"uid\":%d,\"comm\":\"%s\",\"address\":\"%s\",\"port\":%d\n",
      cgroup, pid, uid, comm, ntop($to->sin_addr.s_addr), bswap($to->sin_port));
  }
}"#,
    ),
    (
        "accept",
        r#"
tracepoint:syscalls:sys_exit_accept, tracepoint:syscalls:sys_exit_accept4 /@watched[cgroup] && args->ret >= 0/ {
  printf("\"event\":\"accept\",\"cgroup\":%d,\"pid\":%d,\"uid\":%d,\"comm\":\"%s\",\"result\":%d\n",
    cgroup, pid, uid, comm, args->ret);
}"#,
    ),
];

/// Tools that have something to say at any time. What the others say waits in bpftrace till it is enough to be written.
const BUSY: [&str; 2] = ["open", "accept"];
/// What all four take at most to compile and to attach.
const ATTACHED: Duration = Duration::from_mins(1);

const RSYSLOG: &str = "usr/sbin/rsyslogd";
/// Where rsyslog writes requests that the server refused in part, with its answers.
const REFUSED: &str = "refused";

fn unpacked(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/unpacked").join(path)
}

/// Where its modules are: below the name of the machine's architecture.
fn modules() -> Result<PathBuf, Box<dyn Error>> {
    let mut folders = fs::read_dir(unpacked("usr/lib"))?.filter_map(|entry| Some(entry.ok()?.path().join("rsyslog")));
    Ok(folders.find(|folder| folder.exists()).ok_or("rsyslog has no modules")?)
}

/// What is not there of it, by name.
#[must_use]
pub fn missing() -> Option<&'static str> {
    let has_bpftrace =
        env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|p| p.join("bpftrace").exists()));
    let parts = [("bpftrace", has_bpftrace), ("rsyslog", unpacked(RSYSLOG).exists())];
    parts.into_iter().find(|(_, there)| !there).map(|(name, _)| name)
}

fn output(folder: &Path, tool: &str) -> PathBuf {
    folder.join(tool).with_extension("json")
}

/// Starts the tools, which write files, and the shipper that follows these, and waits till they are attached.
pub(super) fn start(
    around: &Surroundings<'_>,
    cgroup: &Cgroup,
    proxy: &Proxy,
    folder: &Path,
) -> Result<Vec<Stage>, Box<dyn Error>> {
    // What the shipper kept of an earlier block's files is not of these.
    fs::remove_dir_all(folder)?;
    fs::create_dir_all(folder)?;
    let index = around.namespace(Publisher::Peer);
    let _ = around.node.ask(Method::Put, &format!("/{index}"), Some(&mapping()));
    let watched =
        around.fleet.cgroup_ids()?.iter().map(|id| format!("@watched[{id}] = 1;")).collect::<Vec<_>>().concat();
    let mut stages = Vec::new();
    for (name, script) in TOOLS {
        let (path, output) = (folder.join(name).with_extension("bt"), output(folder, name));
        let script = format!("BEGIN {{ {watched} }}{script}\n");
        // What is left in a map at the end is printed otherwise.
        let maps = ["@watched", "@name"].into_iter().filter(|map| script.contains(map));
        let clear = maps.map(|map| format!("clear({map}); ")).collect::<Vec<_>>().concat();
        fs::write(&path, format!("{script}END {{ {clear}}}\n"))?;
        fs::write(&output, "")?;
        // Tracing files are where tracefs is mounted, in this process's own view of the mounts.
        let work = r#"mount -t tracefs none /sys/kernel/tracing && exec bpftrace -q -o "$0" "$1""#;
        let mut command = cgroup.command("unshare");
        command.args(["--mount", "sh", "-c", work]).arg(output).arg(path);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        stages.push(Stage::spawn(command, &format!("bpftrace {name}"), &folder.join(name).with_extension("log"))?);
    }
    fs::write(folder.join(REFUSED), "")?;
    let config = folder.join("rsyslog.conf");
    fs::write(&config, configuration(folder, &index, proxy.port))?;
    let mut command = cgroup.command(unpacked(RSYSLOG));
    command.arg("-n").arg("-M").arg(modules()?).arg("-f").arg(&config).arg("-i").arg(folder.join("pid"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    stages.push(Stage::spawn(command, "rsyslogd", &folder.join("rsyslog.log"))?);
    let tells = |tool| output(folder, tool).metadata().is_ok_and(|file| file.len() > 0);
    interrupt::until("the peer's tools told of nothing", ATTACHED, || BUSY.into_iter().all(tells))?;
    Ok(stages)
}

/// What it lost from its start to its end: events that bpftrace had no room for, and documents that the server refused.
pub(super) fn lost(folder: &Path) -> Result<u64, Box<dyn Error>> {
    let (mut events, mut lines, mut refused) = (0, 0, 0);
    for (tool, _) in TOOLS {
        for line in BufReader::new(File::open(output(folder, tool))?).split(b'\n') {
            if let Some(lost) = no_room(&line?) {
                (events, lines) = (events + lost, lines + 1);
            }
        }
    }
    for answer in BufReader::new(File::open(folder.join(REFUSED))?).split(b'\n') {
        refused += failures(&serde_json::from_slice(&answer?).unwrap_or_default());
    }
    // That bpftrace lost something stands among what it tells, and is a document that the server refuses.
    Ok(events + refused.saturating_sub(lines))
}

/// How many events a line of bpftrace says that it lost.
fn no_room(line: &[u8]) -> Option<u64> {
    std::str::from_utf8(line).ok()?.strip_prefix("Lost ")?.strip_suffix(" events")?.parse().ok()
}

/// How many documents of a request were refused: rsyslog keeps the whole request beside the whole answer.
fn failures(refused: &Value) -> u64 {
    let items = refused["reply"]["items"].as_array();
    // An answer that does not say it refused one at least.
    items.map_or(1, |items| items.iter().filter(|item| !item["index"]["error"].is_null()).count() as u64)
}

/// As a person would write it who knows the fields.
fn mapping() -> serde_json::Value {
    let typed = |kind: &str, names: &[&str]| -> Vec<(String, serde_json::Value)> {
        names.iter().map(|name| ((*name).to_owned(), json!({ "type": kind }))).collect()
    };
    let mut properties = typed("keyword", &["event", "comm", "path", "argument"]);
    properties.extend(typed("long", &["cgroup", "pid", "uid", "port", "result"]));
    properties.extend(typed("date", &["@timestamp"]));
    properties.extend(typed("ip", &["address"]));
    let properties: serde_json::Map<_, _> = properties.into_iter().collect();
    json!({
        "settings": { "number_of_replicas": 0, "codec": "best_compression" },
        "mappings": { "properties": properties },
    })
}

fn configuration(folder: &Path, index: &str, port: u16) -> String {
    let folder = folder.display();
    format!(
        r#"global(workDirectory="{folder}")
module(load="imfile" mode="inotify")
module(load="omelasticsearch")
template(name="document" type="list") {{
  constant(value="{{\"@timestamp\":\"")
  property(name="timegenerated" dateFormat="rfc3339")
  constant(value="\",")
  property(name="msg")
  constant(value="}}")
}}
input(type="imfile" File="{folder}/*.json" Tag="peer")
action(type="omelasticsearch" server="http://127.0.0.1" serverport="{port}" searchIndex="{index}" searchType=""
  esversion.major="7" template="document" bulkmode="on" errorFile="{folder}/{REFUSED}" queue.type="linkedlist"
  queue.size="200000" queue.dequeuebatchsize="4000" action.resumeretrycount="-1")
"#
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{TOOLS, lost};
    use crate::Workspace;

    #[test]
    fn what_bpftrace_had_no_room_for_and_what_the_server_refused_is_lost() {
        let folder = Workspace::new("peer").unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        for (tool, _) in TOOLS {
            write(&format!("{tool}.json"), "\"event\":\"x\"\n");
        }
        write("refused", "");
        assert_eq!(lost(folder.path()).unwrap(), 0);
        write("open.json", "\"event\":\"open\",\"path\":\"Lost 9 events\"\nLost 5 events\n");
        let refused = r#"{"index": {"status": 400, "error": {"type": "document_parsing_exception"}}}"#;
        let items = format!(r#"{refused}, {{"index": {{"status": 201}}}}, {refused}, {refused}"#);
        write("refused", &format!("{{\"request\": {{}}, \"reply\": {{\"errors\": true, \"items\": [{items}]}}}}\n"));
        // Five without room, and three refused, of which one is the line that says so.
        assert_eq!(lost(folder.path()).unwrap(), 5 + 2);
    }
}
