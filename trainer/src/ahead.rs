//! What the windows after it say against a window.

use std::collections::HashMap;

use vaectl_schemas::{State, Window};

use crate::intake::{is_part, run_of};

/// What comes next in a run.
#[derive(Clone, Copy, Default)]
struct Next {
    /// An episode, with nothing but suspicion before it.
    unstable: bool,
    /// The window in which a process entered, by when it began.
    entered: Option<u64>,
    /// A part with which the run ends.
    ends: bool,
}

/// With such a window the suspicion began that became an incident.
pub(crate) const BEFORE_AN_INCIDENT: &str = "before an incident";
/// Such a window may have a process's set-up in it.
pub(crate) const BEFORE_AN_ENTRY: &str = "before an entry";
/// Such a window may have most of what a service does when it is stopped in it.
pub(crate) const BEFORE_THE_END: &str = "before the end";

/// Why windows, in the order of time, are not trained on, by what comes after them: an incident opened with them, a
/// process entered in the next one, or the run ends there. Engines set a process up in the cgroup before it is executed,
/// which is what marks a window as entered: the set-up may lie in the one before.
pub(crate) fn ahead(windows: &[Window<'_>]) -> Vec<Option<&'static str>> {
    let mut ahead: HashMap<&str, Next> = HashMap::new();
    let mut reasons: Vec<Option<&'static str>> = Vec::with_capacity(windows.len());
    for window in windows.iter().rev() {
        let (info, until) = (&window.vaectl.window, window.timestamp.as_ns());
        let known = ahead.get(run_of(window)).copied();
        let next = known.unwrap_or_default();
        // One that was thinned out in between was longer than half a window.
        let enters = next.entered.is_some_and(|begins| begins < until + info.nominal_ns / 2);
        let (opens, unstable) = match window.vaectl.state {
            Some(State::Unstable) => (false, true),
            Some(State::Suspect) => (next.unstable, next.unstable),
            _ => (false, false),
        };
        // The end before an entry: only of the latter some windows are taken back.
        let whys =
            [(opens, BEFORE_AN_INCIDENT), (next.ends && !is_part(window), BEFORE_THE_END), (enters, BEFORE_AN_ENTRY)];
        reasons.push(whys.into_iter().find(|(holds, _)| *holds).map(|(_, why)| why));
        let entered = info.entered.is_some_and(|entered| entered > 0);
        let this = Next {
            unstable,
            entered: entered.then(|| until.saturating_sub(info.duration_ns)),
            ends: known.is_none() && is_part(window),
        };
        ahead.insert(run_of(window), this);
    }
    reasons.reverse();
    reasons
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{State, Timestamp, Window, WindowInfo, WindowMeta};

    use super::{BEFORE_AN_ENTRY, BEFORE_THE_END, ahead};

    const SECOND: u64 = 1_000_000_000;

    /// Windows of 5 s, by the second that they end at, whether a process entered, and the state.
    fn reasons(windows: &[(u64, bool, Option<State>)]) -> Vec<Option<&'static str>> {
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
    fn the_last_whole_window_of_a_run_that_ends_in_a_part_is_left_out() {
        let run = |lengths: &[u64]| {
            let mut at = 0;
            let window = |&seconds: &u64| {
                at += seconds * SECOND;
                let info =
                    WindowInfo { nominal_ns: 5 * SECOND, duration_ns: seconds * SECOND, ..WindowInfo::default() };
                let meta = WindowMeta { v: 1, window: info, run: Some("run".into()), job: None, state: None };
                Window::new(Timestamp::from_ns(at), meta)
            };
            ahead(&lengths.iter().map(window).collect::<Vec<_>>())
        };
        assert_eq!(run(&[1, 5, 5, 1]), [None, None, Some(BEFORE_THE_END), None]);
        assert_eq!(run(&[1, 5, 5]), [None; 3], "it goes on");
        assert_eq!(run(&[1, 1]), [None; 2], "parts are all that there is of it");
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
