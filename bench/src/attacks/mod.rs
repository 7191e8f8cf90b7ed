//! `bench/run attacks [--recording FOLDER]`: trains on a recording, scores its attacked part, and compares with its truth.
//!
//! A recording is a folder with `train.ndjson.zst`, `live.ndjson.zst` and `scene.json`; without one, it is that of the
//! demo, which is shipped. Nothing is started: the same recording and version give the same figures.

mod judge;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

pub use judge::{Judged, judge};

use crate::Workspace;

/// Runs the bench; fails where an attack was missed or an episode was false.
pub fn run(args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let recording = match args {
        [] => crate::demo::shipped(),
        [option, folder] if option == "--recording" => PathBuf::from(folder),
        _ => return Err("bench attacks takes --recording FOLDER, or nothing".into()),
    };
    let models = Workspace::new("bench-attacks")?;
    let judged = judge(&recording, models.path())?;
    print!("{}", judged.report);
    println!("{}", judged.line());
    Ok(if judged.is_perfect() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
