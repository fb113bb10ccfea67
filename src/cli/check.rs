use std::path::Path;

use super::exit::Exit;
use crate::{
    clock::Clock,
    config, daemon,
    topics::{Field, TaggingSettings, TopicSettings, lone_terms},
};

/// Validates the configuration, and shows how its schedules are understood.
pub(super) fn run(path: &Path) -> anyhow::Result<Exit> {
    let (config, warnings) = config::load(path)?;
    daemon::reader(&config)?;
    for warning in warnings {
        eprintln!("{warning}");
    }
    for topic in &config.topics {
        println!("{}", summary(topic, &config.tagging));
    }
    println!("{}: {} sources, {} topics, no mistakes", path.display(), config.sources.len(), config.topics.len());
    let mut next = Clock::system().now();
    let mut runs = Vec::new();
    for _ in 0..3 {
        let Some(tick) = config.polling.schedule.next_after(next) else { break };
        runs.push(tick.with_timezone(&config.polling.timezone).format("%a %Y-%m-%d %H:%M:%S %Z").to_string());
        next = tick;
    }
    println!("The default schedule's next ticks: {}", runs.join(", "));
    Ok(Exit::Done)
}

/// How easily a topic is reached: the terms of which one hit is enough, by where it must be.
fn summary(topic: &TopicSettings, tagging: &TaggingSettings) -> String {
    let lone = lone_terms(topic, tagging);
    let enough = |fields: &[Field]| lone.iter().filter(|term| fields.contains(&term.field)).count();
    let terms: usize = topic.terms.values().map(Vec::len).sum();
    let patterns = match topic.patterns() {
        0 => String::new(),
        1 => ", 1 regular expression".to_owned(),
        number => format!(", {number} regular expressions"),
    };
    format!(
        "topic {}: {terms} terms{patterns}; one hit is enough for {} in the title, {} of them in the lead, {} anywhere",
        topic.id,
        lone.len(),
        enough(&[Field::Lead, Field::Body]),
        enough(&[Field::Body]),
    )
}
