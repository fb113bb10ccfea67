//! Tags a text from standard input, its first line the title, and says why: `echo 'Telecoms turn to AI' | cargo run --example tag_a_text`.

use std::collections::BTreeMap;

use newsdesk::{
    model::TopicId,
    text::{ReadableEntry, ReadableText},
    topics::{TaggingSettings, TopicSettings, Topics},
};

fn main() -> anyhow::Result<()> {
    let topic = |id: &str, terms: &[&str]| TopicSettings {
        id: TopicId::new(id),
        title: id.into(),
        description: None,
        threshold: 4.0,
        terms: BTreeMap::from([("any".into(), terms.iter().map(|term| (*term).into()).collect())]),
        examples: None,
    };
    let settings = TaggingSettings::default();
    let topics = [topic("ai", &["=AI^1.5", "ChatGPT^2"]), topic("telecom", &["telecom*^1.5", "=5G^1.5"])];
    let topics = Topics::compile(&settings, &topics).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;

    let text = std::io::read_to_string(std::io::stdin())?;
    let title = text.lines().next().unwrap_or_default().to_owned();
    let entry = ReadableEntry::from_text(&ReadableText { title, text, ..Default::default() }, &settings.languages);
    for topic in topics.explain(&entry) {
        println!("{}: {} of {} points, tagged: {}", topic.topic, topic.score, topic.threshold, topic.tagged);
        for term in &topic.terms {
            println!("    {} points for {}, found as {:?}", term.points, term.term, term.matched);
        }
    }
    Ok(())
}
