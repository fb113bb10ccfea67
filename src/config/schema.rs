use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

use super::file::{File, Included};

/// The JSON Schema (2020-12) of the configuration file, for editors and for ourselves: the file is held against it.
pub fn schema() -> Value {
    schema_of::<File>()
}

/// The schema of a file that is included.
pub(super) fn included_schema() -> Value {
    schema_of::<Included>()
}

fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    without_null(&mut schema);
    schema
}

/// TOML has no null: an optional key is left out.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            strip(object);
            for (key, value) in object.iter_mut() {
                if key == "properties" {
                    // Here the keys are names, of which `examples` is one.
                    value.as_object_mut().into_iter().flatten().for_each(|(_, property)| without_null(property));
                // These hold values of the admin's, not schemas.
                } else if !matches!(key.as_str(), "default" | "examples" | "const" | "enum") {
                    without_null(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn strip(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if let Some(Value::String(description)) = object.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    if choices.len() == 1
        && let Some(Value::Object(only)) = choices.pop()
    {
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}
