//! A real server: the one that `VAECTL_TEST_ES_URL` names, or one that is started and stopped.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use elasticsearch::auth::{ClientCertificate, Credentials};
use elasticsearch::cert::{Certificate, CertificateValidation};
use elasticsearch::http::Method;
use elasticsearch::http::headers::{AUTHORIZATION, HeaderMap, HeaderValue};
use elasticsearch::http::transport::{SingleNodeConnectionPool, Transport, TransportBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/elasticsearch/es-node");

/// The servers that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Elasticsearch that asks nobody who he is.
    Plain,
    /// Elasticsearch with users, API keys and TLS.
    Secured,
    /// The same, and its clients have to show a certificate.
    Mutual,
    /// `OpenSearch`.
    OpenSearch,
}

/// A node; one that was started is stopped when it is dropped.
#[derive(Debug)]
pub struct Node {
    /// Where it is.
    pub url: String,
    /// The files of its certificate authority and of a client's certificate and key, where it has TLS.
    pub tls: Option<Tls>,
    port: Option<u16>,
}

/// What a server keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// Bytes of all stores.
    pub bytes: f64,
    /// Documents in them.
    pub documents: u64,
}

/// Files of a node with TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Its certificate authority.
    pub ca: PathBuf,
    /// A certificate by that authority, and its key.
    pub client: PathBuf,
}

impl Node {
    /// Who may do everything, where there are users.
    pub const USER: &'static str = "elastic";
    /// That user's password.
    pub const PASSWORD: &'static str = "vaectl-test";

    /// The plain node that the environment names, or a new one; `None` where there is neither one nor a JDK of 21 or
    /// later.
    ///
    /// # Panics
    /// Where a node does not start.
    #[must_use]
    pub fn plain() -> Option<Self> {
        Self::given().or_else(|| Self::start(Kind::Plain))
    }

    /// The same, with a heap for thousands of documents a second and the compiler of a server that runs for long.
    ///
    /// # Panics
    /// Where a node does not start.
    #[must_use]
    pub fn roomy() -> Option<Self> {
        Self::given().or_else(|| {
            Self::launch(Kind::Plain, &[("ES_NODE_HEAP", "2g"), ("ES_NODE_JAVA_OPTS", "-XX:TieredStopAtLevel=4")])
        })
    }

    /// The one that the environment names.
    fn given() -> Option<Self> {
        let url = std::env::var("VAECTL_TEST_ES_URL").ok()?;
        Some(Self { url: url.trim_end_matches('/').into(), tls: None, port: None })
    }

    /// A new node; `None` where there is no JDK.
    ///
    /// # Panics
    /// Where the node does not start.
    #[must_use]
    pub fn start(kind: Kind) -> Option<Self> {
        Self::launch(kind, &[])
    }

    fn launch(kind: Kind, environment: &[(&str, &str)]) -> Option<Self> {
        if !has_jdk() {
            return None;
        }
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("the loopback has a free port").port();
        let options: &[&str] = match kind {
            Kind::Plain => &[],
            Kind::Secured => &["--tls"],
            Kind::Mutual => &["--mtls"],
            Kind::OpenSearch => &["--version", "opensearch"],
        };
        let mut command = Command::new(SCRIPT);
        command.args(["start", "--port", &port.to_string()]).args(options).stderr(Stdio::inherit());
        command.envs(environment.iter().copied());
        let output = command.output().expect("the script can be run");
        assert!(output.status.success(), "es-node start: {}", output.status);
        let mut node =
            Self { url: String::from_utf8_lossy(&output.stdout).trim().to_owned(), tls: None, port: Some(port) };
        if matches!(kind, Kind::Secured | Kind::Mutual) {
            let ca = ca_of(port);
            node.tls = Some(Tls { client: ca.with_file_name("client.pem"), ca });
        }
        Some(node)
    }

    /// Asks the node something, as the user who may do everything, and gives its answer as JSON.
    ///
    /// # Panics
    /// Where it does not answer.
    #[must_use]
    pub fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be had");
        runtime.block_on(async {
            let body = body.map(Value::to_string);
            let response = self.transport().send(method, path, HeaderMap::new(), None::<&()>, body, None).await;
            response.expect("the node answers").json().await.expect("its answer is JSON")
        })
    }

    fn transport(&self) -> Transport {
        let url = self.url.parse().expect("the URL is one");
        let mut builder = TransportBuilder::new(SingleNodeConnectionPool::new(url));
        if let Some(tls) = &self.tls {
            let read = |path: &Path| std::fs::read(path).expect("the node made its certificates");
            let authority = Certificate::from_pem(&read(&tls.ca)).expect("it made them in PEM");
            builder = builder
                .cert_validation(CertificateValidation::Full(authority))
                .auth(Credentials::Certificate(ClientCertificate::Pem(read(&tls.client))))
                // USER:PASSWORD
                .header(AUTHORIZATION, HeaderValue::from_static("Basic ZWxhc3RpYzp2YWVjdGwtdGVzdA=="));
        }
        builder.build().expect("the certificates can be used")
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

    /// What these streams or indices take after a flush and a merge into one segment; `None` where the server does not
    /// say.
    ///
    /// # Panics
    /// Where it does not answer.
    #[must_use]
    pub fn stored(&self, streams: &str) -> Option<Stored> {
        for step in ["_flush", "_forcemerge?max_num_segments=1", "_flush", "_refresh"] {
            let _ = self.ask(Method::Post, &format!("{streams}/{step}"), None);
        }
        let answer = self.ask(Method::Get, &format!("{streams}/_stats/store,docs"), None);
        let total = &answer["_all"]["primaries"];
        let bytes = total["store"]["size_in_bytes"].as_f64()?;
        Some(Stored { bytes, documents: total["docs"]["count"].as_u64()? })
    }

    /// The process of a node that was started here.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        status_of(self.port?)?.split(' ').find_map(|word| word.strip_prefix("pid=")?.parse().ok())
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

/// The certificate authority of the node on that port, by the script's own report.
fn ca_of(port: u16) -> PathBuf {
    let line = status_of(port).expect("the node is among those that run");
    let (_, ca) = line.rsplit_once(" ca=").expect("it was started with TLS");
    ca.into()
}

/// What the script says of the node on that port.
fn status_of(port: u16) -> Option<String> {
    let status = Command::new(SCRIPT).arg("status").output().ok()?;
    let ours = format!("port={port} ");
    String::from_utf8_lossy(&status.stdout).lines().find(|line| line.contains(&ours)).map(str::to_owned)
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
