//! A container's hour.

use vaectl_schemas::{EventFields, Summary, SummaryInfo, Timestamp, VERSION, VerdictInfo, derived_id};

use crate::context::Context;
use crate::instance::{Hour, Instance};

const HOUR_NS: u64 = 3_600_000_000_000;

/// The hour of line time that an instant is in.
pub(crate) fn hour(at: Timestamp) -> u64 {
    at.as_ns() / HOUR_NS
}

impl Hour {
    /// Takes one verdict in.
    pub(crate) fn count(&mut self, verdict: &VerdictInfo, at: Timestamp, window: &str) {
        self.windows += 1;
        *self.states.entry(verdict.state).or_default() += 1;
        self.transitions += u64::from(verdict.transition);
        self.score_max = self.score_max.into_iter().chain(verdict.score).reduce(f64::max);
        self.p_value_min = self.p_value_min.into_iter().chain(verdict.p_value).reduce(f64::min);
        self.to = at;
        match &mut self.ids {
            Some([_, last]) => window.clone_into(last),
            none => {
                *none = Some([window.to_owned(), window.to_owned()]);
                self.number = Some(hour(at));
                self.from = Timestamp::from_ns(at.as_ns().saturating_sub(verdict.duration_ns.unwrap_or(0)));
            }
        }
    }
}

/// Writes the summary of what was counted since the last one, if that was anything, and begins anew.
pub(crate) fn write(instance: &mut Instance, context: &mut Context, out: &mut Vec<u8>) {
    let Some([first, last]) = instance.hour.ids.take() else { return };
    let hour = std::mem::take(&mut instance.hour);
    let info = SummaryInfo {
        v: VERSION,
        run: instance.run.clone(),
        state: instance.machine.state(),
        from: hour.from,
        windows: hour.windows,
        states: hour.states,
        transitions: hour.transitions,
        events: hour.events,
        published: hour.published,
        score_max: hour.score_max,
        p_value_min: hour.p_value_min,
    };
    let mut line = Summary::new(hour.to, info);
    line.event = EventFields {
        kind: Some("metric".into()),
        dataset: Some("vaectl.summary".into()),
        id: Some(derived_id("summary", [first.as_str(), &last]).into()),
        start: Some(hour.from),
        end: Some(hour.to),
        ..EventFields::default()
    };
    line.host.clone_from(&instance.host);
    line.container = Some(instance.container.clone());
    context.write(&line, out);
}

#[cfg(test)]
mod tests {
    use vaectl_schemas::{State, Timestamp, VerdictInfo};

    use super::Hour;

    #[test]
    fn an_hour_keeps_its_extremes_and_its_ends() {
        let mut hour = Hour::default();
        for (i, score) in [Some(2.0), None, Some(5.0), Some(-1.0)].into_iter().enumerate() {
            let verdict = VerdictInfo {
                state: if i < 3 { State::Stable } else { State::Suspect },
                transition: i == 3,
                score,
                p_value: score.map(|s| 0.1 / (s + 3.0)),
                duration_ns: Some(5),
                ..VerdictInfo::default()
            };
            hour.count(&verdict, Timestamp::from_ns(10 + i as u64), &format!("w{i}"));
        }
        assert_eq!((hour.windows, hour.transitions, hour.score_max), (4, 1, Some(5.0)));
        assert_eq!(hour.p_value_min, Some(0.1 / 8.0));
        assert_eq!(hour.ids, Some(["w0".to_owned(), "w3".to_owned()]));
        assert_eq!((hour.from.as_ns(), hour.to.as_ns()), (5, 13));
        assert_eq!(hour.states.into_iter().collect::<Vec<_>>(), [(State::Stable, 3), (State::Suspect, 1)]);
    }
}
