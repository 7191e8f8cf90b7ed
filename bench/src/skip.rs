//! Tests that cannot run on a machine: named, and counted.

use std::fs::OpenOptions;
use std::io::Write;

/// Says that a test cannot run here, and leaves its name for the end of `make test`.
pub fn skip(name: &str, why: &str) {
    eprintln!("skipped: {name}: {why}");
    if let Some(path) = std::env::var_os("VAECTL_SKIPPED") {
        let file = OpenOptions::new().append(true).create(true).open(&path);
        if let Err(error) = file.and_then(|mut file| writeln!(file, "skipped: {name}: {why}")) {
            eprintln!("The skipped test {name} was not counted in {}: {error}", path.display());
        }
    }
}
