//! Real nodes for tests, or their names among those that were skipped.

use std::sync::{Arc, Mutex, Weak};

use vaectl_bench::node::Node;

use super::skip;

const WHY: &str = "no JDK of 21 or later and VAECTL_TEST_ES_URL unset";

/// The plain node that all tests share; it is stopped when the last test lets go of it.
pub(crate) fn shared(test: &str) -> Option<Arc<Node>> {
    static NODE: Mutex<Weak<Node>> = Mutex::new(Weak::new());
    let mut node = NODE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(node) = node.upgrade() {
        return Some(node);
    }
    let Some(new) = Node::plain().map(Arc::new) else {
        skip(test, WHY);
        return None;
    };
    *node = Arc::downgrade(&new);
    Some(new)
}

/// A node of its own with users and TLS, and the path of its certificate authority.
pub(crate) fn secured(test: &str) -> Option<(Node, String)> {
    let node = Node::secured();
    if node.is_none() {
        skip(test, WHY);
    }
    node
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
