//! `bench/run NAME [OPTION...]`: runs one bench and ends with one line of figures.

use std::error::Error;
use std::process::ExitCode;

use vaectl_bench::interrupt;

type Bench = fn(&[String]) -> Result<ExitCode, Box<dyn Error>>;

const BENCHES: &[(&str, Bench)] = &[
    ("adaptive", vaectl_bench::adaptive::run),
    ("attacks", vaectl_bench::attacks::run),
    ("census", vaectl_bench::census::run),
    ("churn", vaectl_bench::churn::run),
    ("crash", vaectl_bench::publishing::crash::run),
    ("demo", vaectl_bench::demo::run),
    ("duty", vaectl_bench::duty::run),
    ("faults", vaectl_bench::publishing::faults::run),
    ("fleet", vaectl_bench::adaptive::hold),
    ("fifty", vaectl_bench::fifty::run),
    ("full", vaectl_bench::full::run),
    ("publish", vaectl_bench::publishing::throughput::run),
    ("score", vaectl_bench::score::run),
    ("soak", vaectl_bench::attacks::soak),
    ("storage", vaectl_bench::publishing::storage::run),
    ("train", vaectl_bench::train::run),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, run)) = BENCHES.iter().find(|(name, _)| args.first().is_some_and(|arg| arg == name)) else {
        let names: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        eprintln!("usage: bench/run NAME [OPTION...]\nnames: {}", names.join(" "));
        return ExitCode::from(2);
    };
    match interrupt::install().map_err(Into::into).and_then(|()| run(&args[1..])) {
        Ok(code) => code,
        // A signal to the whole group ends commands of the harness too, and these fail first.
        Err(_) if interrupt::check().is_err() => {
            eprintln!("bench {name}: interrupted, and nothing was left running");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("bench {name}: {error}");
            ExitCode::from(3)
        }
    }
}
