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
use std::path::Path;
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
use crate::node::Node;
use crate::{Image, Progress, Workspace};

/// What a call and an event cost in the kernel.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Costs(UnitCosts);

/// Everything that was measured.
#[derive(Debug, Serialize)]
struct Measured {
    stamp: Stamp,
    plan: Plan,
    costs: Costs,
    seeds: Vec<Seed>,
    overhead: Vec<Overhead>,
    growth: Vec<growth::Size>,
}

/// Runs the bench; fails where a goal is missed.
pub fn run(args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let (mut plan, mut results) = (Plan::full(), Path::new(env!("CARGO_MANIFEST_DIR")).to_owned());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => plan = Plan::quick(),
            "--smoke" => plan = Plan::smoke(),
            "--seeds" => {
                let number =
                    args.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).ok_or("--seeds takes a number")?;
                plan.seeds = (1..=number).collect();
            }
            "--results" => results = args.next().ok_or("--results takes a folder")?.into(),
            other => {
                return Err(
                    format!("bench fifty takes --quick, --seeds N and --results FOLDER, and got {other}").into()
                );
            }
        }
    }
    let folder = crate::target().join("fifty").join(plan.form);
    let Some(figures) = compare(&plan, &folder, Some(&results))? else {
        println!("bench fifty: skipped=no_jdk");
        return Ok(ExitCode::SUCCESS);
    };
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
    Ok(compare(&Plan::smoke(), folder, None)?.map(|figures| figures.ratios()))
}

/// Measures what is not measured yet, and writes the results where they are wanted.
fn compare(plan: &Plan, folder: &Path, results: Option<&Path>) -> Result<Option<Figures>, Box<dyn Error>> {
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
    let figures = Figures::of(plan, &costs, &seeds, &overhead);
    let measured = Measured { stamp, plan: plan.clone(), costs, seeds, overhead, growth };
    let text = report::text(&measured, &figures);
    print!("{text}");
    if let Some(results) = results {
        report::write_all(&measured, &figures, &text, results)?;
    }
    Ok(Some(figures))
}
