//! Lines as `record` and `score` write them, made up but of the usual size and mix.

use vaectl_schemas::{Timestamp, derived_id};

/// When the made-up host did all this.
const START_NS: u64 = 1_795_492_106_000_000_000;
const IMAGE: &str = r#"{"name":"nginx","tag":"1.22.1","hash":{"all":["sha256:175fc958c4ba2760b9efe4e53b6e06d41dfc07ea1a6494e3b45e8781781d3cfb"]}}"#;

/// The `n`th event of an incident of one container: half of them are programs that start and end, three in eight are
/// connections, one is a file.
#[must_use]
pub fn event(n: u64) -> String {
    let (group, kind) = (n / 8, n % 8);
    match kind {
        0 | 2 => line(n, "exec", "process", group * 2 + kind / 2, &exec(n)),
        1 | 3 => line(n, "exit", "process", group * 2 + (kind - 1) / 2, r#""exit_code":0,"#),
        4 | 5 => line(n, "accept", "network", 0, ""),
        6 => line(n, "close", "network", 0, ""),
        _ => line(n, "create", "file", group * 2, ""),
    }
}

/// The hour of one of fifty stable containers.
#[must_use]
pub fn summary(n: u64) -> String {
    let (container, hour) = (n % 50, n / 50);
    let end = Timestamp::from_ns(START_NS + (hour + 1) * 3_600_000_000_000 + container * 1_000_003);
    let from = Timestamp::from_ns(START_NS + hour * 3_600_000_000_000 + container * 1_000_003);
    let id = derived_id("summary", [&n.to_string()[..]]);
    let (events, score) = (3000 + n * 7919 % 500, 1.5 + (n * 31 % 97) as f64 / 97.0);
    format!(
        r#"{{"type":"summary","vaectl":{{"v":1,"run":"run-{container}","state":"stable","from":"{from}","windows":720,"states":{{"stable":720}},"transitions":0,"events":{events},"published":0,"score_max":{score:.4},"p_value_min":0.0{events}}},"@timestamp":"{end}","ecs":{{"version":"9.0.0"}},"event":{{"kind":"metric","dataset":"vaectl.summary","id":"{id}"}},{}}}"#,
        whose(container)
    )
}

/// A window of one of fifty containers, as all would be published without a model.
#[must_use]
pub fn window(n: u64) -> String {
    let (container, position) = (n % 50, n / 50);
    let time = Timestamp::from_ns(START_NS + position * 5_000_000_000 + container * 1_000_003);
    let counters: Vec<String> = CALLS
        .iter()
        .zip(1..)
        .map(|(call, weight)| format!(r#""syscall.{call}":{}"#, 40 * weight + n * 7919 * weight % (10 * weight + 1)))
        .collect();
    format!(
        r#"{{"type":"window","vaectl":{{"v":1,"window":{{"nominal_ns":5000000000,"duration_ns":5000{:06},"coverage":{{"syscall":1.0,"net":1.0}},"lost":0}},"run":"run-{container}"}},"counters":{{{}}},"gauges":{{"memory.bytes":{},"pids":5}},"@timestamp":"{time}","ecs":{{"version":"9.0.0"}},"event":{{"kind":"metric","dataset":"vaectl.window","id":"TNeTXByQjOMiuUKW-{n:x}","sequence":{n}}},{}}}"#,
        n * 7919 % 1_000_000,
        counters.join(","),
        73_400_320 + n % 97 * 4096,
        whose(container)
    )
}

/// What a web server calls in its windows.
const CALLS: [&str; 20] = [
    "read",
    "write",
    "epoll_wait",
    "accept4",
    "close",
    "openat",
    "fstat",
    "sendfile",
    "writev",
    "recvfrom",
    "setsockopt",
    "epoll_ctl",
    "mmap",
    "munmap",
    "brk",
    "futex",
    "getpid",
    "clock_gettime",
    "lseek",
    "pread64",
];

/// Host and container, which every line carries.
fn whose(container: u64) -> String {
    format!(
        r#""host":{{"id":"d5c1","name":"node-1"}},"container":{{"id":"4f28cb05d1a1{container:052}","name":"web-{container}","runtime":"podman","image":{IMAGE}}}"#
    )
}

fn exec(n: u64) -> String {
    format!(
        r#""args":["/bin/sha256sum","/tmp/outbox/{n}.json"],"args_count":2,"working_directory":"/","thread":{{"capabilities":{{"effective":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FOWNER","CAP_KILL","CAP_SETGID","CAP_SETUID","CAP_NET_BIND_SERVICE"]}}}},"#
    )
}

fn line(n: u64, action: &str, dataset: &str, process: u64, more: &str) -> String {
    let pid = 30_000 + process;
    let time = Timestamp::from_ns(START_NS + n * 50_000);
    let (bytes, start_or_end) = if action == "close" { (1546, "end") } else { (0, "start") };
    let object = match dataset {
        "network" => format!(
            r#""network":{{"transport":"tcp","type":"ipv4","direction":"inbound"}},"source":{{"address":"10.0.0.{peer}","ip":"10.0.0.{peer}","port":{port},"bytes":61}},"destination":{{"address":"10.0.0.1","ip":"10.0.0.1","port":80,"bytes":{bytes}}},"#,
            peer = n / 8 % 4 + 2,
            port = 20_000 + n % 40_000,
        ),
        "file" => format!(r#""file":{{"path":"/var/cache/job/{n}.tmp"}},"#),
        _ => String::new(),
    };
    format!(
        r#"{{"type":"event","vaectl":{{"v":1,"incident":"Vd6mAtX0bVQ1k2Ya"}},"process":{{"entity_id":"ZEV_IJCz-{pid}-9273e5e279d","pid":{pid},"name":"worker","executable":"/usr/bin/busybox",{more}"start":"{time}","parent":{{"entity_id":"ZEV_IJCz-29883-9273d694349","pid":29883}}}},"user":{{"id":"33"}},{object}"@timestamp":"{time}","ecs":{{"version":"9.0.0"}},"event":{{"kind":"event","category":["{dataset}"],"type":["{start_or_end}"],"action":"{action}","outcome":"success","dataset":"vaectl.{dataset}","id":"TNeTXByQjOMiuUKW-{n:x}","sequence":{n}}},{}}}"#,
        whose(1)
    )
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Event, Summary, Window};

    use super::{event, summary, window};

    #[test]
    fn made_up_lines_are_lines() {
        for n in 0..100 {
            let parsed = serde_json::from_str::<Event<'_>>(&event(n)).unwrap();
            assert!(parsed.process.is_some() && parsed.event.action.is_some());
            assert_eq!(serde_json::from_str::<Summary<'_>>(&summary(n)).unwrap().vaectl.windows, 720);
            assert_eq!(serde_json::from_str::<Window<'_>>(&window(n)).unwrap().counters.len(), 20);
        }
    }
}
