use std::{io, path::Path};

use super::{Config, ConfigProblems, Warning, check};

mod load;
mod problems;
mod quantity;
mod schema;
mod settings;
mod shipped;
mod source_text;
mod topics;

/// The text as a file `n.toml` in `/etc/newsdesk`, where `secret` holds a password, `empty` nothing, and `space.*.jsonl`
/// examples; those in `bad.jsonl` are wrong.
fn read(text: &str) -> Result<(Config, Vec<Warning>), ConfigProblems> {
    let surroundings = check::Surroundings {
        folder: "/etc/newsdesk".into(),
        state_directory: Some("/var/lib/newsdesk".into()),
        read: &|path: &Path| match path.to_str() {
            Some("/etc/newsdesk/secret") => Ok("hunter2\n".to_owned()),
            Some("/etc/newsdesk/empty") => Ok("\n".to_owned()),
            Some("/etc/newsdesk/space.like.jsonl") => Ok(example_lines("Rocket")),
            Some("/etc/newsdesk/space.unlike.jsonl") => Ok(example_lines("Soup")),
            Some("/etc/newsdesk/bad.jsonl") => Ok(example_lines("Soup") + "{\"title\": 1}\n{\"text\": \"\"}\n"),
            _ => Err(io::Error::other("no such file")),
        },
        list: &|_, _| Ok(Vec::new()),
    };
    check::check(Path::new("n.toml"), text.as_bytes(), &surroundings)
}

fn example_lines(word: &str) -> String {
    (1..=5).map(|number| format!("{{\"title\": \"{word} {number}\"}}\n")).collect()
}

/// The settings of a file that is right, and its warnings as the admin reads them.
fn right(text: &str) -> (Config, String) {
    let (config, warnings) = read(text).unwrap_or_else(|problems| panic!("{problems}"));
    (config, warnings.iter().map(ToString::to_string).collect::<String>())
}
