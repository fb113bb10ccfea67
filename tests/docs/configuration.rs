//! docs/configuration.md against the JSON Schema of the file, and every example against the program.

use std::{collections::BTreeMap, fs};

use newsdesk::config::{Environment, load_in, schema};
use serde_json::{Value, json};

use super::{
    document,
    markdown::{Document, documents, fenced, rows, spans},
};

/// The keys of a table: each with its schema.
type Keys = BTreeMap<String, Value>;

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
    reference.map_or(schema, |pointer| root.pointer(pointer).expect("a definition"))
}

fn keys(root: &Value, schema: &Value) -> Keys {
    let properties = resolved(root, schema).get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(key, schema)| (key.clone(), schema.clone())).collect()
}

/// Every table of the file by its heading in the document; those with tables inside are named with the id's place.
fn tables() -> BTreeMap<String, Keys> {
    let root = schema();
    let mut tables = BTreeMap::new();
    for (name, schema) in keys(&root, &root) {
        match resolved(&root, &schema).get("additionalProperties").filter(|any| any.is_object()) {
            Some(any) => tables.insert(format!("[{name}.\\<id\\>]"), keys(&root, any)),
            None => tables.insert(format!("[{name}]"), keys(&root, &schema)),
        };
    }
    tables
}

/// A value as TOML writes it; numbers as such, whether with a point or without.
fn toml_value(text: &str) -> Option<Value> {
    let mut table: Value = toml::from_str(&format!("value = {text}")).ok()?;
    as_floats(&mut table);
    table.get("value").cloned()
}

fn as_floats(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::Array(items) => items.iter_mut().for_each(as_floats),
        Value::Object(object) => object.values_mut().for_each(as_floats),
        _ => {}
    }
}

/// The default that the schema gives a key, or the keys of the table that is its value.
fn default(root: &Value, schema: &Value) -> Option<Value> {
    let mut default = match schema.get("default") {
        Some(default) => default.clone(),
        None => {
            let inner = keys(root, schema);
            let given = |(key, schema): (&String, &Value)| Some((key.clone(), schema.get("default")?.clone()));
            let defaults: serde_json::Map<_, _> = inner.iter().filter_map(given).collect();
            if defaults.is_empty() {
                return None;
            }
            Value::Object(defaults)
        }
    };
    as_floats(&mut default);
    Some(default)
}

#[test]
fn every_key_is_documented_with_its_default_and_none_that_does_not_exist() {
    let text = document("docs/configuration.md");
    let root = schema();
    let mut documented: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let tables = tables();
    let mut defaults = 0;
    for (heading, cells) in rows(&text).filter(|(_, cells)| cells[0] != "key") {
        let [key, meaning, told, _] = cells[..] else { panic!("{heading}: {cells:?} has not four cells") };
        let key = key.trim_matches('`').replace(".<language>", "");
        let schema = tables.get(heading).and_then(|keys| keys.get(&key));
        let schema = schema.unwrap_or_else(|| panic!("{heading} {key} is not in the schema"));
        if let Some(default) = default(&root, schema) {
            let told_value = spans(told).next().and_then(toml_value);
            assert_eq!(told_value, Some(default), "{heading} {key}: {told}");
            defaults += 1;
        } else if let Some(claimed) = spans(told).next().filter(|_| told.starts_with('`') && told.ends_with('`')) {
            // Another key's value, an empty list, or a default put together from other things; never a value made up.
            let is_known =
                claimed == "[]" || tables.keys().any(|table| claimed.starts_with(table.trim_matches(['[', ']'])));
            assert!(is_known || claimed.contains("http://"), "{heading} {key}: the schema gives no default {claimed}");
        }
        for inner in keys(&root, schema).keys() {
            let named = [meaning, told].iter().any(|cell| spans(cell).any(|span| span == inner));
            assert!(named, "{heading} {key}: its key `{inner}` is not explained");
        }
        documented.entry(heading.to_owned()).or_default().push(key);
    }
    for (table, keys) in &tables {
        let mut told = documented.remove(table).unwrap_or_default();
        told.sort();
        assert_eq!(told, keys.keys().cloned().collect::<Vec<_>>(), "{table}");
    }
    assert!(defaults >= 20, "{defaults}");
}

/// Loads a file that stands beside a password and examples, as under systemd.
fn load(text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("harbour.password"), "secret\n").expect("written");
    for (name, word) in [("space.like.jsonl", "rocket"), ("space.unlike.jsonl", "soup")] {
        let lines: String = (0..5).map(|number| format!("{{\"title\": \"{word} {number}\"}}\n")).collect();
        fs::write(folder.path().join(name), lines).expect("written");
    }
    let file = folder.path().join("newsdesk.toml");
    fs::write(&file, text).expect("written");
    let environment = Environment { state_directory: Some(folder.path().into()), ..Environment::default() };
    match load_in(&file, &environment) {
        Ok((_, warnings)) if warnings.is_empty() => Ok(()),
        Ok((_, warnings)) => Err(warnings[0].to_string()),
        Err(problems) => Err(problems.to_string()),
    }
}

#[test]
fn every_example_of_a_key_is_accepted() {
    let text = document("docs/configuration.md");
    for (heading, cells) in rows(&text).filter(|(_, cells)| cells[0] != "key") {
        let (key, example) = (cells[0].trim_matches('`'), spans(cells[3]).next().expect("an example"));
        let line = if example.contains(" = [") && !example.starts_with('{') {
            example.to_owned()
        } else {
            format!("{key} = {example}")
        };
        let start = match heading {
            "[sources.\\<id\\>]" if key == "url" => "[sources.a]\n",
            "[sources.\\<id\\>]" => "[sources.a]\nurl = \"https://example.org/\"\n",
            "[topics.\\<id\\>]" if key.starts_with("terms") => "[topics.a]\n",
            "[topics.\\<id\\>]" => "[topics.a]\nterms.any = [\"=ESA^2\"]\n",
            table => &format!("{table}\n"),
        };
        // An address that everybody reaches asks for the one that readers use.
        let company = if key == "listen" { "public_url = \"https://news.example.org/\"\n" } else { "" };
        // Others name a topic or a source that must be there.
        let named = match key {
            "implies" => "[topics.science]\nterms.any = [\"science^2\"]\n",
            "scope" => "[sources.harbour-post]\nurl = \"https://harbourpost.example/feed.atom\"\n",
            _ => "",
        };
        let loaded = load(&format!("{named}{start}{company}{line}\n"));
        assert_eq!(loaded, Ok(()), "{heading} {line}");
    }
}

#[test]
fn every_configuration_that_is_shown_loads() {
    let mut shown = 0;
    for Document { path, text } in documents() {
        for block in fenced(&text, "toml") {
            assert_eq!(load(block), Ok(()), "{}\n{block}", path.display());
            shown += 1;
        }
    }
    assert!(shown >= 3, "{shown}");
}
