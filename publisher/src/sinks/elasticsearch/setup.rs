use std::borrow::Cow;

use serde_json::Value;
use tracing::debug;
use vaectl_schemas::elasticsearch_templates;

use super::connection::Connection;
use super::response::{Answer, cause};

/// Installs the component and index templates; those that are there already are written over with the same.
pub(super) async fn install(connection: &Connection) -> Answer {
    let adapt = match connection.get("/").await {
        Ok((status @ 500..=599, body)) => return Answer::Away(format!("status {status}{}", cause(&body))),
        Ok((_, body)) if is_opensearch(&body) => for_opensearch,
        // Who may not ask gets its answer from the first template.
        Ok(_) => |template: &'static str| Cow::Borrowed(template),
        Err(failure) => return failure.into(),
    };
    for (path, template) in elasticsearch_templates() {
        let (status, body) = match connection.put(path, &adapt(template)).await {
            Ok(answer) => answer,
            Err(failure) => return failure.into(),
        };
        let reason = format!("{path}: status {status}{}", cause(&body));
        match status {
            200..=299 => debug!(path, "A template is installed."),
            408 | 429 => return Answer::Busy(reason),
            500..=599 => return Answer::Away(reason),
            401 => return Answer::Denied(format!("{reason}; it wants other credentials")),
            403 => {
                let advice = "install templates once with --setup and a stronger key, then use --no-setup";
                return Answer::Denied(format!("{reason}; {advice}"));
            }
            _ => return Answer::Denied(format!("{reason}; is that the URL of an Elasticsearch server?")),
        }
    }
    Answer::Items(Vec::new())
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
