//! Attacks, what they cost, and incidents that no attack explains.

use std::fmt::Write;

use super::super::Measured;
use super::super::figures::Figures;
use super::super::publishers::Publisher;

pub(super) fn write(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    attacks(out, measured, figures)?;
    phases(out, measured, figures)?;
    false_incidents(out, measured, figures)
}

fn attacks(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    writeln!(out, "## Attacks\n")?;
    writeln!(out, "| seed | publisher | attack | container | delay s | told of what the injector made | documents |")?;
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
    }
    writeln!(
        out,
        "\nThe delay ends where the window ends that decided, by the incident's own time; judging and publishing it come \
         after that. A flood is told of where documents of the time from the decision to its end count more connections \
         than half of its requests then and all that the container usually gets: its peer is the address that the usual load comes \
         from too."
    )?;
    if figures.side(Publisher::Duty).is_some() {
        writeln!(
            out,
            "\nBetween the slices of the duty cycle nobody sees what is done to files, till a container is watched deeper: \
             an incident tells of the programs and peers before, and not of those files."
        )?;
    }
    writeln!(out)
}

fn phases(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    writeln!(
        out,
        "| seed | publisher | seconds | CPU ms/s | times that of stable blocks | bytes/s on the connection |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for seed in &measured.seeds {
        for phase in &seed.phases {
            let stable = figures.side(phase.publisher).map_or(f64::NAN, |side| side.cpu_ms_per_s);
            let cpu_ms_per_s = phase.cpu_s / phase.seconds * 1e3;
            writeln!(
                out,
                "| {} | {} | {:.0} | {cpu_ms_per_s:.2} | {:.1} | {:.0} |",
                seed.number,
                phase.publisher.name(),
                phase.seconds,
                cpu_ms_per_s / stable,
                (phase.bytes[0] + phase.bytes[1]) as f64 / phase.seconds,
            )?;
        }
    }
    let left = figures.user_factor_with_false / figures.user_factor;
    writeln!(
        out,
        "\nBeyond the stable rate an attack that was found took {:.2} s of CPU. With one false episode a container-day that \
         takes as much, {} a day, the measured factor of the processes is {:.1} in place of {:.1}, and that at 10,000 events \
         a second {:.1} in place of {:.1}.\n",
        figures.episode_cpu_s,
        measured.plan.containers,
        figures.user_factor_with_false,
        figures.user_factor,
        figures.user_factor_10k * left,
        figures.user_factor_10k,
    )
}

fn false_incidents(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    let alarms = &figures.alarms;
    writeln!(
        out,
        "## False incidents\n\n{} live, in {:.1} container-hours of all adaptive publishers together: blocks, phases but for \
         the attacked containers, and turns, each without the first window after a start, since it takes two. That is at \
         most {:.2} a container-day (one-sided 95 %; the rule of three where there is none, Byar's approximation of \
         Poisson's bound elsewhere). {} in {:.0} container-hours of drawn windows, which never were in that order.\n",
        alarms.live, alarms.container_hours, alarms.per_day_at_most, alarms.drawn, alarms.drawn_hours,
    )?;
    let mut rows = String::new();
    for seed in &measured.seeds {
        let blocks = seed.blocks.iter().map(|block| (block.publisher, "a block", &block.false_incidents));
        let phases = seed.phases.iter().map(|phase| (phase.publisher, "a phase", &phase.false_incidents));
        for (publisher, when, incidents) in blocks.chain(phases) {
            for incident in incidents {
                writeln!(rows, "| {} | {} | {when} | {incident} |", seed.number, publisher.name())?;
            }
        }
    }
    for turns in &measured.overhead {
        for incident in &turns.false_incidents {
            writeln!(rows, "| - | {} | a turn | {incident} |", turns.publisher.name())?;
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "| seed | publisher | in | incident |\n|---|---|---|---|\n{rows}")
}
