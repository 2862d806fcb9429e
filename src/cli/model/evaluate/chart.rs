//! Draws charts as SVG. Text from files is only in the legend next to a chart, never in the SVG.

use plotters::prelude::*;

use crate::cli::failure::Failure;

/// Width and height of a chart, in pixels.
const SIZE: (u32, u32) = (440, 340);
/// The palette of Okabe and Ito, which people with red-green colour blindness can distinguish; black first.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0x22, 0x22, 0x22),
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x88, 0x66, 0x33),
];

/// Maximum number of lines in distinct colours.
pub const MAX_LINES: usize = COLOURS.len();

/// A line through points.
#[derive(Default)]
pub struct Line {
    /// Coordinates, both from 0 to 1. Others are clamped.
    pub points: Vec<(f64, f64)>,
    /// Radius of the dot at each point; empty for no dots.
    pub dots: Vec<u32>,
}

/// A chart.
pub struct Chart<'a> {
    /// Caption of the horizontal axis.
    pub x: &'a str,
    /// Whether the horizontal axis has decimals instead of percentages, for scores and thresholds.
    pub decimals: bool,
    /// Caption of the vertical axis.
    pub y: &'a str,
    /// The lines, in the order of the colours.
    pub lines: Vec<Line>,
    /// Single marked points.
    pub marks: Vec<(f64, f64)>,
    /// Whether the diagonal is drawn.
    pub diagonal: bool,
}

/// Returns the colour of a line in CSS notation.
pub fn colour(line: usize) -> String {
    let RGBColor(red, green, blue) = COLOURS[line % COLOURS.len()];
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Draws a chart and returns the SVG.
///
/// # Errors
/// Returns an error if the drawing library fails. None is expected, because it draws into memory.
pub fn svg(chart: &Chart<'_>) -> Result<String, Failure> {
    let mut svg_text = String::new();
    draw(chart, &mut svg_text).map_err(|error| Failure::failed(format!("cannot draw a chart: {error}")))?;
    // The fixed size is removed, so that the style sheet can limit it and small screens can shrink it.
    let sized = format!("<svg width=\"{}\" height=\"{}\"", SIZE.0, SIZE.1);
    Ok(svg_text.replacen(&sized, "<svg role=\"img\"", 1))
}

fn draw(chart: &Chart<'_>, into: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(into, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut context = ChartBuilder::on(&root)
        .margin(10)
        .margin_right(18)
        .x_label_area_size(42)
        .y_label_area_size(58)
        .build_cartesian_2d(0.0..1.0f64, 0.0..1.0f64)?;
    let percent = |share: &f64| format!("{:.0} %", share * 100.0);
    let across = |share: &f64| if chart.decimals { format!("{share:.1}") } else { percent(share) };
    context
        .configure_mesh()
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&across)
        .y_label_formatter(&percent)
        .x_desc(chart.x)
        .y_desc(chart.y)
        .axis_desc_style(("sans-serif", 14))
        .label_style(("sans-serif", 12))
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(0xE4, 0xE4, 0xE4))
        .axis_style(RGBColor(0x88, 0x88, 0x88))
        .draw()?;
    if chart.diagonal {
        let faint = RGBColor(0xAA, 0xAA, 0xAA).stroke_width(1);
        context.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], faint))?;
    }
    // The first line is drawn last, so that it is on top.
    for (at, line) in chart.lines.iter().enumerate().rev() {
        let colour = COLOURS[at % COLOURS.len()];
        let points = line.points.iter().map(|&point| inside(point));
        context.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        context.draw_series(points.zip(&line.dots).map(|(at, radius)| Circle::new(at, *radius, colour.filled())))?;
    }
    let ring = COLOURS[2].stroke_width(3);
    context.draw_series(chart.marks.iter().map(|&point| Circle::new(inside(point), 6, ring)))?;
    root.present()?;
    Ok(())
}

/// Clamps a point to the chart. NaN becomes 0.
fn inside((x, y): (f64, f64)) -> (f64, f64) {
    let inside = |value: f64| if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
    (inside(x), inside(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_one_svg_element_whatever_the_points() {
        let lines = vec![Line { points: vec![(f64::NAN, 0.5), (f64::INFINITY, -3.0)], dots: vec![3, 4] }, Line::default()];
        let drawn =
            svg(&Chart { x: "across", decimals: true, y: "up", lines, marks: vec![(0.5, 0.5)], diagonal: true }).unwrap();
        assert!(drawn.starts_with("<svg role=\"img\"") && drawn.trim_end().ends_with("</svg>"), "{drawn}");
        assert!(drawn.contains("across") && !drawn.contains("NaN"));
    }
}
