//! Verdicts and a truth into figures: how much was found, how soon, why, and at what price.
//!
//! Windows are ranked without a threshold; events and episodes are counted at the one that was in use. There is no
//! point-adjusted figure and no threshold that was chosen with the truth in hand: both flatter any detector.

mod baselines;
mod bootstrap;
mod comparison;
mod config;
mod episode;
mod error;
mod evaluate;
mod intake;
mod pictures;
mod poisson;
mod report;
mod sample;
mod series;
mod shortfall;
#[cfg(test)]
mod tests;
mod truth;

pub use comparison::{Bar, Method};
pub use config::Config;
pub use error::EvalError;
pub use evaluate::{Evaluation, evaluate};
pub use report::{Changes, Delays, Estimate, EventReport, FalseEpisodes, Found, Report, Share, WindowCounts};
pub use shortfall::{Lost, Shortfall};
pub use truth::Truth;
