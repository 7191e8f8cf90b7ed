//! All containers, found by run and by id.

use std::collections::HashMap;

use crate::instance::Instance;

/// A bounded table of instances; a slot stays the same until its instance is taken out.
#[derive(Default)]
pub(crate) struct Registry {
    slots: Vec<Option<Box<Instance>>>,
    free: Vec<usize>,
    runs: HashMap<String, usize>,
    /// The latest run of each container.
    containers: HashMap<String, usize>,
}

impl Registry {
    /// The slot of a run; of the container's latest run where the line names none.
    pub(crate) fn find(&self, id: &str, run: Option<&str>) -> Option<usize> {
        let latest = || self.containers.get(id).copied();
        match run {
            None => latest(),
            // Events came before the first line that names a run.
            Some(run) => self.runs.get(run).copied().or_else(|| latest().filter(|&slot| self.at(slot).run.is_none())),
        }
    }

    /// Puts an instance in; it is its container's latest run from now on.
    pub(crate) fn insert(&mut self, instance: Instance) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        if let Some(id) = instance.container.id.as_deref() {
            self.containers.insert(id.to_owned(), slot);
        }
        if let Some(run) = &instance.run {
            self.runs.insert(run.clone(), slot);
        }
        self.slots[slot] = Some(Box::new(instance));
        slot
    }

    /// Gives the run of a slot its name, once it is known.
    pub(crate) fn set_run(&mut self, slot: usize, run: &str) {
        let instance = self.at_mut(slot);
        if instance.run.is_none() {
            instance.run = Some(run.to_owned());
            self.runs.insert(run.to_owned(), slot);
        }
    }

    /// Takes an instance out for good.
    pub(crate) fn remove(&mut self, slot: usize) -> Option<Box<Instance>> {
        let instance = self.slots.get_mut(slot)?.take()?;
        self.free.push(slot);
        self.runs.retain(|_, s| *s != slot);
        self.containers.retain(|_, s| *s != slot);
        Some(instance)
    }

    pub(crate) fn at(&self, slot: usize) -> &Instance {
        self.slots[slot].as_deref().expect("a slot that was found is filled")
    }

    pub(crate) fn at_mut(&mut self, slot: usize) -> &mut Instance {
        self.slots[slot].as_deref_mut().expect("a slot that was found is filled")
    }

    /// The instance in a slot that may be empty by now.
    pub(crate) fn get_mut(&mut self, slot: usize) -> Option<&mut Instance> {
        self.slots.get_mut(slot)?.as_deref_mut()
    }

    /// The filled slots, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Instance)> {
        self.slots.iter().enumerate().filter_map(|(slot, i)| Some((slot, i.as_deref()?)))
    }

    /// The filled slots, in order, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Instance> {
        self.slots.iter_mut().filter_map(|instance| instance.as_deref_mut())
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::Timestamp;

    use super::{Instance, Registry};

    #[test]
    fn events_go_to_the_latest_run_and_windows_to_their_own() {
        let mut registry = Registry::default();
        let first = registry.insert(Instance::new("c", Some("r1"), Timestamp::default(), 0));
        let second = registry.insert(Instance::new("c", Some("r2"), Timestamp::default(), 0));
        assert_eq!(registry.find("c", None), Some(second));
        assert_eq!(registry.find("c", Some("r1")), Some(first));
        assert_eq!(registry.find("c", Some("r3")), None);
        registry.remove(second);
        assert_eq!(registry.find("c", None), None);
        assert_eq!(registry.insert(Instance::new("d", None, Timestamp::default(), 0)), second, "a slot is used again");
    }

    #[test]
    fn a_container_known_from_events_gets_its_run_later() {
        let mut registry = Registry::default();
        let slot = registry.insert(Instance::new("c", None, Timestamp::default(), 0));
        assert_eq!(registry.find("c", Some("r1")), Some(slot));
        registry.set_run(slot, "r1");
        assert_eq!(registry.find("c", Some("r2")), None);
    }
}
