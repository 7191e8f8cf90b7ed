//! Real nodes for tests, or their names among those that were skipped.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use vaectl_bench::node::{Kind, Node};
use vaectl_bench::skip;
use vaectl_publisher::{Config, Credentials, Secret};

use super::config;

const WHY: &str = "no JDK of 21 or later and VAECTL_TEST_ES_URL unset";

/// The node of that kind that all tests share; it is stopped when the last test lets go of it.
pub(crate) fn shared(kind: Kind, test: &str) -> Option<Arc<Node>> {
    static NODES: LazyLock<Mutex<HashMap<Kind, Weak<Node>>>> = LazyLock::new(Mutex::default);
    let mut nodes = NODES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(node) = nodes.get(&kind).and_then(Weak::upgrade) {
        return Some(node);
    }
    let new = if kind == Kind::Plain { Node::plain() } else { Node::start(kind) };
    let Some(new) = new.map(Arc::new) else {
        skip(test, WHY);
        return None;
    };
    nodes.insert(kind, Arc::downgrade(&new));
    Some(new)
}

/// How a node is reached through `target`, by the user who may do everything.
pub(crate) fn reaching(node: &Node, target: &str, folder: &Path) -> Config {
    let mut config = config(target, folder);
    if let Some(tls) = &node.tls {
        config.server.ca = Some(tls.ca.clone());
        config.server.client_certificate = Some(tls.client.clone());
        config.server.credentials = Some(basic(Node::PASSWORD));
    }
    config
}

/// The user who may do everything, with that password.
pub(crate) fn basic(password: &str) -> Credentials {
    Credentials::Basic { user: Node::USER.into(), password: Secret::new(password) }
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
        self.node.clear(&self.name);
    }
}
