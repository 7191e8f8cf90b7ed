//! The five services, and what their usual life is.

use super::catalog::Change;
use crate::Protocol;
use crate::container::Options;

/// One of them.
#[derive(Debug)]
pub(super) struct Service {
    /// The image.
    pub(super) image: &'static str,
    /// Its command, where it is another than the image's.
    command: &'static [&'static str],
    /// What it speaks, and how many requests a second are its base.
    pub(super) load: Option<(Protocol, f64)>,
    rotation: &'static str,
    reload: Option<&'static str>,
    health: &'static [&'static str],
}

/// A level of four times the base is the most that training has.
const MOST: f64 = 4.0;

pub(super) const SERVICES: [Service; 5] = [
    Service {
        image: "nginx",
        command: &["/entrypoint", "/usr/sbin/nginx", "-c", "/etc/nginx/limited.conf", "-g", "daemon off;"],
        load: Some((Protocol::Http, 12.0)),
        rotation: "mv /tmp/access.log /tmp/access.log.1 && kill -USR1 1 && gzip -f /tmp/access.log.1",
        reload: Some("kill -HUP 1"),
        health: &["/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1/"],
    },
    Service {
        image: "redis",
        command: &["/entrypoint", "/usr/bin/redis-server", "/etc/redis.conf", "--logfile", "/tmp/redis.log"],
        load: Some((Protocol::Redis, 50.0)),
        rotation: "mv /tmp/redis.log /tmp/redis.log.1; gzip -f /tmp/redis.log.1",
        reload: Some("/usr/bin/redis-cli config set maxmemory 64mb"),
        health: &["/usr/bin/redis-cli", "ping"],
    },
    Service {
        image: "app",
        command: &[],
        load: Some((Protocol::Http, 4.0)),
        rotation: "mv /tmp/access.log /tmp/access.log.1 && gzip -f /tmp/access.log.1",
        reload: Some("kill -HUP 1"),
        health: &["/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1/"],
    },
    Service {
        image: "postgres",
        command: &[],
        load: Some((Protocol::Postgres, 8.0)),
        rotation: "mv /control/data/log/postgresql.log /control/data/log/postgresql.log.1; touch /control/data/logrotate; kill -USR1 1; \
                   gzip -f /control/data/log/postgresql.log.1",
        reload: Some("kill -HUP 1"),
        health: &["/usr/lib/postgresql/15/bin/pg_isready", "-h", "127.0.0.1"],
    },
    Service {
        image: "idle",
        command: &[],
        load: None,
        rotation: "echo nothing >/tmp/idle.log; mv /tmp/idle.log /tmp/idle.log.1; gzip -f /tmp/idle.log.1",
        reload: None,
        health: &["/bin/ls", "/control"],
    },
];

const JOB: &str =
    "cat /etc/* /usr/bin/* 2>/dev/null | gzip -c | sha256sum >/tmp/sum; ls -l /usr/bin | sort | wc -l >/tmp/report";

const OPERATOR: [&str; 3] = ["/bin/sh", "-c", "id; ps; ls -l /tmp; cat /etc/passwd"];

impl Service {
    /// How its containers differ from those of its image.
    pub(super) fn options(&self, confined: bool) -> Options {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        Options {
            command: (!self.command.is_empty()).then(|| owned(self.command)),
            most_processes: Some(MOST_PROCESSES),
            denied: if confined { owned(&DENIED) } else { Vec::new() },
            ..Options::default()
        }
    }

    /// Whether it is asked for pages.
    pub(super) fn is_web(&self) -> bool {
        matches!(self.load, Some((Protocol::Http, _)))
    }

    /// The most requests a second that training has.
    pub(super) fn trained_maximum(&self) -> f64 {
        self.load.map_or(0.0, |(_, base)| MOST * base)
    }

    /// The shell command that a change is, where it is one.
    pub(super) fn command_of(&self, change: Change) -> Option<&'static str> {
        match change {
            Change::Rotation => Some(self.rotation),
            Change::Job => Some(JOB),
            Change::Reload => self.reload,
            _ => None,
        }
    }

    /// What is executed from outside, where a change is that.
    pub(super) fn exec_of(&self, change: Change) -> Option<&'static [&'static str]> {
        match change {
            Change::Health => Some(self.health),
            Change::Operator => Some(&OPERATOR),
            _ => None,
        }
    }

    /// Whether there is such a change of it.
    pub(super) fn has(&self, change: Change) -> bool {
        change != Change::Reload || self.reload.is_some()
    }
}

/// A fork bomb ends here.
const MOST_PROCESSES: u32 = 150;

/// What the engines' own profiles refuse to a container without capabilities.
const DENIED: [&str; 22] = [
    "add_key",
    "bpf",
    "delete_module",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "init_module",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mount",
    "move_mount",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pivot_root",
    "quotactl",
    "request_key",
    "setns",
    "umount2",
    "unshare",
];
