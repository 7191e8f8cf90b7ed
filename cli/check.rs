use crate::context::Context;
use crate::error::{Exit, Failure};

/// Say what this host can and cannot do, and why.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn execute(_args: &Args, _context: Context) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
