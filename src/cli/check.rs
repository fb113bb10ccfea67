use std::path::Path;

use clap::Args;

use super::{diff::diff, exit::Exit};
use crate::{
    clock::Clock,
    config, daemon,
    topics::{Field, TaggingSettings, TopicSettings, lone_terms},
};

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Say which of the stories that are kept would enter and leave each topic
    #[arg(long)]
    diff: bool,

    /// Of the stories that enter or leave a topic, name so many
    #[arg(long, default_value_t = 5, value_name = "NUMBER", requires = "diff")]
    samples: usize,

    /// Print what would change as one JSON object a topic, and nothing else
    #[arg(long, requires = "diff")]
    json: bool,
}

/// Validates the configuration, and shows how its schedules are understood and what its topics would change.
pub(super) fn run(path: &Path, arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let (config, warnings) = config::load(path)?;
    daemon::reader(&config)?;
    for warning in warnings {
        eprintln!("{warning}");
    }
    if arguments.json {
        super::print(&diff(path, config, arguments.samples, true)?)?;
        return Ok(Exit::Done);
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
    if arguments.diff {
        super::print(&diff(path, config, arguments.samples, false)?)?;
    }
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
