//! The stable phase: who takes what, with the kernel's part, and what it adds to a request.

use std::fmt::Write;

use super::super::Measured;
use super::super::figures::{Figures, Side};
use super::super::publishers::Publisher;

pub(super) fn write(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    writeln!(
        out,
        "## Stable phase\n\nIn parentheses: the least and the most of the blocks. Memory is the most that each process had \
         resident, added up; maps are what BPF maps take in the kernel beside it. Documents are counted where a block begins and where it ends, refreshed: what waited at its \
         beginning arrives in it, and what waits at its end does not. The adaptive ones write what they publish to a spool first; the conventional one does not. \
         Lost is what a recorder had no room for, what the conventional publisher recorded and the server has not in the end, and \
         what the server refused of the peer; what its shipper still held when it was stopped is not counted. The peer tells of programs, opened files, and connections made or accepted, and not of what ends, of bytes or of \
         other events: its documents are others.\n"
    )?;
    writeln!(
        out,
        "| publisher | CPU ms/s | documents/s | bytes/s on the connection | bytes stored a document | peak memory MB | maps MB | events lost | workload CPU us/request | p99 ms | requests/s | requests failed | the server's CPU ms/s |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
    for side in &figures.sides {
        row(out, side)?;
    }
    writeln!(out, "\n{}", latencies(&figures.sides))?;
    kernel(out, measured, figures)?;
    overhead(out, measured, figures)
}

fn row(out: &mut String, side: &Side) -> std::fmt::Result {
    let or = |value: Option<f64>, digits: usize| value.map_or("-".to_owned(), |value| format!("{value:.digits$}"));
    writeln!(
        out,
        "| {} | {:.2} ({:.2} to {:.2}) | {:.1} | {:.0} | {} | {:.1} | {:.1} | {} | {:.1} ({:.1} to {:.1}) | {:.2} ({:.2} to {:.2}) | {:.0} | {} | {} |",
        side.publisher.name(),
        side.cpu_ms_per_s,
        side.cpu_spread[0],
        side.cpu_spread[1],
        side.documents_per_s,
        side.bytes_per_s,
        or(side.stored_per_document, 0),
        side.peak_memory as f64 / 1e6,
        side.map_memory as f64 / 1e6,
        or(side.lost.map(|lost| lost as f64), 0),
        side.request_cpu_us,
        side.request_cpu_spread[0],
        side.request_cpu_spread[1],
        side.p99_ms,
        side.p99_spread[0],
        side.p99_spread[1],
        side.requests_per_s,
        side.failed,
        or(side.node_cpu_ms_per_s, 1),
    )
}

/// Whether the 99th percentile tells any publisher from nobody.
fn latencies(sides: &[Side]) -> String {
    let apart = |side: &&Side, nobody: &Side| {
        side.p99_spread[0] > nobody.p99_spread[1] || side.p99_spread[1] < nobody.p99_spread[0]
    };
    let nobody = sides.iter().find(|side| side.publisher == Publisher::Nothing);
    let apart = nobody.into_iter().flat_map(|nobody| sides.iter().filter(move |side| apart(side, nobody)));
    let apart: Vec<&str> = apart.map(|side| side.publisher.name()).collect();
    if apart.is_empty() {
        "The p99 separates no publishers: ranges of blocks overlap with that of nobody, and a difference below their width is \
         not excluded. It is of all requests of the fleet together, from the moment that one is sent."
            .to_owned()
    } else {
        format!("By the p99 all blocks of these lie apart from those of nobody: {}.", apart.join(", "))
    }
}

fn kernel(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    let (balance, [event, cell]) = (&figures.balance, measured.costs.0.medians);
    writeln!(
        out,
        "\nThe kernel side is no measurement of the fleet but a model: counts times unit costs of the best rounds ({}; an \
         event by the medians {event:.0} ns and {cell:.0} ns). It has {:.2} ms/s for the hooks, {:.2} for events into the \
         ring, {:.2} for events into the flight recorder. With it the factor of all CPU is {:.1}; the most that these unit \
         costs allow, where the adaptive stages took nothing outside the kernel, is {:.1}, and without the flight recorder \
         {:.1}. `total_of_ceiling` is the first over the second, that is the kernel's part of all that the adaptive publisher \
         takes: it says how little is left to gain outside the kernel, and nothing of how dear the kernel's part is.",
        measured.costs.0,
        balance.hooks * 1e3,
        balance.ring * 1e3,
        balance.cells * 1e3,
        balance.factor(),
        balance.ceiling(),
        balance.theirs / (balance.floor - balance.cells),
    )?;
    let Some(duty) = figures.side(Publisher::Duty) else { return Ok(()) };
    writeln!(
        out,
        "With the duty cycle calls were counted in {:.1} % of the time, the first windows after its start included: a \
         factor of {:.1}.",
        duty.counted * 100.0,
        figures.total_factor_duty,
    )
}

fn overhead(out: &mut String, measured: &Measured, figures: &Figures) -> std::fmt::Result {
    let plan = &measured.plan;
    if plan.turns == 0 {
        return writeln!(out);
    }
    let of = |[mean, most]: [f64; 2]| format!("by {mean:.2} % (at most {most:.2} %, one-sided 95 %)");
    let duty = figures.side(Publisher::Duty).map(|_| format!(", with the duty cycle {}", of(figures.overhead_duty)));
    writeln!(
        out,
        "\nIn {} turns of {} s with a publisher and as many without, a request's CPU is above that without {}{}.\n",
        plan.turns,
        plan.turn_s,
        of(figures.overhead),
        duty.unwrap_or_default(),
    )
}
