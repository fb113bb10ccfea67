//! JSON Lines as commands read them: one value a line, blank lines between them; a line that does not read stops no other.

use std::io::{self, BufRead};

use serde::de::DeserializeOwned;

/// A line that could not be read. The lines after it are not affected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LineProblem {
    /// From 1.
    pub line: usize,
    pub message: String,
}

/// Hands over the value of every line in order; returns the lines that could not be read.
///
/// # Errors
/// When there is no reading on, or `take` has one.
pub fn read<T: DeserializeOwned>(
    mut input: impl BufRead,
    mut take: impl FnMut(T) -> io::Result<()>,
) -> io::Result<Vec<LineProblem>> {
    let mut problems = Vec::new();
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        if input.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let line = if number == 1 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes) } else { &bytes };
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(value) => take(value)?,
            Err(error) => {
                let message = format!("{} (column {})", cause(&error), error.column());
                problems.push(LineProblem { line: number, message });
            }
        }
    }
    Ok(problems)
}

/// What serde says is wrong with a line, without where: it counts lines within the one line it was given.
pub fn cause(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_reads_is_handed_over_and_every_other_is_told() {
        let mut read_values: Vec<u8> = Vec::new();
        let lines = "\u{feff}1\n\n \r\n2\r\nthree\n{\n300\n4";
        let problems = read(lines.as_bytes(), |value| {
            read_values.push(value);
            Ok(())
        });
        assert_eq!(read_values, [1, 2, 4]);
        let told: Vec<String> = problems.expect("read").iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "line 5: expected ident (column 2)",
                "line 6: invalid type: map, expected u8 (column 0)",
                "line 7: invalid value: integer `300`, expected u8 (column 3)"
            ]
        );
        let refused = read("1\n2".as_bytes(), |_: u8| Err(io::Error::other("full")));
        assert!(refused.is_err());
    }
}
