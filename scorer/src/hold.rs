//! The user-space flight recorder: events that wait for the verdict of their window, and of one more.
//!
//! What may be the cause of an incident outlives that by [`LASTING`] verdicts: a program that was started a while before
//! what it does is odd, or in a suspicion that passed. Nothing else has it, since the kernel's recorder keeps only what was
//! below the depth of its time.

use std::collections::VecDeque;

/// Room that an empty hold keeps, so that a calm container allocates nothing.
const KEPT_CAPACITY: usize = 64 * 1024;

/// How many more calm verdicts an event with a claim stays for.
pub(crate) const LASTING: usize = 6;

/// What speaks for an event where no incident takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nothing.
    #[default]
    None,
    /// A peer was called that had not been called lately: it goes out with an incident only.
    Called,
    /// A program was executed, or something rare happened, in a container that a model vouches for.
    Telling,
    /// The same where no model vouches, and the budget has it: it is held for a possible incident only.
    Granted,
    /// The same where the budget was spent.
    Refused,
}

impl Claim {
    /// The queue of its events: the first is dropped first.
    fn queue(self) -> usize {
        match self {
            Self::None => 0,
            Self::Called => 1,
            Self::Telling | Self::Granted | Self::Refused => 2,
        }
    }
}

/// What is known of a held event besides its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Its number among the events of its container, which the hold gives it.
    pub(crate) order: u64,
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

/// Which event leaves a hold next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The oldest.
    Oldest,
    /// The oldest of those with the least claim: a flood does not wash out the program that is its cause.
    Least,
    /// One of a window before the first number, or with a claim before the second.
    Before(u32, u32),
}

/// Events of like claims, oldest first.
#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Held>,
    bytes: VecDeque<u8>,
}

impl Queue {
    fn pop<T>(&mut self, with: impl FnOnce(Held, &[u8]) -> T) -> Option<(Held, T)> {
        let item = self.items.pop_front()?;
        let len = item.len as usize;
        let line = if self.bytes.as_slices().0.len() >= len {
            &self.bytes.as_slices().0[..len]
        } else {
            &self.bytes.make_contiguous()[..len]
        };
        let made = with(item, line);
        self.bytes.drain(..len);
        if self.items.is_empty() && self.bytes.capacity() > KEPT_CAPACITY {
            self.bytes.shrink_to(KEPT_CAPACITY);
            self.items.shrink_to(KEPT_CAPACITY / size_of::<Held>());
        }
        Some((item, made))
    }
}

/// The held events of one container.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    queues: [Queue; 3],
    weight: usize,
    pushed: u64,
}

impl Hold {
    /// Keeps a line and returns its weight.
    pub(crate) fn push(&mut self, item: Held, line: &[u8]) -> usize {
        debug_assert_eq!(item.len as usize, line.len());
        let queue = &mut self.queues[item.claim.queue()];
        queue.items.push_back(Held { order: self.pushed, ..item });
        queue.bytes.extend(line);
        self.pushed += 1;
        self.weight += item.weight();
        item.weight()
    }

    /// Takes an event out, hands it to `with`, its line in one piece, and returns what that makes of it.
    pub(crate) fn pop<T>(&mut self, next: Next, with: impl FnOnce(Held, &[u8]) -> T) -> Option<T> {
        let fronts = || self.queues.iter().enumerate().filter_map(|(at, queue)| Some((at, queue.items.front()?)));
        let (at, _) = match next {
            Next::Oldest => fronts().min_by_key(|(_, item)| item.order),
            Next::Least => fronts().next(),
            Next::Before(any, claimed) => {
                fronts().find(|(_, item)| item.segment < if item.claim == Claim::None { any } else { claimed })
            }
        }?;
        let (item, made) = self.queues[at].pop(with)?;
        self.weight -= item.weight();
        Some(made)
    }

    /// Bytes held, lines and what is known of them.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, Held, Hold, Next};

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
                hold.pop(Next::Oldest, |_, line| out.push(line.to_vec()));
            }
        }
        while hold.pop(Next::Oldest, |_, line| out.push(line.to_vec())).is_some() {}
        assert_eq!(out, lines);
        assert_eq!(hold.weight(), 0);
    }

    #[test]
    fn the_oldest_goes_out_first_and_the_least_claim_is_dropped_first() {
        let claims = [Claim::Telling, Claim::Called, Claim::None, Claim::Granted, Claim::None, Claim::Refused];
        let filled = || {
            let mut hold = Hold::default();
            for (segment, claim) in (0..).zip(claims) {
                hold.push(Held { segment, claim, ..item(b"e") }, b"e");
            }
            hold
        };
        let order = |next| -> Vec<u32> {
            let mut hold = filled();
            std::iter::from_fn(|| hold.pop(next, |item, _| item.segment)).collect()
        };
        assert_eq!(order(Next::Oldest), [0, 1, 2, 3, 4, 5]);
        assert_eq!(order(Next::Least), [2, 4, 1, 0, 3, 5]);
        assert_eq!(order(Next::Before(4, 1)), [2, 0], "what has a claim stays longer");
    }
}
