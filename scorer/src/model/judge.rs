//! A loaded model, and what it makes of windows.

use std::fs;
use std::path::Path;

use vaectl_schemas::{Attribution, Grade, ScoreParts, Window};

use super::attribution::{Carried, Scored};
use super::calibration::Calibration;
use super::card::Card;
use super::ensemble::{Ensemble, excess};
use super::error::ModelError;
use super::featuriser::Featuriser;
use super::file::{Content, content_hash};
use super::network::Bound;
use super::novelty::{self, Novelty};
use super::reason::sentence;

/// A model in memory, ready to judge.
#[derive(Debug)]
pub struct Model {
    hash: String,
    content: Content,
    featuriser: Featuriser,
}

/// What a model makes of one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Spreads of calibration windows above their median.
    pub score: f64,
    /// The bound's two parts, in nats, before calibration.
    pub parts: ScoreParts,
    /// The chance of a score as high in a calm window.
    pub p_value: f64,
    /// What training never saw.
    pub novelties: Vec<Novelty>,
}

/// Why a window stands out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// What is new, without a range, and the features that carry the score.
    pub attributions: Vec<Attribution>,
    /// How many features, those with the largest shares, must be put out of sight for the rest of the window to be
    /// within the threshold.
    pub fewest: Option<usize>,
    /// One sentence for a person; empty where nothing stands out.
    pub reason: String,
}

/// Why a window has no score under a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unscorable {
    /// The start or the end of a container that outlives a window is no pattern of its work.
    #[error("the container, or its recording, began or ended in this window")]
    Edge,
    /// It covers less than half of its nominal length.
    #[error("the window covers {} s of {}: too little to score", seconds(*.duration_ns), seconds(*.nominal_ns))]
    Part {
        /// Its measured length.
        duration_ns: u64,
        /// Its nominal length.
        nominal_ns: u64,
    },
    /// The model is of windows of another length: its spreads and its calibration say nothing about these.
    #[error(
        "its windows are of {model} s and these of {} s: record with --window {model}s, or train on these",
        seconds(*.window_ns), model = seconds(*.model_ns)
    )]
    Length {
        /// The window's nominal length.
        window_ns: u64,
        /// The model's.
        model_ns: u64,
    },
    /// It has none of the model's features.
    #[error("the window has none of the model's features")]
    Features,
}

/// Nanoseconds as seconds, to a hundredth.
fn seconds(ns: u64) -> f64 {
    (ns as f64 / 1e7).round() / 100.0
}

impl Model {
    /// Loads a model file. Its name must be the hash of its content.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let bytes = fs::read(path).map_err(ModelError::io("read", path))?;
        if bytes.is_empty() {
            return Err(ModelError::Empty { path: path.into() });
        }
        let hash = content_hash(&bytes);
        if path.file_stem().is_none_or(|stem| stem != hash.as_str()) {
            return Err(ModelError::Hash { path: path.into(), found: hash });
        }
        let content = Content::from_bytes(&bytes).map_err(|why| ModelError::Content { path: path.into(), why })?;
        Ok(Self::new(hash, content))
    }

    /// A model of this content, under this hash.
    #[must_use]
    pub fn new(hash: String, content: Content) -> Self {
        let featuriser = Featuriser::new(content.card.features.clone(), &content.card.seen);
        Self { hash, content, featuriser }
    }

    /// All that is known about it.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.content.card
    }

    /// What it is a model of.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.content.card.key
    }

    /// Which version of it.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// How much it has seen.
    #[must_use]
    pub fn grade(&self) -> Grade {
        self.content.card.grade
    }

    /// What a person calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.content.card.name
    }

    /// The nominal length of its windows.
    #[must_use]
    pub fn nominal_ns(&self) -> u64 {
        self.content.card.nominal_ns
    }

    /// Its networks.
    #[must_use]
    pub fn ensemble(&self) -> &Ensemble {
        &self.content.ensemble
    }

    /// How its scores are read.
    #[must_use]
    pub fn calibration(&self) -> &Calibration {
        &self.content.card.calibration
    }

    /// The chance of a score as high in a calm window, never below what its calibration can claim.
    #[must_use]
    pub fn p_value(&self, score: f64) -> f64 {
        self.calibration().p_value(&self.content.scores, score)
    }

    /// Whether a window can be scored. Merged windows can, and parts under a model of containers that live shorter than
    /// a window: their counts are taken by their real length.
    pub fn scorable(&self, window: &Window<'_>) -> Result<(), Unscorable> {
        let info = &window.vaectl.window;
        let (duration_ns, nominal_ns, model_ns) = (info.duration_ns, info.nominal_ns, self.nominal_ns());
        let parts = self.content.card.parts;
        if info.part && !parts {
            return Err(Unscorable::Edge);
        }
        if duration_ns == 0 || duration_ns.saturating_mul(2) < nominal_ns && !parts {
            return Err(Unscorable::Part { duration_ns, nominal_ns });
        }
        if nominal_ns != model_ns {
            return Err(Unscorable::Length { window_ns: nominal_ns, model_ns });
        }
        if self.featuriser.applies(window) { Ok(()) } else { Err(Unscorable::Features) }
    }

    /// Judges windows that are [scorable](Self::scorable), in order, appending to `out`.
    ///
    /// A window's judgement does not depend on the others.
    pub fn judge(&self, windows: &[&Window<'_>], out: &mut Vec<Judgement>) {
        let rows = self.featuriser.rows(windows.iter().copied());
        let bounds = self.content.ensemble.bounds(&rows);
        out.extend(
            windows
                .iter()
                .zip(rows.rows())
                .zip(bounds)
                .map(|((window, row), bound)| self.judgement(window, row, bound)),
        );
    }

    fn judgement(&self, window: &Window<'_>, row: &[f32], bound: Bound) -> Judgement {
        let Content { card, usual, .. } = &self.content;
        let score = card.calibration.score(excess(bound, row, usual));
        let mut novelties = Vec::new();
        novelty::find((&card.seen, &card.newcomers), &self.featuriser, window, &mut novelties);
        Judgement {
            score,
            parts: ScoreParts { reconstruction: bound.reconstruction, latent: bound.latent },
            p_value: self.p_value(score),
            novelties,
        }
    }

    /// Says why a judged window stands out.
    #[must_use]
    pub fn explain(&self, window: &Window<'_>, judgement: &Judgement) -> Explanation {
        let Content { card, ensemble, usual, .. } = &self.content;
        let rows = self.featuriser.rows([window]);
        let calibration = &card.calibration;
        let scored = Scored { featuriser: &self.featuriser, ensemble, usual, row: rows.row(0) };
        let latent = judgement.parts.latent - calibration.latent;
        // What an instance took off the score, it takes off here too.
        let limit = if judgement.score > calibration.threshold { calibration.threshold } else { calibration.suspect };
        let ScoreParts { reconstruction, latent: divergence } = judgement.parts;
        let beyond = excess(Bound { reconstruction, latent: divergence }, rows.row(0), usual);
        let limit = beyond - (judgement.score - limit) * calibration.spread;
        let carried = Carried::of(scored, window, latent, limit);
        let seconds = window.vaectl.window.duration_ns as f64 / 1e9;
        Explanation {
            reason: sentence(&carried.known, carried.fewest, &judgement.novelties, self.name(), seconds),
            fewest: carried.fewest,
            attributions: carried.named(&judgement.novelties),
        }
    }
}
