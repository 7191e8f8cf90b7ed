//! The claims that only a real server can settle.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use elasticsearch::http::Method;
use serde_json::{Value, json};
use vaectl_publisher::{Config, Credentials, ErrorKind, Line, PublishError, Reconciliation, Repository, Secret};

use crate::support::node::{Namespace, secured, shared};
use crate::support::{balanced, config, event, letters, originals, read, run};

fn named(target: &str, folder: &tempfile::TempDir, namespace: &Namespace<'_>) -> Config {
    let mut config = config(target, folder.path());
    config.server.namespace.clone_from(&namespace.name);
    config
}

const CONNECT: &str = r#"{"type":"event","vaectl":{"v":1,"incident":"i-1"},"process":{"pid":7,"executable":"/usr/bin/curl","entity_id":"e-7"},"source":{"ip":"10.0.0.7","port":40000},"destination":{"ip":"10.9.9.9","port":443},"network":{"transport":"tcp","direction":"outbound"},"@timestamp":"2026-11-24T03:48:26.000000002Z","event":{"dataset":"vaectl.network","action":"connect","id":"run-net"},"container":{"id":"c1"}}"#;
const INCIDENT: &str = r#"{"type":"incident","vaectl":{"v":1,"incident":"i-1","status":"opened","opened":"2026-11-24T03:48:21Z","windows":1,"events":2,"history":1,"channels":["density"],"attributions":[{"feature":"cpu.user_ns","seen":6100000000,"expected":[2e8,4e8],"share":0.71}]},"@timestamp":"2026-11-24T03:48:26Z","event":{"kind":"alert","dataset":"vaectl.incident","id":"run-incident","reason":"6.1 CPU-seconds"},"container":{"id":"c1"}}"#;

#[test]
fn what_is_published_twice_is_there_once_and_can_be_searched_by_its_fields() {
    let Some(node) = shared("what_is_published_twice_is_there_once_and_can_be_searched_by_its_fields") else { return };
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(&node, "twice"));
    let mut lines: Vec<String> = (0..50).map(event).collect();
    lines.extend([CONNECT.into(), INCIDENT.into()]);

    let first = balanced(&run(named(&node.url, &folder, &namespace), &lines).result.unwrap());
    assert_eq!((first.indexed, first.duplicate), (52, 0));
    let second = balanced(&run(named(&node.url, &folder, &namespace), &lines).result.unwrap());
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

#[test]
fn a_field_that_is_not_listed_is_stored_and_does_not_grow_the_mapping() {
    let Some(node) = shared("a_field_that_is_not_listed_is_stored_and_does_not_grow_the_mapping") else { return };
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(&node, "unlisted"));
    let line = event(1).replace(r#""pid":1,"#, r#""pid":1,"new_field":"x","#);
    run(named(&node.url, &folder, &namespace), &[line]).result.unwrap();
    let stream = format!("vaectl-process-{}", namespace.name);
    assert_eq!(node.count(&stream, &json!({"exists": {"field": "process.new_field"}})), 0);
    let found = node.ask(Method::Get, &format!("{stream}/_search"), None);
    assert_eq!(found["hits"]["hits"][0]["_source"]["process"]["new_field"], "x");
}

#[test]
fn a_document_that_the_server_cannot_map_is_a_dead_letter_with_its_reason() {
    let Some(node) = shared("a_document_that_the_server_cannot_map_is_a_dead_letter_with_its_reason") else { return };
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(&node, "unmapped"));
    let bad = event(2).replace(r#""pid":2"#, r#""pid":"two""#);
    let totals = run(named(&node.url, &folder, &namespace), &[event(1), bad.clone(), event(3)]).result.unwrap();
    let total = balanced(&totals);
    assert_eq!((total.indexed, total.dead_lettered, totals.failed()), (2, 1, 1));
    let letter = &read(&letters(folder.path()))[0]["vaectl"];
    assert_eq!((letter["status"].as_u64(), letter["original"].as_str()), (Some(400), Some(bad.as_str())));
    assert!(letter["reason"].as_str().unwrap().contains("process.pid"), "{letter}");
}

#[test]
fn what_a_lost_server_did_not_take_can_be_published_from_the_dead_letters() {
    let Some(node) = shared("what_a_lost_server_did_not_take_can_be_published_from_the_dead_letters") else { return };
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(&node, "lost"));
    let stream = format!("vaectl-process-{}", namespace.name);
    run(named(&node.url, &folder, &namespace), &[] as &[&str]).result.unwrap();
    let relay = Relay::to(node.url.trim_start_matches("http://"), 50_000);
    let mut config = named(&relay.url, &folder, &namespace);
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
    run(named(&node.url, &folder, &namespace), &dead).result.unwrap();
    assert_eq!(node.count(&stream, &json!({"match_all": {}})), 400);
}

#[test]
fn a_server_with_users_and_tls_is_trusted_by_its_authority_and_asked_by_name() {
    let Some((node, ca)) = secured("a_server_with_users_and_tls_is_trusted_by_its_authority_and_asked_by_name") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let with = |ca: Option<&str>, password: &str| {
        let mut config = config(&node.url, folder.path());
        config.server.ca = ca.map(Into::into);
        config.server.credentials =
            Some(Credentials::Basic { user: "elastic".into(), password: Secret::new(password) });
        run(config, &[event(1)]).result
    };
    let total = balanced(&with(Some(&ca), "vaectl-test").unwrap());
    assert_eq!(total.indexed, 1);

    let error = with(None, "vaectl-test").unwrap_err();
    assert!(error.to_string().contains("certificate") && error.kind() == ErrorKind::Peer, "{error}");
    let error = with(Some(&ca), "wrong-password").unwrap_err();
    assert!(error.to_string().contains("status 401") && !error.to_string().contains("wrong-password"), "{error}");
}

