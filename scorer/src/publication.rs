//! How events leave the gate: marked, within the budget, and accounted for.

use crate::budget::Budget;
use crate::context::Context;
use crate::hold::{Claim, Held, Hold, LASTING, Next};
use crate::instance::Instance;
use crate::mark;

impl Context {
    /// Publishes an event as it comes in, as part of the episode if there is one; the recorder marks history itself.
    pub(crate) fn publish(
        &mut self,
        instance: &mut Instance,
        dataset: u8,
        history: bool,
        line: &[u8],
        out: &mut Vec<u8>,
    ) {
        self.ledger.at(dataset).passed += 1;
        instance.hour.published += 1;
        if let Some(episode) = &mut instance.episode {
            episode.events += 1;
            episode.history += u64::from(history);
        }
        mark::write(line, instance.episode.as_ref().map(|e| e.id.as_str()), false, out);
        self.lines += 1;
    }

    /// Publishes all that is held of an episode that has just opened, oldest first.
    pub(crate) fn publish_history(&mut self, instance: &mut Instance, out: &mut Vec<u8>) {
        while let Some(item) = instance.hold.pop(Next::Oldest, |item, line| {
            let incident = instance.episode.as_mut().map(|episode| {
                episode.events += 1;
                episode.history += 1;
                episode.id.as_str()
            });
            mark::write(line, incident, !item.history, out);
            item
        }) {
            self.published(instance, item);
        }
    }

    /// Publishes what tells most of what is held of a blind container, within the budget: not what was calm before.
    pub(crate) fn publish_telling(&mut self, instance: &mut Instance, out: &mut Vec<u8>) {
        let (now, calm) = (self.now, instance.calm());
        self.publish_claims(instance, out, |held, budget| match held.claim {
            claim if held.segment < calm => claim,
            Claim::Telling | Claim::Refused if budget.spend(now) => Claim::Granted,
            Claim::Telling => Claim::Refused,
            claim => claim,
        });
    }

    /// Publishes what is held of a container and would go out without an incident too.
    pub(crate) fn publish_granted(&mut self, instance: &mut Instance, out: &mut Vec<u8>) {
        self.publish_claims(instance, out, |held, _| held.claim);
    }

    /// Publishes those held events of which `decide` makes granted ones, and keeps the others.
    fn publish_claims(
        &mut self,
        instance: &mut Instance,
        out: &mut Vec<u8>,
        mut decide: impl FnMut(Held, &mut Budget) -> Claim,
    ) {
        let mut kept = Hold::default();
        while let Some(item) = instance.hold.pop(Next::Oldest, |held, line| {
            let item = Held { claim: decide(held, &mut self.budget), ..held };
            if item.claim == Claim::Granted {
                mark::write(line, None, !item.history, out);
            } else {
                kept.push(item, line);
            }
            item
        }) {
            if item.claim == Claim::Granted {
                self.published(instance, item);
            }
        }
        instance.hold = kept;
    }

    /// Lets go of what was held before window `segment`: it stayed calm. What has a claim stays for some verdicts more,
    /// where there is a model whose verdict it may wait for.
    pub(crate) fn release_before(&mut self, instance: &mut Instance, segment: u32, out: &mut Vec<u8>) {
        instance.calm.rotate_left(1);
        instance.calm[LASTING] = segment;
        let claimed = if instance.model.is_some() { instance.calm[0] } else { segment };
        while self.release(instance, Next::Before(segment, claimed), out) {}
    }

    /// Takes an event out of a hold, if there is such a one: it goes out where that was granted, and is counted as
    /// suppressed where not, or as dropped where it has to make room before its time.
    pub(crate) fn release(&mut self, instance: &mut Instance, next: Next, out: &mut Vec<u8>) -> bool {
        let Some(item) = instance.hold.pop(next, |item, line| {
            if item.claim == Claim::Granted {
                mark::write(line, None, !item.history, out);
            }
            item
        }) else {
            return false;
        };
        if item.claim == Claim::Granted {
            self.published(instance, item);
            return true;
        }
        self.held -= item.weight();
        let account = self.ledger.at(item.dataset);
        if next == Next::Least && item.segment >= instance.calm() {
            account.dropped += 1;
            instance.overflowed += 1;
        } else {
            account.suppressed += 1;
        }
        instance.unaffordable += u64::from(item.claim == Claim::Refused);
        true
    }

    /// Accounts for a held event that went out.
    fn published(&mut self, instance: &mut Instance, item: Held) {
        self.held -= item.weight();
        self.lines += 1;
        self.ledger.at(item.dataset).passed += 1;
        instance.hour.published += 1;
    }
}
