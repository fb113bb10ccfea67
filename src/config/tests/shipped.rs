use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    right,
    schema::{accepts, paths},
};
use crate::config::{Environment, load_in, schema};

const SHIPPED: &str = include_str!("../../../config/newsdesk.toml");

#[test]
fn the_shipped_file_has_no_problem() {
    let environment = Environment { folder: env!("CARGO_MANIFEST_DIR").into(), ..Environment::default() };
    let (config, warnings) =
        load_in("config/newsdesk.toml".as_ref(), &environment).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(warnings, []);
    assert!(config.sources.len() >= 30, "{}", config.sources.len());
    let languages: BTreeSet<_> =
        config.sources.values().filter_map(|source| source.language.as_deref()?.split('-').next()).collect();
    assert_eq!(languages, BTreeSet::from(["de", "en", "es", "fr", "it"]));
    let topics: Vec<_> = config.topics.iter().map(|topic| topic.id.as_str()).collect();
    let wanted =
        ["ai", "telecom", "eu-tech-sovereignty", "semiconductors", "privacy", "climate-energy", "space", "ukraine-war"];
    assert_eq!(topics, wanted);
    for topic in &config.topics {
        for language in ["any", "en", "fr", "de", "es", "it"] {
            assert!(topic.terms.get(language).is_some_and(|terms| terms.len() >= 6), "{}.{language}", topic.id);
        }
        assert_eq!(topic.threshold, 4.0, "{}", topic.id);
        assert!(topic.description.is_some(), "{}", topic.id);
    }
}

#[test]
fn the_schema_accepts_the_shipped_file() {
    let root = schema();
    let value: Value = toml::from_str(SHIPPED).unwrap();
    assert_eq!(accepts(&root, &root, &value, ""), Ok(()));
}

#[test]
fn the_shipped_file_names_every_key() {
    for (path, _) in paths() {
        let key = path.rsplit('.').next().unwrap_or_default();
        if matches!(key, "" | "*") {
            continue;
        }
        let named = SHIPPED.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == key);
        assert!(named, "{path} is not shown");
    }
}

/// A default that is shown in a comment is the default.
#[test]
fn the_comments_show_the_defaults() {
    let mut shown = 0;
    let mut table = String::new();
    for line in SHIPPED.lines() {
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_end_matches(']').to_owned();
        }
        let Some((key, value)) = line.strip_prefix("# ").and_then(|line| line.split_once(" = ")) else { continue };
        let path = format!("{table}.{key}");
        let Some((_, schema)) = paths().into_iter().find(|(known, _)| *known == path) else { continue };
        if schema.get("default").is_some() {
            let (with, _) = right(&format!("[{table}]\n{key} = {value}\n"));
            assert_eq!(with, right("").0, "{line}");
            shown += 1;
        }
    }
    assert!(shown >= 11, "{shown}");
}
