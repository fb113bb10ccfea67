//! From the text of the file to settings that are ready to use, or to everything that is wrong with it.

mod examples;
mod include;
mod polling;
mod publish;
mod server;
mod sources;
mod syntax;
mod terms;
mod topics;
mod topics_together;

use std::{collections::BTreeSet, io, ops::Range, path::Path, path::PathBuf, time::Duration};

use serde::Deserialize;
use serde_json::Value;
use toml::de::{DeTable, Deserializer};
use url::Url;

use super::{
    Config, ConfigProblems, Warning,
    file::{At, DurationText, File, UrlText},
    problem::Problem,
    quantity::{self, Misread},
    schema::schema,
    shape,
    source_text::SourceText,
};

/// From a folder and a pattern to the files it names, or to what is wrong with it.
type ListFiles<'a> = dyn Fn(&Path, &str) -> Result<Vec<PathBuf>, String> + 'a;

/// What a file means beyond its own text.
pub(super) struct Surroundings<'a> {
    /// The file's own folder, which relative paths start from.
    pub folder: PathBuf,
    pub state_directory: Option<PathBuf>,
    /// Reads a file of passwords or of examples, or one that is included.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
    /// The files that a pattern names, relative to a folder.
    pub list: &'a ListFiles<'a>,
}

impl Surroundings<'_> {
    /// The same, of a file in another folder.
    fn of_folder(&self, folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            state_directory: self.state_directory.clone(),
            read: self.read,
            list: self.list,
        }
    }
}

/// Checks the whole file. `file` is its name in the report.
pub(super) fn check(
    file: &Path,
    bytes: &[u8],
    surroundings: &Surroundings<'_>,
) -> Result<(Config, Vec<Warning>), ConfigProblems> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => return Err(ConfigProblems::new(file, vec![syntax::not_utf8(bytes, error.valid_up_to())])),
    };
    let mut check = Check::new(text, None);
    let parsed: Option<File> = check.parse(text, &schema());
    let texts = match &parsed {
        Some(parsed) => check.included_files(parsed, file, surroundings),
        None => Vec::new(),
    };
    let mut included: Vec<include::IncludedFile<'_>> = texts.iter().map(include::IncludedFile::read).collect();
    let config = parsed.and_then(|parsed| check.config(&parsed, &mut included, surroundings));
    let mut problems = in_order(check.problems);
    let mut warnings = in_order(check.warnings);
    for file in included {
        problems.extend(in_order(file.check.problems));
        warnings.extend(in_order(file.check.warnings));
    }
    match config {
        Some(config) if problems.is_empty() => {
            let warning = |problem: Problem| Warning { file: file.to_owned(), problem };
            Ok((config, warnings.into_iter().map(warning).collect()))
        }
        _ => Err(ConfigProblems::new(file, problems)),
    }
}

fn in_order(mut found: Vec<(usize, Problem)>) -> Vec<Problem> {
    found.sort_by_key(|(offset, _)| *offset);
    found.into_iter().map(|(_, problem)| problem).collect()
}

/// The file under check, and what was found so far, each with its offset for the order of the report.
struct Check<'a> {
    text: SourceText<'a>,
    /// Its name in the report, if it is not the configuration file itself.
    file: Option<PathBuf>,
    problems: Vec<(usize, Problem)>,
    warnings: Vec<(usize, Problem)>,
    /// Tables that something was taken out of: what is missing there was most likely written wrongly, and is reported as such.
    incomplete: BTreeSet<String>,
}

impl<'a> Check<'a> {
    fn new(text: &'a str, file: Option<PathBuf>) -> Self {
        let (problems, warnings) = (Vec::new(), Vec::new());
        Self { text: SourceText::new(text), file, problems, warnings, incomplete: BTreeSet::new() }
    }

    /// The text as a value; `None` where it is not even TOML, and the problems say why.
    fn parse<T: for<'de> Deserialize<'de>>(&mut self, text: &'a str, schema: &Value) -> Option<T> {
        let (mut tree, errors) = DeTable::parse_recoverable(text);
        syntax::hide_secrets(&mut self.text, tree.get_ref());
        if !syntax::report(self, text, errors) {
            return None;
        }
        for found in shape::hold_against(schema, tree.get_mut()) {
            self.problem(&found.span, found.message, found.hint);
            let ancestors = found.from.match_indices('.').map(|(at, _)| found.from.get(..at).unwrap_or_default());
            self.incomplete.extend(ancestors.chain([found.from.as_str()]).map(str::to_owned));
        }
        // The tree has the shape of the schema, so only a flaw in the schema itself leads to an error.
        let parsed = T::deserialize(Deserializer::from(tree));
        parsed.map_err(|error| self.problem(&error.span().unwrap_or_default(), error.message(), "see the manual")).ok()
    }
}

