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

/// The text as a file `n.toml` in `/etc/newsdesk`, where `secret` holds a password and `empty` nothing.
fn read(text: &str) -> Result<(Config, Vec<Warning>), ConfigProblems> {
    let surroundings = check::Surroundings {
        folder: "/etc/newsdesk".into(),
        state_directory: Some("/var/lib/newsdesk".into()),
        read: &|path: &Path| match path.to_str() {
            Some("/etc/newsdesk/secret") => Ok("hunter2\n".to_owned()),
            Some("/etc/newsdesk/empty") => Ok("\n".to_owned()),
            _ => Err(io::Error::other("no such file")),
        },
        list: &|_, _| Ok(Vec::new()),
    };
    check::check(Path::new("n.toml"), text.as_bytes(), &surroundings)
}

/// The settings of a file that is right, and its warnings as the admin reads them.
fn right(text: &str) -> (Config, String) {
    let (config, warnings) = read(text).unwrap_or_else(|problems| panic!("{problems}"));
    (config, warnings.iter().map(ToString::to_string).collect::<String>())
}
