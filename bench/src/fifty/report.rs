//! `RESULTS.md`, the numbers behind it, and its pictures.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::figures::Figures;
use super::publishers::Publisher;
use super::{Measured, neighbour, pictures};
use crate::error::Naming;

/// What the figures are, what they are made of, and what was not measured.
pub(super) fn text(measured: &Measured, figures: &Figures) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, measured, figures);
    text
}

fn write(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    let plan = &measured.plan;
    let blocks = plan.seeds.len() * plan.rounds;
    writeln!(out, "# {} containers and their publishers: {} form\n", plan.containers, plan.form)?;
    writeln!(out, "    {figures}\n")?;
    writeln!(
        out,
        "The load makes {:.0} events and {:.0} system calls a second ({:.0} events of each container, {:.1} calls an \
         event). Windows of {} s; models of {} s, in {:.0} % of which somebody outside the containers took a core; \
         {blocks} blocks of {} s of each publisher, taken in turn on one fleet a seed ({} seeds).\n",
        figures.events_per_s,
        figures.calls_per_s,
        figures.events_per_s / plan.containers as f64,
        figures.calls_per_s / figures.events_per_s,
        plan.window_s,
        plan.training_s,
        neighbour::SHARE * 100.0,
        plan.block_s,
        plan.seeds.len(),
    )?;
    writeln!(out, "## Stable phase\n")?;
    writeln!(
        out,
        "| publisher | CPU ms/s | documents/s | bytes/s on the connection | bytes stored a document | peak memory MB | events lost | workload CPU us/request | p99 ms | requests/s | the server's CPU ms/s |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|")?;
    for side in &figures.sides {
        let or = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.0}"));
        writeln!(
            out,
            "| {} | {:.2} | {:.1} | {:.0} | {} | {:.1} | {} | {:.1} | {:.2} | {:.0} | {:.1} |",
            side.publisher.name(),
            side.cpu_ms_per_s,
            side.documents_per_s,
            side.bytes_per_s,
            or(side.stored_per_document),
            side.peak_memory as f64 / 1e6,
            or(side.lost.map(|lost| lost as f64)),
            side.request_cpu_us,
            side.p99_ms,
            side.requests_per_s,
            side.node_cpu_ms_per_s,
        )?;
    }
    let balance = &figures.balance;
    writeln!(
        out,
        "\nKernel side by counts times unit costs ({}): {:.2} ms/s for the hooks, {:.2} for events into the ring, {:.2} for \
         events into the flight recorder. The factor of all CPU is {:.1}; the most that these unit costs allow is {:.1}.",
        measured.costs.0,
        balance.hooks * 1e3,
        balance.ring * 1e3,
        balance.cells * 1e3,
        balance.factor(),
        balance.ceiling(),
    )?;
    writeln!(
        out,
        "With the duty cycle calls were counted in {:.1} % of the time, the first windows after its start included: a \
         factor of {:.1}.",
        figures.side(Publisher::Duty).map_or(f64::NAN, |duty| duty.counted * 100.0),
        figures.total_factor_duty,
    )?;
    writeln!(
        out,
        "In {} turns of {} s with a publisher and as many without, a request's CPU is above that without by {:.2} % (at most \
         {:.2} %, one-sided 95 %), with the duty cycle by {:.2} % (at most {:.2} %).\n",
        plan.turns,
        plan.turn_s,
        figures.overhead[0],
        figures.overhead[1],
        figures.overhead_duty[0],
        figures.overhead_duty[1],
    )?;
    container_hour(out, figures)?;
    attacks(out, measured)?;
    grown(out, measured)?;
    writeln!(
        out,
        "## Not measured\n\n- The kernel side of the peer: its factor is of its processes alone, which favours it.\n\
         - CPU, bytes and latency of the conventional publisher and of the peer while containers are attacked.\n\
         - What `score` and `publish` take as containers and events grow: growth is the recorder's.\n\
         - What a false episode stores.\n\
         - Headers of TCP and IP: bytes are those that a proxy on loopback hands on, both ways."
    )
}

