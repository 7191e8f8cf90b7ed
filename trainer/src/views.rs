//! Which views of its windows a model has: level, composition, or both.

use vaectl_schemas::Window;
use vaectl_scorer::model::{Ensemble, Feature, Featuriser, Fit, Model, Network, Seen, View, Views};

use crate::config::Config;
use crate::disturbance::{disturb, figures};
use crate::fit::{fit, noise};
use crate::random::Random;

/// Windows of training runs: to fit to, and to stop and choose by.
#[derive(Clone, Copy)]
pub(crate) struct Teaching<'a> {
    pub(crate) taught: &'a [&'a Window<'static>],
    pub(crate) held_out: &'a [&'a Window<'static>],
}

/// How to fit: the settings, and the model to start from, if any.
pub(crate) type Start<'a> = (&'a Config, Option<&'a Model>);

/// A choice of views, with the network of the first seed under it.
pub(crate) struct Candidate {
    pub(crate) views: Views,
    pub(crate) features: Vec<Feature>,
    pub(crate) network: Network,
    pub(crate) fit: Fit,
    /// Of disturbed windows against held-out ones: the highest of these, an odd one, would decide a recall.
    auroc: f64,
}

/// How much larger the area of fewer views must be: what looks alike on a few windows is decided by having both.
const GAIN: f64 = 0.01;

/// Fits a network for each choice of views and takes the one that tells held-out windows from the same ones disturbed.
pub(crate) fn choose(
    start: Start<'_>,
    features: &[Feature],
    seen: &Seen,
    teaching: Teaching<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Candidate {
    let those_of = |views: Views| -> Vec<Feature> {
        features.iter().filter(|feature| views.have(feature.view)).cloned().collect()
    };
    if start.0.without.composition {
        return candidate(start, Views::Level, those_of(Views::Level), seen, teaching, progress);
    }
    let mut chosen = candidate(start, Views::Both, features.to_vec(), seen, teaching, progress);
    for views in [Views::Level, Views::Composition] {
        let some = those_of(views);
        if some.len() == features.len() || some.iter().all(|feature| feature.view == View::Unseen) {
            continue;
        }
        let other = candidate(start, views, some, seen, teaching, progress);
        if other.auroc > chosen.auroc + GAIN {
            chosen = other;
        }
    }
    chosen
}

fn candidate(
    start: Start<'_>,
    views: Views,
    features: Vec<Feature>,
    seen: &Seen,
    teaching: Teaching<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Candidate {
    let featuriser = Featuriser::new(features, seen);
    let rows = |windows: &[&Window<'static>]| featuriser.rows(windows.iter().copied());
    let (taught, held_out) = (rows(teaching.taught), rows(teaching.held_out));
    let config = start.0;
    let first = config.seeds[0];
    let (network, fit) = fit(start, featuriser.features(), (&taught, &held_out), first, progress);
    let draws = noise(first, config.draws, network.latents());
    let ensemble = Ensemble { networks: vec![network], draws, latent: !config.without.latent };
    let mut random = Random::new(first);
    let disturbed: Vec<Window<'static>> = teaching.held_out.iter().map(|window| disturb(window, &mut random)).collect();
    let disturbed = rows(&disturbed.iter().collect::<Vec<_>>());
    let usual = ensemble.usual_costs(&held_out);
    let auroc = figures(&ensemble.excesses(&held_out, &usual), &ensemble.excesses(&disturbed, &usual)).auroc;
    let network = ensemble.networks.into_iter().next().expect("one was put in");
    Candidate { views, features: featuriser.features().to_vec(), network, fit, auroc }
}