impl Check<'_> {
    fn problem(&mut self, span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let place = Some(self.text.place(span));
        self.problems.push((
            span.start,
            Problem { file: self.file.clone(), place, message: message.into(), hint: Some(hint.into()) },
        ));
    }

    /// A problem at a byte offset of a string's value.
    fn problem_inside(&mut self, span: &Range<usize>, offset: usize, message: impl Into<String>, hint: Option<String>) {
        let at = self.text.inside(span, offset);
        let place = Some(self.text.place(&(at..at)));
        self.problems.push((at, Problem { file: self.file.clone(), place, message: message.into(), hint }));
    }

    /// A problem with what a table lacks.
    fn missing(&mut self, table: &str, span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        if !self.incomplete.contains(table) {
            self.problem(span, message, hint);
        }
    }

    fn problem_of_file(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push((0, Problem::of_file(message).hint(hint)));
    }

    fn warning(&mut self, span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let place = Some(self.text.place(span));
        self.warnings.push((
            span.start,
            Problem { file: self.file.clone(), place, message: message.into(), hint: Some(hint.into()) },
        ));
    }

    /// The value, or a problem where it stands.
    fn read<T>(&mut self, span: &Range<usize>, read: Result<T, Misread>) -> Option<T> {
        read.map_err(|misread| self.problem(span, misread.message, misread.hint)).ok()
    }

    /// `None` when something essential is missing or wrong; the problems say what.
    fn config(
        &mut self,
        file: &File,
        included: &mut [include::IncludedFile<'_>],
        surroundings: &Surroundings<'_>,
    ) -> Option<Config> {
        let server = self.server(file.server.as_deref());
        let store = self.store(file, surroundings);
        let polling = self.polling(file.polling.as_deref());
        let publish = self.publish(file.publish.as_deref(), surroundings);
        let mut tagging = self.tagging(file.tagging.as_deref());
        tagging.countries = self.countries(file);
        let topics = self.topics(file, included, &tagging, &publish, surroundings);
        let (sources, former_sources) = match &polling {
            Some(polling) => self.sources(file, polling, &tagging, surroundings),
            None => Default::default(),
        };
        Some(Config {
            server: server?,
            store: store?,
            polling: polling?,
            publish,
            sources,
            former_sources,
            tagging,
            topics: topics.settings,
            topic_pages: topics.pages,
            former_topics: topics.former,
        })
    }

    fn duration(&mut self, value: &Option<At<DurationText>>, default: Duration, least: Duration) -> Duration {
        let Some(value) = value else { return default };
        let Some(duration) = self.read(&value.span(), quantity::duration(value)) else { return default };
        if duration < least {
            let least = least.as_secs();
            self.problem(&value.span(), format!("`{}` is too short", &***value), format!("the shortest is {least}s"));
        }
        duration
    }

    /// An absolute http or https URL without user, password and fragment.
    fn url(&mut self, value: &At<UrlText>, credentials_hint: &str) -> Option<Url> {
        let span = value.span();
        let text = value.trim();
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => {
                let hint = match error {
                    url::ParseError::RelativeUrlWithoutBase => "begin with https:// or http://".to_owned(),
                    error => format!("{error}; write it as in \"https://www.example.org/feed.xml\""),
                };
                self.problem(&span, "this is not a URL", hint);
                return None;
            }
        };
        if !matches!(url.scheme(), "http" | "https") {
            self.problem(&span, format!("the scheme `{}` cannot be used", url.scheme()), "use https:// or http://");
            return None;
        }
        if !url.username().is_empty() || url.password().is_some() {
            self.problem(&span, "a user or a password in the URL", credentials_hint);
            return None;
        }
        if url.fragment().is_some() {
            let at = text.find('#').unwrap_or(0) + (value.len() - value.trim_start().len());
            self.problem_inside(
                &span,
                at,
                "a fragment is never sent to a server",
                Some("leave out `#` and what follows".into()),
            );
            return None;
        }
        Some(url)
    }
}

/// A number whose range the schema has seen to.
fn number(value: &Option<At<u64>>) -> Option<usize> {
    value.as_ref().and_then(|value| usize::try_from(**value).ok())
}
