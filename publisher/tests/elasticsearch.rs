//! The claims that only a real server can settle.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use elasticsearch::http::Method;
use serde_json::{Value, json};
use vaectl_bench::node::{Kind, Node};
use vaectl_publisher::{Config, Credentials, ErrorKind, Line, PublishError, Reconciliation, Repository, Secret};

use crate::support::node::{Namespace, basic, reaching, shared};
use crate::support::{balanced, config, event, letters, originals, read, run};

/// Claims about every server, each of which is a test on each of them.
macro_rules! on_every_server {
    ($($claim:ident)*) => { on_every_server! { @each plain Plain ($($claim)*) secured Secured ($($claim)*) opensearch OpenSearch ($($claim)*) } };
    (@each $($server:ident $kind:ident ($($claim:ident)*))*) => { $(
        mod $server { $(
            #[test]
            fn $claim() {
                let name = concat!(stringify!($server), "::", stringify!($claim));
                if let Some(node) = crate::support::node::shared(vaectl_bench::node::Kind::$kind, name) {
                    super::$claim(&node);
                }
            }
        )* }
    )* };
}

on_every_server! {
    what_is_published_twice_is_there_once_and_can_be_searched_by_its_fields
    a_field_that_is_not_listed_is_stored_and_does_not_grow_the_mapping
    a_document_that_the_server_cannot_map_is_a_dead_letter_with_its_reason
    what_a_lost_server_did_not_take_can_be_published_from_the_dead_letters
    an_incident_is_read_from_a_server_as_from_a_folder
    a_rollover_between_two_tries_doubles_and_the_documented_query_finds_it
    what_was_published_reconciles_with_the_servers_own_counts
}

/// How a test publishes to a node, in a namespace of its own.
fn named(node: &Node, folder: &tempfile::TempDir, namespace: &Namespace<'_>) -> Config {
    let mut config = reaching(node, &node.url, folder.path());
    config.server.namespace.clone_from(&namespace.name);
    config
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

const CONNECT: &str = r#"{"type":"event","vaectl":{"v":1,"incident":"i-1"},"process":{"pid":7,"executable":"/usr/bin/curl","entity_id":"e-7"},"source":{"ip":"10.0.0.7","port":40000},"destination":{"ip":"10.9.9.9","port":443},"network":{"transport":"tcp","direction":"outbound"},"@timestamp":"2026-11-24T03:48:26.000000002Z","event":{"dataset":"vaectl.network","action":"connect","id":"run-net"},"container":{"id":"c1"}}"#;
const INCIDENT: &str = r#"{"type":"incident","vaectl":{"v":1,"incident":"i-1","status":"opened","opened":"2026-11-24T03:48:21Z","windows":1,"events":2,"history":1,"channels":["density"],"attributions":[{"feature":"cpu.user_ns","seen":6100000000,"expected":[2e8,4e8],"share":0.71}]},"@timestamp":"2026-11-24T03:48:26Z","event":{"kind":"alert","dataset":"vaectl.incident","id":"run-incident","reason":"6.1 CPU-seconds"},"container":{"id":"c1"}}"#;

fn what_is_published_twice_is_there_once_and_can_be_searched_by_its_fields(node: &Node) {
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(node, "twice"));
    let mut lines: Vec<String> = (0..50).map(event).collect();
    lines.extend([CONNECT.into(), INCIDENT.into()]);

    let first = balanced(&run(named(node, &folder, &namespace), &lines).result.unwrap());
    assert_eq!((first.indexed, first.duplicate), (52, 0));
    let second = balanced(&run(named(node, &folder, &namespace), &lines).result.unwrap());
    assert_eq!((second.indexed, second.duplicate), (0, 52));

    let stream = |tier: &str| format!("vaectl-{tier}-{}", namespace.name);
    for (tier, query, expected) in [
        ("process", json!({"match_all": {}}), 50),
        ("process", json!({"term": {"process.executable": "/bin/p3"}}), 1),
        ("process", json!({"range": {"process.pid": {"gte": 40}}}), 10),
        ("process", json!({"range": {"@timestamp": {"lt": "2026-11-24T03:48:26.000000005Z"}}}), 5),
        ("network", json!({"term": {"destination.ip": "10.9.0.0/16"}}), 1),
        ("network", json!({"term": {"vaectl.incident": "i-1"}}), 1),
        ("incident", json!({"term": {"vaectl.attributions.feature": "cpu.user_ns"}}), 1),
        ("incident", json!({"term": {"container.id": "c1"}}), 1),
    ] {
        assert_eq!(node.count(&stream(tier), &query), expected, "{tier} {query}");
    }
    let found = node.ask(Method::Get, &format!("{}/_search", stream("incident")), None);
    let source: Value = serde_json::from_str(INCIDENT).unwrap();
    assert_eq!(found["hits"]["hits"][0]["_source"], source);
}

