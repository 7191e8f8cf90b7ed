//! What the events say of the probe's script: each action once, as the probe itself tells it.

use std::sync::LazyLock;

use serde_json::{Value, json};
use vaectl_bench::{Options, probe};

use super::deeds::{Script, end};
use super::recording::events;
use super::skipped;

/// One run for all tests of this file: it is over, and its container gone, before the first of them looks.
static SCRIPT: LazyLock<Script> = LazyLock::new(|| {
    let options =
        Options { privileged: true, host_pids: true, denied: vec!["keyctl".to_owned()], ..Options::default() };
    Script::of(probe::script, &options)
});

/// Runs `check` on the recorded script, or says that the test is skipped.
fn check(name: &str, check: impl FnOnce(&Script)) {
    if !skipped(name) {
        check(&SCRIPT);
    }
}

#[test]
fn a_program_that_starts_tells_who_it_is_and_who_started_it() {
    check("a_program_that_starts_tells_who_it_is_and_who_started_it", |script| {
        let deed = script.deed("exec");
        let exec = script.event("exec", deed.pid, |_| true);
        assert_eq!(exec["process"]["executable"], *deed.path.as_ref().unwrap());
        assert_eq!(exec["process"]["args"], json!(deed.args));
        assert_eq!(exec["process"]["args_count"], deed.args.len());
        assert_eq!(exec["process"]["working_directory"], "/");
        assert_eq!(exec["user"]["id"], "0");
        let parent = script.deed("fork").pid;
        let probe = script.event("exec", parent, |_| true);
        assert_eq!(exec["process"]["parent"]["pid"], parent);
        assert_eq!(exec["process"]["parent"]["entity_id"], probe["process"]["entity_id"]);
        assert_eq!(exec["process"]["parent"]["executable"], "/usr/bin/probe");
        let capabilities = exec["process"]["thread"]["capabilities"]["effective"].as_array().unwrap();
        assert!(capabilities.contains(&json!("CAP_SYS_ADMIN")) && !capabilities.contains(&json!("CAP_SYS_BOOT")));
        // The workload's first process is where its tree entered the container.
        let first = events(&script.lines, "exec").next().unwrap();
        assert_eq!(exec["process"]["entry_leader"]["entity_id"], first["process"]["entity_id"]);
    });
}

#[test]
fn fork_exec_and_exit_join_by_the_entity_id() {
    check("fork_exec_and_exit_join_by_the_entity_id", |script| {
        let (fork, exit) = (script.deed("fork"), script.deeds("exit").next().unwrap());
        let child = fork.child.unwrap();
        let forked = script.event("fork", child, |_| true);
        let [executed, exited] = ["exec", "exit"].map(|action| script.event(action, child, |_| true));
        let ids = [forked, executed, exited].map(|event| &event["process"]["entity_id"]);
        assert!(ids[0].is_string() && ids[0] == ids[1] && ids[1] == ids[2], "{ids:?}");
        assert_eq!(forked["process"]["parent"]["pid"], fork.pid);
        assert_eq!(exited["process"]["exit_code"], exit.code.unwrap());
        let killed = script.deeds("exit").nth(1).unwrap();
        assert_eq!(script.event("exit", killed.pid, |_| true)["process"]["exit_code"], killed.code.unwrap());
    });
}

#[test]
fn files_are_told_by_their_paths_and_where_these_are_from() {
    check("files_are_told_by_their_paths_and_where_these_are_from", |script| {
        script.tells_files(|deed| ["create", "open"].contains(&deed.action.as_str()) && deed.result == 0);
        let refused = script.deeds("open").find(|deed| deed.result < 0).unwrap();
        let event = script.event("open", refused.pid, |event| event["event"]["outcome"] == "failure");
        assert_eq!(event["vaectl"]["errno"], "EROFS");
    });
}

