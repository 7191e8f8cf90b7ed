use std::io::Write;

use crate::document::{Document, Tier};
use crate::error::PublishError;

/// The names of the data streams.
pub(super) struct Streams {
    namespace: String,
}

impl Streams {
    /// # Errors
    /// Where the namespace is none that a server takes in the name of a data stream.
    pub(super) fn new(namespace: &str) -> Result<Self, PublishError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._".contains(&b);
        if !(1..=100).contains(&namespace.len()) || !namespace.bytes().all(plain) {
            return Err(PublishError::Configuration {
                what: format!("namespace {namespace:?}"),
                reason: "use 1 to 100 lower-case letters, digits, dots and underscores".into(),
            });
        }
        Ok(Self { namespace: namespace.into() })
    }

    /// The body of a request that creates these documents.
    pub(super) fn body(&self, documents: &[Document]) -> Vec<u8> {
        let mut body = Vec::with_capacity(documents.iter().map(|document| document.line.len() + 128).sum());
        for document in documents {
            self.action(document.tier, &document.id, &mut body);
            body.extend_from_slice(document.line.as_bytes());
            body.push(b'\n');
        }
        body
    }

    fn action(&self, tier: Tier, id: &str, body: &mut Vec<u8>) {
        // Writing to memory does not fail, and text is always JSON.
        let _ = write!(body, r#"{{"create":{{"_index":"vaectl-{}-{}","_id":"#, tier.name(), self.namespace);
        let _ = serde_json::to_writer(&mut *body, id);
        body.extend_from_slice(b"}}\n");
    }
}

/// How many of the first documents go into one request, at least one.
pub(super) fn fitting(documents: &[Document], max_bytes: usize, most: usize) -> usize {
    let mut bytes = 0;
    let mut count = 0;
    for document in documents.iter().take(most.max(1)) {
        if count > 0 && bytes + document.line.len() > max_bytes {
            break;
        }
        bytes += document.line.len();
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{Streams, fitting};
    use crate::document::{Document, Tier};

    fn document(id: &str, line: &str) -> Document {
        Document::sample(id, line, Tier::Network)
    }

    #[test]
    fn a_body_creates_each_document_under_its_own_identity() {
        let body = Streams::new("default").unwrap().body(&[document("a-1", "{}"), document("\"", "{\"n\":1}")]);
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "{\"create\":{\"_index\":\"vaectl-network-default\",\"_id\":\"a-1\"}}\n{}\n\
             {\"create\":{\"_index\":\"vaectl-network-default\",\"_id\":\"\\\"\"}}\n{\"n\":1}\n"
        );
    }

    #[test]
    fn a_request_is_cut_by_bytes_and_by_number_but_never_empty() {
        let documents = [document("a", "123456"), document("b", "1234"), document("c", "12")];
        assert_eq!(fitting(&documents, 10, usize::MAX), 2);
        assert_eq!(fitting(&documents, 1, usize::MAX), 1);
        assert_eq!(fitting(&documents, 100, 1), 1);
        assert_eq!(fitting(&documents, 100, 0), 1);
    }

    #[test]
    fn a_namespace_that_no_server_takes_is_refused() {
        for name in ["", "A", "a-b", "a/b", "*"] {
            assert!(Streams::new(name).is_err(), "{name}");
        }
    }
}