fn a_field_that_is_not_listed_is_stored_and_does_not_grow_the_mapping(node: &Node) {
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(node, "unlisted"));
    let line = event(1).replace(r#""pid":1,"#, r#""pid":1,"new_field":"x","#);
    run(named(node, &folder, &namespace), &[line]).result.unwrap();
    let stream = format!("vaectl-process-{}", namespace.name);
    assert_eq!(node.count(&stream, &json!({"exists": {"field": "process.new_field"}})), 0);
    let found = node.ask(Method::Get, &format!("{stream}/_search"), None);
    assert_eq!(found["hits"]["hits"][0]["_source"]["process"]["new_field"], "x");
}

fn a_document_that_the_server_cannot_map_is_a_dead_letter_with_its_reason(node: &Node) {
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(node, "unmapped"));
    let bad = event(2).replace(r#""pid":2"#, r#""pid":"two""#);
    let totals = run(named(node, &folder, &namespace), &[event(1), bad.clone(), event(3)]).result.unwrap();
    let total = balanced(&totals);
    assert_eq!((total.indexed, total.dead_lettered, totals.failed()), (2, 1, 1));
    let letter = &read(&letters(folder.path()))[0]["vaectl"];
    assert_eq!((letter["status"].as_u64(), letter["original"].as_str()), (Some(400), Some(bad.as_str())));
    assert!(letter["reason"].as_str().unwrap().contains("process.pid"), "{letter}");
}

fn what_a_lost_server_did_not_take_can_be_published_from_the_dead_letters(node: &Node) {
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(node, "lost"));
    let stream = format!("vaectl-process-{}", namespace.name);
    run(named(node, &folder, &namespace), &[] as &[&str]).result.unwrap();
    let (scheme, address) = node.url.split_once("://").unwrap();
    let relay = Relay::to(address, "127.0.0.1:0", 50_000);
    let mut config = named(node, &folder, &namespace);
    config.target = format!("{scheme}://{}", relay.address).parse().unwrap();
    config.retry_for = Duration::from_millis(500);
    config.server.batch.documents = 20;
    config.server.compress = false;
    config.server.setup = false;
    let lines: Vec<String> = (0..400).map(event).collect();

    let error = run(config, &lines).result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Peer);
    let dead = originals(folder.path());
    assert!(!dead.is_empty() && dead.len() < lines.len(), "{} dead letters: {error}", dead.len());
    let taken = node.count(&stream, &json!({"match_all": {}}));
    assert!(taken >= 400 - dead.len() as u64, "{taken} and {} dead letters", dead.len());

    std::fs::remove_file(letters(folder.path())).unwrap();
    run(named(node, &folder, &namespace), &dead).result.unwrap();
    assert_eq!(node.count(&stream, &json!({"match_all": {}})), 400);
}

