//! `bench/run NAME [OPTION...]`: runs one bench and ends with one line of figures.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use vaectl_bench::{adaptive, attacks, census, churn, demo, duty, fifty, full, interrupt, publishing, score, train};

/// Each bench ends with one line of figures, and with 0 only where they reach what they have to
#[derive(Debug, Parser)]
#[command(name = "bench/run")]
enum Bench {
    /// What watching stable containers costs, against publishing all that they do
    Adaptive,
    /// What is found of attacks on five images, and what is falsely found
    Attacks(attacks::Options),
    /// What counting costs, in the kernel for each call and in the recorder for fifty containers
    Census,
    /// A thousand containers that live for a second: whether any is mixed up, missed or left behind
    Churn,
    /// `kill -9` at random moments, and what the server has in the end
    Crash {
        /// What the moments are drawn from
        #[arg(default_value_t = 1)]
        seed: u64,
    },
    /// The whole pipeline on real containers, with two attacks to find
    Demo(demo::Options),
    /// What counting calls in slices saves, and what it does not see
    Duty,
    /// Random fault schedules of a server, and what became of every line
    Faults {
        /// The first of the seeds that the schedules are drawn from
        #[arg(default_value_t = 0)]
        seed: u64,
    },
    /// Fifty containers, and what four publishers take for them
    Fifty(fifty::Options),
    /// Keeps the containers of `adaptive` and their load up, for whoever profiles
    Fleet {
        /// For so long
        seconds: u64,
    },
    /// How many events one core records, and whether it loses any
    Full,
    /// How many records of an incident a second `vaectl publish` takes on one core, and its memory
    Publish,
    /// How many windows a second one core judges, from bytes in to bytes out
    Score,
    /// What is falsely found in 72 container-hours in which nothing happens
    Soak(attacks::Archive),
    /// What a real server stores for a stable container-hour and for an event of an incident
    Storage {
        /// Prints what each field of each index takes
        #[arg(long)]
        fields: bool,
    },
    /// How long one core takes to train on 10,000 windows of 100 features
    Train,
}

impl Bench {
    fn run(&self) -> Result<ExitCode, Box<dyn Error>> {
        match self {
            Self::Adaptive => adaptive::run(),
            Self::Attacks(options) => attacks::run(options),
            Self::Census => census::run(),
            Self::Churn => churn::run(),
            Self::Crash { seed } => publishing::crash::run(*seed),
            Self::Demo(options) => demo::run(options),
            Self::Duty => duty::run(),
            Self::Faults { seed } => publishing::faults::run(*seed),
            Self::Fifty(options) => fifty::run(options),
            Self::Fleet { seconds } => adaptive::hold(Duration::from_secs(*seconds)),
            Self::Full => full::run(),
            Self::Publish => publishing::throughput::run(),
            Self::Score => score::run(),
            Self::Soak(archive) => attacks::soak(archive),
            Self::Storage { fields } => publishing::storage::run(*fields),
            Self::Train => train::run(),
        }
    }
}

fn main() -> ExitCode {
    let bench = Bench::parse();
    let name = std::env::args().nth(1).unwrap_or_default();
    match interrupt::install().map_err(Into::into).and_then(|()| bench.run()) {
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
