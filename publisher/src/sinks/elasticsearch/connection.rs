use std::error::Error;
use std::io::Write;
use std::path::Path;

use bytes::Bytes;
use elasticsearch::auth::{ClientCertificate, Credentials as ClientCredentials};
use elasticsearch::cert::{Certificate, CertificateValidation};
use elasticsearch::http::Method;
use elasticsearch::http::headers::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use elasticsearch::http::transport::{SingleNodeConnectionPool, Transport, TransportBuilder};
use flate2::Compression;
use flate2::write::GzEncoder;
use url::Url;

use super::response::Answer;
use crate::config::{Credentials, Server};
use crate::error::PublishError;

/// Only what is read of an answer; without the names of shards and indices it is a tenth as long.
const BULK: &str =
    "_bulk?filter_path=errors,items.*.status,items.*.failure_store,items.*.error.type,items.*.error.reason";

const JSON: &str = "application/json";

/// The way to one server. The only place that names the client library.
pub(crate) struct Connection {
    transport: Transport,
    compress: bool,
    name: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another attempt may succeed.
    Unreachable(String),
    /// The server's certificate is not trusted, or it trusts none of ours.
    Distrusted(String),
}

impl Connection {
    pub(crate) fn new(url: &Url, server: &Server) -> Result<Self, PublishError> {
        let mut builder = TransportBuilder::new(SingleNodeConnectionPool::new(url.clone())).timeout(server.timeout);
        if let Some(credentials) = &server.credentials {
            builder = builder.header(AUTHORIZATION, authorization(credentials)?);
        }
        if let Some(path) = &server.ca {
            let authorities = Certificate::from_pem(&read(path)?).map_err(|error| unusable(path, &error))?;
            builder = builder.cert_validation(CertificateValidation::Full(authorities));
        }
        if let Some(path) = &server.client_certificate {
            builder = builder.auth(ClientCredentials::Certificate(ClientCertificate::Pem(read(path)?)));
        }
        let transport = builder.build().map_err(|error| PublishError::Configuration {
            what: "TLS".into(),
            reason: format!("certificates or keys cannot be used: {}", deepest(&error)),
        })?;
        Ok(Self { transport, compress: server.compress, name: url.as_str().trim_end_matches('/').to_owned() })
    }

    /// The server's URL.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A refusal as a whole sentence.
    pub(crate) fn says(&self, reason: &str) -> String {
        format!("{}: {reason}", self.name)
    }

    /// Sends a `_bulk` request; the status and the body of the answer.
    pub(crate) async fn bulk(&self, body: Vec<u8>) -> Result<(u16, Bytes), Failure> {
        let mut headers = kind("application/x-ndjson");
        let body = if self.compress {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            gzip(&body)
        } else {
            body
        };
        self.send(Method::Post, BULK, headers, body).await
    }

    /// Installs something under `path`.
    pub(crate) async fn put(&self, path: &str, body: &str) -> Result<(u16, Bytes), Failure> {
        self.send(Method::Put, path, kind(JSON), body.as_bytes().to_vec()).await
    }

    /// Fetches something.
    pub(crate) async fn get(&self, path: &str) -> Result<(u16, Bytes), Failure> {
        self.send(Method::Get, path, kind(JSON), Vec::new()).await
    }

    /// Asks something.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Result<(u16, Bytes), Failure> {
        self.send(Method::Post, path, kind(JSON), body.as_bytes().to_vec()).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<(u16, Bytes), Failure> {
        let response = self.transport.send(method, path, headers, None::<&()>, Some(Bytes::from(body)), None).await?;
        let status = response.status_code().as_u16();
        Ok((status, response.bytes().await?))
    }
}

fn kind(kind: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
}

/// Fast rather than small: events compress by nine tenths all the same.
fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("memory takes whatever is written to it")
}

impl Failure {
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Unreachable(reason) | Self::Distrusted(reason) => reason,
        }
    }
}

impl From<elasticsearch::Error> for Failure {
    fn from(error: elasticsearch::Error) -> Self {
        let reason = deepest(&error);
        if reason.contains("CertificateRequired") {
            Self::Distrusted(
                "the server asks for a certificate of its client; give it with --client-certificate".into(),
            )
        } else if reason.contains("certificate") {
            Self::Distrusted(format!("{reason}; give its certificate authority with --ca-file"))
        } else {
            Self::Unreachable(reason)
        }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable(reason) => Self::Away(reason),
            Failure::Distrusted(reason) => Self::Denied(reason),
        }
    }
}

/// The cause of causes: the outer ones say only that a request failed.
fn deepest(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn authorization(credentials: &Credentials) -> Result<HeaderValue, PublishError> {
    use base64::Engine as _;
    let text = match credentials {
        Credentials::ApiKey(key) => format!("ApiKey {}", key.reveal()),
        Credentials::Basic { user, password } => {
            let pair = format!("{user}:{}", password.reveal());
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        }
    };
    let mut value = HeaderValue::try_from(text).map_err(|_| PublishError::Configuration {
        what: "credentials".into(),
        reason: "the API key has characters that no header takes: give it in its encoded form".into(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn read(path: &Path) -> Result<Vec<u8>, PublishError> {
    std::fs::read(path).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &dyn Error) -> PublishError {
    PublishError::Configuration { what: path.display().to_string(), reason: deepest(error) }
}

#[cfg(test)]
mod tests {
    use super::{Connection, authorization};
    use crate::{Credentials, Secret, Server};

    #[test]
    fn credentials_are_sent_as_a_header_that_is_not_logged() {
        let basic = Credentials::Basic { user: "elastic".into(), password: Secret::new("pw") };
        let value = authorization(&basic).unwrap();
        assert_eq!(value.to_str().unwrap(), "Basic ZWxhc3RpYzpwdw==");
        assert_eq!(format!("{value:?}"), "Sensitive");
    }

    #[test]
    fn a_key_that_is_no_header_is_refused_without_being_shown() {
        let error = authorization(&Credentials::ApiKey(Secret::new("hunter2\u{1}"))).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn a_certificate_file_that_is_none_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let server = Server { ca: Some(file.path().into()), ..Server::default() };
        let error = Connection::new(&"https://localhost".parse().unwrap(), &server).err().unwrap();
        assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
    }
}
