//! Lines into what figures need of them: verdicts, and the windows beside them.

use std::io::BufRead;

use vaectl_schemas::{Kind, KindError, LineReader, State, Verdict, Window, peek};
use vaectl_scorer::window_id;

use crate::error::EvalError;
use crate::sample::Sample;

/// What one window was judged to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    /// The window.
    pub(crate) id: String,
    /// Its end, in nanoseconds since the epoch.
    pub(crate) at: u64,
    pub(crate) duration_ns: u64,
    pub(crate) container: String,
    pub(crate) name: Option<String>,
    pub(crate) run: String,
    pub(crate) score: Option<f64>,
    pub(crate) threshold: Option<f64>,
    pub(crate) state: State,
    pub(crate) incident: Option<String>,
    /// The features that were given as reasons, the first ones first.
    pub(crate) reasons: Vec<String>,
    /// Key and hash of the model.
    pub(crate) model: Option<(String, String)>,
}

/// Reasons that are looked at.
const REASONS: usize = 3;

/// All that was read.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) judged: Vec<Judged>,
    /// Windows, where they are wanted.
    pub(crate) windows: Option<Sample>,
    pub(crate) lines: u64,
    pub(crate) malformed: u64,
}

impl Intake {
    /// Nothing yet, and room for a sample of windows where one is given.
    pub(crate) fn new(windows: Option<Sample>) -> Self {
        Self { judged: Vec::new(), windows, lines: 0, malformed: 0 }
    }

    /// Reads one input; lines of other types are passed over.
    pub(crate) fn read(&mut self, input: impl BufRead, max: usize) -> Result<(), EvalError> {
        let mut reader = LineReader::new(input, max);
        while let Some(line) = reader.next_line()? {
            self.lines += 1;
            let taken = line.oversized.is_none()
                && match peek(line.bytes) {
                    Ok(Kind::Verdict) => serde_json::from_slice(line.bytes).is_ok_and(|verdict| self.judge(&verdict)),
                    Ok(Kind::Window) => self.windows.as_mut().is_none_or(|sample| {
                        serde_json::from_slice::<Window<'static>>(line.bytes).is_ok_and(|window| {
                            sample.offer(window_id(&window), window);
                            true
                        })
                    }),
                    Ok(_) | Err(KindError::Unknown(_)) => true,
                    Err(_) => false,
                };
            self.malformed += u64::from(!taken);
        }
        Ok(())
    }

    /// Takes a verdict in, which must be of a window.
    fn judge(&mut self, verdict: &Verdict<'_>) -> bool {
        let info = &verdict.vaectl;
        let own = verdict.event.id.as_deref().map(str::to_owned);
        let Some(id) = info.window.clone().or(own) else { return false };
        let container = verdict.container.as_ref();
        let name = container.and_then(|container| container.name.as_deref());
        let container = container.and_then(|container| container.id.as_deref()).or(name).unwrap_or_default().to_owned();
        self.judged.push(Judged {
            id,
            at: verdict.timestamp.as_ns(),
            duration_ns: info.duration_ns.unwrap_or_default(),
            name: name.map(str::to_owned),
            run: info.run.clone().unwrap_or_else(|| container.clone()),
            container,
            score: info.score.filter(|score| score.is_finite()),
            threshold: info.threshold,
            state: info.state,
            incident: info.incident.clone(),
            reasons: info.attributions.iter().take(REASONS).map(|reason| reason.feature.clone()).collect(),
            model: info.model.as_ref().map(|model| (model.key.clone(), model.hash.clone())),
        });
        true
    }
}
