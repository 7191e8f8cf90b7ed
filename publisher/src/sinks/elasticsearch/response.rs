//! What an answer to a `_bulk` request means, item by item.

use serde::Deserialize;

use crate::document::Outcome;

/// What to do about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// One for each document, in their order.
    Items(Vec<Item>),
    /// The request was too large: send less at once.
    TooLarge(String),
    /// The request could not be read: one of its documents spoils it.
    Malformed(String),
    /// Nothing is known to be taken: send it again later.
    Busy(String),
    /// The same, and another endpoint may do better.
    Away(String),
    /// It will never be taken.
    Denied(String),
}

/// What to do about a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    Settled(Outcome),
    Again(String),
    Denied(String),
}

#[derive(Deserialize)]
struct BulkBody {
    items: Vec<BulkItem>,
}

#[derive(Deserialize)]
struct BulkItem {
    create: BulkResult,
}

#[derive(Deserialize)]
struct BulkResult {
    status: u16,
    error: Option<Cause>,
    failure_store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Cause {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: Cause,
}

/// Reads the answer to a request of `sent` documents.
///
/// An answer that does not have an item for each of them says nothing: what it was about is sent again, and what had
/// been taken all the same is found to be there.
pub(super) fn read(status: u16, body: &[u8], sent: usize) -> Answer {
    let refusal = || format!("status {status}{}", cause(body));
    match status {
        200..=299 => match serde_json::from_slice::<BulkBody>(body) {
            Ok(answer) if answer.items.len() == sent => {
                Answer::Items(answer.items.into_iter().map(|item| item.create.into()).collect())
            }
            Ok(answer) => Answer::Busy(format!("its answer has {} items for {sent} documents", answer.items.len())),
            Err(error) => Answer::Busy(format!("its answer cannot be read: {error}")),
        },
        413 => Answer::TooLarge(refusal()),
        400 => Answer::Malformed(refusal()),
        408 | 429 => Answer::Busy(refusal()),
        500..=599 => Answer::Away(refusal()),
        401 => Answer::Denied(format!("{}; it wants other credentials", refusal())),
        403 => Answer::Denied(format!("{}; the credentials need create_doc on vaectl-*", refusal())),
        _ => Answer::Denied(format!("{}; is that the URL of an Elasticsearch server?", refusal())),
    }
}

impl From<BulkResult> for Item {
    fn from(result: BulkResult) -> Self {
        let reason = || {
            let text = result.error.as_ref().map(text).unwrap_or_default();
            format!("status {}{text}", result.status)
        };
        match result.status {
            200..=299 if result.failure_store.as_deref() == Some("used") => Self::Settled(Outcome::SetAside),
            200..=299 => Self::Settled(Outcome::Indexed),
            409 => Self::Settled(Outcome::Duplicate),
            429 | 500..=599 => Self::Again(reason()),
            401 | 403 => Self::Denied(reason()),
            status => Self::Settled(Outcome::Rejected { status: Some(status), reason: reason() }),
        }
    }
}

/// The reason in the body of a refusal, as a continuation of a sentence; empty where there is none.
pub(crate) fn cause(body: &[u8]) -> String {
    serde_json::from_slice::<ErrorBody>(body).map(|body| text(&body.error)).unwrap_or_default()
}

fn text(cause: &Cause) -> String {
    let reason = cause.reason.as_deref().unwrap_or("no reason given");
    format!(", {}: {reason}", cause.kind)
}

#[cfg(test)]
mod tests {
    use super::{Answer, Item, read};
    use crate::document::Outcome;

    #[test]
    fn each_item_has_its_own_fate() {
        let body = br#"{"errors":true,"items":[
            {"create":{"status":201}},
            {"create":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"there"}}},
            {"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"full"}}},
            {"create":{"status":400,"error":{"type":"document_parsing_exception","reason":"not a number"}}},
            {"create":{"status":503,"error":{"type":"unavailable_shards_exception","reason":null}}},
            {"create":{"status":403,"error":{"type":"security_exception","reason":"no"}}}]}"#;
        let rejected = Outcome::Rejected {
            status: Some(400),
            reason: "status 400, document_parsing_exception: not a number".into(),
        };
        assert_eq!(
            read(200, body, 6),
            Answer::Items(vec![
                Item::Settled(Outcome::Indexed),
                Item::Settled(Outcome::Duplicate),
                Item::Again("status 429, es_rejected_execution_exception: full".into()),
                Item::Settled(rejected),
                Item::Again("status 503, unavailable_shards_exception: no reason given".into()),
                Item::Denied("status 403, security_exception: no".into()),
            ])
        );
    }

    #[test]
    fn a_document_in_the_failure_store_is_told_apart() {
        let body = br#"{"items":[{"create":{"status":201,"failure_store":"used"}},
            {"create":{"status":201,"failure_store":"not_enabled"}}]}"#;
        let settled = [Outcome::SetAside, Outcome::Indexed].map(Item::Settled);
        assert_eq!(read(200, body, 2), Answer::Items(settled.into()));
    }

    #[test]
    fn an_answer_that_says_nothing_is_no_success() {
        for body in [&b""[..], b"{", b"<html>", b"{}", br#"{"items":[]}"#, br#"{"items":[{"index":{"status":201}}]}"#] {
            assert!(matches!(read(200, body, 1), Answer::Busy(_)), "{body:?}");
        }
    }

    #[test]
    fn the_status_of_the_whole_decides_what_is_sent_next() {
        let body = br#"{"error":{"type":"illegal_argument_exception","reason":"bad"},"status":400}"#;
        assert_eq!(read(400, body, 2), Answer::Malformed("status 400, illegal_argument_exception: bad".into()));
        assert!(matches!(read(413, b"", 2), Answer::TooLarge(_)));
        for status in [408, 429] {
            assert!(matches!(read(status, b"busy", 2), Answer::Busy(_)), "{status}");
        }
        for status in [500, 502, 503] {
            assert!(matches!(read(status, b"busy", 2), Answer::Away(_)), "{status}");
        }
        for status in [301, 401, 403, 404, 405] {
            assert!(matches!(read(status, b"", 2), Answer::Denied(_)), "{status}");
        }
    }
}
