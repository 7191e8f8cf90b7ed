//! Episodes, and what each of them was about.

use vaectl_schemas::State;

use crate::series::{Event, Joined, Series};
use crate::truth::Class;

/// Windows after the end of an event in which an episode may still open about it: a decision takes two of three.
pub(crate) const GRACE: usize = 2;

/// A stretch of windows in which a container was out of its pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Episode {
    pub(crate) series: usize,
    /// Its first and its last window.
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) about: About,
}

/// What an episode was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The attack or the benign change of this index.
    Event(usize),
    /// Something that is left out.
    LeftOut,
    /// Nothing: it is false.
    Nothing,
}

/// How an attack ended for the one who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// This episode opened in it.
    Found(usize),
    /// No episode opened.
    Missed,
    /// An episode about an earlier attack was open throughout: none could open.
    Masked,
}

/// The episodes of all series, each with what it was about: an attack first, else a benign change.
pub(crate) fn episodes(joined: &Joined) -> Vec<Episode> {
    let mut episodes = Vec::new();
    for (at, series) in joined.series.iter().enumerate() {
        for (first, last) in stretches(series) {
            let covers = |event: &Event| {
                event.place.is_some_and(|(of, from, to)| of == at && from <= first && first <= to + GRACE)
            };
            let events = || joined.events.iter().enumerate().filter(|(_, event)| covers(event));
            // Of several the latest: the earlier ones had their chance.
            let attack = events().rfind(|(_, event)| event.label.class == Class::Attacked);
            let about = match attack.or_else(|| events().next_back()) {
                Some((event, _)) => About::Event(event),
                None if series.points[first].class == Class::LeftOut => About::LeftOut,
                None => About::Nothing,
            };
            episodes.push(Episode { series: at, first, last, about });
        }
    }
    episodes
}

/// Windows in a row that are unstable and of one incident.
fn stretches(series: &Series) -> Vec<(usize, usize)> {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for (at, point) in series.points.iter().enumerate().filter(|(_, point)| point.judged.state == State::Unstable) {
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == at && series.points[*last].judged.incident == point.judged.incident => {
                *last = at;
            }
            _ => stretches.push((at, at)),
        }
    }
    stretches
}

/// How the event of this index ended.
pub(crate) fn outcome(joined: &Joined, episodes: &[Episode], event: usize) -> Outcome {
    if let Some(found) = episodes.iter().position(|episode| episode.about == About::Event(event)) {
        return Outcome::Found(found);
    }
    let attack = |event: usize| joined.events[event].label.class == Class::Attacked;
    match open_throughout(joined, episodes, event).map(|episode| episode.about) {
        Some(About::Event(other)) if attack(other) => Outcome::Masked,
        _ => Outcome::Missed,
    }
}

/// The episode that was open before an event began and until it ended: none could open about it.
pub(crate) fn open_throughout<'e>(joined: &Joined, episodes: &'e [Episode], event: usize) -> Option<&'e Episode> {
    let (series, first, last) = joined.events[event].place?;
    episodes.iter().find(|episode| {
        episode.series == series
            && episode.about != About::Event(event)
            && episode.first <= first
            && episode.last >= last
    })
}

