//! As much of Markdown as our documents use.

use std::{collections::BTreeSet, fs, path::PathBuf};

use super::{files, root};

pub struct Document {
    pub path: PathBuf,
    pub text: String,
}

/// Every document of the project.
pub fn documents() -> impl Iterator<Item = Document> {
    let top = fs::read_dir(root()).expect("the project's folder").map(|entry| entry.expect("an entry").path());
    let top = top.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let below = ["docs", "examples"].into_iter().flat_map(|folder| files(folder, ".md"));
    top.chain(below).map(|path| Document { text: fs::read_to_string(&path).expect("a text"), path })
}

/// The text under a heading, down to the next heading of its kind.
pub fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let start = text.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("there is no heading {heading}"));
    let rest = &text[start + 1..];
    rest.find("\n## ").map_or(rest, |end| &rest[..end])
}

/// The rows of every table, headings of columns among them: under which heading, and the cells.
pub fn rows(text: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let mut heading = "";
    text.lines().filter_map(move |line| {
        heading = line.strip_prefix("## ").unwrap_or(heading);
        let cells = line.strip_prefix('|')?.strip_suffix('|')?;
        Some((heading, cells_of(cells))).filter(|(_, cells)| !cells[0].starts_with("---"))
    })
}

/// Divided at every `|` that no backslash makes a character of the text.
fn cells_of(line: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut start = 0;
    for (bar, _) in line.match_indices('|').filter(|(bar, _)| !line[..*bar].ends_with('\\')) {
        cells.push(line[start..bar].trim());
        start = bar + 1;
    }
    cells.push(line[start..].trim());
    cells
}

/// What stands in backticks within a line.
pub fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// What is code: lines that are indented or fenced, and what stands in backticks.
pub fn code(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            found.push(line);
        } else {
            found.extend(spans(line));
        }
    }
    found
}

/// The fenced blocks in a language.
pub fn fenced<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    text.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// The headings, as links name them.
pub fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    headings.map(|line| line.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}