fn container_hour(out: &mut String, figures: &Figures) -> std::fmt::Result {
    let hour = &figures.hour;
    writeln!(out, "## A stable container-hour, in bytes\n")?;
    writeln!(out, "| | conventional | adaptive | factor |\n|---|---|---|---|")?;
    writeln!(
        out,
        "| on the connection, four hours from the first window on | {:.0} | {:.1} | {:.0} |",
        hour.conventional_network, hour.network, figures.network_factor
    )?;
    let later = hour.conventional_network / hour.later_network;
    writeln!(out, "| the second to the fourth hour alone | | {:.1} | {later:.0} |", hour.later_network)?;
    writeln!(
        out,
        "| with one false episode a container-day | | {:.1} | {:.0} |",
        hour.network + hour.episode_network / 24.0,
        figures.network_factor_with_false
    )?;
    writeln!(
        out,
        "| stored, marginal | {:.0} | {:.1} | {:.0} |",
        hour.conventional_stored, hour.stored, figures.storage_factor
    )?;
    writeln!(out, "\nThe adaptive indices have a fixed cost of {:.0} bytes.\n", hour.fixed)
}

fn attacks(out: &mut String, measured: &Measured) -> std::fmt::Result {
    writeln!(out, "## Attacks\n")?;
    writeln!(out, "| seed | publisher | attack | container | delay s | told of what the injector made | events |")?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for seed in &measured.seeds {
        for phase in &seed.phases {
            for told in &phase.attacks {
                let missed: Vec<&str> = told.deeds.iter().filter(|deed| !deed.1).map(|deed| &*deed.0).collect();
                let missed = if missed.is_empty() { String::new() } else { format!(", not {}", missed.join(", ")) };
                writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} of {}{missed} | {} |",
                    seed.number,
                    phase.publisher.name(),
                    told.truth.attack,
                    told.truth.name,
                    told.delay_s.map_or("not found".to_owned(), |delay| format!("{delay:.1}")),
                    told.deeds.iter().filter(|deed| deed.1).count(),
                    told.deeds.len(),
                    told.events.len(),
                )?;
            }
        }
        let phases = seed.phases.iter().map(|phase| (phase.publisher, "attacks", &phase.false_incidents));
        let blocks = seed.blocks.iter().map(|block| (block.publisher, "stable", &block.false_incidents));
        for (publisher, phase, incidents) in phases.chain(blocks) {
            for incident in incidents {
                writeln!(out, "| {} | {} | none, {phase}: false | {incident} | | | |", seed.number, publisher.name())?;
            }
        }
    }
    writeln!(out)
}

fn grown(out: &mut String, measured: &Measured) -> std::fmt::Result {
    if measured.growth.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Growth of the recorder\n")?;
    writeln!(
        out,
        "| containers | load of each | events/s | CPU ms/s at low depth | at full depth | memory MB at low depth | at full depth | kB/s written at low depth | at full depth | events lost |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|")?;
    for size in &measured.growth {
        writeln!(
            out,
            "| {} | {} x | {:.0} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {} |",
            size.containers,
            size.times,
            size.full.events_per_s,
            size.low.cpu_ms_per_s,
            size.full.cpu_ms_per_s,
            size.low.memory as f64 / 1e6,
            size.full.memory as f64 / 1e6,
            size.low.bytes_per_s / 1e3,
            size.full.bytes_per_s / 1e3,
            size.full.lost,
        )?;
    }
    writeln!(out)
}

/// Writes all of it below `folder`.
pub(super) fn write_all(
    measured: &Measured,
    figures: &Figures,
    text: &str,
    folder: &Path,
) -> Result<(), Box<dyn Error>> {
    let results = folder.join("results");
    fs::create_dir_all(&results).naming("create", &results)?;
    let mut text = text.to_owned();
    for (name, picture) in pictures::draw(measured, figures)? {
        let name = format!("{}-{name}", measured.plan.form);
        fs::write(results.join(&name), picture)?;
        write!(text, "\n\n![{name}](results/{name})")?;
    }
    let numbers = json!({ "figures": figures, "measured": measured });
    fs::write(results.join(measured.plan.form).with_extension("json"), serde_json::to_string_pretty(&numbers)?)?;
    let name = if measured.plan.form == "full" {
        "RESULTS.md".to_owned()
    } else {
        format!("RESULTS-{}.md", measured.plan.form)
    };
    fs::write(folder.join(name), text + "\n")?;
    Ok(())
}
