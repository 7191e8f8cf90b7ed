//! The same deeds by other calls: relative names, IPv6, datagrams without a connection, and what goes round the calls
//! that one thinks of first.

use std::sync::LazyLock;

use serde_json::{Value, json};
use vaectl_bench::{Options, probe};

use super::deeds::{Script, end};
use super::recording::events;
use super::skipped;

fn options() -> Options {
    Options { privileged: true, host_pids: true, ..Options::default() }
}

static VARIANTS: LazyLock<Script> = LazyLock::new(|| Script::of(probe::variants, &options()));

/// Runs `check` on the recorded variants, or says that the test is skipped.
fn check(name: &str, check: impl FnOnce(&Script)) {
    if !skipped(name) {
        check(&VARIANTS);
    }
}

#[test]
fn relative_names_stand_on_the_directory_that_they_are_relative_to() {
    check("relative_names_stand_on_the_directory_that_they_are_relative_to", |script| {
        // Opened files are walked from, and so is one that is only known by its descriptor.
        let opened = ["/tmp/probe/a", r"/tmp/probe/\xff\\"];
        let fchmod = |deed: &probe::Deed| deed.mode.as_deref() == Some("0640");
        script.tells_files(|deed| {
            fchmod(deed) || deed.action == "create" && opened.contains(&deed.path.as_deref().unwrap_or_default())
        });
    });
}

#[test]
fn a_name_that_is_no_text_is_escaped_and_the_field_named() {
    check("a_name_that_is_no_text_is_escaped_and_the_field_named", |script| {
        let escaped: Vec<_> = script.lines.iter().filter(|line| line["vaectl"].get("escaped").is_some()).collect();
        let [event] = escaped[..] else { panic!("{escaped:#?}") };
        assert_eq!(event["file"]["path"], r"/tmp/probe/\xff\\");
        assert_eq!(event["vaectl"]["escaped"], json!(["file.path"]));
    });
}

#[test]
fn a_connection_over_ipv6_tells_what_one_over_ipv4_does() {
    check("a_connection_over_ipv6_tells_what_one_over_ipv4_does", |script| {
        let (accepted, connected) = (script.deed("accept"), script.deed("connect"));
        let (server, client) = (accepted.port, accepted.source_port);
        let (sent, replied) = (script.deed("close").bytes, script.deed("reply").bytes);
        assert_eq!(script.event("listen", accepted.pid, |_| true)["destination"], end("::1", server, None));
        for (action, pid) in [("connect", connected.pid), ("accept", accepted.pid)] {
            let tcp = |event: &Value| event["network"]["transport"] == "tcp";
            let event = script.event(action, pid, tcp);
            assert_eq!(
                (&event["source"], &event["destination"]),
                (&end("::1", client, None), &end("::1", server, None))
            );
            assert_eq!(event["network"]["type"], "ipv6");
            let closing = script.event("close", pid, tcp);
            assert_eq!(
                (&closing["source"], &closing["destination"]),
                (&end("::1", client, sent), &end("::1", server, replied))
            );
        }
    });
}

#[test]
fn datagrams_without_a_connection_are_one_flow() {
    check("datagrams_without_a_connection_are_one_flow", |script| {
        let deed = script.deed("udp_send");
        let udp = |event: &Value| event["network"]["transport"] == "udp";
        let [connect, close] = ["connect", "close"].map(|action| script.event(action, deed.pid, udp));
        assert_eq!(connect["destination"], end("127.0.0.1", deed.port, None));
        assert_eq!(close["source"]["bytes"], deed.bytes.unwrap());
        assert_eq!(close["destination"], end("127.0.0.1", deed.port, Some(0)));
    });
}

#[test]
fn datagrams_of_a_process_that_ends_without_a_close_are_a_flow_of_its_own_that_ends() {
    check("datagrams_of_a_process_that_ends_without_a_close_are_a_flow_of_its_own_that_ends", |script| {
        let deeds: Vec<_> = script.deeds("udp_leave").collect();
        assert!(deeds.len() > 1 && deeds.iter().all(|deed| deed.result == 0), "{deeds:?}");
        for deed in deeds {
            let [connect, close] = ["connect", "close"].map(|action| script.event(action, deed.pid, |_| true));
            assert_eq!(connect["destination"], end("127.0.0.1", deed.port, None));
            assert_eq!(close["source"]["bytes"], deed.bytes.unwrap());
        }
    });
}

