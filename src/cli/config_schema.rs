use super::exit::Exit;
use crate::config;

/// Prints the JSON Schema of the configuration file.
pub(super) fn run() -> anyhow::Result<Exit> {
    super::print(&(serde_json::to_string_pretty(&config::schema())? + "\n"))?;
    Ok(Exit::Done)
}
