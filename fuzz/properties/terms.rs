use std::collections::BTreeMap;

use newsdesk::{
    model::TopicId,
    text::{ReadableEntry, ReadableText},
    topics::{TaggingSettings, TopicSettings, Topics, check_term},
};

/// The first line is a term, the rest a text. A term that passes the check compiles; tags, scores and the explanation agree.
pub fn terms(bytes: &[u8]) {
    let input = String::from_utf8_lossy(bytes);
    let (term, text) = input.split_once('\n').unwrap_or((&input, &input));
    let settings = TaggingSettings::default();
    for list in ["any", "en", "fr", "it"] {
        let checked = check_term(term, list, &settings.languages);
        let topic = TopicSettings {
            id: TopicId::new("topic"),
            title: "Topic".into(),
            description: None,
            threshold: 1.0,
            terms: BTreeMap::from([(list.to_owned(), vec![term.to_owned()])]),
            examples: None,
        };
        let compiled = Topics::compile(&settings, std::slice::from_ref(&topic));
        assert_eq!(checked.is_ok(), compiled.is_ok(), "{term:?} in {list}: {checked:?}");
        let Ok(topics) = compiled else {
            assert!(!checked.unwrap_err().to_string().is_empty());
            continue;
        };
        let again = Topics::compile(&settings, &[topic]).expect("it compiled before");
        assert_eq!(topics.fingerprint(), again.fingerprint());
        let readable = ReadableText {
            title: text.lines().next().unwrap_or_default().to_owned(),
            text: text.to_owned(),
            categories: vec![term.to_owned()],
            language: (list != "any").then(|| list.to_owned()),
        };
        let entry = ReadableEntry::from_text(&readable, &settings.languages);
        let tagged = topics.tag(&entry);
        let explained = topics.explain(&entry);
        let told: Vec<_> = explained.iter().filter(|topic| topic.tagged).map(|topic| topic.topic.clone()).collect();
        assert_eq!(tagged.iter().map(|score| score.topic.clone()).collect::<Vec<_>>(), told, "{term:?} in {text:?}");
    }
}
