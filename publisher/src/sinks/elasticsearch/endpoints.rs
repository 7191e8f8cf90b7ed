use std::sync::Arc;

use url::Url;

use super::connection::Connection;
use crate::config::Server;
use crate::error::PublishError;

/// The ways to one cluster, one of which is used until it fails.
pub(super) struct Endpoints {
    connections: Vec<Arc<Connection>>,
    current: usize,
    /// How many failed since one last answered.
    failed: usize,
}

impl Endpoints {
    pub(super) fn new(urls: &[Url], server: &Server) -> Result<Self, PublishError> {
        let connections =
            urls.iter().map(|url| Connection::new(url, server).map(Arc::new)).collect::<Result<_, _>>()?;
        Ok(Self { connections, current: 0, failed: 0 })
    }

    pub(super) fn current(&self) -> &Arc<Connection> {
        &self.connections[self.current]
    }

    /// It answered.
    pub(super) fn answered(&mut self) {
        self.failed = 0;
    }

    /// It did not: the next one takes over. Whether there is one that was not tried since the last answer.
    pub(super) fn fail_over(&mut self, from: &Arc<Connection>) -> bool {
        if !Arc::ptr_eq(from, self.current()) {
            // Another request found out before.
            return true;
        }
        self.current = (self.current + 1) % self.connections.len();
        self.failed += 1;
        !self.failed.is_multiple_of(self.connections.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Endpoints;
    use crate::Server;

    #[test]
    fn each_endpoint_is_tried_once_before_any_is_waited_for() {
        let urls = ["http://a", "http://b", "http://c"].map(|url| url.parse().unwrap());
        let mut endpoints = Endpoints::new(&urls, &Server::default()).unwrap();
        let mut fail = || {
            let current = Arc::clone(endpoints.current());
            (current.name().to_owned(), endpoints.fail_over(&current))
        };
        let tried: Vec<_> = (0..4).map(|_| fail()).collect();
        let expected = [("http://a", true), ("http://b", true), ("http://c", false), ("http://a", true)];
        assert_eq!(tried, expected.map(|(name, more)| (name.to_owned(), more)));
    }

    #[test]
    fn two_requests_that_fail_together_move_on_once() {
        let urls = ["http://a", "http://b"].map(|url| url.parse().unwrap());
        let mut endpoints = Endpoints::new(&urls, &Server::default()).unwrap();
        let first = Arc::clone(endpoints.current());
        assert!(endpoints.fail_over(&first) && endpoints.fail_over(&first));
        assert_eq!(endpoints.current().name(), "http://b");
    }
}