#[test]
fn both_ends_of_a_connection_tell_their_addresses_ports_and_bytes() {
    check("both_ends_of_a_connection_tell_their_addresses_ports_and_bytes", |script| {
        let (accepted, closed) = (script.deed("accept"), script.deed("close"));
        let connected = script.deeds("connect").find(|deed| deed.result == 0).unwrap();
        let (server, client) = (accepted.port, accepted.source_port);
        let listen = script.event("listen", accepted.pid, |_| true);
        assert_eq!(listen["destination"], end("127.0.0.1", server, None));
        for (action, pid, direction) in [("connect", connected.pid, "outbound"), ("accept", accepted.pid, "inbound")] {
            let tcp = |event: &Value| event["destination"]["port"] == json!(server);
            let event = script.event(action, pid, tcp);
            assert_eq!(event["source"], end("127.0.0.1", client, None));
            assert_eq!(event["destination"], end("127.0.0.1", server, None));
            assert_eq!(event["network"], json!({ "transport": "tcp", "type": "ipv4", "direction": direction }));
            assert_eq!(event["event"]["outcome"], "success");
            let closing = script.event("close", pid, tcp);
            assert_eq!(closing["source"], end("127.0.0.1", client, closed.bytes));
            assert_eq!(closing["destination"], end("127.0.0.1", server, Some(0)));
            assert_eq!(closing["process"]["entity_id"], event["process"]["entity_id"]);
            assert!(closing["event"]["duration"].as_u64().unwrap() > 0);
        }
    });
}

#[test]
fn a_refused_connection_tells_whom_it_wanted() {
    check("a_refused_connection_tells_whom_it_wanted", |script| {
        let deed = script.deeds("connect").find(|deed| deed.result < 0).unwrap();
        let event = script.event("connect", deed.pid, |event| event["event"]["outcome"] == "failure");
        assert_eq!(event["destination"], end("127.0.0.1", deed.port, None));
        assert_eq!(event["vaectl"]["errno"], "ECONNREFUSED");
    });
}

#[test]
fn datagrams_are_a_flow_with_its_bytes() {
    check("datagrams_are_a_flow_with_its_bytes", |script| {
        let deed = script.deed("udp_send");
        let udp = |event: &Value| event["network"]["transport"] == "udp";
        let [connect, close] = ["connect", "close"].map(|action| script.event(action, deed.pid, udp));
        let port = close["source"]["port"].as_u64().unwrap() as u16;
        assert_eq!(connect["source"], end("127.0.0.1", Some(port), None));
        assert_eq!(close["source"], end("127.0.0.1", Some(port), deed.bytes));
        assert_eq!(close["destination"], end("127.0.0.1", deed.port, Some(0)));
    });
}

#[test]
fn signals_and_traces_name_their_target() {
    check("signals_and_traces_name_their_target", |script| {
        let kill = script.deed("kill");
        let event = script.event("kill", kill.pid, |event| event["vaectl"]["target_pid"] == kill.target_pid.unwrap());
        assert_eq!(event["vaectl"]["argument"], kill.signal.unwrap());
        let ptrace = script.deed("ptrace");
        let attach = |event: &Value| event["vaectl"]["argument"] == 16;
        let event = script.event("ptrace", ptrace.pid, attach);
        assert_eq!(event["vaectl"]["target_pid"], ptrace.target_pid.unwrap());
    });
}

#[test]
fn changes_of_rights_and_namespaces_are_told() {
    check("changes_of_rights_and_namespaces_are_told", |script| {
        let setuid = script.deed("setuid");
        let event = script.event("setuid", setuid.pid, |_| true);
        assert_eq!(event["user"]["effective"]["id"], setuid.uid.unwrap().to_string());
        let capset = script.event("capset", setuid.pid, |_| true);
        assert_eq!(capset["vaectl"].get("argument"), None, "an address says nothing");
        let (unshare, mount) = (script.deed("unshare"), script.deed("mount"));
        let event = script.event("unshare", unshare.pid, |_| true);
        assert_eq!(event["vaectl"]["argument"], unshare.flags.unwrap());
        let clone = script.deed("clone");
        let event = script.event("unshare", clone.pid, |_| true);
        assert_eq!(event["vaectl"]["call"], "clone");
        assert_eq!(script.counted("process.namespace"), 1, "at every depth");
        let event = script.event("mount", mount.pid, |_| true);
        assert_eq!(event["file"]["path"], *mount.path.as_ref().unwrap());
        assert_eq!((&event["vaectl"]["argument"], &event["vaectl"]["path_source"]), (&json!(0), &json!("argument")));
    });
}

