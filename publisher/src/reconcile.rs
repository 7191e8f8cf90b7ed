use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Deserialize;
use vaectl_schemas::Timestamp;

use crate::config::Config;
use crate::encode::{Encoder, Fate};
use crate::error::PublishError;
use crate::ledger::Ledger;
use crate::line::Line;
use crate::repository::Cluster;
use crate::target::Target;

/// What lines say that a server has, and what it says itself, by dataset.
///
/// Fed with the lines that were published, it asks for the same span of time and the same hosts. A merged document
/// counts for the lines that it stands for, and a line that comes twice counts once.
#[derive(Default)]
pub struct Reconciliation {
    ledger: Ledger,
    lines: BTreeMap<String, u64>,
    seen: HashSet<String>,
    span: Option<(Timestamp, Timestamp)>,
    hosts: BTreeSet<String>,
}

/// A dataset's two counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The dataset.
    pub dataset: String,
    /// Lines that were published of it.
    pub lines: u64,
    /// Lines that the server's documents stand for.
    pub server: u64,
}

#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    host: Host,
}

#[derive(Default, Deserialize)]
struct Host {
    #[serde(default)]
    id: Option<String>,
}

impl Reconciliation {
    /// Takes a line; one that would be no document by itself changes nothing.
    pub fn take(&mut self, line: Line, windows: bool) {
        let encoder = Encoder { windows, redactor: None };
        let Fate::Document(document) = encoder.encode(line, &mut self.ledger) else { return };
        let Ok(outline) = serde_json::from_str::<Outline>(&document.line) else { return };
        if !self.seen.insert(document.id) {
            return;
        }
        *self.lines.entry(document.dataset.to_string()).or_default() += 1;
        self.hosts.extend(outline.host.id);
        let (from, to) = self.span.get_or_insert((document.time, document.time));
        *from = document.time.min(*from);
        *to = document.time.max(*to);
    }

    /// Asks the server, and balances; the two counts of every dataset, by name.
    ///
    /// # Errors
    /// Where the target is no server, or it does not answer.
    pub async fn balance(self, config: &Config) -> Result<Vec<Balance>, PublishError> {
        let Target::Elasticsearch(urls) = &config.target else {
            return Err(PublishError::Configuration {
                what: config.target.to_string(),
                reason: "only a server can be asked for its counts".into(),
            });
        };
        let Some((from, to)) = self.span else { return Ok(Vec::new()) };
        let mut server = Cluster::new(urls, &config.server)?.counts(from, to, &self.hosts).await?;
        let balances = self.lines.into_iter().map(|(dataset, lines)| {
            let server = server.remove(&dataset).unwrap_or_default();
            Balance { dataset, lines, server }
        });
        let mut balances: Vec<_> = balances.collect();
        balances.extend(server.into_iter().map(|(dataset, server)| Balance { dataset, lines: 0, server }));
        Ok(balances)
    }
}
