use tracing::debug;
use vaectl_schemas::elasticsearch_templates;

use super::connection::Connection;
use super::response::{Answer, cause};

/// Installs the component and index templates; those that are there already are written over with the same.
pub(super) async fn install(connection: &Connection) -> Answer {
    for (path, template) in elasticsearch_templates() {
        let (status, body) = match connection.put(path, template).await {
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
