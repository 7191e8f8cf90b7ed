//! Identities: of captured lines, of lines made from other lines, of processes and of jobs.

use std::fmt::Write as _;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The first 96 bits of a BLAKE3 hash over length-prefixed parts, in 16 characters of base64url.
fn short_hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    let bytes = hasher.finalize();
    bytes.as_bytes()[..12]
        .chunks_exact(3)
        .flat_map(|c| {
            let bits = u32::from(c[0]) << 16 | u32::from(c[1]) << 8 | u32::from(c[2]);
            [18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift & 63) as usize] as char)
        })
        .collect()
}

/// Gives captured lines their identity: host, boot and start of this `record`, then a sequence number.
#[derive(Clone, Debug)]
pub struct EventIds {
    prefix: String,
    next: u64,
}

impl EventIds {
    /// `start` is drawn anew at each start of `record`, so that a restarted one never collides with its own past.
    #[must_use]
    pub fn new(host: &str, boot: &str, start: u128) -> Self {
        Self { prefix: short_hash([host.as_bytes(), boot.as_bytes(), &start.to_le_bytes()]), next: 0 }
    }

    /// Writes the next identity into `out` (replacing what was there) and returns its sequence number.
    pub fn next(&mut self, out: &mut String) -> u64 {
        let sequence = self.next;
        self.next += 1;
        out.clear();
        let _ = write!(out, "{}-{sequence:x}", self.prefix);
        sequence
    }
}

/// Gives processes their identity: host and boot, pid and start time.
#[derive(Clone, Debug)]
pub struct EntityIds {
    prefix: String,
}

impl EntityIds {
    /// Process identities of one boot of one host.
    #[must_use]
    pub fn new(host: &str, boot: &str) -> Self {
        let mut prefix = short_hash([host.as_bytes(), boot.as_bytes()]);
        prefix.truncate(8);
        Self { prefix }
    }

    /// The entity id of the process `pid` that started `start_ns` after boot.
    #[must_use]
    pub fn of(&self, pid: u32, start_ns: u64) -> String {
        format!("{}-{pid}-{start_ns:x}", self.prefix)
    }
}

/// The identity of a line made from other lines: `what` it is, and the identities it was made from.
#[must_use]
pub fn derived_id<'a>(what: &'a str, from: impl IntoIterator<Item = &'a str>) -> String {
    short_hash(std::iter::once(what.as_bytes()).chain(from.into_iter().map(str::as_bytes)))
}

/// The hash of an entrypoint with its arguments: two jobs of one image are two models.
#[must_use]
pub fn job_hash(command: &[impl AsRef<str>]) -> String {
    short_hash(command.iter().map(|c| c.as_ref().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{EventIds, derived_id, job_hash};

    #[test]
    fn a_restart_never_repeats_an_identity() {
        let (mut a, mut b) = (String::new(), String::new());
        assert_eq!(EventIds::new("h", "b", 1).next(&mut a), 0);
        assert_eq!(EventIds::new("h", "b", 2).next(&mut b), 0);
        assert_ne!(a, b);
    }

    #[test]
    fn where_a_part_ends_matters() {
        assert_ne!(job_hash(&["ab", "c"]), job_hash(&["a", "bc"]));
        assert_ne!(derived_id("verdict", ["x"]), derived_id("incident", ["x"]));
    }
}
