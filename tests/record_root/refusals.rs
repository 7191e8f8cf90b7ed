//! What a host or the rights on it lack is named with its cure. Here it is taken away for one process alone.

use std::process::Command;

use super::{FACTS, skipped_without};
use crate::support::{Output, VAECTL, output};

/// What becomes of a verb that this program starts.
fn under(program: &[&str], verb: &[&str]) -> Output {
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).arg(VAECTL).args(verb).args(["--exit-wait", "0"]);
    output(&mut assert_cmd::Command::from_std(command))
}

/// Neither verb goes on, and both say this and nothing else.
fn refuses(program: &[&str], sentence: &str) {
    let record = under(program, &["record", "--duration", "1s"]);
    assert_eq!(record.code, Some(3), "{record}");
    assert_eq!(record.stderr, format!("error: this host cannot record\nhint: {sentence}\n"));
    let check = under(program, &["check"]);
    assert_eq!(check.code, Some(3), "{check}");
    assert!(check.stdout.ends_with(&format!("record    no\n  {sentence}\n")), "{check}");
}

/// The same after these commands, in mounts of its own.
fn refuses_after(commands: &str, sentence: &str) {
    refuses(&["unshare", "--mount", "sh", "-c", &format!("{commands} && exec \"$0\" \"$@\"")], sentence);
}

#[test]
fn a_process_without_capabilities_is_told_which_it_takes() {
    if !skipped_without("a_process_without_capabilities_is_told_which_it_takes", &["setpriv"]) {
        refuses(
            &["setpriv", "--bounding-set=-all", "--inh-caps=-all"],
            "uid 0 may not load BPF programs: run as root, or with CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and \
             CAP_DAC_READ_SEARCH",
        );
    }
}

#[test]
fn a_kernel_without_btf_is_told_of() {
    if !skipped_without("a_kernel_without_btf_is_told_of", &["unshare"]) {
        refuses_after(
            "mount --bind /dev/null /sys/kernel/btf/vmlinux",
            "/sys/kernel/btf/vmlinux is missing: use a kernel built with CONFIG_DEBUG_INFO_BTF=y",
        );
    }
}

#[test]
fn a_v2_hierarchy_that_is_not_mounted_or_lies_below_another_mount_is_told_of() {
    let name = "a_v2_hierarchy_that_is_not_mounted_or_lies_below_another_mount_is_told_of";
    if skipped_without(name, &["unshare"]) {
        return;
    }
    let mounted = FACTS.cgroup2.as_ref().unwrap().display();
    for gone in [format!("umount --lazy {mounted}"), format!("mount -t tmpfs tmpfs {mounted}")] {
        refuses_after(
            &gone,
            "no cgroup2 is mounted: mount -t cgroup2 none /sys/fs/cgroup/unified, or boot with \
             systemd.unified_cgroup_hierarchy=1",
        );
    }
}

#[test]
fn a_right_that_recording_can_do_without_is_told_with_what_it_costs() {
    if skipped_without("a_right_that_recording_can_do_without_is_told_with_what_it_costs", &["setpriv"]) {
        return;
    }
    let check = |bounds: &str| under(&["setpriv", bounds, "--inh-caps=-all"], &["check"]);
    let costs = [
        "\n  no CAP_SYS_PTRACE: programs of others that ran before have no name on events (process.executable)\n",
        "\n  no CAP_DAC_READ_SEARCH: containers whose state another user keeps have no name and no image\n",
    ];
    for (more, told) in
        [("", [true, true]), (",+sys_ptrace", [false, true]), (",+sys_ptrace,+dac_read_search", [false; 2])]
    {
        let bounds = format!("--bounding-set=-all,+bpf,+perfmon{more}");
        let check = check(&bounds);
        assert_eq!(check.code, Some(0), "{check}");
        assert_eq!(costs.map(|cost| check.stdout.contains(cost)), told, "{check}");
    }
}
