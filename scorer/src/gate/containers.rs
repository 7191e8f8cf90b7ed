//! Containers: they come, get their names, lose data, and go.

use vaectl_schemas::{ContainerLine, ContainerStatus, Gap, IncidentCause, Timestamp, derived_id, job_hash};

use super::Gate;
use crate::error::Refusal;
use crate::hold::Next;
use crate::instance::{Instance, is_the_hosts};
use crate::settlement::write_gaps;
use crate::{incident, summary};

impl Gate {
    pub(super) fn container(
        &mut self,
        line: &ContainerLine<'static>,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let container = line.container.as_ref().filter(|c| c.id.is_some());
        let container = container.ok_or(Refusal::Container("container"))?;
        let id = container.id.as_deref().unwrap_or_default();
        let run = line.vaectl.run.as_deref();
        self.advance(line.timestamp, out);
        if self.is_left_out(id) {
            self.pass("vaectl.container", bytes, out);
            return Ok(());
        }
        if line.vaectl.status == ContainerStatus::Ended {
            if let Some(slot) = self.registry.find(id, run) {
                self.retire(slot, line.timestamp, IncidentCause::ContainerEnded, out);
            }
            self.pass("vaectl.container", bytes, out);
            return Ok(());
        }
        self.pass("vaectl.container", bytes, out);
        let slot = self.slot(id, run, out);
        match line.vaectl.status {
            ContainerStatus::Named => {
                let job = line.vaectl.job.clone().or_else(|| line.vaectl.command.as_deref().map(job_hash));
                let instance = self.registry.at_mut(slot);
                instance.name(container, job.as_deref());
                // Before its first window: what it did up to then is that of a container that is known, or not.
                self.context.acquaint(instance, self.models.as_ref(), self.reading);
                self.settle_waiting(slot, None, out);
            }
            ContainerStatus::Unnamed => self.unname(slot, out),
            ContainerStatus::Started | ContainerStatus::Ended => {}
        }
        Ok(())
    }

    pub(super) fn gap(&mut self, line: &Gap<'_>, out: &mut Vec<u8>) {
        match line.container.as_ref().and_then(|c| c.id.as_deref()) {
            Some(id) if self.is_left_out(id) => {}
            Some(id) => {
                let slot = self.slot(id, None, out);
                self.registry.at_mut(slot).losses.take_in(line.vaectl.cause);
            }
            None => self.anybody += u64::from(is_the_hosts(line.vaectl.cause)),
        }
    }

    /// The slot of a container, which is made where there is none.
    pub(super) fn slot(&mut self, id: &str, run: Option<&str>, out: &mut Vec<u8>) -> usize {
        let slot = self.registry.find(id, run).unwrap_or_else(|| {
            if self.registry.len() >= self.context.config.max_containers.max(1) {
                let longest = self.registry.iter().min_by_key(|(_, i)| i.last_seen).map(|(slot, _)| slot);
                if let Some(slot) = longest {
                    self.retire(slot, self.context.now, IncidentCause::NoRoom, out);
                }
            }
            self.registry.insert(Instance::new(id, run, self.context.now, self.anybody))
        });
        if let Some(run) = run {
            self.registry.set_run(slot, run);
        }
        self.registry.at_mut(slot).last_seen = self.context.now;
        slot
    }

    /// Forgets a container: what was held of it is let go, its incident closes, its summary is written.
    pub(super) fn retire(&mut self, slot: usize, at: Timestamp, why: IncidentCause, out: &mut Vec<u8>) {
        self.unname(slot, out);
        let Some(mut instance) = self.registry.remove(slot) else { return };
        let context = &mut self.context;
        let last = instance.last_window(at);
        while context.release(&mut instance, Next::Oldest, out) {}
        write_gaps(&mut instance, at, &derived_id("after", [last.as_str()]), context, out);
        incident::close(&mut instance, &last, at, why, context, out);
        summary::write(&mut instance, context, out);
    }
}
