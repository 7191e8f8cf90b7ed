//! The user-space flight recorder: events that wait for the verdict of their window, and of one more.

use std::collections::VecDeque;

/// Room that an empty hold keeps, so that a calm container allocates nothing.
const KEPT_CAPACITY: usize = 64 * 1024;

/// What speaks for an event where no incident takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nothing.
    #[default]
    None,
    /// A program was executed, or something rare happened, in a container that a model vouches for.
    Telling,
    /// The same where no model vouches, and the budget has it: it is held for a possible incident only.
    Granted,
    /// The same where the budget was spent.
    Refused,
}

/// What is known of a held event besides its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// The length of the line, without its end.
    pub(crate) len: u32,
    /// The window of its container in which it happened, counted from the first.
    pub(crate) segment: u32,
    /// Its dataset, as an index into the ledger.
    pub(crate) dataset: u8,
    pub(crate) claim: Claim,
    /// The line says `vaectl.history` already.
    pub(crate) history: bool,
}

impl Held {
    pub(crate) fn weight(self) -> usize {
        self.len as usize + size_of::<Self>()
    }
}

/// The held events of one container, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    items: VecDeque<Held>,
    bytes: VecDeque<u8>,
    weight: usize,
}

impl Hold {
    /// Keeps a line and returns its weight.
    pub(crate) fn push(&mut self, item: Held, line: &[u8]) -> usize {
        debug_assert_eq!(item.len as usize, line.len());
        self.items.push_back(item);
        self.bytes.extend(line);
        self.weight += item.weight();
        item.weight()
    }

    /// The oldest.
    pub(crate) fn front(&self) -> Option<&Held> {
        self.items.front()
    }

    /// Takes the oldest out, hands it to `with`, its line in one piece, and returns what that makes of it.
    pub(crate) fn pop<T>(&mut self, with: impl FnOnce(Held, &[u8]) -> T) -> Option<T> {
        let item = self.items.pop_front()?;
        let len = item.len as usize;
        let line = if self.bytes.as_slices().0.len() >= len {
            &self.bytes.as_slices().0[..len]
        } else {
            &self.bytes.make_contiguous()[..len]
        };
        let made = with(item, line);
        self.bytes.drain(..len);
        self.weight -= item.weight();
        if self.items.is_empty() && self.bytes.capacity() > KEPT_CAPACITY {
            self.bytes.shrink_to(KEPT_CAPACITY);
            self.items.shrink_to(KEPT_CAPACITY / size_of::<Held>());
        }
        Some(made)
    }

    /// Bytes held, lines and what is known of them.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, Hold};

    fn item(line: &[u8]) -> Held {
        let len = u32::try_from(line.len()).unwrap();
        Held { len, ..Held::default() }
    }

    #[test]
    fn lines_come_out_whole_and_in_order_wherever_the_ring_wraps() {
        let mut hold = Hold::default();
        let lines: Vec<Vec<u8>> = (0..500_usize).map(|i| vec![b'a' + (i % 26) as u8; 1 + i * 7 % 97]).collect();
        let mut out = Vec::new();
        for (i, line) in lines.iter().enumerate() {
            hold.push(item(line), line);
            if i % 3 == 2 {
                hold.pop(|_, line| out.push(line.to_vec()));
            }
        }
        while hold.pop(|_, line| out.push(line.to_vec())).is_some() {}
        assert_eq!(out, lines);
        assert_eq!(hold.weight(), 0);
    }
}
