use serde_json::{Value, json};

use super::right;
use crate::config::{schema, shape::as_toml};

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).expect(reference),
        None => schema,
    }
}

/// Every path of the schema with its schema; `*` stands for an id.
pub(super) fn paths() -> Vec<(String, Value)> {
    fn walk(root: &Value, schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
        let resolved = resolve(root, schema);
        found.push((path.to_owned(), schema.clone()));
        let properties = resolved.get("properties").and_then(Value::as_object);
        for (key, inner) in properties.into_iter().flatten() {
            walk(root, inner, &format!("{path}.{key}"), found);
        }
        if let Some(inner) = resolved.get("additionalProperties").filter(|inner| inner.is_object()) {
            walk(root, inner, &format!("{path}.*"), found);
        }
    }
    let root = schema();
    let mut found = Vec::new();
    walk(&root, &root, "", &mut found);
    found.into_iter().map(|(path, schema)| (path.trim_start_matches('.').to_owned(), schema)).collect()
}

#[test]
fn every_documented_key_is_in_the_schema() {
    let paths = paths();
    for (table, keys) in [
        ("server", "listen public_url hub hub_networks"),
        ("store", "path retention cache free_space size entries_per_source"),
        (
            "polling",
            "schedule timezone contact allow_networks host_gap backlog article deleted timeout concurrency tracking",
        ),
        ("publish", "entries stories fair memory directory"),
        (
            "sources.*",
            "url title language country schedule timeout headers basic_auth allow_private backlog article deleted content priority formerly disabled",
        ),
        ("sources.*.basic_auth", "username password password_file"),
        ("tagging", "languages field_weight lead_words anchor_words"),
        ("tagging.field_weight", "title lead body category"),
        (
            "topics.*",
            "title description threshold language stories fair formerly terms minus shield not require category implies scope \
             field_weight anchor_words examples",
        ),
        ("topics.*.examples", "like unlike weight"),
        ("topics.*.scope", "sources languages countries"),
        ("topics.*.field_weight", "title lead body category"),
    ] {
        let mut wanted: Vec<String> = keys.split(' ').map(|key| format!("{table}.{key}")).collect();
        let mut found: Vec<String> = paths
            .iter()
            .map(|(path, _)| path.clone())
            .filter(|path| path.strip_prefix(&format!("{table}.")).is_some_and(|key| !key.contains('.')))
            .collect();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted, "[{table}]");
    }
}

#[test]
fn every_key_is_described() {
    for (path, schema) in paths().iter().filter(|(path, _)| !path.ends_with('*')) {
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        assert!(description.ends_with('.') && !description.contains('\n'), "{path}: {description:?}");
        assert_ne!(schema.get("type"), Some(&json!("null")), "{path}");
        assert!(!schema.to_string().contains("null"), "{path}: TOML has no null: {schema}");
    }
}

/// What the schema says is the default is what a file without the key means.
#[test]
fn the_defaults_of_the_schema_are_the_defaults() {
    let mut keys = 0;
    let mut text = String::new();
    for (path, schema) in paths() {
        let Some((table, key)) = path.rsplit_once('.') else { continue };
        let Some(default) = schema.get("default").filter(|_| !table.contains('*')) else { continue };
        text += &format!("[{table}]\n{key} = {}\n", as_toml(default));
        let (with, _) = right(&format!("[{table}]\n{key} = {}\n", as_toml(default)));
        let (without, _) = right("");
        assert_eq!(with, without, "{path}");
        keys += 1;
    }
    assert!(keys >= 19, "{keys} defaults: {text}");
    let source = "[sources.a]\nurl = \"https://example.org/\"\n";
    let topic = "[topics.t]\nterms.any = [\"x\"]\n";
    for (table, start) in [("sources.*", source), ("topics.*", topic)] {
        for (path, schema) in paths() {
            let Some((_, key)) = path.rsplit_once('.').filter(|(inner, _)| *inner == table) else { continue };
            let Some(default) = schema.get("default") else { continue };
            let (with, _) = right(&format!("{start}{key} = {}\n", as_toml(default)));
            assert_eq!(with, right(start).0, "{path}");
        }
    }
}

/// The schema's examples are right.
#[test]
fn the_examples_of_the_schema_are_accepted() {
    for (path, schema) in paths() {
        for example in schema.get("examples").and_then(Value::as_array).into_iter().flatten() {
            let Some((table, key)) = path.rsplit_once('.') else { continue };
            let line = format!("{key} = {}\n", as_toml(example).replace('…', "x"));
            let text = match table {
                "sources.*" if key == "url" => format!("[sources.a]\n{line}"),
                "sources.*" => format!("[sources.a]\nurl = \"https://example.org/\"\n{line}"),
                "topics.*" if key == "terms" => format!("[topics.t]\n{line}"),
                "topics.*.scope" | "topics.*.field_weight" => continue,
                "topics.*" => format!("[topics.t]\nterms.any = [\"x\"]\n{line}"),
                "sources.*.basic_auth" => continue,
                _ => format!("[{table}]\n{line}"),
            };
            right(&text);
        }
    }
}

/// A validator of its own for the part of JSON Schema that ours uses, patterns aside.
pub(super) fn accepts(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let schema = resolve(root, schema);
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        other => return Err(format!("{path}: type {other:?}")),
    };
    let number = value.as_f64().unwrap_or_default();
    let low = schema["minimum"].as_f64().is_none_or(|low| number >= low);
    let high = schema["maximum"].as_f64().is_none_or(|high| number <= high);
    if !fits || !low || !high {
        return Err(format!("{path}: {value} against {schema}"));
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        if value.get(required.as_str().unwrap()).is_none() {
            return Err(format!("{path}: without {required}"));
        }
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        let any = schema.get("additionalProperties").filter(|any| any.is_object());
        let schema = schema["properties"].get(key).or(any).ok_or_else(|| format!("{path}: unknown"))?;
        accepts(root, schema, inner, &path)?;
    }
    for inner in value.as_array().into_iter().flatten() {
        accepts(root, &schema["items"], inner, path)?;
    }
    Ok(())
}

#[test]
fn the_schema_refuses_what_we_refuse() {
    let root = schema();
    for text in
        ["web = {}", "polling.scedule = 1", "polling.timeout = 30", "sources.a.title = 'x'", "publish.entries = 0"]
    {
        let value: Value = toml::from_str::<Value>(text).unwrap();
        assert!(accepts(&root, &root, &value, "").is_err(), "{text}");
    }
}
