//! Lines as `record` and `score` write them, made up but of the usual size and mix.

/// When the made-up host did all this.
const START_NS: u64 = 1_795_492_106_000_000_000;
const IMAGE: &str = r#"{"name":"nginx","tag":"1.22.1","hash":{"all":["sha256:175fc958c4ba2760b9efe4e53b6e06d41dfc07ea1a6494e3b45e8781781d3cfb"]}}"#;

/// The `n`th event of an incident of one container: three in eight are programs that start and end, four are
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

fn exec(n: u64) -> String {
    format!(
        r#""args":["/bin/sha256sum","/tmp/outbox/{n}.json"],"args_count":2,"working_directory":"/","thread":{{"capabilities":{{"effective":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FOWNER","CAP_KILL","CAP_SETGID","CAP_SETUID","CAP_NET_BIND_SERVICE"]}}}},"#
    )
}

fn line(n: u64, action: &str, dataset: &str, process: u64, more: &str) -> String {
    let pid = 30_000 + process;
    let time = vaectl_schemas::Timestamp::from_ns(START_NS + n * 50_000);
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
        r#"{{"type":"event","vaectl":{{"v":1,"incident":"Vd6mAtX0bVQ1k2Ya"}},"process":{{"entity_id":"ZEV_IJCz-{pid}-9273e5e279d","pid":{pid},"name":"worker","executable":"/usr/bin/busybox",{more}"start":"{time}","parent":{{"entity_id":"ZEV_IJCz-29883-9273d694349","pid":29883}}}},"user":{{"id":"33"}},{object}"@timestamp":"{time}","ecs":{{"version":"9.0.0"}},"event":{{"kind":"event","category":["{dataset}"],"type":["{start_or_end}"],"action":"{action}","outcome":"success","dataset":"vaectl.{dataset}","id":"TNeTXByQjOMiuUKW-{n:x}","sequence":{n}}},"host":{{"id":"d5c1","name":"node-1"}},"container":{{"id":"4f28cb05d1a1","name":"web-1","runtime":"podman","image":{IMAGE}}}}}"#
    )
}
