//! From the text of the file to settings that are ready to use, or to everything that is wrong with it.

mod examples;
mod polling;
mod server;
mod sources;
mod syntax;
mod topics;

use std::{collections::BTreeSet, io, ops::Range, path::Path, path::PathBuf, time::Duration};

use serde::Deserialize;
use toml::de::{DeTable, Deserializer};
use url::Url;

use super::{
    Config, ConfigProblems, PublishSettings, Warning,
    file::{At, DurationText, File, UrlText},
    problem::Problem,
    quantity::{self, Misread},
    schema::schema,
    shape,
    source_text::SourceText,
};

/// What a file means beyond its own text.
pub(super) struct Surroundings<'a> {
    /// The file's own folder, which relative paths start from.
    pub folder: PathBuf,
    pub state_directory: Option<PathBuf>,
    /// Reads a file of passwords or of examples.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
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
    let (mut tree, errors) = DeTable::parse_recoverable(text);
    let mut check =
        Check { text: SourceText::new(text), problems: Vec::new(), warnings: Vec::new(), incomplete: BTreeSet::new() };
    syntax::hide_secrets(&mut check.text, tree.get_ref());
    let readable = syntax::report(&mut check, text, errors);
    let mut config = None;
    if readable {
        for found in shape::hold_against(&schema(), tree.get_mut()) {
            check.problem(&found.span, found.message, found.hint);
            let ancestors = found.from.match_indices('.').map(|(at, _)| found.from.get(..at).unwrap_or_default());
            check.incomplete.extend(ancestors.chain([found.from.as_str()]).map(str::to_owned));
        }
        match File::deserialize(Deserializer::from(tree)) {
            Ok(file) => config = check.config(&file, surroundings),
            // The tree has the shape of the schema, so only a flaw in the schema itself leads here.
            Err(error) => check.problem(&error.span().unwrap_or_default(), error.message(), "see the manual"),
        }
    }
    let in_order = |mut found: Vec<(usize, Problem)>| {
        found.sort_by_key(|(offset, _)| *offset);
        found.into_iter().map(|(_, problem)| problem).collect::<Vec<_>>()
    };
    let warnings = in_order(check.warnings);
    match config {
        Some(config) if check.problems.is_empty() => {
            let warning = |problem| Warning { file: file.to_owned(), problem };
            Ok((config, warnings.into_iter().map(warning).collect()))
        }
        _ => Err(ConfigProblems::new(file, in_order(check.problems))),
    }
}

/// The file under check, and what was found so far, each with its offset for the order of the report.
struct Check<'a> {
    text: SourceText<'a>,
    problems: Vec<(usize, Problem)>,
    warnings: Vec<(usize, Problem)>,
    /// Tables that something was taken out of: what is missing there was most likely written wrongly, and is reported as such.
    incomplete: BTreeSet<String>,
}

impl Check<'_> {
    fn problem(&mut self, span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let place = Some(self.text.place(span));
        self.problems.push((span.start, Problem { place, message: message.into(), hint: Some(hint.into()) }));
    }

    /// A problem at a byte offset of a string's value.
    fn problem_inside(&mut self, span: &Range<usize>, offset: usize, message: impl Into<String>, hint: Option<String>) {
        let at = self.text.inside(span, offset);
        let place = Some(self.text.place(&(at..at)));
        self.problems.push((at, Problem { place, message: message.into(), hint }));
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
        self.warnings.push((span.start, Problem { place, message: message.into(), hint: Some(hint.into()) }));
    }

    /// The value, or a problem where it stands.
    fn read<T>(&mut self, span: &Range<usize>, read: Result<T, Misread>) -> Option<T> {
        read.map_err(|misread| self.problem(span, misread.message, misread.hint)).ok()
    }

    /// `None` when something essential is missing or wrong; the problems say what.
    fn config(&mut self, file: &File, surroundings: &Surroundings<'_>) -> Option<Config> {
        let server = self.server(file.server.as_deref());
        let store = self.store(file, surroundings);
        let polling = self.polling(file.polling.as_deref());
        let entries = file.publish.as_deref().and_then(|publish| number(&publish.entries)).unwrap_or(100);
        let tagging = self.tagging(file.tagging.as_deref());
        let (topics, topic_pages, former_topics) = self.topics(file, &tagging, surroundings);
        let (sources, former_sources) = match &polling {
            Some(polling) => self.sources(file, polling, &tagging, surroundings),
            None => Default::default(),
        };
        Some(Config {
            server: server?,
            store: store?,
            polling: polling?,
            publish: PublishSettings { entries },
            sources,
            former_sources,
            tagging,
            topics,
            topic_pages,
            former_topics,
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
