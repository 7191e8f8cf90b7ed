//! A real Elasticsearch: the one that `VAECTL_TEST_ES_URL` names, or one that is started and stopped.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use elasticsearch::http::Method;
use elasticsearch::http::headers::HeaderMap;
use elasticsearch::http::transport::Transport;
use serde_json::{Value, json};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/elasticsearch/es-node");

/// A node; one that was started is stopped when it is dropped.
#[derive(Debug)]
pub struct Node {
    /// Where it is.
    pub url: String,
    port: Option<u16>,
}

impl Node {
    /// The plain node that the environment names, or a new one; `None` where there is neither one nor a JDK of 21 or
    /// later.
    ///
    /// # Panics
    /// Where a node does not start.
    #[must_use]
    pub fn plain() -> Option<Self> {
        match std::env::var("VAECTL_TEST_ES_URL") {
            Ok(url) => Some(Self { url: url.trim_end_matches('/').into(), port: None }),
            Err(_) => Self::start(&[]),
        }
    }

    /// A new node with users and TLS, and the path of its certificate authority; `None` where there is no JDK.
    ///
    /// # Panics
    /// Where the node does not start.
    #[must_use]
    pub fn secured() -> Option<(Self, String)> {
        let node = Self::start(&["--tls"])?;
        let status = Command::new(SCRIPT).arg("status").output().expect("the script was run before");
        let status = String::from_utf8_lossy(&status.stdout).into_owned();
        let ours = format!("port={} ", node.port.unwrap_or_default());
        let line = status.lines().find(|line| line.contains(&ours)).expect("the node is among those that run");
        let (_, ca) = line.rsplit_once(" ca=").expect("it was started with TLS");
        Some((node, ca.to_owned()))
    }

    fn start(options: &[&str]) -> Option<Self> {
        if !has_jdk() {
            return None;
        }
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("the loopback has a free port").port();
        let mut command = Command::new(SCRIPT);
        command.args(["start", "--port", &port.to_string()]).args(options).stderr(Stdio::inherit());
        let output = command.output().expect("the script can be run");
        assert!(output.status.success(), "es-node start: {}", output.status);
        Some(Self { url: String::from_utf8_lossy(&output.stdout).trim().to_owned(), port: Some(port) })
    }

    /// Asks the plain node something and gives its answer as JSON.
    ///
    /// # Panics
    /// Where it does not answer.
    #[must_use]
    pub fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be had");
        runtime.block_on(async {
            let transport = Transport::single_node(&self.url).expect("the URL is one");
            let body = body.map(Value::to_string);
            let response = transport.send(method, path, HeaderMap::new(), None::<&()>, body, None).await;
            response.expect("the node answers").json().await.expect("its answer is JSON")
        })
    }

    /// How many documents of a query a stream has.
    ///
    /// # Panics
    /// Where there is no such stream.
    #[must_use]
    pub fn count(&self, stream: &str, query: &Value) -> u64 {
        let _ = self.ask(Method::Post, &format!("{stream}/_refresh"), None);
        let answer = self.ask(Method::Post, &format!("{stream}/_count"), Some(&json!({ "query": query })));
        answer["count"].as_u64().unwrap_or_else(|| panic!("{answer}"))
    }

    /// Deletes the data streams of a namespace.
    pub fn clear(&self, namespace: &str) {
        let _ = self.ask(Method::Delete, &format!("_data_stream/vaectl-*-{namespace}"), None);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(port) = self.port {
            let _ = Command::new(SCRIPT).args(["stop", "--port", &port.to_string()]).stderr(Stdio::null()).status();
        }
    }
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
