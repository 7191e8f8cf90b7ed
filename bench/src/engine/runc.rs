//! Bundles for runc.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::Engine;
use crate::container::{Options, log};
use crate::error::Naming;
use crate::{HarnessError, Image};

/// What Docker and Podman leave to a container.
const USUAL: &[&str] = &[
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// What `Options::privileged` adds for the calls of the probe.
const MORE: &[&str] = &["CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"];

pub(crate) fn start(
    image: &Image,
    name: &str,
    options: &Options,
    folder: &Path,
) -> Result<(String, u32), HarnessError> {
    write_json(&folder.join("config.json"), &bundle(image, name, options, folder))?;
    let log = log(folder);
    let pid_file = folder.join("pid");
    let output = File::create(&log).naming("create", &log)?;
    let mut command = Engine::Runc.command("run");
    command.args(["--detach", "--bundle"]).arg(folder).arg("--pid-file").arg(&pid_file).arg(name);
    // Not `command::run`: the container inherits the pipe, and reading it to its end would wait for the container.
    command.stdin(Stdio::null()).stderr(output.try_clone().naming("open", &log)?).stdout(output);
    let status = command.status().naming("start", Path::new("runc"))?;
    if !status.success() {
        let stderr = fs::read_to_string(&log).unwrap_or_default().trim().to_owned();
        return Err(HarnessError::Command { command: format!("runc run {name}"), status, stderr });
    }
    let pid = fs::read_to_string(&pid_file).naming("read", &pid_file)?;
    let pid = pid.trim().parse().map_err(std::io::Error::other).naming("read", &pid_file)?;
    Ok((name.to_owned(), pid))
}

fn bundle(image: &Image, name: &str, options: &Options, folder: &Path) -> Value {
    let mut env = vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
    env.extend(image.env.iter().map(String::as_str));
    let capabilities: Vec<&str> = USUAL.iter().chain(MORE.iter().filter(|_| options.privileged)).copied().collect();
    let tmpfs = |at: &str| json!({ "destination": at, "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=1777", "size=64m"] });
    let kinds =
        ["pid", "ipc", "uts", "mount", "network"].into_iter().filter(|kind| !(options.host_pids && *kind == "pid"));
    let mut linux = json!({ "namespaces": kinds.map(|kind| json!({ "type": kind })).collect::<Vec<_>>() });
    if let Some(most) = options.most_processes {
        linux["resources"] = json!({ "pids": { "limit": most } });
    }
    if !options.denied.is_empty() {
        linux["seccomp"] = seccomp(&options.denied);
    }
    json!({
        "ociVersion": "1.0.2",
        "hostname": name,
        "root": { "path": image.rootfs, "readonly": true },
        "process": {
            "args": options.command.as_ref().unwrap_or(&image.command),
            "env": env,
            "cwd": "/",
            "user": { "uid": 0, "gid": 0 },
            "capabilities": { "bounding": capabilities, "effective": capabilities, "permitted": capabilities },
            "noNewPrivileges": false,
        },
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"] },
            tmpfs("/run"), tmpfs("/tmp"), tmpfs("/var"),
            { "destination": "/control", "type": "bind", "source": folder.join("control"), "options": ["bind", "rw"] },
        ],
        "linux": linux,
        // A bundle has no image: these two say what it was made of.
        "annotations": {
            "org.opencontainers.image.ref.name": image.reference(),
            "org.opencontainers.image.base.digest": image.digest,
        },
    })
}

/// A profile that refuses `denied` with EPERM and allows the rest.
pub(crate) fn seccomp(denied: &[String]) -> Value {
    json!({
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{ "names": denied, "action": "SCMP_ACT_ERRNO", "errnoRet": 1 }],
    })
}

pub(crate) fn write_json(path: &Path, value: &Value) -> Result<(), HarnessError> {
    fs::write(path, value.to_string()).naming("write", path)
}