#[test]
fn a_server_with_users_and_tls_is_trusted_by_its_authority_and_asked_by_name() {
    let Some(node) = shared(Kind::Secured, "a_server_with_users_and_tls_is_trusted_by_its_authority") else { return };
    let folder = tempfile::tempdir().unwrap();
    let namespace = Namespace::new(&node, "tls");
    let error = |change: &dyn Fn(&mut Config)| {
        let mut config = named(&node, &folder, &namespace);
        config.server.client_certificate = None;
        change(&mut config);
        run(config, &[event(1)]).result.map(|totals| balanced(&totals).indexed)
    };
    assert_eq!(error(&|_| ()).unwrap(), 1);
    let distrusted = error(&|config| config.server.ca = None).unwrap_err();
    assert!(distrusted.to_string().contains("--ca-file") && distrusted.kind() == ErrorKind::Peer, "{distrusted}");
    // A certificate says for whom it is.
    let relay = Relay::to(node.url.trim_start_matches("https://"), "127.0.0.2:0", usize::MAX);
    let misnamed = error(&|config| config.target = format!("https://{}", relay.address).parse().unwrap());
    let misnamed = misnamed.unwrap_err();
    assert!(misnamed.to_string().contains("certificate") && misnamed.kind() == ErrorKind::Peer, "{misnamed}");
    let refused = error(&|config| config.server.credentials = Some(basic("hunter2"))).unwrap_err();
    assert!(refused.to_string().contains("status 401") && !format!("{refused:?}").contains("hunter2"), "{refused}");
}

#[test]
fn a_server_that_asks_for_a_certificate_is_shown_one() {
    let Some(node) = shared(Kind::Mutual, "a_server_that_asks_for_a_certificate_is_shown_one") else { return };
    let folder = tempfile::tempdir().unwrap();
    let namespace = Namespace::new(&node, "mutual");
    let with = |certificate: bool| {
        let mut config = named(&node, &folder, &namespace);
        config.server.client_certificate = config.server.client_certificate.filter(|_| certificate);
        run(config, &[event(1)]).result
    };
    assert_eq!(balanced(&with(true).unwrap()).indexed, 1);
    let error = with(false).unwrap_err();
    assert!(error.to_string().contains("--client-certificate") && error.kind() == ErrorKind::Peer, "{error}");
}

fn an_incident_is_read_from_a_server_as_from_a_folder(node: &Node) {
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(node, "reading"));
    let events = (0..2500).map(|n| event(n).replace(r#""vaectl":{"v":1}"#, r#""vaectl":{"v":1,"incident":"i-1"}"#));
    let lines: Vec<String> =
        events.chain([INCIDENT.into(), CONNECT.replace("26.000000002Z", "27Z"), event(7000)]).collect();
    let directory = format!("dir:{}", folder.path().join("repository").display());
    let of = |config: Config| {
        run(config.clone(), &lines).result.unwrap();
        let repository = Repository::open(&config.target, &config.server).unwrap();
        let _ = node.ask(Method::Post, "vaectl-*/_refresh", None);
        let read = block_on(async {
            let incidents = repository.incidents(None).await?;
            let since = repository.incidents("2027-01-01T00:00:00Z".parse().ok()).await?;
            let few = repository.lines("i-", 10).await?;
            Ok::<_, PublishError>((incidents, since, few, repository.lines("i-1", 10_000).await?))
        });
        read.unwrap()
    };
    let (there, here) = (of(named(node, &folder, &namespace)), of(config(&directory, folder.path())));
    assert_eq!((there.0.as_slice(), there.1.len(), there.2.len()), (&[INCIDENT.to_owned()][..], 0, 11));
    assert_eq!(there.3.len(), 2502);
    assert!(there == here, "a folder and a server give different lines");
}

fn a_rollover_between_two_tries_doubles_and_the_documented_query_finds_it(node: &Node) {
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(node, "rollover"));
    let stream = format!("vaectl-process-{}", namespace.name);
    let publish = || balanced(&run(named(node, &folder, &namespace), &[event(1), event(2)]).result.unwrap());
    assert_eq!(publish().indexed, 2);
    let _ = node.ask(Method::Post, &format!("{stream}/_rollover"), None);
    // As if the answer to the first try had been lost: identities are unique in one backing index only.
    assert_eq!(publish().indexed, 2);
    assert_eq!(node.count(&stream, &json!({"match_all": {}})), 4);
    let doubles = json!({"size": 0, "aggs": {"twice": {"terms": {"field": "event.id", "min_doc_count": 2}}}});
    let found = node.ask(Method::Post, &format!("{stream}/_search"), Some(&doubles));
    assert_eq!(found["aggregations"]["twice"]["buckets"].as_array().unwrap().len(), 2);
}

