use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::LazyLock;

/// A hash that two values never share in one process, whoever chose them: 128 bits under keys that nobody knows.
pub(crate) fn fingerprint(value: &impl Hash) -> u128 {
    static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(Default::default);
    let [high, low] = KEYS.each_ref().map(|key| u128::from(key.hash_one(value)));
    high << 64 | low
}
