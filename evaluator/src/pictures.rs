//! Pictures: how methods rank windows, and what happened to a container over time.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::error::EvalError;
use crate::series::{Joined, Series};
use crate::truth::Class;

/// A method's curve: false-positive rate and true-positive rate.
type Curve = (String, Vec<[f64; 2]>);
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

const FONT: (&str, i32) = ("sans-serif", 14);
/// Steps of a curve that are told apart.
const RESOLUTION: f64 = 1e-3;
const COLOURS: [RGBColor; 7] = [
    RGBColor(200, 30, 30),
    RGBColor(31, 119, 180),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
    RGBColor(255, 127, 14),
    RGBColor(127, 127, 127),
    RGBColor(23, 190, 207),
];

/// `roc.svg`, and `score-<container>.svg` of every container that has an event or an episode.
pub(crate) fn draw(joined: &Joined, curves: &[Curve]) -> Result<Vec<(String, String)>, EvalError> {
    let mut pictures = vec![picture("roc.svg".into(), (640, 640), |area| roc(area, curves))?];
    for (at, series) in joined.series.iter().enumerate() {
        let spans: Vec<(usize, usize, &str, bool)> = joined
            .events
            .iter()
            .filter_map(|event| {
                let (of, first, last) = event.place?;
                (of == at).then_some((first, last, event.name.as_str(), event.label.class == Class::Attacked))
            })
            .collect();
        if spans.is_empty() && !series.points.iter().any(|point| point.judged.incident.is_some()) {
            continue;
        }
        let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
        let name: String = series.name().chars().map(safe).collect();
        // Several containers may have had one name, one after the other.
        let id: String = series.container.chars().map(safe).take(12).collect();
        let name = if name == id { name } else { format!("{name}-{id}") };
        pictures.push(picture(format!("score-{name}.svg"), (1200, 360), |area| score(area, series, &spans))?);
    }
    Ok(pictures)
}

fn picture(
    name: String,
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<(String, String), EvalError> {
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
    let drawn = area.fill(&WHITE).map_err(Into::into).and_then(|()| draw(&area));
    let drawn = drawn.and_then(|()| area.present().map_err(Into::into));
    drop(area);
    match drawn {
        Ok(()) => Ok((name, text)),
        Err(error) => Err(EvalError::Picture { name, why: error.to_string() }),
    }
}

fn roc(area: &Area<'_>, curves: &[Curve]) -> Drawn {
    let mut chart = chart(area, "ROC, window by window", 0.0..1.0, 0.0..1.0)?;
    chart
        .configure_mesh()
        .x_desc("false-positive rate")
        .y_desc("true-positive rate")
        .light_line_style(TRANSPARENT)
        .draw()?;
    chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], BLACK.mix(0.3)))?;
    for ((name, curve), colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let line = LineSeries::new(thinned(curve), colour.stroke_width(2));
        chart.draw_series(line)?.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
    }
    let mut labels = chart.configure_series_labels();
    labels.position(SeriesLabelPosition::LowerRight).label_font(FONT);
    labels.background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw()?;
    Ok(())
}

/// Points that differ enough to be seen, and the last.
fn thinned(curve: &[[f64; 2]]) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for (index, &[x, y]) in curve.iter().enumerate() {
        let far = kept.last().is_none_or(|last| (x - last.0).abs() + (y - last.1).abs() >= RESOLUTION);
        if far || index + 1 == curve.len() {
            kept.push((x, y));
        }
    }
    kept
}

