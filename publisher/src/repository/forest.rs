use std::collections::{BTreeMap, BTreeSet};

/// A process among those that were read.
#[derive(Clone, Copy, Debug)]
pub struct Kin<'a> {
    /// Its entity id.
    pub id: &'a str,
    /// Its process id, which orders siblings.
    pub pid: Option<u32>,
    /// The entity id of its parent, where that is known.
    pub parent: Option<&'a str>,
}

/// Processes below those that started them, the oldest first: each id with its depth, in the order they are drawn.
///
/// A parent that is not among them is none. Process ids come again: what is its own ancestor is left out.
#[must_use]
pub fn forest<'a>(processes: &[Kin<'a>]) -> Vec<(&'a str, usize)> {
    let known: BTreeSet<&str> = processes.iter().map(|process| process.id).collect();
    let mut children: BTreeMap<Option<&str>, Vec<&Kin<'a>>> = BTreeMap::new();
    for process in processes {
        children.entry(process.parent.filter(|parent| known.contains(parent))).or_default().push(process);
    }
    for siblings in children.values_mut() {
        siblings.sort_by_key(|process| process.pid);
    }
    let below = |parent: Option<&'a str>| children.get(&parent).into_iter().flatten().rev();
    let mut drawn = Vec::new();
    // The last first: a stack gives them back in order.
    let mut stack: Vec<(&'a str, usize)> = below(None).map(|root| (root.id, 0)).collect();
    while let Some((id, depth)) = stack.pop() {
        drawn.push((id, depth));
        stack.extend(below(Some(id)).map(|child| (child.id, depth + 1)));
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::{Kin, forest};

    #[test]
    fn children_follow_their_parent_in_the_order_of_their_pids() {
        let kin = |id, pid, parent| Kin { id, pid: Some(pid), parent };
        let processes = [
            kin("late", 9, Some("root")),
            kin("early", 7, Some("root")),
            kin("leaf", 8, Some("early")),
            kin("root", 5, Some("elsewhere")),
            kin("ring", 1, Some("knot")),
            kin("knot", 2, Some("ring")),
        ];
        assert_eq!(forest(&processes), [("root", 0), ("early", 1), ("leaf", 2), ("late", 1)]);
    }
}