#[test]
fn a_program_without_a_file_is_told_as_one() {
    check("a_program_without_a_file_is_told_as_one", |script| {
        let deed = script.deed("memfd_exec");
        let event = script.event("exec", deed.pid, |_| true);
        assert_eq!(event["vaectl"]["call"], "memfd");
        assert_eq!(event["process"]["executable"], "/memfd:ghost");
        assert_eq!(event["process"]["args"], json!(deed.args));
        assert_eq!(script.counted("process.memfd_exec"), 1);
    });
}

#[test]
fn a_call_that_a_seccomp_profile_denies_is_a_failure_and_counted() {
    check("a_call_that_a_seccomp_profile_denies_is_a_failure_and_counted", |script| {
        let deed = script.deed("keyctl");
        assert_eq!(deed.result, -1, "the profile denies it");
        let event = script.event("rare_call", deed.pid, |event| event["vaectl"]["call"] == "keyctl");
        assert_eq!((&event["event"]["outcome"], &event["vaectl"]["errno"]), (&json!("failure"), &json!("EPERM")));
        assert_eq!((script.counted("syscall.keyctl"), script.counted("syscall_failed.EPERM")), (1, 1));
        for (call, action) in [("bpf", "bpf"), ("init_module", "module_load"), ("perf_event_open", "bpf")] {
            let failed = script.event(action, deed.pid, |event| event["vaectl"]["call"] == call);
            assert_eq!(failed["event"]["outcome"], "failure");
        }
    });
}

#[test]
fn nothing_of_the_runtime_s_set_up_is_the_workload_s() {
    check("nothing_of_the_runtime_s_set_up_is_the_workload_s", |script| {
        let first = script.lines.iter().find(|line| line["type"] == "event").unwrap();
        assert_eq!(first["event"]["action"], "exec");
        assert_eq!(first["process"]["args"][1], "/entrypoint");
        assert_eq!(events(&script.lines, "mount").count(), 1, "the script's own");
        assert_eq!(events(&script.lines, "setns").count(), 0);
        assert_eq!(script.counted("syscall.mount"), 1);
        assert!(script.lines.iter().all(|line| line["process"].get("entry_meta").is_none()));
    });
}

#[test]
fn every_event_bears_its_container_and_an_identity_of_its_own() {
    check("every_event_bears_its_container_and_an_identity_of_its_own", |script| {
        let ids: std::collections::BTreeSet<_> =
            script.lines.iter().map(|line| line["event"]["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), script.lines.len());
        let named = script.lines.iter().position(|line| line["vaectl"]["status"] == "named").unwrap();
        for line in &script.lines[named..] {
            assert_eq!(line["container"]["name"], *script.container, "{line}");
            assert_eq!(line["container"]["image"]["name"], "probe", "{line}");
        }
    });
}

#[test]
fn a_counter_is_the_number_of_its_events() {
    check("a_counter_is_the_number_of_its_events", |script| {
        for (counter, action) in [
            ("process.exec", "exec"),
            ("process.exit", "exit"),
            ("process.fork", "fork"),
            ("file.rename", "rename"),
            ("file.unlink", "unlink"),
            ("file.chmod", "chmod"),
            ("net.accept", "accept"),
        ] {
            assert_eq!(script.counted(counter), events(&script.lines, action).count() as u64, "{counter}");
        }
        let connects = script.counted("net.connect") + script.counted("net_udp.connect");
        assert_eq!(connects, events(&script.lines, "connect").count() as u64);
        let sent = script.deed("close").bytes.unwrap() + script.deed("udp_send").bytes.unwrap();
        assert_eq!(script.counted("net.tx_bytes"), sent);
        assert_eq!(script.counted("net.rx_bytes"), script.deed("close").bytes.unwrap());
        assert_eq!((script.counted("net.connect_failed"), script.counted("net_unix.connect")), (1, 1));
    });
}
