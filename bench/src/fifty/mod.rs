//! `bench/run fifty [--quick] [--seeds N] [--results FOLDER]`: fifty containers, and what four publishers take for them.
//!
//! The publishers are a conventional one, one that this project did not write, and the adaptive stages without and with
//! the duty cycle; they and nobody take turns on one fleet under a fixed, seeded load. What is measured of a leg is kept
//! in `target/fifty/<form>`, and a second start of the same programs goes on with the legs that are missing.

mod alarms;
mod figures;
mod fleet;
mod growth;
mod hours;
mod incidents;
mod legs;
#[cfg(test)]
mod made_up;
mod neighbour;
mod overhead;
mod peer;
mod pictures;
mod plan;
mod proxy;
mod publishers;
mod report;
mod seed;
mod stable;
mod strike;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

pub use peer::missing;

use figures::Figures;
use hours::Hours;
use legs::{Legs, Stamp};
use overhead::Overhead;
use plan::Plan;
use seed::Seed;

use crate::adaptive::kernel::{self, UnitCosts};
use crate::error::Naming;
use crate::node::Node;
use crate::{Image, Progress, Workspace};

/// What a call and an event cost in the kernel.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Costs(UnitCosts);

/// The part of a file of figures that they are made of.
#[derive(Deserialize)]
struct Written {
    measured: Measured,
}

/// Everything that was measured.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    stamp: Stamp,
    plan: Plan,
    costs: Costs,
    seeds: Vec<Seed>,
    overhead: Vec<Overhead>,
    growth: Vec<growth::Size>,
}

impl Measured {
    fn figures(&self) -> Figures {
        Figures::of(&self.plan, &self.costs, &self.seeds, &self.overhead)
    }
}

/// What the user asked for.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// One seed without the duty cycle, in a quarter of an hour
    #[arg(long)]
    quick: bool,
    /// Five containers without the kernel's side, in five minutes
    #[arg(long, conflicts_with = "quick")]
    smoke: bool,
    /// How many seeds are measured, each with a fleet and attacks of its own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    /// Writes the report of such a file of figures anew, and measures nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "smoke", "seeds"])]
    report: Option<PathBuf>,
    /// Where the report, its figures and its pictures go
    #[arg(long, value_name = "FOLDER", default_value = env!("CARGO_MANIFEST_DIR"), hide_default_value = true)]
    results: PathBuf,
}

impl Options {
    fn plan(&self) -> Plan {
        let plan = match self {
            Self { smoke: true, .. } => Plan::smoke(),
            Self { quick: true, .. } => Plan::quick(),
            _ => Plan::full(),
        };
        let seeds = self.seeds.map_or_else(|| plan.seeds.clone(), |number| (1..=number).collect());
        Plan { seeds, ..plan }
    }
}

/// Runs the bench; fails where a goal is missed.
pub fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let measured = if let Some(path) = &options.report {
        Some(serde_json::from_slice::<Written>(&fs::read(path).naming("read", path)?)?.measured)
    } else {
        let plan = options.plan();
        measure(&plan, &crate::target().join("fifty").join(&plan.form))?
    };
    let Some(measured) = measured else {
        println!("bench fifty: skipped=no_jdk");
        return Ok(ExitCode::SUCCESS);
    };
    let figures = measured.figures();
    let text = report::text(&measured, &figures);
    print!("{text}");
    report::write_all(&measured, &figures, &text, &options.results)?;
    println!("{figures}");
    Ok(if figures.reached() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Ratios that hold on any machine.
#[derive(Clone, Copy, Debug)]
pub struct Ratios {
    /// CPU of the conventional publisher's processes an event, times 10,000, over that of the adaptive one's a second.
    pub user: f64,
    /// Bytes on the connection.
    pub network: f64,
    /// Bytes on the disk of the server.
    pub storage: f64,
    /// Documents a second of the conventional publisher and of the peer.
    pub documents: [f64; 2],
    /// The least of the phases with attacks, of two.
    pub attacks_found: usize,
    /// The share of what the injector made that incidents tell of.
    pub coverage: f64,
}

/// The smallest form in a folder of its own; `None` where there is no server to publish to.
pub fn smoke(folder: &Path) -> Result<Option<Ratios>, Box<dyn Error>> {
    Ok(measure(&Plan::smoke(), folder)?.map(|measured| measured.figures().ratios()))
}

/// Measures what is not measured yet; `None` where there is no server to publish to.
fn measure(plan: &Plan, folder: &Path) -> Result<Option<Measured>, Box<dyn Error>> {
    let progress = Progress::default();
    if let Some(part) = peer::missing() {
        return Err(format!("{part} is not there: run `make packages` as root").into());
    }
    let stamp = Stamp::of(plan)?;
    let legs = Legs::new(folder, &stamp, progress)?;
    let Some(node) = Node::roomy() else { return Ok(None) };
    let measured = || {
        let workspace = Workspace::new("fifty")?;
        let probe = Image::build("probe", workspace.path())?;
        Ok(Costs(kernel::measure(&probe, plan.cost_rounds, &workspace, progress)?))
    };
    let costs = if plan.cost_rounds > 0 { legs.leg("costs", measured)? } else { Costs(UnitCosts::UNKNOWN) };
    println!("kernel: {}", costs.0);
    let models = legs.leg("training", || seed::train(plan, legs.folder(), progress))?;
    let mut seeds = Vec::new();
    for seed in &plan.seeds {
        seeds.push(legs.leg(&format!("seed-{seed}"), || Seed::run(plan, *seed, &node, &models, progress))?);
    }
    let mut overhead = Vec::new();
    if plan.turns > 0 {
        overhead = legs.leg("overhead", || overhead::measure(plan, &node, &models, progress))?;
    }
    let mut growth = Vec::new();
    for size in &plan.growth {
        let name = format!("growth-{}-{}", size.0, (size.1 * 100.0).round());
        growth.push(legs.leg(&name, || growth::measure(plan, *size, progress))?);
    }
    Ok(Some(Measured { stamp, plan: plan.clone(), costs, seeds, overhead, growth }))
}
