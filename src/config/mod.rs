//! The admin's file, read, checked and made ready to use.
//!
//! [`find`] says which file it is and [`load`] reads it. The text becomes a tree in which every key and value knows its
//! place; the tree is held against the shape of the file (`file`, whose doc comments are also the published
//! [`schema`]), and what has the right shape is checked for sense, table by table (`check`). Nothing stops at the first
//! problem: the admin gets all of them at once as [`ConfigProblems`], each with its place, its line and a hint, or a
//! [`Config`] in which every value is ready to use.

mod check;
mod file;
mod problem;
mod quantity;
mod schema;
mod secret;
mod settings;
mod shape;
mod source_text;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use toml::de::DeTable;

pub use problem::{ConfigProblems, Problem, Warning};
pub use schema::schema;
pub use secret::Secret;
pub use settings::{
    BasicAuth, Config, PollingSettings, PublishSettings, ServerSettings, SourceSettings, StoreSettings, TopicPage,
};

/// What the process's surroundings say about the configuration.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `$NEWSDESK_CONFIG`.
    pub config: Option<PathBuf>,
    /// `$STATE_DIRECTORY`, set by systemd.
    pub state_directory: Option<PathBuf>,
    /// The current folder.
    pub folder: PathBuf,
}

impl Environment {
    pub fn of_process() -> Self {
        let path = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            config: path("NEWSDESK_CONFIG"),
            // systemd separates several folders by colons; the first is ours.
            state_directory: path("STATE_DIRECTORY").and_then(|paths| env::split_paths(&paths).next()),
            folder: env::current_dir().unwrap_or_default(),
        }
    }
}

/// The configuration file to use: the one named, else `$NEWSDESK_CONFIG`, else `config/newsdesk.toml` in the current folder if
/// there is one, else `/etc/newsdesk/newsdesk.toml`.
pub fn find(explicit: Option<PathBuf>, environment: &Environment) -> PathBuf {
    if let Some(path) = explicit.or_else(|| environment.config.clone()) {
        return path;
    }
    let local = Path::new("config/newsdesk.toml");
    if environment.folder.join(local).is_file() {
        return local.to_owned();
    }
    PathBuf::from("/etc/newsdesk/newsdesk.toml")
}

/// As [`find`]; `None` if no file is named and there is none in the usual places.
pub fn find_if_any(explicit: Option<PathBuf>, environment: &Environment) -> Option<PathBuf> {
    let is_named = explicit.is_some() || environment.config.is_some();
    let path = find(explicit, environment);
    (is_named || environment.folder.join(&path).is_file()).then_some(path)
}

/// Reads and checks the configuration file at `path`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file; its `Display` is a report for the admin.
pub fn load(path: &Path) -> Result<(Config, Vec<Warning>), ConfigProblems> {
    load_in(path, &Environment::of_process())
}

/// As [`load`], in other surroundings.
///
/// # Errors
/// As [`load`].
pub fn load_in(path: &Path, environment: &Environment) -> Result<(Config, Vec<Warning>), ConfigProblems> {
    let full = environment.folder.join(path);
    let bytes = fs::read(&full).map_err(|error| {
        let problem = Problem::of_file(format!("cannot be read: {error}"))
            .hint("name the configuration file with --config FILE or $NEWSDESK_CONFIG");
        ConfigProblems::new(path, vec![problem])
    })?;
    let folder = full.parent().map_or_else(PathBuf::new, Path::to_owned);
    let surroundings = check::Surroundings {
        folder,
        state_directory: environment.state_directory.clone(),
        read: &|path| fs::read_to_string(path),
        list: &matching_files,
    };
    check::check(path, &bytes, &surroundings)
}

/// Where the file at `path` has its store, whatever else is wrong with it: enough to find the newsdesk that runs with it.
/// `None` if the file cannot be read, or says nothing of it and $STATE_DIRECTORY does neither.
pub fn store_path(path: &Path, environment: &Environment) -> Option<PathBuf> {
    let full = environment.folder.join(path);
    let text = fs::read_to_string(&full).ok()?;
    let (tree, _) = DeTable::parse_recoverable(text.strip_prefix('\u{feff}').unwrap_or(&text));
    let store = tree.get_ref().get("store").and_then(|store| store.get_ref().as_table());
    match store.and_then(|store| store.get("path")) {
        Some(path) => Some(full.with_file_name("").join(path.get_ref().as_str()?)),
        None => environment.state_directory.clone(),
    }
}

/// The files that a pattern names, which is relative to `folder`, in the order of their names.
fn matching_files(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    // Joined by hand: the folder's own name may hold what would be signs in a pattern.
    let full = if Path::new(pattern).is_absolute() {
        pattern.to_owned()
    } else {
        format!("{}/{pattern}", glob::Pattern::escape(&folder.to_string_lossy()))
    };
    let options =
        glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
    let found = glob::glob_with(&full, options).map_err(|error| error.to_string())?;
    found.map(|path| path.map_err(|error| error.to_string())).collect()
}

#[cfg(test)]
mod tests;
