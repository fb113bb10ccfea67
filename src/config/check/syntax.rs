use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::Check;
use crate::config::{problem::Problem, source_text::SourceText};

/// Reports what is not TOML. Whether the tree is whole enough to be checked for sense: a key that is set twice leaves the rest
/// as it was meant; after any other error it is a guess, and its problems might be nobody's.
pub(super) fn report(check: &mut Check<'_>, text: &str, errors: Vec<toml::de::Error>) -> bool {
    let mut readable = true;
    let mut doubled_table = 0..0;
    for error in errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        if error.message() == "duplicate key" {
            // The keys of a table that is there twice are its echo.
            if doubled_table.contains(&span.start) {
                continue;
            }
            if line_at(text, span.start).trim_start().starts_with('[') {
                let rest = text.get(span.start..).unwrap_or_default();
                doubled_table = span.end..rest.find("\n[").map_or(text.len(), |next| span.start + next);
            }
            let key = check.text.get(&span).to_owned();
            check.problem(&span, format!("`{key}` is set twice"), first_of(text, &span));
        } else if readable {
            // What follows the first error is often only its echo.
            hide_line(&mut check.text, text, &span);
            check.problem(
                &span,
                format!("not TOML: {}", error.message()),
                "see https://toml.io for how values are written",
            );
            readable = false;
        }
    }
    readable
}

pub(super) fn not_utf8(bytes: &[u8], valid: usize) -> Problem {
    let before = bytes.get(..valid).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
    let end = valid..valid;
    let place = SourceText::new(before).place(&end);
    Problem {
        file: None,
        place: Some(place),
        message: "the file is not in UTF-8 here".to_owned(),
        hint: Some("save it as UTF-8".to_owned()),
    }
}

/// Keys of a source whose values may be shown; what else stands there may be a misspelt password.
const PUBLIC: [&str; 18] = [
    "url",
    "title",
    "language",
    "country",
    "schedule",
    "timeout",
    "allow_private",
    "backlog",
    "article",
    "deleted",
    "content",
    "priority",
    "formerly",
    "disabled",
    "username",
    "password_file",
    "entries",
    "description",
];

/// Marks what must not be shown: passwords, header values, and values under unknown keys of a source.
pub(super) fn hide_secrets(text: &mut SourceText<'_>, tree: &DeTable<'_>) {
    let Some(DeValue::Table(sources)) = tree.get("sources").map(|sources| sources.get_ref()) else { return };
    for source in sources.iter().map(|(_, source)| source.get_ref()) {
        hide_in(text, source);
    }
}

fn hide_in(text: &mut SourceText<'_>, value: &DeValue<'_>) {
    let DeValue::Table(table) = value else { return };
    for (key, value) in table.iter() {
        match value.get_ref() {
            _ if PUBLIC.contains(&key.get_ref().as_ref()) => {}
            inner @ DeValue::Table(_) => hide_in(text, inner),
            _ => text.hide(value.span()),
        }
    }
}

/// A line that cannot be read may hold anything; it is hidden after its key where a secret is likely.
fn hide_line(hidden: &mut SourceText<'_>, text: &str, span: &Range<usize>) {
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let line = text.get(start..).and_then(|rest| rest.split('\n').next()).unwrap_or_default();
    let table = text.get(..start).unwrap_or_default().lines().rfind(|line| line.trim_start().starts_with('['));
    let likely = |line: &str| {
        let line = line.to_lowercase();
        ["pass", "secret", "token", "auth", "cookie", "header", "key"].iter().any(|word| line.contains(word))
    };
    if likely(line) || table.is_some_and(likely) {
        let value = line.find('=').map_or(0, |equals| equals + 1);
        hidden.hide(start + value..start + line.len());
    }
}

fn line_at(text: &str, offset: usize) -> &str {
    let start = text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    text.get(start..).and_then(|rest| rest.split('\n').next()).unwrap_or_default()
}

/// A hint to the first of two keys of the same name.
fn first_of(text: &str, second: &Range<usize>) -> String {
    const FORM: &str = "keep one of the two, or rename one";
    let key = text.get(second.clone()).unwrap_or_default();
    let line_of = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count());
    let lines: Vec<&str> = text.lines().collect();
    let own = line_of(second.start);
    let Some(line) = lines.get(own).map(|line| line.trim()) else { return FORM.to_owned() };
    let same = |other: &str| {
        let other = other.trim();
        if line.starts_with('[') {
            other.split('#').next().map(str::trim) == line.split('#').next().map(str::trim)
        } else {
            other.split('=').next().map(str::trim).is_some_and(|name| name == key || name.ends_with(&format!(".{key}")))
        }
    };
    // A key is looked for in its own table only.
    let begin = if line.starts_with('[') {
        0
    } else {
        lines.iter().take(own).rposition(|line| line.trim_start().starts_with('[')).map_or(0, |header| header + 1)
    };
    match lines.iter().enumerate().take(own).skip(begin).find(|(_, line)| same(line)) {
        Some((first, _)) => format!("the first is on line {}; {FORM}", first + 1),
        None => FORM.to_owned(),
    }
}
