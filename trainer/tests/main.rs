//! From synthetic lines to model files and judgements.

mod contamination;
mod files;
mod judgements;
mod support;
