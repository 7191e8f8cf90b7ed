//! What the windows after it say against a window.

use std::collections::HashMap;

use vaectl_schemas::{State, Window};

use crate::intake::run_of;

/// What comes next in a run.
#[derive(Clone, Copy, Default)]
struct Next {
    /// An episode, with nothing but suspicion before it.
    unstable: bool,
    /// The window in which a process entered, by when it began.
    entered: Option<u64>,
}

/// Such a window is nothing that the container does by itself, but what is named in it is known all the same.
pub(crate) const BEFORE_AN_ENTRY: &str = "before an entry";

/// Why windows, in the order of time, are not trained on, by what comes after them: an incident opened with them, or a
/// process entered in the next one. Engines set a process up in the cgroup before it is executed, which is what marks a
/// window as entered: the set-up may lie in the one before.
pub(crate) fn ahead(windows: &[Window<'_>]) -> Vec<Option<&'static str>> {
    let mut ahead: HashMap<&str, Next> = HashMap::new();
    let mut reasons: Vec<Option<&'static str>> = Vec::with_capacity(windows.len());
    for window in windows.iter().rev() {
        let (info, ends) = (&window.vaectl.window, window.timestamp.as_ns());
        let next = ahead.entry(run_of(window)).or_default();
        // One that was thinned out in between was longer than half a window.
        let enters = next.entered.is_some_and(|begins| begins < ends + info.nominal_ns / 2);
        let (opens, unstable) = match window.vaectl.state {
            Some(State::Unstable) => (false, true),
            Some(State::Suspect) => (next.unstable, next.unstable),
            _ => (false, false),
        };
        reasons.push(match (opens, enters) {
            (true, _) => Some("before an incident"),
            (false, true) => Some(BEFORE_AN_ENTRY),
            (false, false) => None,
        });
        let entered = info.entered.is_some_and(|entered| entered > 0);
        *next = Next { unstable, entered: entered.then(|| ends.saturating_sub(info.duration_ns)) };
    }
    reasons.reverse();
    reasons
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{State, Timestamp, Window, WindowInfo, WindowMeta};

    use super::{BEFORE_AN_ENTRY, ahead};

    /// Windows of 5 s, by the second that they end at, whether a process entered, and the state.
    fn reasons(windows: &[(u64, bool, Option<State>)]) -> Vec<Option<&'static str>> {
        const SECOND: u64 = 1_000_000_000;
        let window = |&(at, entered, state): &(u64, bool, Option<State>)| {
            let info = WindowInfo {
                nominal_ns: 5 * SECOND,
                duration_ns: 5 * SECOND,
                entered: entered.then_some(1),
                ..WindowInfo::default()
            };
            let meta = WindowMeta { v: 1, window: info, run: Some("run".into()), job: None, state };
            Window::new(Timestamp::from_ns(at * SECOND), meta)
        };
        ahead(&windows.iter().map(window).collect::<Vec<_>>())
    }

    #[test]
    fn the_window_before_an_entry_is_left_out_and_no_other() {
        let entry = Some(BEFORE_AN_ENTRY);
        let windows = [(5, false, None), (10, false, None), (15, true, None), (20, false, None)];
        assert_eq!(reasons(&windows), [None, entry, None, None]);
        assert_eq!(reasons(&[(5, false, None), (20, true, None)]), [None, None], "others lay between");
    }

    #[test]
    fn suspicion_that_became_an_incident_is_left_out() {
        use State::{Stable, Suspect, Unstable};
        let states = [Suspect, Stable, Suspect, Suspect, Unstable, Suspect];
        let windows: Vec<_> = (1..).zip(states).map(|(at, state)| (5 * at, false, Some(state))).collect();
        let opens = Some("before an incident");
        assert_eq!(reasons(&windows), [None, None, opens, opens, None, None]);
    }
}