/// An API key that may do that much and no more, in its encoded form.
fn key(node: &Node, cluster: &[&str], indices: &[&str]) -> Secret {
    let mut role = json!({ "cluster": cluster });
    if !indices.is_empty() {
        role["indices"] = json!([{"names": ["vaectl-*"], "privileges": indices}]);
    }
    let request = json!({"name": "vaectl", "role_descriptors": {"vaectl": role}});
    let answer = node.ask(Method::Post, "_security/api_key", Some(&request));
    Secret::new(answer["encoded"].as_str().unwrap_or_else(|| panic!("{answer}")))
}

#[test]
fn the_documented_keys_are_enough_for_what_they_are_for_and_for_nothing_else() {
    let Some(node) = shared(Kind::Secured, "the_documented_keys_are_enough_for_what_they_are_for") else { return };
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(&node, "keys"));
    let by = |key: &Secret| {
        let mut config = named(&node, &folder, &namespace);
        config.server.credentials = Some(Credentials::ApiKey(key.clone()));
        config.server.setup = false;
        config
    };
    let [installer, publisher, reader, auditor] = [
        key(&node, &["monitor", "manage_index_templates"], &[]),
        key(&node, &[], &["create_doc", "auto_configure"]),
        key(&node, &[], &["read"]),
        key(&node, &[], &["read", "maintenance"]),
    ];
    let setup = |key: &Secret| block_on(vaectl_publisher::setup(&by(key), std::future::pending()));
    let lines = [event(1), event(2), INCIDENT.into()];
    let publish = |key: &Secret| run(by(key), &lines).result;
    let incidents = |key: &Secret| {
        let config = by(key);
        let repository = Repository::open(&config.target, &config.server).unwrap();
        block_on(repository.incidents(None)).map(|lines| lines.len())
    };
    let balances = |key: &Secret| {
        let mut reconciliation = Reconciliation::default();
        for line in &lines {
            reconciliation.take(Line { bytes: line.clone().into(), ..Line::default() }, false);
        }
        block_on(reconciliation.balance(&by(key))).map(|balances| balances.iter().all(|b| b.lines == b.server))
    };

    setup(&installer).unwrap();
    assert_eq!(balanced(&publish(&publisher).unwrap()).indexed, 3);
    assert!(balances(&auditor).unwrap());
    assert_eq!(incidents(&reader).unwrap(), 1);

    let refusals = [
        setup(&publisher).unwrap_err(),
        publish(&installer).unwrap_err(),
        publish(&reader).unwrap_err(),
        incidents(&publisher).unwrap_err(),
        balances(&reader).unwrap_err(),
    ];
    for refusal in refusals {
        assert!(refusal.to_string().contains("status 403") && refusal.kind() == ErrorKind::Peer, "{refusal}");
    }
    assert_eq!(balanced(&publish(&publisher).unwrap()).duplicate, 3);
}

