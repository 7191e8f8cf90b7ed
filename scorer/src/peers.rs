//! Whom a container called lately: who is called for the first time may be the cause of an incident.

use std::collections::BTreeMap;

use crate::hold::LASTING;

/// How many are told apart; beyond it nobody is new, so that a scan of ports is no list of causes.
const MAX_PEERS: usize = 64;

/// Peers, with the window in which each was new.
#[derive(Debug, Default)]
pub(crate) struct Peers(BTreeMap<Box<str>, u32>);

impl Peers {
    /// Whether `peer` was not called in the windows before `segment` for which such a call is held.
    pub(crate) fn is_new(&mut self, peer: Option<&str>, segment: u32) -> bool {
        let Some(peer) = peer else { return false };
        let lately = |since: u32| since as usize + LASTING >= segment as usize;
        if self.0.get(peer).copied().is_some_and(lately) {
            return false;
        }
        self.0.retain(|_, since| lately(*since));
        let room = self.0.len() < MAX_PEERS;
        if room {
            self.0.insert(peer.into(), segment);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::{LASTING, MAX_PEERS, Peers};

    #[test]
    fn a_peer_is_new_once_in_the_time_that_its_call_is_held() {
        let mut peers = Peers::default();
        let mut news = |peer| (0..20).filter(|&segment| peers.is_new(Some(peer), segment)).collect::<Vec<_>>();
        let again = LASTING as u32 + 1;
        assert_eq!(news("a"), [0, again, 2 * again]);
        assert_eq!(news("b"), [0, again, 2 * again]);
        assert!(!peers.is_new(None, 0));
    }

    #[test]
    fn a_scan_leaves_a_bounded_list_that_is_free_again_later() {
        let mut peers = Peers::default();
        let mut scan =
            |segment| (0..1000).filter(|port| peers.is_new(Some(&format!("{segment}:{port}")), segment)).count();
        assert_eq!([scan(0), scan(1), scan(20)], [MAX_PEERS, 0, MAX_PEERS]);
    }
}
