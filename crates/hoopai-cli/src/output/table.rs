//! A table in the width of a terminal.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::style::Style;

/// The width of the widest cell on a terminal.
const MAX_CELL: usize = 40;

/// The spaces between columns.
const GAP: usize = 2;

/// The columns of a table. The first rows decide their widths.
pub(super) struct Columns {
    widths: Vec<usize>,
    /// The number of columns that do not fit.
    pub(super) hidden: usize,
    /// Cells that are wider than their column are cut.
    cut: bool,
}

impl Columns {
    /// The columns of these rows. `width` is that of the terminal.
    pub(super) fn of(names: &[String], rows: &[Vec<String>], width: Option<usize>) -> Self {
        let longest = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let cells = cells.map(|cell| cell.width()).max().unwrap_or(0);
            let all = cells.max(names[column].width());
            if width.is_some() {
                all.min(MAX_CELL)
            } else {
                all
            }
        };
        let mut widths: Vec<usize> = (0..names.len()).map(longest).collect();
        if let Some(width) = width {
            let mut end = 0;
            let fitting = widths.iter().take_while(|cell| {
                end += *cell + GAP;
                end <= width + GAP
            });
            let fitting = fitting.count().max(1).min(widths.len());
            widths.truncate(fitting);
            if let [only] = widths.as_mut_slice() {
                *only = (*only).min(width.max(1));
            }
        }
        Columns {
            hidden: names.len() - widths.len(),
            widths,
            cut: width.is_some(),
        }
    }

    /// Writes a row.
    pub(super) fn line(
        &self,
        out: &mut impl Write,
        cells: &[String],
        style: &Style,
    ) -> io::Result<()> {
        let mut text = String::new();
        for (cell, width) in cells.iter().zip(&self.widths) {
            let cell = if self.cut {
                shortened(cell, *width)
            } else {
                cell.clone()
            };
            text.push_str(&cell);
            text.push_str(&" ".repeat(width.saturating_sub(cell.width()) + GAP));
        }
        writeln!(out, "{}", style.paint(text.trim_end()))
    }
}

/// The text, with an ellipsis if it is wider.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shortened = String::new();
    let mut end = 1;
    for character in text.chars() {
        end += character.width().unwrap_or(0);
        if end > width {
            break;
        }
        shortened.push(character);
    }
    shortened.push('…');
    shortened
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(width: Option<usize>) -> (Vec<String>, usize) {
        let names = ["id", "name", "note"].map(str::to_owned);
        let rows = [
            vec!["1".to_owned(), "日本".to_owned(), "x".repeat(60)],
            vec!["22".to_owned(), "é".to_owned(), String::new()],
        ];
        let later = vec!["333".to_owned(), "ü".to_owned(), "y".to_owned()];
        let columns = Columns::of(&names, &rows, width);
        let mut out = Vec::new();
        for cells in [&names[..], &rows[0], &rows[1], &later] {
            columns.line(&mut out, cells, &Style::PLAIN).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        (text.lines().map(str::to_owned).collect(), columns.hidden)
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 1..120 {
            let (lines, hidden) = lines(Some(width));
            for line in &lines {
                assert!(line.width() <= width, "{width}: {line}");
            }
            assert_eq!(hidden > 0, width < 50, "{width}");
        }
    }

    #[test]
    fn later_rows_keep_the_columns_of_the_first_ones() {
        let (lines, _) = lines(Some(80));
        assert_eq!(lines[2], "22  é");
        assert_eq!(lines[3], "3…  ü     y");
    }

    #[test]
    fn nothing_is_shortened_without_a_terminal() {
        let (lines, hidden) = lines(None);
        assert_eq!(hidden, 0);
        assert_eq!(lines[1], format!("1   日本  {}", "x".repeat(60)));
        assert_eq!(lines[2], "22  é");
        assert_eq!(lines[3], "333  ü     y");
    }
}
