use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use url::Url;
use vaectl_schemas::Timestamp;

use crate::config::Server;
use crate::error::PublishError;
use crate::sinks::elasticsearch::{Connection, cause};

/// How many documents one answer has at most.
const PAGE: usize = 1000;

/// A cluster, asked through the first of its servers that answers.
pub(crate) struct Cluster {
    connections: Vec<Connection>,
    namespace: String,
}

#[derive(Deserialize)]
struct Found {
    hits: Hits,
}

#[derive(Deserialize)]
struct Counted {
    aggregations: Datasets,
}

#[derive(Deserialize)]
struct Datasets {
    datasets: Buckets,
}

#[derive(Deserialize)]
struct Buckets {
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    key: String,
    doc_count: u64,
    merged: Merged,
}

/// Documents that stand for several lines, and for how many.
#[derive(Deserialize)]
struct Merged {
    count: u64,
    sum: f64,
}

#[derive(Deserialize)]
struct Hits {
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_source")]
    source: Box<RawValue>,
    sort: Value,
}

impl Cluster {
    pub(crate) fn new(urls: &[Url], server: &Server) -> Result<Self, PublishError> {
        let connections = urls.iter().map(|url| Connection::new(url, server)).collect::<Result<_, _>>()?;
        Ok(Self { connections, namespace: server.namespace.clone() })
    }

    pub(super) async fn incidents(&self, since: Option<Timestamp>) -> Result<Vec<String>, PublishError> {
        let since = json!({"range": {"@timestamp": {"gte": since.unwrap_or_default().to_string()}}});
        self.search(&["incident"], &json!([{"term": {"type": "incident"}}, since]), usize::MAX).await
    }

    pub(super) async fn lines(&self, incident: &str, limit: usize) -> Result<Vec<String>, PublishError> {
        let filter = json!([{"prefix": {"vaectl.incident": incident}}]);
        let mut lines = self.search(&["incident"], &filter, usize::MAX).await?;
        lines.extend(self.search(&["process", "network", "file"], &filter, limit).await?);
        Ok(lines)
    }

    /// How many lines the documents of these hosts between two times stand for, by dataset.
    pub(crate) async fn counts(
        &self,
        from: Timestamp,
        to: Timestamp,
        hosts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, u64>, PublishError> {
        let mut filter = vec![json!({"range": {"@timestamp": {"gte": from, "lte": to}}})];
        if !hosts.is_empty() {
            filter.push(json!({"terms": {"host.id": hosts}}));
        }
        let body = json!({
            "size": 0,
            "query": {"bool": {"filter": filter}},
            "aggs": {"datasets": {
                "terms": {"field": "event.dataset", "size": 1000},
                "aggs": {"merged": {"stats": {"field": "vaectl.merged"}}},
            }},
        });
        let streams = format!("vaectl-*-{}", self.namespace);
        self.ask::<Value>(&format!("{streams}/_refresh"), "").await?;
        let counted: Counted = self.ask(&format!("{streams}/_search"), &body.to_string()).await?;
        let lines = |bucket: &Bucket| bucket.doc_count - bucket.merged.count + bucket.merged.sum as u64;
        Ok(counted
            .aggregations
            .datasets
            .buckets
            .into_iter()
            .map(|bucket| (bucket.key.clone(), lines(&bucket)))
            .collect())
    }

    /// All that a filter finds in the streams of these tiers, page by page.
    async fn search(&self, tiers: &[&str], filter: &Value, limit: usize) -> Result<Vec<String>, PublishError> {
        let streams: Vec<_> = tiers.iter().map(|tier| format!("vaectl-{tier}-{}", self.namespace)).collect();
        let path = format!("{}/_search?ignore_unavailable=true", streams.join(","));
        let mut body = json!({
            "size": PAGE.min(limit),
            "track_total_hits": false,
            "query": {"bool": {"filter": filter}},
            "sort": [
                {"@timestamp": {"order": "asc", "unmapped_type": "date_nanos"}},
                {"event.id": {"order": "asc", "unmapped_type": "keyword"}},
            ],
        });
        let mut lines = Vec::new();
        loop {
            let hits = self.ask::<Found>(&path, &body.to_string()).await?.hits.hits;
            let Some(last) = hits.last() else { return Ok(lines) };
            body["search_after"] = last.sort.clone();
            let full = hits.len() == PAGE;
            lines.extend(hits.into_iter().map(|hit| one_line(&hit.source)));
            if !full || lines.len() >= limit {
                lines.truncate(limit);
                return Ok(lines);
            }
        }
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str, body: &str) -> Result<T, PublishError> {
        let mut refusal = String::new();
        for connection in &self.connections {
            match connection.post(path, body).await {
                Ok((200, answer)) => {
                    return serde_json::from_slice(&answer).map_err(|error| {
                        PublishError::Peer(connection.says(&format!("its answer cannot be read: {error}")))
                    });
                }
                Ok((status @ 400..=499, answer)) => {
                    let reason = format!("status {status}{}", cause(&answer));
                    return Err(PublishError::Peer(connection.says(&reason)));
                }
                Ok((status, answer)) => refusal = connection.says(&format!("status {status}{}", cause(&answer))),
                Err(failure) => refusal = connection.says(failure.reason()),
            }
        }
        Err(PublishError::Peer(refusal))
    }
}

/// A source as one line; servers give it back as it was sent, others need not.
fn one_line(source: &RawValue) -> String {
    let text = source.get();
    if !text.contains('\n') {
        return text.to_owned();
    }
    serde_json::from_str::<Value>(text).map_or_else(|_| text.replace('\n', " "), |value| value.to_string())
}
