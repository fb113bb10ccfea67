use std::{fmt, path::Path, path::PathBuf};

/// Something in the configuration file that has to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The included file it is in; `None` for the configuration file itself.
    pub file: Option<PathBuf>,
    /// Where it is; `None` for the file as a whole.
    pub place: Option<Place>,
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// A place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line, or the part of it around the place, without its secrets.
    pub excerpt: String,
    /// Where the place begins in the excerpt, in characters.
    pub indent: usize,
    /// How many characters it is long.
    pub width: usize,
}

/// Something that is allowed and probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub file: PathBuf,
    pub problem: Problem,
}

/// Everything that is wrong with the configuration file, in the order of the file, then with those it includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblems {
    pub file: PathBuf,
    /// Never empty.
    pub problems: Vec<Problem>,
}

impl Problem {
    pub(super) fn of_file(message: impl Into<String>) -> Self {
        Self { file: None, place: None, message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, file: &Path, severity: &str) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or(file).display();
        match &self.place {
            None => writeln!(f, "{file}: {severity}{}", self.message)?,
            Some(place) => {
                writeln!(f, "{file}:{}:{}: {severity}{}", place.line, place.column, self.message)?;
                let number = place.line.to_string();
                let gutter = " ".repeat(number.len());
                // Tabs are kept, so that the caret stands under its character whatever their width.
                let indent: String =
                    place.excerpt.chars().take(place.indent).map(|c| if c == '\t' { c } else { ' ' }).collect();
                writeln!(f, "{gutter} |")?;
                writeln!(f, "{number} | {}", place.excerpt)?;
                writeln!(f, "{gutter} | {indent}{}", "^".repeat(place.width.max(1)))?;
            }
        }
        match &self.hint {
            Some(hint) => writeln!(f, "  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl ConfigProblems {
    pub(super) fn new(file: &Path, problems: Vec<Problem>) -> Self {
        Self { file: file.to_owned(), problems }
    }
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            problem.write(f, &self.file, "")?;
            writeln!(f)?;
        }
        match self.problems.len() {
            1 => write!(f, "1 problem in {}", self.file.display())?,
            number => write!(f, "{number} problems in {}", self.file.display())?,
        }
        let included = self.problems.iter().any(|problem| problem.file.is_some());
        f.write_str(if included { " and what it includes" } else { "" })
    }
}

impl std::error::Error for ConfigProblems {}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.write(f, &self.file, "warning: ")
    }
}
