//! Tags a text from standard input, its first line the title, and says why: `echo 'Telecoms turn to AI' | cargo run --example tag_a_text`.

use newsdesk::{
    text::{ReadableEntry, ReadableText},
    topics::{TaggingSettings, TopicSettings, Topics},
};

fn main() -> anyhow::Result<()> {
    let settings = TaggingSettings::default();
    let topic = |id: &str, terms: &[&str]| -> anyhow::Result<TopicSettings> {
        let terms = TopicSettings::lists([(TaggingSettings::ANY, terms)], &settings.languages)?;
        Ok(TopicSettings { terms, ..TopicSettings::new(id) })
    };
    let topics = [topic("ai", &["=AI^1.5", "ChatGPT^2"])?, topic("telecom", &["telecom*^1.5", "=5G^1.5"])?];
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
