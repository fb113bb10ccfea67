//! Whether the cells of a publisher's table make a grid.

use super::fragment::Element;

pub(super) fn is_cell(element: &Element) -> bool {
    matches!(element.name.as_str(), "td" | "th")
}

/// A row that has cells.
pub(super) fn is_row(element: &Element) -> bool {
    element.name == "tr" && element.elements().any(is_cell)
}

/// Browsers give up on wider cells as well (HTML §4.9.11).
const WIDEST: usize = 1_000;

/// Whether cells that span several columns or rows do so within the table, none over another, and each column and row has
/// a cell that begins in it. Where not, the spans say nothing that a reader could see, and HTML takes them for a mistake.
pub(super) fn has_a_grid(table: &Element) -> bool {
    let mut begun: Vec<bool> = Vec::new();
    for group in table.elements().filter(|part| part.name != "caption") {
        // For how many more rows the cells above reach into each column.
        let mut reaching: Vec<usize> = Vec::new();
        let rows: Vec<&Element> = group.elements().filter(|row| is_row(row)).collect();
        for (nth, row) in rows.iter().enumerate() {
            let mut column = 0;
            for cell in row.elements().filter(|cell| is_cell(cell)) {
                let (Some(columns), Some(down)) = (span(cell, "colspan"), span(cell, "rowspan")) else { return false };
                if down > rows.len() - nth || columns > WIDEST {
                    return false;
                }
                while reaching.get(column).is_some_and(|rows| *rows > 0) {
                    column += 1;
                }
                let end = column + columns;
                reaching.resize(reaching.len().max(end), 0);
                begun.resize(begun.len().max(end), false);
                for rows in reaching.iter_mut().take(end).skip(column) {
                    if std::mem::replace(rows, down) > 0 {
                        return false;
                    }
                }
                if let Some(begun) = begun.get_mut(column) {
                    *begun = true;
                }
                column = end;
            }
            reaching.iter_mut().for_each(|rows| *rows = rows.saturating_sub(1));
        }
    }
    begun.iter().all(|begun| *begun)
}

/// `None` where it is no number that HTML allows.
fn span(cell: &Element, name: &str) -> Option<usize> {
    match cell.attribute(name) {
        None => Some(1),
        Some(span) => span.parse().ok().filter(|span| (1..=WIDEST).contains(span)),
    }
}
