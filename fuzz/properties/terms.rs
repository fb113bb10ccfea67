use newsdesk::{
    text::{ReadableEntry, ReadableText},
    topics::{TaggingSettings, Term, TopicSettings, Topics},
};

/// The first line is a term, the rest a text. A term that parses compiles; tags, scores and the explanation agree, and
/// what is kept of the explanation says the same.
pub fn terms(bytes: &[u8]) {
    let input = String::from_utf8_lossy(bytes);
    let (term, text) = input.split_once('\n').unwrap_or((&input, &input));
    let settings = TaggingSettings::default();
    for list in ["any", "en", "fr", "it"] {
        let checked = Term::parse(term, list, &settings.languages);
        let Ok(parsed) = checked else {
            let error = checked.unwrap_err();
            assert!(error.offset <= term.len() && !error.to_string().is_empty(), "{term:?} in {list}");
            continue;
        };
        let mut topic = TopicSettings { threshold: f64::MIN_POSITIVE, ..TopicSettings::new("topic") };
        topic.terms.insert(list.to_owned(), vec![parsed]);
        if let Ok(shield) =
            Term::parse_unweighted(text.lines().next().unwrap_or_default(), list, &settings.languages, "a shield")
        {
            topic.shield.insert(list.to_owned(), vec![shield]);
        }
        let topics = Topics::compile(&settings, std::slice::from_ref(&topic))
            .unwrap_or_else(|problems| panic!("{term:?}: {problems:?}"));
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
        let (again, kept) = topics.tag_and_explain(&entry, None);
        assert_eq!(tagged, again);
        assert!(
            kept.topics().iter().all(|topic| explained.iter().any(|told| told.score == topic.score)),
            "{term:?} in {text:?}"
        );
    }
}