#[test]
fn an_incident_is_read_from_a_server_as_from_a_folder() {
    let Some(node) = shared("an_incident_is_read_from_a_server_as_from_a_folder") else { return };
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(&node, "reading"));
    let events = (0..2500).map(|n| event(n).replace(r#""vaectl":{"v":1}"#, r#""vaectl":{"v":1,"incident":"i-1"}"#));
    let lines: Vec<String> =
        events.chain([INCIDENT.into(), CONNECT.replace("26.000000002Z", "27Z"), event(7000)]).collect();
    let directory = format!("dir:{}", folder.path().join("repository").display());
    let of = |config: Config| {
        run(config.clone(), &lines).result.unwrap();
        let repository = Repository::open(&config.target, &config.server).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _ = node.ask(Method::Post, "vaectl-*/_refresh", None);
        let read = runtime.block_on(async {
            let incidents = repository.incidents(None).await?;
            let since = repository.incidents("2027-01-01T00:00:00Z".parse().ok()).await?;
            let few = repository.lines("i-", 10).await?;
            Ok::<_, PublishError>((incidents, since, few, repository.lines("i-1", 10_000).await?))
        });
        read.unwrap()
    };
    let (there, here) = (of(named(&node.url, &folder, &namespace)), of(config(&directory, folder.path())));
    assert_eq!((there.0.as_slice(), there.1.len(), there.2.len()), (&[INCIDENT.to_owned()][..], 0, 11));
    assert_eq!(there.3.len(), 2502);
    assert!(there == here, "a folder and a server give different lines");
}

#[test]
fn a_rollover_between_two_tries_doubles_and_the_documented_query_finds_it() {
    let Some(node) = shared("a_rollover_between_two_tries_doubles_and_the_documented_query_finds_it") else { return };
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(&node, "rollover"));
    let stream = format!("vaectl-process-{}", namespace.name);
    let publish = || balanced(&run(named(&node.url, &folder, &namespace), &[event(1), event(2)]).result.unwrap());
    assert_eq!(publish().indexed, 2);
    let _ = node.ask(Method::Post, &format!("{stream}/_rollover"), None);
    // As if the answer to the first try had been lost: identities are unique in one backing index only.
    assert_eq!(publish().indexed, 2);
    assert_eq!(node.count(&stream, &json!({"match_all": {}})), 4);
    let doubles = json!({"size": 0, "aggs": {"twice": {"terms": {"field": "event.id", "min_doc_count": 2}}}});
    let found = node.ask(Method::Post, &format!("{stream}/_search"), Some(&doubles));
    assert_eq!(found["aggregations"]["twice"]["buckets"].as_array().unwrap().len(), 2);
}

#[test]
fn a_key_that_may_only_add_documents_is_enough_to_publish() {
    let Some((node, ca)) = secured("a_key_that_may_only_add_documents_is_enough_to_publish") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&node.url, folder.path());
    config.server.ca = Some(ca.as_str().into());
    config.server.credentials =
        Some(Credentials::Basic { user: "elastic".into(), password: Secret::new("vaectl-test") });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(vaectl_publisher::setup(&config, std::future::pending())).unwrap();

    let key = json!({"name": "vaectl", "role_descriptors": {"publisher": {"indices": [
        {"names": ["vaectl-*"], "privileges": ["create_doc", "auto_configure"]}]}}});
    let answer = std::process::Command::new("curl")
        .args(["-sS", "-u", "elastic:vaectl-test", "--cacert", &ca, &format!("{}/_security/api_key", node.url)])
        .args(["-H", "content-type: application/json", "-d", &key.to_string()])
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let encoded = answer["encoded"].as_str().unwrap_or_else(|| panic!("{answer}"));
    config.server.credentials = Some(Credentials::ApiKey(Secret::new(encoded)));
    config.server.setup = false;
    let total = balanced(&run(config.clone(), &[event(1), event(2), INCIDENT.into()]).result.unwrap());
    assert_eq!(total.indexed, 3);

    config.server.setup = true;
    let error = run(config, &[event(3)]).result.unwrap_err();
    assert!(error.to_string().contains("--no-setup") && !format!("{error:?}").contains(encoded), "{error}");
}

#[test]
fn what_was_published_reconciles_with_the_servers_own_counts() {
    let Some(node) = shared("what_was_published_reconciles_with_the_servers_own_counts") else { return };
    let (folder, namespace) = (tempfile::tempdir().unwrap(), Namespace::new(&node, "reconcile"));
    let config = named(&node.url, &folder, &namespace);
    let lines: Vec<String> = (0..800).map(vaectl_bench::publishing::lines::event).collect();
    let total = balanced(&run(config.clone(), &lines).result.unwrap());
    assert!(total.merged > 0 && total.indexed + total.merged == 800, "{total:?}");

    let balance = |lines: &[String]| {
        let mut reconciliation = Reconciliation::default();
        for line in lines.iter().chain(lines) {
            reconciliation.take(Line { bytes: line.clone().into(), ..Line::default() }, false);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(reconciliation.balance(&config)).unwrap()
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
        .args(["--exact", &format!("elasticsearch::{name}")])
        .env_remove("JAVA_HOME")
        .env_remove("VAECTL_TEST_ES_URL")
        .env("VAECTL_TEST_JVM", folder.path())
        .env("VAECTL_SKIPPED", &skipped)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    let counted = std::fs::read_to_string(&skipped).unwrap();
    assert!(counted.starts_with(&format!("skipped: {name}: no JDK")) && counted.lines().count() == 1, "{counted}");
}

/// Passes bytes on to a server until so many have gone there, and is dead from then on.
struct Relay {
    url: String,
}

impl Relay {
    fn to(server: &str, budget: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
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
        Self { url }
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
