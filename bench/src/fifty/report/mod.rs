//! `RESULTS.md`, the numbers behind it, and its pictures.

mod attacks;
mod stable;

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::slice;

use serde_json::json;

use super::figures::{Asked, Figures, Goal, spread};
use super::publishers::Publisher;
use super::{Measured, fleet, hours, neighbour, pictures};
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
        "## Not measured\n\n- What the peer's programs take in the kernel.\n\
         - What the conventional publisher and the peer add to a request: turns with and without are of the adaptive ones.\n\
         - CPU, bytes and latency of the conventional publisher and of the peer while containers are attacked.\n\
         - What `score` and `publish` take as containers and events grow: growth is the recorder's, one sample a size.\n\
         - In the hours: templates, which are sent once, and the programs that are told of while a container is new.\n\
         - The time from a decision until its incident can be searched.\n\
         - TLS, and headers of TCP and IP: bytes are those of plain HTTP that a proxy on loopback hands on, both ways."
    )
}

fn beginning(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    let plan = &measured.plan;
    let option = if plan.form == "full" { String::new() } else { format!(" --{}", plan.form) };
    let option = format!("{option} --seeds {}", plan.seeds.len());
    writeln!(out, "# {} containers and their publishers: {} form\n", plan.containers, plan.form)?;
    writeln!(out, "    {figures}\n")?;
    writeln!(out, "`bench/run fifty{option}` measured this: {}.\n", measured.stamp)?;
    writeln!(
        out,
        "The load is {}, and makes {:.0} events and {:.0} system calls a second: on average {:.0} events of a container, and \
         {:.1} calls an event. Events are documents of the conventional publisher. Load generators, containers, publishers \
         and the server, Elasticsearch with a heap of 2 GB and without its native vector library, share the machine.\n",
        fleet::load(plan.containers),
        figures.events_per_s,
        figures.calls_per_s,
        figures.events_per_s / plan.containers as f64,
        figures.calls_per_s / figures.events_per_s,
    )?;
    writeln!(
        out,
        "Windows are of {} s. Models are of {} s of each of two fleets, one after the other, beside which somebody outside the \
         containers took a core for {:.0} % of the time. Each of {} seeds has a fleet and attacks of its own; its stable phase \
         is {} blocks of {} s of each publisher, which take turns.\n",
        plan.window_s,
        plan.training_s,
        neighbour::SHARE * 100.0,
        plan.seeds.len(),
        plan.rounds,
        plan.block_s,
    )
}

fn factors(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    writeln!(out, "## Factors and goals\n")?;
    writeln!(
        out,
        "| | paper | asked for | measured | least and most of a seed | reached |\n|---|---|---|---|---|---|"
    )?;
    let of = |seed| Figures::of(&measured.plan, &measured.costs, slice::from_ref(seed), &[]).goals();
    let seeds: Vec<Vec<Goal>> = measured.seeds.iter().map(of).collect();
    for (row, goal) in figures.goals().iter().enumerate().filter(|(_, goal)| !goal.value.is_nan()) {
        let [least, most] = spread(seeds.iter().map(|goals| goals[row].value));
        let spread = if least < most { format!("{} to {}", plain(least), plain(most)) } else { "-".to_owned() };
        let asked = match goal.asked {
            Asked::AtLeast(least) => format!("at least {}", plain(least)),
            Asked::AtMost(most) => format!("at most {}", plain(most)),
            Asked::Nothing => "-".to_owned(),
        };
        let reached = match goal.is_reached() {
            _ if goal.asked == Asked::Nothing => "-",
            true => "yes",
            false => "no",
        };
        let paper = goal.paper.map_or("-".to_owned(), plain);
        writeln!(out, "| {} | {paper} | {asked} | {} | {spread} | {reached} |", goal.name, plain(goal.value))?;
    }
    writeln!(
        out,
        "\nFactors say how many times as much the other publisher takes. That at 10,000 events a second extrapolates one \
         side: the conventional publisher's CPU for an event, 10,000 times a second, over the adaptive one's CPU a second as \
         it was. The peer's leaves the kernel's part out on both sides. Overhead is of a fleet of its own."
    )?;
    if figures.peer_factor_at_least.is_finite() {
        writeln!(
            out,
            "\nWith the kernel's part of the adaptive publisher, and none of the peer's, the peer's factor is {:.1}.",
            figures.peer_factor_at_least
        )?;
    }
    writeln!(out)
}

/// A figure with as many digits as a person compares.
fn plain(value: f64) -> String {
    let digits = if value.abs() >= 100.0 || value.fract() == 0.0 { 0 } else { 2 };
    format!("{value:.digits$}")
}

