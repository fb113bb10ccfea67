//! What a combination is called, and in which language: in signs, which need no translation, and in as few words as can be.

use super::{
    address::{Of, Selection},
    pages::Phrases,
    renderer::Renderer,
};
use crate::model::{SourceId, TopicId};

/// What a topic or a source is called, and in which language it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    title: String,
    /// BCP 47.
    language: Option<String>,
}

impl Renderer {
    /// The title and the language of stories that are no topic's.
    pub(super) fn title_and_language(&self, selection: &Selection) -> (String, Option<String>) {
        let topic = |id: &TopicId| match self.settings.page_of(id) {
            Some(page) => Name { title: page.title.clone(), language: page.language.clone() },
            None => Name { title: id.to_string(), language: None },
        };
        let source = |id: &SourceId| {
            let configured = self.settings.sources.iter().find(|page| page.id == *id);
            let language = configured.and_then(|page| page.language.clone());
            let own = || self.store.source(id).and_then(|record| record.feed.language.clone());
            Name { title: self.source_title(id), language: language.or_else(own) }
        };
        let language = language(selection, &topic, &source);
        (title(selection, language.as_deref(), &topic, &source), language)
    }
}

/// The language that is asked for, or else the one that all topics have from which the stories are taken, or all sources.
fn language(
    selection: &Selection,
    topic: &dyn Fn(&TopicId) -> Name,
    source: &dyn Fn(&SourceId) -> Name,
) -> Option<String> {
    if !selection.languages.is_empty() {
        return in_common(selection.languages.iter().cloned().map(Some));
    }
    let of = match &selection.of {
        Of::Topics(topics) => Some(topics),
        Of::Everything | Of::Source(_) => None,
    };
    let topics = || of.into_iter().flatten().chain(&selection.and).map(|id| topic(id).language);
    if topics().next().is_some() {
        return in_common(topics());
    }
    in_common(selection.named_sources().map(|id| source(id).language))
}

fn in_common(mut languages: impl Iterator<Item = Option<String>>) -> Option<String> {
    let first = languages.next()??;
    languages.all(|language| language.is_some_and(|other| other.eq_ignore_ascii_case(&first))).then_some(first)
}

/// `+` is either, `&` is both, `−` is without; what goes together stands in brackets.
fn title(
    selection: &Selection,
    language: Option<&str>,
    topic: &dyn Fn(&TopicId) -> Name,
    source: &dyn Fn(&SourceId) -> Name,
) -> String {
    let phrases = language.and_then(Phrases::of).unwrap_or_else(Phrases::english);
    let mut title = match &selection.of {
        Of::Everything => phrases.all_stories.to_owned(),
        Of::Topics(topics) => {
            let either = topics.iter().map(|id| topic(id).title).collect::<Vec<_>>().join(" + ");
            let is_part = topics.len() > 1 && !(selection.and.is_empty() && selection.not.is_empty());
            if is_part { format!("({either})") } else { either }
        }
        Of::Source(id) => source(id).title,
    };
    for id in &selection.and {
        title += &format!(" & {}", topic(id).title);
    }
    for id in &selection.not {
        title += &format!(" − {}", topic(id).title);
    }
    if !selection.languages.is_empty() {
        let tags: Vec<&str> = selection.languages.iter().map(String::as_str).collect();
        title += &format!(" ({})", tags.join(", "));
    }
    if !selection.sources.is_empty() {
        let sources: Vec<String> = selection.sources.iter().map(|id| source(id).title).collect();
        title += &format!("{}{}", phrases.colon, sources.join(", "));
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::Address;

    #[test]
    fn a_combination_is_called_what_it_is_in_the_language_that_its_parts_have() {
        let name =
            |title: &str, language: Option<&str>| Name { title: title.into(), language: language.map(Into::into) };
        let topic = |id: &TopicId| match id.as_str() {
            "ia" => name("IA", Some("fr")),
            "telecom" => name("Télécoms", Some("fr")),
            "war" => name("Ukraine war", Some("en")),
            "tech" => name("Technik", Some("de")),
            other => name(other, None),
        };
        let source = |id: &SourceId| match id.as_str() {
            "monde" => name("Le Monde", Some("fr")),
            "rivage" => name("Rivage", Some("fr")),
            other => name(other, None),
        };
        for (address, title, language) in [
            ("/all", "All stories", None),
            ("/topics/ia+telecom.atom", "IA + Télécoms", Some("fr")),
            ("/topics/ia+tech", "IA + Technik", None),
            ("/topics/ia+rain", "IA + rain", None),
            ("/topics/ia?and=telecom", "IA & Télécoms", Some("fr")),
            ("/topics/ia?and=tech", "IA & Technik", None),
            ("/topics/ia?not=war", "IA − Ukraine war", Some("fr")),
            ("/topics/ia+telecom?and=tech&not=war", "(IA + Télécoms) & Technik − Ukraine war", None),
            ("/topics/ia+tech.json?not=war&lang=de", "(IA + Technik) − Ukraine war (de)", Some("de")),
            ("/topics/war?lang=de,fr", "Ukraine war (de, fr)", None),
            ("/topics/war?source=monde,rivage", "Ukraine war: Le Monde, Rivage", Some("en")),
            ("/topics/ia?source=monde", "IA\u{a0}: Le Monde", Some("fr")),
            ("/sources/monde.rss", "Le Monde", Some("fr")),
            ("/sources/monde.rss?not=war", "Le Monde − Ukraine war", Some("fr")),
            ("/all?source=monde,rivage", "Tous les articles\u{a0}: Le Monde, Rivage", Some("fr")),
            ("/all?source=monde,gazette", "All stories: gazette, Le Monde", None),
            ("/all?lang=de-at", "Alle Meldungen (de-at)", Some("de-at")),
            ("/all?lang=ja", "All stories (ja)", Some("ja")),
            ("/all?not=war&lang=ar", "كل الأخبار − Ukraine war (ar)", Some("ar")),
        ] {
            let (path, query) = address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
            let Ok(Address::Stories(stories)) = Address::parse(path, query) else { panic!("{address}") };
            let spoken = super::language(&stories.selection, &topic, &source);
            let called = super::title(&stories.selection, spoken.as_deref(), &topic, &source);
            assert_eq!((&*called, spoken.as_deref()), (title, language), "{address}");
        }
    }
}
