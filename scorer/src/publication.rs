//! How events leave the gate: marked, within the budget, and accounted for.

use crate::budget::Budget;
use crate::context::Context;
use crate::hold::{Claim, Held, Hold};
use crate::instance::Instance;
use crate::ledger::Account;
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
        while let Some(item) = instance.hold.pop(|item, line| {
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

    /// Publishes what tells most of what is held of a blind container, within the budget.
    pub(crate) fn publish_telling(&mut self, instance: &mut Instance, out: &mut Vec<u8>) {
        let now = self.now;
        self.publish_claims(instance, out, |claim, budget| match claim {
            Claim::Telling | Claim::Refused if budget.spend(now) => Claim::Granted,
            Claim::Telling => Claim::Refused,
            claim => claim,
        });
    }

    /// Publishes what is held of a container and would go out without an incident too.
    pub(crate) fn publish_granted(&mut self, instance: &mut Instance, out: &mut Vec<u8>) {
        self.publish_claims(instance, out, |claim, _| claim);
    }

    /// Publishes those held events of which `decide` makes granted ones, and keeps the others.
    fn publish_claims(
        &mut self,
        instance: &mut Instance,
        out: &mut Vec<u8>,
        mut decide: impl FnMut(Claim, &mut Budget) -> Claim,
    ) {
        let mut kept = Hold::default();
        while let Some(item) = instance.hold.pop(|held, line| {
            let item = Held { claim: decide(held.claim, &mut self.budget), ..held };
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

    /// Lets go of what was held before window `segment`: it stayed calm.
    pub(crate) fn release_before(&mut self, instance: &mut Instance, segment: u32, out: &mut Vec<u8>) {
        while instance.hold.front().is_some_and(|item| item.segment < segment) {
            self.release(instance, Account::suppressed, out);
        }
    }

    /// Takes the oldest event out of a hold: it goes out where that was granted, and is counted in `column` where not.
    pub(crate) fn release(
        &mut self,
        instance: &mut Instance,
        column: impl FnOnce(&mut Account) -> &mut u64,
        out: &mut Vec<u8>,
    ) -> Option<Held> {
        let item = instance.hold.pop(|item, line| {
            if item.claim == Claim::Granted {
                mark::write(line, None, !item.history, out);
            }
            item
        })?;
        if item.claim == Claim::Granted {
            self.published(instance, item);
        } else {
            self.held -= item.weight();
            *column(self.ledger.at(item.dataset)) += 1;
            instance.unaffordable += u64::from(item.claim == Claim::Refused);
        }
        Some(item)
    }

    /// Accounts for a held event that went out.
    fn published(&mut self, instance: &mut Instance, item: Held) {
        self.held -= item.weight();
        self.lines += 1;
        self.ledger.at(item.dataset).passed += 1;
        instance.hour.published += 1;
    }
}
