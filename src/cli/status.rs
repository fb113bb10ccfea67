use std::{fmt::Write as _, path::Path};

use clap::Args;
use serde_json::{Map, Value};

use super::{ask::ask, exit::Exit};
use crate::{config, daemon::AskStatus};

#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    /// Print the JSON object that /healthz gives
    #[arg(long)]
    json: bool,
}

/// Says how the newsdesk that runs is doing; of one that does not run, what its store knows.
pub(super) fn run(path: &Path, arguments: &StatusArguments) -> anyhow::Result<Exit> {
    let config = config::load(path).map(|(config, _)| config);
    let finished = ask(path, config, AskStatus {}, |health| {
        let text = if arguments.json { serde_json::to_string_pretty(&health)? + "\n" } else { in_words(&health) };
        super::print(&text)
    })?;
    Ok(finished.into())
}

/// The status as a sentence, then every field that says something: a newer newsdesk may have more of them than we know.
fn in_words(health: &Map<String, Value>) -> String {
    let mut text = String::new();
    let status = health.get("status").and_then(Value::as_str).unwrap_or_default();
    let sentence = match status {
        "ok" => "newsdesk runs and serves",
        "starting" => "newsdesk is starting: the first editions are not up yet",
        "failing" => "newsdesk runs, and something fails",
        "stopped" => "newsdesk does not run; this is what its store knows",
        other => other,
    };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{sentence}");
    for (field, value) in health.iter().filter(|(field, _)| *field != "status") {
        match value {
            Value::Null => {}
            Value::Object(of_sources) if of_sources.is_empty() => {}
            Value::Object(counts) if counts.values().all(Value::is_number) => {
                let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
                let _ = writeln!(text, "{field}: {}", counts.join(", "));
            }
            Value::Object(of_sources) => {
                let _ = writeln!(text, "{field}: {}", of_sources.len());
                let width = of_sources.keys().map(|id| id.chars().count()).max().unwrap_or(0);
                for (id, what) in of_sources {
                    let _ = writeln!(text, "  {id:width$}  {}", said(what));
                }
            }
            value => {
                let _ = writeln!(text, "{field}: {}", said(value));
            }
        }
    }
    text
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_says_nothing_is_left_out_and_what_we_do_not_know_is_shown() {
        let cases = [
            (
                json!({"status": "ok", "store": null, "sources": 2, "failing": {}, "moved": {}}),
                "newsdesk runs and serves\nsources: 2\n",
            ),
            (
                json!({"status": "failing", "store": "the disk is full", "failing": {"a": "404", "gazette": "500"}}),
                "newsdesk runs, and something fails\nfailing: 2\n  a        404\n  gazette  500\nstore: the disk is full\n",
            ),
            (
                json!({"status": "rebuilding", "progress": {"entries": "seven"}}),
                "rebuilding\nprogress: 1\n  entries  seven\n",
            ),
            (
                json!({"status": "ok", "hub": {"confirmed": 12, "failing": 1, "waiting": 0}}),
                "newsdesk runs and serves\nhub: 12 confirmed, 1 failing, 0 waiting\n",
            ),
        ];
        for (health, expected) in cases {
            assert_eq!(in_words(health.as_object().expect("an object")), expected);
        }
    }
}
