use crate::context::Context;
use crate::error::{Exit, Failure};

/// Learn a model for every image from its containers' windows.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn execute(_args: Args, _context: Context) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Model, "this build has no trainer"))
}