/// The score over minutes, on a scale that is linear near zero and logarithmic beyond.
fn score(area: &Area<'_>, series: &Series, spans: &[(usize, usize, &str, bool)]) -> Drawn {
    let points = &series.points;
    let start = points[0].judged.at - points[0].judged.duration_ns.min(points[0].judged.at);
    let minutes = |at: u64| at.saturating_sub(start) as f64 / 60e9;
    let end = points.last().map_or(1.0, |point| minutes(point.judged.at)).max(1e-3);
    let scores =
        || points.iter().filter_map(|point| point.judged.score).chain(points.iter().filter_map(|p| p.judged.threshold));
    let low = scores().fold(-1.0, f64::min).asinh();
    let high = scores().fold(1.0, f64::max).asinh() * 1.05;
    let mut chart = chart(area, series.name(), 0.0..end, low..high)?;
    let back = |y: &f64| format!("{:.0}", y.sinh());
    chart
        .configure_mesh()
        .x_desc("minutes")
        .y_desc("score")
        .y_label_formatter(&back)
        .light_line_style(TRANSPARENT)
        .draw()?;
    for &(first, last, name, attack) in spans {
        let from = minutes(points[first].judged.at.saturating_sub(points[first].judged.duration_ns));
        let to = minutes(points[last].judged.at);
        let colour = if attack { RED.mix(0.15) } else { BLUE.mix(0.12) };
        chart.draw_series([Rectangle::new([(from, low), (to, high)], colour.filled())])?;
        chart.draw_series([Text::new(name.to_owned(), (from, high), FONT)])?;
    }
    let thresholds = points.iter().filter_map(|p| Some((minutes(p.judged.at), p.judged.threshold?.asinh())));
    chart.draw_series(LineSeries::new(thresholds, BLACK.mix(0.5)))?;
    for scored in points.chunk_by(|a, b| a.judged.score.is_some() == b.judged.score.is_some()) {
        let line = scored.iter().filter_map(|p| Some((minutes(p.judged.at), p.judged.score?.asinh())));
        chart.draw_series(LineSeries::new(line, COLOURS[1]))?;
    }
    let open = points.iter().filter(|point| point.judged.incident.is_some());
    chart.draw_series(open.map(|p| Circle::new((minutes(p.judged.at), low), 3, COLOURS[0].filled())))?;
    Ok(())
}

fn chart<'a, 'b>(
    area: &'a Area<'b>,
    caption: &str,
    x: std::ops::Range<f64>,
    y: std::ops::Range<f64>,
) -> Result<Chart<'a, 'b>, Box<dyn std::error::Error>>
where
    'b: 'a,
{
    let mut builder = ChartBuilder::on(area);
    builder.margin(12).caption(caption, FONT).x_label_area_size(40).y_label_area_size(56);
    Ok(builder.build_cartesian_2d(x, y)?)
}

#[cfg(test)]
mod tests {
    use super::{draw, thinned};
    use crate::series::join;
    use crate::tests::{judged, span};
    use crate::truth::Truth;

    #[test]
    fn a_container_that_something_was_done_to_has_a_picture_with_the_span() {
        let windows = [judged("a", "..!!....--.."), judged("b", "......")].concat();
        let joined = join(windows, &Truth::read(&span("miner <1>", 1, 1, 3)).unwrap());
        let curve = ("vae".to_owned(), vec![[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
        let pictures = draw(&joined, std::slice::from_ref(&curve)).unwrap();
        let names: Vec<_> = pictures.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["roc.svg", "score-name-a-a.svg"]);
        let text = &pictures[1].1;
        assert!(text.contains("miner &lt;1&gt;") && text.contains("name-a") && text.ends_with("</svg>\n"), "{text}");
        assert_eq!(text.matches("<circle").count(), 2, "one a window of the episode");
        assert_eq!(draw(&joined, &[curve]).unwrap(), pictures, "the same twice");
    }

    #[test]
    fn a_long_curve_keeps_its_ends() {
        let curve: Vec<[f64; 2]> = (0..=100_000).map(|n| [f64::from(n) / 1e5, f64::from(n) / 1e5]).collect();
        let thin = thinned(&curve);
        assert!(thin.len() < 2100 && thin[0] == (0.0, 0.0) && thin.last() == Some(&(1.0, 1.0)), "{}", thin.len());
    }
}