#[test]
fn datagrams_without_a_connection_count_as_many_flows_at_every_depth() {
    if skipped("datagrams_without_a_connection_count_as_many_flows_at_every_depth") {
        return;
    }
    let counted = |depth| Script::at(depth, probe::variants, &options()).counted("net_udp.connect");
    let flows = ["udp_send", "udp_leave"].map(|action| VARIANTS.deeds(action).count() as u64).iter().sum::<u64>();
    assert_eq!(["census", "process", "full"].map(counted), [flows; 3]);
}

#[test]
fn a_signal_by_a_descriptor_and_a_look_into_memory_name_the_process() {
    check("a_signal_by_a_descriptor_and_a_look_into_memory_name_the_process", |script| {
        let kill = script.deed("kill");
        let event = script.event("kill", kill.pid, |event| event["vaectl"]["call"] == "pidfd_send_signal");
        assert_eq!(event["vaectl"]["target_pid"], kill.target_pid.unwrap());
        assert_eq!(event["vaectl"]["argument"], kill.signal.unwrap());
        let look = script.deed("ptrace");
        let event = script.event("ptrace", look.pid, |event| event["vaectl"]["call"] == "process_vm_readv");
        assert_eq!(event["vaectl"]["target_pid"], look.target_pid.unwrap());
        assert_eq!(event["vaectl"].get("argument"), None);
    });
}

#[test]
fn a_signal_that_reached_nobody_names_whom_it_was_for_and_not_the_target_of_an_earlier_one() {
    check("a_signal_that_reached_nobody_names_whom_it_was_for_and_not_the_target_of_an_earlier_one", |script| {
        let missed = script.deed("missed_kill");
        let event = script.event("kill", missed.pid, |event| event["vaectl"]["call"] == "kill");
        assert_eq!(event["vaectl"]["target_pid"], missed.target_pid.unwrap());
        assert_eq!(event["event"]["outcome"], "failure");
    });
}

#[test]
fn rights_and_namespaces_change_by_other_calls_too() {
    check("rights_and_namespaces_change_by_other_calls_too", |script| {
        let (setuid, setns, chroot) = (script.deed("setuid"), script.deed("setns"), script.deed("mount"));
        let event = script.event("setuid", setuid.pid, |event| event["vaectl"]["call"] == "setresuid");
        assert_eq!(event["user"]["effective"]["id"], setuid.uid.unwrap().to_string());
        assert_eq!(script.event("setns", setns.pid, |_| true)["vaectl"]["argument"], setns.flags.unwrap());
        let event = script.event("mount", chroot.pid, |_| true);
        assert_eq!((&event["file"]["path"], &event["vaectl"]["call"]), (&json!(chroot.path), &json!("chroot")));
        assert_eq!(event["vaectl"].get("argument"), None);
    });
}

#[test]
fn a_program_that_was_spawned_is_a_fork_and_an_exec_whose_long_arguments_are_cut() {
    check("a_program_that_was_spawned_is_a_fork_and_an_exec_whose_long_arguments_are_cut", |script| {
        let deed = script.deed("exec");
        let [fork, exec] = ["fork", "exec"].map(|action| script.event(action, deed.pid, |_| true));
        assert_eq!(fork["process"]["entity_id"], exec["process"]["entity_id"]);
        assert_eq!(exec["process"]["executable"], json!(deed.path));
        assert_eq!((&exec["process"]["args"][1], &exec["process"]["args_count"]), (&json!("noop"), &json!(3)));
        assert_eq!(exec["vaectl"]["truncated"], json!(["process.args"]));
        assert!(events(&script.lines, "exec").filter(|event| event["vaectl"].get("truncated").is_some()).count() == 1);
    });
}

#[test]
fn a_process_of_many_threads_ends_once() {
    check("a_process_of_many_threads_ends_once", |script| {
        assert!(script.deeds("crowd").count() > 1 && script.deeds("crowd").all(|deed| deed.result == 0));
        for deed in script.deeds("crowd") {
            assert_eq!(script.events("exit", deed.pid).len(), 1);
        }
        assert_eq!(script.counted("process.exit"), events(&script.lines, "exit").count() as u64);
    });
}

#[test]
fn work_that_goes_round_system_calls_is_counted() {
    check("work_that_goes_round_system_calls_is_counted", |script| {
        let deed = script.deed("io_uring");
        assert_eq!(script.counted("io_uring.submit"), u64::from(deed.result == 0), "{deed:?}");
    });
}
