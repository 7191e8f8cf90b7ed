//! Pictures: the factors, and what one incident tells.

use std::collections::BTreeMap;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Measured;
use super::figures::{Asked, Figures, Goal};
use super::publishers::Publisher;
use super::strike::Told;
use crate::AttackKind;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

const FONT: (&str, i32) = ("sans-serif", 14);
const REACHED: RGBColor = RGBColor(31, 119, 180);
const ASKED: RGBColor = RGBColor(200, 30, 30);

/// `factors.svg`, and for each kind of attack `incident-<kind>.svg`: the first that was found without the duty cycle.
pub(super) fn draw(
    measured: &Measured,
    figures: &Figures,
) -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
    let mut pictures = vec![("factors.svg".to_owned(), picture((900, 400), |area| factors(area, figures))?)];
    for (kind, name) in [(AttackKind::Miner, "miner"), (AttackKind::Flood, "flood")] {
        let found = measured.seeds.iter().find_map(|seed| {
            let phase = seed.phases.iter().find(|phase| phase.publisher == Publisher::Adaptive)?;
            let told = phase.attacks.iter().find(|told| told.truth.attack == kind && told.delay_s.is_some())?;
            Some((seed.number, told))
        });
        if let Some((seed, told)) = found {
            pictures.push((format!("incident-{name}.svg"), picture((900, 320), |area| incident(area, seed, told))?));
        }
    }
    Ok(pictures)
}

fn picture(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
    area.fill(&WHITE)?;
    draw(&area)?;
    area.present()?;
    drop(area);
    Ok(text)
}

/// Names on the left, powers of ten on the right; a red mark is what is asked for at least.
fn factors(area: &Area<'_>, figures: &Figures) -> Drawn {
    const POWERS: f64 = 6.0;
    let bars: Vec<Goal> = figures.factors().into_iter().filter(|factor| factor.value.is_finite()).collect();
    let (names, bars_area) = area.split_horizontally(300);
    let mut chart = ChartBuilder::on(&bars_area)
        .margin(12)
        .margin_right(80)
        .x_label_area_size(44)
        .build_cartesian_2d(0.0..POWERS, 0.0..bars.len() as f64)?;
    let power = |x: &f64| format!("{}", 10_f64.powf(*x));
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_label_formatter(&power)
        .x_desc("times as much as the adaptive publisher (red: asked for at least)")
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (row, Goal { name, value, asked, .. }) in bars.iter().rev().enumerate() {
        let (y, length) = (row as f64, value.max(1.0).log10().min(POWERS));
        chart.draw_series([Rectangle::new([(0.0, y + 0.2), (length, y + 0.8)], REACHED.mix(0.7).filled())])?;
        chart.draw_series([Text::new(format!("{value:.0}"), (length + 0.05, y + 0.6), FONT)])?;
        if let Asked::AtLeast(least) = asked {
            let x = least.log10();
            chart.draw_series([PathElement::new([(x, y + 0.1), (x, y + 0.9)], ASKED.stroke_width(2))])?;
        }
        let (_, middle) = chart.backend_coord(&(0.0, y + 0.6));
        names.draw(&Text::new(*name, (12, middle), FONT))?;
    }
    Ok(())
}

/// Events by their kind over the seconds since the attack began; a red line is the decision.
fn incident(area: &Area<'_>, seed: u64, told: &Told) -> Drawn {
    let mut rows: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (at, action) in &told.events {
        rows.entry(action).or_default().push(*at);
    }
    let end = told.events.iter().map(|(at, _)| *at).fold(1.0, f64::max) * 1.05;
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{} on {}, seed {seed}: what its incident tells", told.truth.attack, told.truth.name), FONT)
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(8)
        .build_cartesian_2d(-end * 0.15..end, 0.0..rows.len().max(1) as f64)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_desc("seconds since the attack began (red: the decision)")
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (row, (action, times)) in rows.iter().enumerate() {
        let y = row as f64 + 0.5;
        chart.draw_series([Text::new(format!("{action} ({})", times.len()), (-end * 0.14, y + 0.1), FONT)])?;
        chart.draw_series(times.iter().map(|at| Circle::new((*at, y), 3, REACHED.mix(0.6).filled())))?;
    }
    let height = rows.len().max(1) as f64;
    if let Some(delay) = told.delay_s {
        chart.draw_series([PathElement::new([(delay, 0.0), (delay, height)], ASKED.stroke_width(2))])?;
    }
    Ok(())
}
