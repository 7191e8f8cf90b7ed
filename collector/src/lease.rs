//! How deep each container is watched, and until when.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use vaectl_schemas::{Depth, Lease};

use crate::control::Client;

/// What a container without a lease returns to.
const FALLBACK: Depth = Depth::Process;
/// How many of them, the last suspected first, are watched in full instead: never blind by accident, and no storm either.
const FULL_AT_MOST: usize = 20;
/// No lease is longer, whatever it asks for.
const LONGEST: Duration = Duration::from_mins(10);

#[derive(Clone, Copy, Debug)]
struct Held {
    depth: Depth,
    until: Instant,
    suspected_ns: u64,
    history: bool,
    hold: bool,
    client: Client,
}

/// The leases of a control socket, by run: whoever asks may name runs that there are not.
#[derive(Debug)]
pub(crate) struct Leases {
    held: HashMap<String, Held>,
    limit: usize,
    /// Runs of which something was kept for a client that will not ask for it any more.
    deserted: HashSet<String>,
}

impl Leases {
    /// Room for as many leases as there may be containers.
    pub(crate) fn new(max_containers: u32) -> Self {
        Self { held: HashMap::new(), limit: max_containers as usize, deserted: HashSet::new() }
    }

    /// Takes a client's lease, which replaces the one that its container had; where there is no room, that which runs out first.
    pub(crate) fn take(&mut self, lease: Lease, client: Client, now: Instant) {
        if self.held.len() >= self.limit
            && !self.held.contains_key(&lease.run)
            && let Some(first) = self.held.iter().min_by_key(|(_, held)| held.until).map(|(run, _)| run.clone())
        {
            self.held.remove(&first);
        }
        let Lease { depth, suspected_ns, history, hold, .. } = lease;
        let until = now + Duration::from_millis(lease.ttl_ms).min(LONGEST);
        // Who takes over from another does not know what was kept for it.
        if !hold && self.held.get(&lease.run).is_some_and(|held| held.hold && held.client != client) {
            self.deserted.insert(lease.run.clone());
        }
        self.held.insert(lease.run, Held { depth, until, suspected_ns, history, hold, client });
    }

    /// Takes in that a client is gone: its depths stay for their time, but nothing is kept for it any more.
    pub(crate) fn hang_up(&mut self, client: Client) {
        let own = self.held.iter_mut().filter(|(_, held)| held.client == client);
        let kept = own.filter_map(|(run, held)| std::mem::take(&mut held.hold).then(|| run.clone()));
        self.deserted.extend(kept);
    }

    /// Runs of which something was kept for who is gone, or was replaced, since the last call.
    pub(crate) fn deserted(&mut self) -> HashSet<String> {
        std::mem::take(&mut self.deserted)
    }

    /// Whether a run has a lease that did not run out.
    pub(crate) fn is_held(&self, run: &str, now: Instant) -> bool {
        self.valid(run, now).is_some()
    }

    /// Whether the events of a run are held back for a verdict by who asked for them: nobody waits for them till then.
    pub(crate) fn hold_back(&self, run: &str, now: Instant) -> bool {
        self.valid(run, now).is_some_and(|held| !held.history)
    }

    /// Whether the events of a run at full depth are kept until its history is asked for.
    pub(crate) fn hold(&self, run: &str, now: Instant) -> bool {
        self.valid(run, now).is_some_and(|held| held.depth == Depth::Full && held.hold)
    }

    /// The lease of a run, where it did not run out.
    fn valid(&self, run: &str, now: Instant) -> Option<&Held> {
        self.held.get(run).filter(|held| held.until > now)
    }

    /// Forgets a container that ended.
    pub(crate) fn forget(&mut self, run: &str) {
        self.held.remove(run);
    }