fn container_hour(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    let hour = &figures.hour;
    let live = |publisher| {
        let bytes_per_s = figures.side(publisher).map_or(f64::NAN, |side| side.bytes_per_s);
        bytes_per_s * 3600.0 / measured.plan.containers as f64
    };
    let (network, stored) = (hour.conventional_network, hour.conventional_stored);
    let most = figures.alarms.per_day_at_most;
    let with = |usual: f64, episode: f64, a_day: f64| usual + episode * a_day / 24.0;
    let at_most = |what: &str| {
        format!("{what}, with {most:.1} false episodes a container-day, the most that the live time allows")
    };
    let [network_at_most, stored_at_most] = [at_most("on the connection"), at_most("stored, marginal")];
    let rows = [
        ("on the connection, four hours from the first window on", network, hour.network),
        ("on the connection, the second to the fourth hour", network, hour.later_network),
        (
            "on the connection, with one false episode a container-day",
            network,
            with(hour.network, hour.episode_network, 1.0),
        ),
        (&network_at_most, network, with(hour.network, hour.episode_network, most)),
        ("on the connection, live in the stable blocks", live(Publisher::Conventional), live(Publisher::Adaptive)),
        ("stored, marginal: the second to the fourth hour", stored, hour.stored),
        (
            "stored, marginal, with one false episode a container-day",
            stored,
            with(hour.stored, hour.episode_stored, 1.0),
        ),
        (&stored_at_most, stored, with(hour.stored, hour.episode_stored, most)),
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
        "\nThe hours are windows of the {} s in which the publisher got to know the containers, drawn again and again in \
         spells of {} s. Four of them came as {:.0} \
         documents in {:.0} requests, of all containers together; what indices and warming up take is {:.0} bytes. \
         A summary comes each hour: blocks of {} s hardly have one. An episode is an attack of {} s with its recovery: {:.0} \
         bytes on the connection and {:.0} stored.\n",
        measured.plan.warm_s,
        hours::SPELL * measured.plan.window_s,
        hour.documents,
        hour.requests,
        hour.beginning,
        measured.plan.block_s,
        measured.plan.attack_s,
        hour.episode_network,
        hour.episode_stored,
    )
}

fn grown(out: &mut String, measured: &Measured) -> std::fmt::Result {
    if measured.growth.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "## Growth of the recorder\n\nOne sample a size: the recorder first at low depth, then at full. Memory is anonymous memory without the ring of \
             events.\n"
    )?;
    writeln!(
        out,
        "| containers | load of each | requests/s at low depth | at full depth | events/s | CPU ms/s at low depth | at full depth | memory MB at low depth | at full depth | kB/s written at low depth | at full depth | events lost at low depth | at full depth |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
    for size in &measured.growth {
        writeln!(
            out,
            "| {} | {} x | {:.0} | {:.0} | {:.0} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {} | {} |",
            size.containers,
            size.times,
            size.low.requests_per_s,
            size.full.requests_per_s,
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
    let missing: Vec<String> = measured
        .plan
        .growth
        .iter()
        .filter(|(containers, times)| {
            !measured.growth.iter().any(|size| size.containers == *containers && (size.times - times).abs() < 1e-9)
        })
        .map(|(containers, times)| format!("{containers} at {times} x"))
        .collect();
    if !missing.is_empty() {
        writeln!(out, "\nNot measured: {}.", missing.join(", "))?;
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
    fs::write(results.join(&measured.plan.form).with_extension("json"), serde_json::to_string_pretty(&numbers)?)?;
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
    use super::super::{Measured, Written};
    use super::{text, write_all};
    use crate::Workspace;

    #[test]
    fn a_report_speaks_of_a_duty_cycle_only_where_it_was_compared() {
        for duty in [true, false] {
            let measured = measured(Plan { duty, ..Plan::full() });
            let figures = measured.figures();
            let text = text(&measured, &figures);
            assert_eq!(text.contains("duty cycle"), duty);
            assert!(text.contains("| bytes on the connection | 1000 | at least 10000 | 36000 | - | yes |"), "{text}");
            assert!(!text.replace(&figures.to_string(), "").contains("NaN"), "{text}");
        }
    }
    #[test]
    fn a_report_can_be_written_anew_of_its_own_figures() {
        let folder = Workspace::new("report").unwrap();
        let write = |measured: &Measured| {
            let figures = measured.figures();
            write_all(measured, &figures, &text(measured, &figures), folder.path()).unwrap();
            std::fs::read_to_string(folder.path().join("RESULTS.md")).unwrap()
        };
        let once = write(&measured(Plan::full()));
        for picture in ["full-factors.svg", "full-incident-miner.svg", "full-incident-flood.svg"] {
            assert!(once.contains(picture) && folder.path().join("results").join(picture).exists(), "{picture}");
        }
        let numbers = std::fs::read(folder.path().join("results/full.json")).unwrap();
        let again: Written = serde_json::from_slice(&numbers).unwrap();
        assert_eq!(write(&again.measured), once);
    }
}
