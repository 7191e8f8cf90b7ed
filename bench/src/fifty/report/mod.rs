//! `RESULTS.md`, the numbers behind it, and its pictures.

mod attacks;
mod stable;

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::slice;

use serde_json::json;

use super::figures::{Figures, spread};
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
    beginning(out, measured, figures)?;
    factors(out, measured, figures)?;
    stable::write(out, measured, figures)?;
    container_hour(out, measured, figures)?;
    attacks::write(out, measured, figures)?;
    grown(out, measured)?;
    writeln!(
        out,
        "## Not measured\n\n- The kernel side of the peer: its factor is of its processes alone, which favours it.\n\
         - What the conventional publisher and the peer add to a request: turns with and without are of the adaptive ones.\n\
         - CPU, bytes and latency of the conventional publisher and of the peer while containers are attacked.\n\
         - What `score` and `publish` take as containers and events grow: growth is the recorder's.\n\
         - What a false episode stores.\n\
         - TLS, and headers of TCP and IP: bytes are those of plain HTTP that a proxy on loopback hands on, both ways."
    )
}

fn beginning(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    let plan = &measured.plan;
    let blocks = plan.seeds.len() * plan.rounds;
    writeln!(out, "# {} containers and their publishers: {} form\n", plan.containers, plan.form)?;
    writeln!(out, "    {figures}\n")?;
    writeln!(out, "Measured by {}.\n", measured.stamp)?;
    writeln!(
        out,
        "The load makes {:.0} events and {:.0} system calls a second ({:.0} events of each container, {:.1} calls an \
         event). Windows of {} s; models of {} s of each of two fleets, one after the \
         other, in {:.0} % of which somebody outside the containers took a core; {blocks} blocks of {} s of each publisher, taken in turn on one fleet a seed ({} seeds). Events are documents of \
         the conventional publisher.\n",
        figures.events_per_s,
        figures.calls_per_s,
        figures.events_per_s / plan.containers as f64,
        figures.calls_per_s / figures.events_per_s,
        plan.window_s,
        plan.training_s,
        neighbour::SHARE * 100.0,
        plan.block_s,
        plan.seeds.len(),
    )
}

fn factors(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    type Factor = fn(&Figures) -> f64;
    let rows: [(&str, Factor, &str); 5] = [
        ("CPU of processes, measured", |figures| figures.user_factor, ""),
        ("CPU of processes at 10,000 events/s", |figures| figures.user_factor_10k, "100"),
        ("CPU of processes, the peer, measured", |figures| figures.peer_factor, "100"),
        ("bytes on the connection", |figures| figures.network_factor, "10000"),
        ("bytes stored, marginal", |figures| figures.storage_factor, "30000"),
    ];
    writeln!(out, "## Factors\n\n| | times as much | least and most of a seed | asked for |\n|---|---|---|---|")?;
    for (name, factor, asked) in rows {
        let of = |seed| Figures::of(&measured.plan, &measured.costs, slice::from_ref(seed), &measured.overhead);
        let [least, most] = spread(measured.seeds.iter().map(|seed| factor(&of(seed))));
        writeln!(out, "| {name} | {:.1} | {least:.1} to {most:.1} | {asked} |", factor(figures))?;
    }
    writeln!(
        out,
        "\nThat at 10,000 events a second extrapolates one side: the conventional publisher's CPU for an event, 10,000 times \
         a second, over the adaptive one's CPU a second as it was.\n"
    )
}

fn container_hour(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    let hour = &figures.hour;
    let live = |publisher| {
        let bytes_per_s = figures.side(publisher).map_or(f64::NAN, |side| side.bytes_per_s);
        bytes_per_s * 3600.0 / measured.plan.containers as f64
    };
    let (network, stored) = (hour.conventional_network, hour.conventional_stored);
    let with_false = hour.network + hour.episode_network / 24.0;
    let rows = [
        ("on the connection, four hours from the first window on", network, hour.network),
        ("on the connection, the second to the fourth hour", network, hour.later_network),
        ("on the connection, with one false episode a container-day", network, with_false),
        ("on the connection, live in the stable blocks", live(Publisher::Conventional), live(Publisher::Adaptive)),
        ("stored, marginal: the second to the fourth hour", stored, hour.stored),
        ("stored, the first hour", stored, hour.stored_in_all[0]),
        ("stored, four hours in all", stored, hour.stored_in_all[1]),
    ];
    writeln!(out, "## A stable container-hour, in bytes\n")?;
    writeln!(out, "| | conventional | adaptive | factor |\n|---|---|---|---|")?;
    for (name, theirs, ours) in rows {
        writeln!(out, "| {name} | {theirs:.0} | {ours:.1} | {:.0} |", theirs / ours)?;
    }
    writeln!(
        out,
        "\nThe hours are the {} s repeated in which the publisher got to know the containers. Four of them came as {:.0} \
         documents in {:.0} requests, of all containers together; what indices and warming up take is {:.0} bytes. \
         A summary comes each hour: blocks of {} s hardly have one.\n",
        measured.plan.warm_s, hour.documents, hour.requests, hour.beginning, measured.plan.block_s,
    )
}

fn grown(out: &mut String, measured: &Measured) -> std::fmt::Result {
    if measured.growth.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Growth of the recorder\n\nMemory is anonymous memory without the ring of events.\n")?;
    writeln!(
        out,
        "| containers | load of each | events/s | CPU ms/s at low depth | at full depth | memory MB at low depth | at full depth | kB/s written at low depth | at full depth | events lost at low depth | at full depth |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|")?;
    for size in &measured.growth {
        writeln!(
            out,
            "| {} | {} x | {:.0} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {} | {} |",
            size.containers,
            size.times,
            size.full.events_per_s,
            size.low.cpu_ms_per_s,
            size.full.cpu_ms_per_s,
            size.low.memory as f64 / 1e6,
            size.full.memory as f64 / 1e6,
            size.low.bytes_per_s / 1e3,
            size.full.bytes_per_s / 1e3,
            size.low.lost,
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

#[cfg(test)]
mod tests {
    use super::super::made_up::measured;
    use super::super::plan::Plan;
    use super::{Figures, text};

    #[test]
    fn a_report_speaks_of_a_duty_cycle_only_where_it_was_compared() {
        for duty in [true, false] {
            let measured = measured(Plan { duty, ..Plan::full() });
            let figures = Figures::of(&measured.plan, &measured.costs, &measured.seeds, &measured.overhead);
            let text = text(&measured, &figures);
            assert_eq!(text.contains("duty cycle"), duty);
            assert!(!text.replace(&figures.to_string(), "").contains("NaN"), "{text}");
        }
    }
}
