//! Which model belongs to a container.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use vaectl_schemas::Container;

/// The model keys of a container, the best fit first.
///
/// Each is a file name as it stands: letters, digits, `.`, `_`, `-`, and `%XX` for every other byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Keys {
    /// Image digest and job: the pattern of this very command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// Image digest alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Repository name alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

impl Keys {
    /// The keys of a container; `job` is the hash of its entrypoint and arguments.
    #[must_use]
    pub fn of(container: &Container<'_>, job: Option<&str>) -> Self {
        let image = container.image.as_ref();
        let digest = image.and_then(|i| i.hash.as_ref()?.all.as_ref()?.first()).map(|d| digest_key(d));
        let repository = image.and_then(|i| i.name.as_deref()).map(|name| format!("repository-{}", escaped(name)));
        let exact = digest.as_ref().zip(job).map(|(digest, job)| format!("{digest}-{}", escaped(job)));
        Self { exact, digest, repository }
    }

    /// The narrowest key there is; a model is trained under it.
    #[must_use]
    pub fn best(&self) -> Option<&str> {
        self.exact.as_deref().or(self.digest.as_deref()).or(self.repository.as_deref())
    }
}

/// `sha256-` and 96 bits of the digest: wide enough that no two images meet, short enough to read.
fn digest_key(digest: &str) -> String {
    match digest.split_once(':') {
        Some((algorithm, hex)) if hex.len() >= 24 && hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{}-{}", escaped(algorithm), hex[..24].to_ascii_lowercase())
        }
        _ => format!("digest-{}", escaped(digest)),
    }
}

/// Escapes what a file name must not have, and keeps it well below the 255 bytes that a name may have.
fn escaped(text: &str) -> String {
    const LONGEST: usize = 96;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    if out.len() > LONGEST {
        out.truncate(LONGEST - 16);
        out.push_str(&blake3::hash(text.as_bytes()).to_hex()[..16]);
    }
    out
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{Container, Image, ImageHash};

    use super::Keys;

    fn container(name: Option<&'static str>, digest: Option<&'static str>) -> Container<'static> {
        Container {
            image: Some(Image {
                name: name.map(Into::into),
                hash: digest.map(|d| ImageHash { all: Some(vec![d.into()]) }),
                ..Image::default()
            }),
            ..Container::default()
        }
    }

    #[test]
    fn digest_and_job_make_the_exact_key() {
        let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let keys = Keys::of(&container(Some("docker.io/library/nginx"), Some(digest)), Some("jo-b_1"));
        assert_eq!(keys.exact.as_deref(), Some("sha256-0123456789abcdef01234567-jo-b_1"));
        assert_eq!(keys.digest.as_deref(), Some("sha256-0123456789abcdef01234567"));
        assert_eq!(keys.repository.as_deref(), Some("repository-docker.io%2Flibrary%2Fnginx"));
        assert_eq!(keys.best(), keys.exact.as_deref());
    }

    #[test]
    fn without_a_digest_there_is_no_exact_key() {
        let keys = Keys::of(&container(Some("nginx"), None), Some("job"));
        assert_eq!((keys.exact.as_deref(), keys.best()), (None, Some("repository-nginx")));
        assert_eq!(Keys::of(&Container::default(), Some("job")), Keys::default());
    }

    #[test]
    fn a_hostile_name_stays_one_path_component() {
        let keys = Keys::of(&container(Some("../../etc"), Some("../x")), Some("a/b\0"));
        for key in [keys.exact, keys.digest, keys.repository].into_iter().flatten() {
            assert!(!key.contains(['/', '\0']) && !key.starts_with('.') && key.len() < 255, "{key}");
        }
        let long: &'static str = "x/".repeat(4096).leak();
        assert!(Keys::of(&container(Some(long), None), None).best().unwrap().len() < 128);
    }
}