    /// The depths of these runs, in their order.
    pub(crate) fn depths<'a>(&self, runs: impl Iterator<Item = &'a str> + Clone, now: Instant) -> Vec<Depth> {
        let expired = |run: &str| self.held.get(run).filter(|held| held.until <= now && held.suspected_ns > 0);
        let mut suspected: Vec<u64> = runs.clone().filter_map(|run| Some(expired(run)?.suspected_ns)).collect();
        suspected.sort_unstable_by(|a, b| b.cmp(a));
        let floor = suspected.get(FULL_AT_MOST - 1).copied().unwrap_or(0);
        let mut room = FULL_AT_MOST;
        let depth = |run: &str| match self.held.get(run) {
            Some(held) if held.until > now => held.depth,
            Some(held) if held.suspected_ns > 0 && held.suspected_ns >= floor && room > 0 => {
                room -= 1;
                Depth::Full
            }
            _ => FALLBACK,
        };
        runs.map(depth).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::{Duration, Instant};

    use vaectl_schemas::{Depth, Lease, VERSION};

    use super::Leases;

    fn lease(run: &str, depth: Depth, suspected_ns: u64) -> Lease {
        Lease { v: VERSION, run: run.to_owned(), depth, ttl_ms: 1000, suspected_ns, history: true, hold: false }
    }

    #[test]
    fn a_lease_holds_for_its_time_and_then_the_container_returns_to_process() {
        let (mut leases, now) = (Leases::new(100), Instant::now());
        leases.take(lease("a", Depth::Census, 0), 1, now);
        let depths = |after| leases.depths(["a", "b"].into_iter(), now + Duration::from_millis(after));
        assert_eq!(depths(999), [Depth::Census, Depth::Process]);
        assert_eq!(depths(1000), [Depth::Process, Depth::Process]);
    }

    #[test]
    fn of_containers_without_a_lease_the_last_suspected_twenty_are_watched_in_full() {
        let (mut leases, now) = (Leases::new(100), Instant::now());
        let runs: Vec<String> = (0..30).map(|i| format!("run-{i}")).collect();
        for (run, suspected) in runs.iter().zip(0..) {
            leases.take(lease(run, Depth::Census, suspected), 1, now);
        }
        let depths = leases.depths(runs.iter().map(String::as_str), now + Duration::from_secs(2));
        assert!(depths[..10].iter().all(|depth| *depth == Depth::Process));
        assert!(depths[10..].iter().all(|depth| *depth == Depth::Full));
    }

    #[test]
    fn runs_that_nobody_knows_take_no_more_room_than_there_is() {
        let (mut leases, now) = (Leases::new(2), Instant::now());
        leases.take(lease("a", Depth::Full, 0), 1, now);
        for run in ["b", "c", "d"] {
            leases.take(Lease { ttl_ms: 500, ..lease(run, Depth::Full, 0) }, 1, now);
        }
        let depths = leases.depths(["a", "b", "c", "d"].into_iter(), now);
        assert_eq!(depths, [Depth::Full, Depth::Process, Depth::Process, Depth::Full]);
    }

    #[test]
    fn events_are_held_back_until_their_history_is_asked_for_or_the_lease_is_over() {
        let (mut leases, now) = (Leases::new(100), Instant::now());
        leases.take(Lease { history: false, ..lease("a", Depth::Full, 7) }, 1, now);
        assert!(leases.hold_back("a", now) && !leases.hold_back("b", now));
        assert!(!leases.hold_back("a", now + Duration::from_secs(2)), "it is over");
        leases.take(lease("a", Depth::Full, 7), 1, now);
        assert!(!leases.hold_back("a", now));
    }

    #[test]
    fn only_what_is_seen_at_full_depth_is_kept_and_only_while_the_lease_holds() {
        let (mut leases, now) = (Leases::new(100), Instant::now());
        leases.take(Lease { hold: true, ..lease("a", Depth::Full, 7) }, 1, now);
        leases.take(Lease { hold: true, ..lease("b", Depth::Process, 7) }, 1, now);
        assert!(leases.hold("a", now) && !leases.hold("b", now) && !leases.hold("c", now));
        assert!(!leases.hold("a", now + Duration::from_secs(2)), "it is over");
    }

    #[test]
    fn nothing_is_kept_for_a_client_that_hung_up_unless_another_has_asked_since() {
        let (mut leases, now) = (Leases::new(100), Instant::now());
        for (run, hold) in [("a", true), ("b", true), ("c", false)] {
            leases.take(Lease { hold, ..lease(run, Depth::Full, 7) }, 1, now);
        }
        leases.take(Lease { hold: true, ..lease("b", Depth::Full, 7) }, 2, now);
        leases.hang_up(1);
        assert_eq!([leases.deserted(), leases.deserted()], [HashSet::from(["a".to_owned()]), HashSet::new()]);
        assert!(!leases.hold("a", now) && leases.hold("b", now));
        assert_eq!(leases.depths(["a", "b", "c"].into_iter(), now), [Depth::Full; 3], "nothing is watched less for it");
        assert!(leases.is_held("a", now) && !leases.is_held("a", now + Duration::from_secs(2)));
    }

    #[test]
    fn what_was_kept_for_one_client_is_deserted_once_another_asks_for_less_and_not_where_it_asks_for_less_itself() {
        let (mut leases, now) = (Leases::new(100), Instant::now());
        for run in ["a", "b"] {
            leases.take(Lease { hold: true, ..lease(run, Depth::Full, 7) }, 1, now);
        }
        leases.take(lease("a", Depth::Process, 7), 2, now);
        leases.take(lease("b", Depth::Process, 7), 1, now);
        leases.hang_up(1);
        assert_eq!(leases.deserted(), HashSet::from(["a".to_owned()]));
    }

    #[test]
    fn no_lease_is_for_ever() {
        let (mut leases, now) = (Leases::new(100), Instant::now());
        leases.take(Lease { ttl_ms: u64::MAX, ..lease("a", Depth::Full, 0) }, 1, now);
        assert_eq!(leases.depths(["a"].into_iter(), now + Duration::from_mins(11)), [Depth::Process]);
    }
}