/// Calm time in which an episode would have been false: scored by an instance that knows its own offset, in no event nor so
/// soon after one that it could be about that, and in no episode, since while one is open none opens. In nanoseconds.
pub(crate) fn exposure(joined: &Joined, episodes: &[Episode]) -> u64 {
    let open = episodes.iter().map(|episode| (episode.series, episode.first, episode.last));
    let events = joined.events.iter().filter_map(|event| event.place);
    let busy: Vec<_> = events.map(|(of, first, last)| (of, first, last + GRACE)).chain(open).collect();
    let mut total = 0;
    for (at, series) in joined.series.iter().enumerate() {
        for (index, point) in series.points.iter().enumerate() {
            let is_busy = || busy.iter().any(|(of, first, last)| *of == at && (*first..=*last).contains(&index));
            let warm = point.judged.score.is_some() && point.judged.state != State::Warming;
            if point.class == Class::Calm && warm && !is_busy() {
                total += point.judged.duration_ns;
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::{About, Outcome, episodes, exposure, outcome};
    use crate::series::{Joined, join};
    use crate::tests::{SECOND, judged, span};
    use crate::truth::Truth;

    fn joined(states: &str, spans: &[String]) -> Joined {
        join(judged("a", states), &Truth::read(&spans.concat()).unwrap())
    }

    #[test]
    fn an_episode_is_about_the_attack_that_it_opens_in() {
        let joined = joined("...!!!...!!..", &[span("miner", 1, 2, 4)]);
        let episodes = episodes(&joined);
        let about: Vec<_> = episodes.iter().map(|episode| (episode.first, episode.about)).collect();
        assert_eq!(about, [(3, About::Event(0)), (9, About::Nothing)]);
        assert_eq!(outcome(&joined, &episodes, 0), Outcome::Found(0));
        // Thirteen windows less three of the attack, two after it, of which one is of its episode too, and two of the other one.
        assert_eq!(exposure(&joined, &episodes), 6 * 5 * SECOND);
    }

    #[test]
    fn an_alarm_that_was_there_before_finds_nothing() {
        let joined = joined("!!!!!!!!!!!!!", &[span("miner", 1, 5, 7)]);
        let episodes = episodes(&joined);
        assert_eq!(episodes[0].about, About::Nothing);
        assert_eq!(outcome(&joined, &episodes, 0), Outcome::Missed);
    }

    #[test]
    fn an_attack_within_the_episode_of_another_is_masked() {
        let joined = joined("..!!!!!!!!...", &[span("miner", 1, 1, 3), span("scan", 1, 6, 7)]);
        let episodes = episodes(&joined);
        assert_eq!(outcome(&joined, &episodes, 0), Outcome::Found(0));
        assert_eq!(outcome(&joined, &episodes, 1), Outcome::Masked);
    }

    #[test]
    fn an_attack_that_goes_on_when_the_episode_of_another_has_closed_is_missed() {
        let joined = joined("..!!!!!!.....", &[span("miner", 1, 1, 3), span("scan", 1, 6, 9)]);
        let episodes = episodes(&joined);
        assert_eq!(outcome(&joined, &episodes, 1), Outcome::Missed);
    }

    #[test]
    fn an_attack_of_an_instant_has_a_window() {
        let at = span("probe", 1, 4, 4).replace("03:00:25", "03:00:20");
        let joined = joined("....!!....", &[at]);
        let episodes = episodes(&joined);
        assert_eq!(outcome(&joined, &episodes, 0), Outcome::Found(0));
    }

    #[test]
    fn windows_of_an_instance_that_learns_its_offset_are_no_exposure() {
        let joined = joined("~~~...", &[]);
        assert_eq!(exposure(&joined, &episodes(&joined)), 3 * 5 * SECOND);
    }

    #[test]
    fn an_episode_may_open_two_windows_after_a_short_attack_and_not_three() {
        for (states, about) in [("....!!...", About::Event(0)), (".....!!...", About::Nothing)] {
            assert_eq!(episodes(&joined(states, &[span("probe", 1, 2, 2)]))[0].about, about, "{states}");
        }
    }

    #[test]
    fn benign_changes_and_what_is_left_out_make_no_episode_false() {
        let joined = joined("..!!...!!...", &[span("cron", 0, 1, 3), span("unclear", -1, 6, 8)]);
        let about: Vec<_> = episodes(&joined).iter().map(|episode| episode.about).collect();
        assert_eq!(about, [About::Event(0), About::LeftOut]);
    }

    #[test]
    fn windows_that_were_not_scored_are_no_exposure_and_find_nothing() {
        let joined = joined("----------", &[span("miner", 1, 2, 4)]);
        let episodes = episodes(&joined);
        assert_eq!((exposure(&joined, &episodes), outcome(&joined, &episodes, 0)), (0, Outcome::Missed));
    }
}
