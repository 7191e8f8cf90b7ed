//! The incidents that a publisher put on the server.

use std::collections::BTreeSet;
use std::error::Error;

use elasticsearch::http::Method;
use serde_json::{Value, json};
use vaectl_schemas::Timestamp;

use super::publishers::{Publisher, Surroundings};
use crate::Truth;
use crate::node::Node;

/// The most that one answer of the server has.
const PAGE: usize = 10_000;

/// The opening of an incident.
pub(super) struct Incident {
    pub(super) id: String,
    /// The id of its container.
    pub(super) container: String,
    pub(super) at: Timestamp,
    /// Why it was opened.
    reason: String,
}

impl Incident {
    /// What a person wants to know of one that is false.
    pub(super) fn told(self) -> String {
        format!("{}: {}", self.container, self.reason)
    }

    pub(super) fn is_about(&self, truth: &Truth) -> bool {
        self.container == truth.container && truth.explains(self.at)
    }
}

/// Those that a publisher, which has ended, opened since then; one that is not adaptive opens none.
///
/// Fails where a container has no summary since then: no incident is no news of one that nobody watched.
pub(super) fn incidents(
    around: &Surroundings<'_>,
    publisher: Publisher,
    since: Timestamp,
) -> Result<Vec<Incident>, Box<dyn Error>> {
    if !publisher.is_adaptive() {
        return Ok(Vec::new());
    }
    // Verdicts are in the same stream as incidents.
    let of = |dataset: &str| {
        let query = json!({"bool": {"filter": [
            {"term": {"event.dataset": dataset}},
            {"range": {"@timestamp": {"gte": since.to_string()}}},
        ]}});
        search(around.node, &around.streams(publisher), &query)
    };
    let summaries = of("vaectl.summary")?;
    let summed_up: BTreeSet<&str> = summaries.iter().filter_map(|source| source["container"]["id"].as_str()).collect();
    if let Some(id) = around.fleet.ids().into_iter().find(|id| !summed_up.contains(id)) {
        return Err(format!("{} did not watch {id}", publisher.name()).into());
    }
    let mut seen = BTreeSet::new();
    let mut incidents = Vec::new();
    for source in of("vaectl.incident")? {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let id = text(&source["vaectl"]["incident"]).ok_or("an incident has no id")?;
        let container = text(&source["container"]["id"]).ok_or("an incident has no container")?;
        let at: Timestamp = serde_json::from_value(source["@timestamp"].clone())?;
        if seen.insert(id.clone()) {
            let reason = text(&source["event"]["reason"]).unwrap_or_default();
            incidents.push(Incident { id, container, at, reason });
        }
    }
    Ok(incidents)
}

/// Sources of the documents that a query finds, oldest first.
pub(super) fn search(node: &Node, stream: &str, query: &Value) -> Result<Vec<Value>, Box<dyn Error>> {
    let _ = node.ask(Method::Post, &format!("{stream}/_refresh"), None);
    let body = json!({"size": PAGE, "sort": [{"@timestamp": "asc"}], "query": query});
    let path = format!("{stream}/_search?ignore_unavailable=true&allow_no_indices=true");
    let mut answer = node.ask(Method::Post, &path, Some(&body));
    match answer["hits"]["hits"].take() {
        Value::Array(hits) => Ok(hits.into_iter().map(|mut hit| hit["_source"].take()).collect()),
        _ => Err(format!("{stream}: {answer}").into()),
    }
}
