use tracing::{debug, warn};
use vaectl_schemas::elasticsearch_templates;

use super::connection::{Connection, Failure};
use super::response::cause;
use crate::error::SinkError;
use crate::patience::Patience;
use crate::stop::Stop;

/// Installs the component and index templates; those that are there already are written over with the same.
pub(super) async fn install(connection: &Connection, mut patience: Patience, mut stop: Stop) -> Result<(), SinkError> {
    for (path, template) in elasticsearch_templates() {
        loop {
            let answer = tokio::select! {
                answer = connection.put(path, template) => answer,
                () = stop.expired() => Err(Failure::Unreachable("the end came before its answer".into())),
            };
            let busy = match answer {
                Ok((200..=299, _)) => break,
                Ok((status @ (408 | 429 | 500..=599), body)) => format!("status {status}{}", cause(&body)),
                Ok((status, body)) => {
                    let advice = match status {
                        401 => "it wants other credentials",
                        403 => "install templates once with --setup-only and a stronger key, then use --no-setup",
                        _ => "is that the URL of an Elasticsearch server?",
                    };
                    let reason = format!("{path}: status {status}{}; {advice}", cause(&body));
                    return Err(SinkError::Refused(connection.says(&reason)));
                }
                Err(Failure::Distrusted(reason)) => return Err(SinkError::Refused(connection.says(&reason))),
                Err(Failure::Unreachable(reason)) => reason,
            };
            warn!(server = connection.name(), reason = busy, "The server does not answer yet.");
            if !patience.pause().await {
                return Err(SinkError::GaveUp(connection.says(&busy)));
            }
        }
        patience.progress();
        debug!(path, "A template is installed.");
    }
    Ok(())
}
