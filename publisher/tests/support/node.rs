//! A real Elasticsearch: the one that `VAECTL_TEST_ES_URL` names, or one that is started and stopped.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use elasticsearch::http::Method;
use elasticsearch::http::headers::HeaderMap;
use elasticsearch::http::transport::Transport;
use serde_json::Value;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/elasticsearch/es-node");

/// A node; one that was started is stopped when the last test lets go of it.
pub(crate) struct Node {
    pub(crate) url: String,
    port: Option<u16>,
}

/// The plain node that all tests share, or `None`, said on standard error, where there can be none.
pub(crate) fn shared(test: &str) -> Option<Arc<Node>> {
    static NODE: Mutex<Weak<Node>> = Mutex::new(Weak::new());
    let mut node = NODE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(node) = node.upgrade() {
        return Some(node);
    }
    let new = Arc::new(match std::env::var("VAECTL_TEST_ES_URL") {
        Ok(url) => Node { url: url.trim_end_matches('/').into(), port: None },
        Err(_) => started(test, &[])?,
    });
    *node = Arc::downgrade(&new);
    Some(new)
}

/// A node of its own with users and TLS, and the path of its certificate authority.
pub(crate) fn secured(test: &str) -> Option<(Node, String)> {
    let node = started(test, &["--tls"])?;
    let status = Command::new(SCRIPT).arg("status").output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    let ours = format!("port={} ", node.port.unwrap_or_default());
    let line = status.lines().find(|line| line.contains(&ours)).unwrap();
    let ca = line.rsplit_once(" ca=").unwrap().1.to_owned();
    Some((node, ca))
}

fn started(test: &str, options: &[&str]) -> Option<Node> {
    if !has_jdk() {
        super::skip(test, "no JDK of 21 or later and VAECTL_TEST_ES_URL unset");
        return None;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(SCRIPT);
    command.args(["start", "--port", &port.to_string()]).args(options).stderr(Stdio::inherit());
    let output = command.output().unwrap();
    assert!(output.status.success(), "es-node start: {}", output.status);
    Some(Node { url: String::from_utf8(output.stdout).unwrap().trim().to_owned(), port: Some(port) })
}

fn has_jdk() -> bool {
    let folder = std::env::var_os("VAECTL_TEST_JVM").unwrap_or("/usr/lib/jvm".into());
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|home| home.path());
    std::env::var_os("JAVA_HOME").map(Into::into).into_iter().chain(below).any(|home| release(&home) >= 21)
}

/// The release of the JDK in `home`; 0 where there is none.
fn release(home: &Path) -> u32 {
    let Ok(output) = Command::new(home.join("bin/javac")).arg("-version").output() else { return 0 };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let digits = text.trim_start_matches("javac ").split('.').next().unwrap_or_default().trim().to_owned();
    digits.parse().unwrap_or(0)
}

impl Node {
    /// Asks the plain node something and gives its answer as JSON.
    pub(crate) fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let transport = Transport::single_node(&self.url).unwrap();
            let body = body.map(Value::to_string);
            let response = transport.send(method, path, HeaderMap::new(), None::<&()>, body, None).await.unwrap();
            response.json().await.unwrap()
        })
    }

    /// How many documents of a query a stream has.
    pub(crate) fn count(&self, stream: &str, query: &Value) -> u64 {
        self.ask(Method::Post, &format!("{stream}/_refresh"), None);
        let answer = self.ask(Method::Post, &format!("{stream}/_count"), Some(&serde_json::json!({ "query": query })));
        answer["count"].as_u64().unwrap_or_else(|| panic!("{answer}"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(port) = self.port {
            let _ = Command::new(SCRIPT).args(["stop", "--port", &port.to_string()]).stderr(Stdio::null()).status();
        }
    }
}

/// A namespace of a test's own; its data streams are deleted when it is dropped.
pub(crate) struct Namespace<'a> {
    pub(crate) name: String,
    node: &'a Node,
}

impl<'a> Namespace<'a> {
    pub(crate) fn new(node: &'a Node, test: &str) -> Self {
        Self { name: format!("{test}_{}", std::process::id()), node }
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        self.node.ask(Method::Delete, &format!("_data_stream/vaectl-*-{}", self.name), None);
    }
}
