use std::borrow::Cow;

use serde_json::Value;
use tracing::{debug, warn};
use vaectl_schemas::{elasticsearch_templates, opensearch_policies};

use super::connection::Connection;
use super::response::{Answer, cause};

/// Installs the component and index templates, and on `OpenSearch` what stands for their retention; those that are there
/// already are written over with the same.
pub(super) async fn install(connection: &Connection) -> Answer {
    let opensearch = match connection.get("/").await {
        Ok((status @ 500..=599, body)) => return Answer::Away(format!("status {status}{}", cause(&body))),
        // Who may not ask gets its answer from the first template.
        Ok((_, body)) => is_opensearch(&body),
        Err(failure) => return failure.into(),
    };
    for (path, template) in elasticsearch_templates() {
        let template = if opensearch { for_opensearch(template) } else { Cow::Borrowed(template) };
        match connection.put(path, &template).await {
            Ok((200..=299, _)) => debug!(path, "A template is installed."),
            Ok((status, body)) => return refused(path, status, &body),
            Err(failure) => return failure.into(),
        }
    }
    if opensearch { install_policies(connection).await } else { Answer::Items(Vec::new()) }
}

/// Installs what deletes old documents; a policy that is there already may be the operator's own and stays.
async fn install_policies(connection: &Connection) -> Answer {
    for (path, policy) in opensearch_policies() {
        match connection.put(&path, &policy).await {
            Ok((200..=299 | 409, _)) => debug!(path, "A policy is there."),
            Ok((400 | 404 | 405, body)) => {
                warn!(
                    path,
                    reason = cause(&body),
                    "The server has no index state management: nothing is deleted by age."
                );
                break;
            }
            Ok((status, body)) => return refused(&path, status, &body),
            Err(failure) => return failure.into(),
        }
    }
    Answer::Items(Vec::new())
}

fn refused(path: &str, status: u16, body: &[u8]) -> Answer {
    let reason = format!("{path}: status {status}{}", cause(body));
    match status {
        408 | 429 => Answer::Busy(reason),
        500..=599 => Answer::Away(reason),
        401 => Answer::Denied(format!("{reason}; it wants other credentials")),
        403 => {
            let advice = "install templates once with --setup and a stronger key, then use --no-setup";
            Answer::Denied(format!("{reason}; {advice}"))
        }
        _ => Answer::Denied(format!("{reason}; is that the URL of an Elasticsearch server?")),
    }
}

fn is_opensearch(body: &[u8]) -> bool {
    let about: Value = serde_json::from_slice(body).unwrap_or_default();
    about["version"]["distribution"] == "opensearch"
}

/// A template without what `OpenSearch` does not know, and with its own name for objects that are one field.
fn for_opensearch(template: &'static str) -> Cow<'static, str> {
    let Ok(mut value) = serde_json::from_str::<Value>(template) else { return Cow::Borrowed(template) };
    // By `get_mut`: an index would make what is not there.
    if let Some(components) = value.get_mut("composed_of").and_then(Value::as_array_mut) {
        components.retain(|name| name.as_str().is_none_or(|name| !name.ends_with("@custom")));
    }
    if let Some(members) = value.as_object_mut() {
        members.remove("ignore_missing_component_templates");
    }
    if let Some(template) = value.get_mut("template").and_then(Value::as_object_mut) {
        template.remove("lifecycle");
    }
    rename(&mut value);
    Cow::Owned(value.to_string())
}

fn rename(value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    if members.get("type").is_some_and(|kind| kind == "flattened") {
        members.clear();
        members.insert("type".into(), "flat_object".into());
    }
    members.values_mut().for_each(rename);
}

#[cfg(test)]
mod tests {
    use super::{for_opensearch, is_opensearch};

    #[test]
    fn opensearch_gets_nothing_that_it_does_not_know() {
        assert!(is_opensearch(br#"{"version":{"distribution":"opensearch","number":"3.8.0"}}"#));
        assert!(!is_opensearch(br#"{"version":{"number":"9.5.3"}}"#) && !is_opensearch(b"<html>"));
        for (path, template) in vaectl_schemas::elasticsearch_templates() {
            let adapted = for_opensearch(template);
            assert_eq!(adapted.contains("composed_of"), template.contains("composed_of"), "{path}");
            for unknown in ["flattened", "lifecycle", "@custom", "ignore_missing"] {
                assert!(!adapted.contains(unknown), "{unknown} in {path}");
            }
            let object = |text: &str, kind: &str| text.matches(kind).count();
            assert_eq!(object(&adapted, "flat_object"), object(template, "flattened"), "{path}");
        }
    }
}
