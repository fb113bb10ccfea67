//! The files that the configuration file includes: found, read, and checked like it.

use std::path::{Path, PathBuf};

use super::{Check, Surroundings};
use crate::config::{
    file::{File, Included},
    schema::included_schema,
};

/// A file by its name in the report, with its text.
pub(super) struct IncludedText {
    name: PathBuf,
    folder: PathBuf,
    text: String,
}

/// An included file under check.
pub(super) struct IncludedFile<'a> {
    pub check: Check<'a>,
    /// `None` where it is not even TOML.
    pub content: Option<Included>,
    /// Its own, which relative paths start from.
    pub folder: PathBuf,
}

impl<'a> IncludedFile<'a> {
    pub fn read(included: &'a IncludedText) -> Self {
        let text = included.text.strip_prefix('\u{feff}').unwrap_or(&included.text);
        let mut check = Check::new(text, Some(included.name.clone()));
        let content = check.parse(text, &included_schema());
        Self { check, content, folder: included.folder.clone() }
    }
}

impl Check<'_> {
    /// Each once, in the order of the patterns and then of the names. `file` is the configuration file itself.
    pub(super) fn included_files(
        &mut self,
        parsed: &File,
        file: &Path,
        surroundings: &Surroundings<'_>,
    ) -> Vec<IncludedText> {
        let folder = surroundings.folder.as_path();
        let own = file.file_name().map(|name| folder.join(name));
        let mut seen: Vec<PathBuf> = own.into_iter().collect();
        let mut texts = Vec::new();
        for pattern in parsed.include.iter().flatten() {
            let span = pattern.span();
            let found = match (surroundings.list)(folder, pattern) {
                Ok(found) => found,
                Err(error) => {
                    let message = format!("`{}` cannot be included: {error}", pattern.as_str());
                    self.problem(&span, message, "write a file's name or a pattern, as in \"topics/*.toml\"");
                    continue;
                }
            };
            if found.is_empty() {
                let message = format!("there is no file `{}`", pattern.as_str());
                let hint = format!("names are relative to {}", folder.display());
                if pattern.contains(['*', '?', '[']) {
                    self.warning(&span, message, hint);
                } else {
                    self.problem(&span, message, hint);
                }
            }
            for path in found {
                if seen.contains(&path) {
                    continue;
                }
                // As the admin named the configuration file, so are the files beside it.
                let name = match path.strip_prefix(folder) {
                    Ok(below) => file.parent().unwrap_or(Path::new("")).join(below),
                    Err(_) => path.clone(),
                };
                match (surroundings.read)(&path) {
                    Ok(text) => {
                        let folder = path.parent().unwrap_or(folder).to_owned();
                        texts.push(IncludedText { name, folder, text });
                    }
                    Err(error) => {
                        let message = format!("{} cannot be read: {error}", name.display());
                        self.problem(&span, message, "let the user newsdesk runs as read it; it must be UTF-8");
                    }
                }
                seen.push(path);
            }
        }
        texts
    }
}
