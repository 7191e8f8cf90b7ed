//! What the gate needs of a model, so that its rules are tested against a scripted one.

use std::sync::Arc;

use vaectl_schemas::{Grade, ModelMatch, Window};

use crate::model::{Calibration, Explanation};
use crate::{Judgement, Keys, Model, ModelError, ModelFolder, Unscorable};

/// One model.
pub(crate) trait Judge: Send + Sync {
    /// Judges windows that are scorable, appending one judgement each, in order; one at a time gives the same bytes as all at once.
    fn judge(&self, windows: &[&Window<'_>], out: &mut Vec<Judgement>);
    /// Whether it can say anything of a window.
    fn scorable(&self, window: &Window<'_>) -> Result<(), Unscorable>;
    /// The chance of a score as high in a calm window.
    fn p_value(&self, score: f64) -> f64;
    /// Why a window that it judged stands out.
    fn explain(&self, window: &Window<'_>, judgement: &Judgement) -> Explanation;
    /// What it is.
    fn about(&self) -> About<'_>;
}

/// What a model says of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) key: &'a str,
    pub(crate) hash: &'a str,
    pub(crate) name: &'a str,
    pub(crate) grade: Grade,
    pub(crate) calibration: &'a Calibration,
}

/// A model, and how well it fits.
pub(crate) type Found = (Arc<dyn Judge>, ModelMatch);

/// All models.
pub(crate) trait Library: Send {
    /// The best for a container.
    fn find(&self, keys: &Keys) -> Option<Found>;
    /// Reads them again; what cannot be read is reported, and what was good stays.
    fn reload(&mut self) -> Vec<ModelError>;
}

impl Judge for Model {
    fn judge(&self, windows: &[&Window<'_>], out: &mut Vec<Judgement>) {
        Model::judge(self, windows, out);
    }

    fn scorable(&self, window: &Window<'_>) -> Result<(), Unscorable> {
        Model::scorable(self, window)
    }

    fn p_value(&self, score: f64) -> f64 {
        Model::p_value(self, score)
    }

    fn explain(&self, window: &Window<'_>, judgement: &Judgement) -> Explanation {
        Model::explain(self, window, judgement)
    }

    fn about(&self) -> About<'_> {
        About {
            key: self.key(),
            hash: self.hash(),
            name: self.name(),
            grade: self.grade(),
            calibration: self.calibration(),
        }
    }
}

impl Library for ModelFolder {
    fn find(&self, keys: &Keys) -> Option<Found> {
        ModelFolder::find(self, keys).map(|(model, matched)| (model as Arc<dyn Judge>, matched))
    }

    fn reload(&mut self) -> Vec<ModelError> {
        ModelFolder::reload(self)
    }
}