#[test]
fn documents_are_the_same_in_logsdb() {
    let Some(node) = shared(Kind::Plain, "documents_are_the_same_in_logsdb") else { return };
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(&node, "logsdb"));
    // As a basic licence has it: sources are kept as they came.
    let settings = json!({"index": {"mode": "logsdb", "mapping": {"source": {"mode": "stored"}}}});
    // The component templates are there after this.
    run(named(&node, &folder, &namespace), &[] as &[&str]).result.unwrap();
    let templates = vaectl_schemas::elasticsearch_templates();
    let (_, template) = templates.iter().find(|(path, _)| *path == "_index_template/vaectl-process").unwrap();
    let mut template: Value = serde_json::from_str(template).unwrap();
    // For this namespace alone, and of a priority above that of all.
    template["index_patterns"] = json!([format!("vaectl-process-{}", namespace.name)]);
    template["priority"] = json!(300);
    template["template"]["settings"] = settings;
    let path = format!("_index_template/vaectl-process-{}", namespace.name);
    let answer = node.ask(Method::Put, &path, Some(&template));
    assert_eq!(answer["acknowledged"], true, "{answer}");

    let lines: Vec<String> = (0..50).map(event).collect();
    let publish = || balanced(&run(named(&node, &folder, &namespace), &lines).result.unwrap());
    assert_eq!((publish().indexed, publish().duplicate), (50, 50));
    let stream = format!("vaectl-process-{}", namespace.name);
    assert_eq!(node.count(&stream, &json!({"range": {"process.pid": {"gte": 40}}})), 10);
    let mode = node.ask(Method::Get, &format!("{stream}/_settings"), None);
    assert!(mode.to_string().contains(r#""mode":"logsdb""#), "{mode}");
    let found = node.ask(Method::Get, &format!("{stream}/_search?q=process.pid:7"), None);
    assert_eq!(found["hits"]["hits"][0]["_source"], serde_json::from_str::<Value>(&event(7)).unwrap());
    node.clear(&namespace.name);
    let _ = node.ask(Method::Delete, &path, None);
}

fn what_was_published_reconciles_with_the_servers_own_counts(node: &Node) {
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(node, "reconcile"));
    let config = named(node, &folder, &namespace);
    let lines: Vec<String> = (0..800).map(vaectl_bench::publishing::lines::event).collect();
    let total = balanced(&run(config.clone(), &lines).result.unwrap());
    assert!(total.merged > 0 && total.indexed + total.merged == 800, "{total:?}");

    let balance = |lines: &[String]| {
        let mut reconciliation = Reconciliation::default();
        for line in lines.iter().chain(lines) {
            reconciliation.take(Line { bytes: line.clone().into(), ..Line::default() }, false);
        }
        block_on(reconciliation.balance(&config)).unwrap()
    };
    let balances = balance(&lines);
    assert_eq!(balances.iter().map(|balance| balance.lines).sum::<u64>(), 800);
    assert!(balances.iter().all(|balance| balance.lines == balance.server), "{balances:?}");
    let more = balance(&[&lines[..], &[vaectl_bench::publishing::lines::event(799).replace("-31f", "-lost")]].concat());
    assert!(more.iter().any(|balance| balance.lines == balance.server + 1), "{more:?}");
}

#[test]
fn a_machine_without_a_jdk_skips_by_name_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let skipped = folder.path().join("skipped");
    let name = "a_field_that_is_not_listed_is_stored_and_does_not_grow_the_mapping";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("elasticsearch::plain::{name}")])
        .env_remove("JAVA_HOME")
        .env_remove("VAECTL_TEST_ES_URL")
        .env("VAECTL_TEST_JVM", folder.path())
        .env("VAECTL_SKIPPED", &skipped)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    let counted = std::fs::read_to_string(&skipped).unwrap();
    assert!(
        counted.starts_with(&format!("skipped: plain::{name}: no JDK")) && counted.lines().count() == 1,
        "{counted}"
    );
}

/// Passes bytes on to a server until so many have gone there, and is dead from then on.
struct Relay {
    address: String,
}

impl Relay {
    fn to(server: &str, at: &str, budget: usize) -> Self {
        let listener = TcpListener::bind(at).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (server, left) = (server.to_owned(), Arc::new(Mutex::new(budget)));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if *left.lock().unwrap() == 0 {
                    continue;
                }
                let upstream = TcpStream::connect(&server).unwrap();
                let (mut back, mut from) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut back));
                let left = left.clone();
                std::thread::spawn(move || forward(client, upstream, &left));
            }
        });
        Self { address }
    }
}

fn forward(mut client: TcpStream, mut upstream: TcpStream, left: &Mutex<usize>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let mut left = left.lock().unwrap();
        *left = left.saturating_sub(read);
        if *left == 0 || upstream.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = upstream.shutdown(Shutdown::Both);
}
