use std::ops::Range;

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeArray, DeString, DeTable, DeValue},
};

/// Something in the file that does not have the shape of the schema.
pub(super) struct Misshapen {
    /// The table or list it was taken out of, as in `sources.lemonde`.
    pub from: String,
    pub span: Range<usize>,
    pub message: String,
    pub hint: String,
}

/// Holds the file's tree against the schema. What does not fit is reported and taken out, so that the rest can be read.
pub(super) fn hold_against(schema: &Value, tree: &mut DeTable<'_>) -> Vec<Misshapen> {
    let mut walk = Walk { root: schema, found: Vec::new() };
    walk.table(schema, tree, "");
    walk.found
}

struct Walk<'s> {
    root: &'s Value,
    found: Vec<Misshapen>,
}

impl<'s> Walk<'s> {
    fn table<'i>(&mut self, schema: &'s Value, table: &mut DeTable<'i>, path: &str) {
        let schema = self.resolve(schema);
        for (key, mut value) in std::mem::take(table) {
            let name: &str = key.get_ref();
            let named = schema.get("properties").and_then(|properties| properties.get(name));
            let any = schema.get("additionalProperties").filter(|any| any.is_object());
            match named.or(any) {
                Some(inner) => {
                    if self.value(inner, &mut value, &join(path, name)) {
                        table.insert(key, value);
                    }
                }
                None => self.unknown(schema, &key, path),
            }
        }
    }

    /// Whether the value may stay.
    fn value<'i>(&mut self, schema: &'s Value, value: &mut Spanned<DeValue<'i>>, path: &str) -> bool {
        let schema = self.resolve(schema);
        let span = value.span();
        let wanted = schema.get("type").and_then(Value::as_str).unwrap_or("object");
        match (wanted, value.get_mut()) {
            ("object", DeValue::Table(table)) => {
                self.table(schema, table, path);
                true
            }
            ("array", DeValue::Array(items)) => {
                let Some(inner) = schema.get("items") else { return true };
                let element = format!("{path}[]");
                for mut item in std::mem::replace(items, DeArray::new()) {
                    if self.value(inner, &mut item, &element) {
                        items.push(item);
                    }
                }
                true
            }
            ("string", DeValue::String(_)) | ("boolean", DeValue::Boolean(_)) => true,
            ("integer", DeValue::Integer(number)) => {
                let read = i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok();
                self.bounds(schema, read.map(|number| number as f64), span, path)
            }
            ("number", DeValue::Integer(number)) => {
                let read = i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok();
                self.bounds(schema, read.map(|number| number as f64), span, path)
            }
            ("number", DeValue::Float(number)) => {
                let read = number.as_str().replace('_', "").parse::<f64>().ok().filter(|number| number.is_finite());
                self.bounds(schema, read, span, path)
            }
            (_, other) => {
                let subject = match path.strip_suffix("[]") {
                    Some(list) => format!("every element of `{list}`"),
                    None => format!("`{path}`"),
                };
                let message =
                    format!("{subject} must be {}, not {}", with_article(wanted), with_article(other.type_str()));
                self.found.push(Misshapen { from: parent(path), span, message, hint: example(schema, wanted, path) });
                false
            }
        }
    }

    fn bounds(&mut self, schema: &Value, number: Option<f64>, span: Range<usize>, path: &str) -> bool {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let (low, high) = (bound("minimum"), bound("maximum"));
        let fits = number.is_some_and(|n| low.is_none_or(|low| n >= low) && high.is_none_or(|high| n <= high));
        if fits {
            return true;
        }
        let hint = match (low, high) {
            (Some(low), Some(high)) => format!("it goes from {low} to {high}"),
            (Some(low), None) => format!("it is at least {low}"),
            _ => "write a smaller number".to_owned(),
        };
        let message = format!("`{path}` is out of range");
        self.found.push(Misshapen { from: parent(path), span, message, hint });
        false
    }

    fn unknown(&mut self, schema: &Value, key: &Spanned<DeString<'_>>, path: &str) {
        let name: &str = key.get_ref();
        let known: Vec<&str> = schema
            .get("properties")
            .and_then(Value::as_object)
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let whereabouts = if path.is_empty() { "at the top of the file".to_owned() } else { format!("in [{path}]") };
        let elsewhere = self.belongs_to(name, path);
        let hint = match (closest(name, known.iter().copied()), elsewhere) {
            (Some(close), _) => format!("did you mean `{close}`?"),
            (None, Some(table)) => format!("`{name}` belongs in [{table}]"),
            (None, None) if path.is_empty() => {
                let is_table = |key: &&str| schema.pointer(&format!("/properties/{key}/items")).is_none();
                let tables: Vec<&str> = known.iter().copied().filter(|key| is_table(key)).collect();
                format!("the tables are {}", list(&tables))
            }
            (None, None) => format!("its keys are {}", list(&known)),
        };
        let message = format!("unknown key `{name}` {whereabouts}");
        self.found.push(Misshapen { from: path.to_owned(), span: key.span(), message, hint });
    }

    /// The table that has a key of that name.
    fn belongs_to(&self, name: &str, path: &str) -> Option<&'s str> {
        let tables = self.root.get("properties")?.as_object()?;
        let has = |schema: &Value| self.resolve(schema).get("properties").is_some_and(|keys| keys.get(name).is_some());
        tables.iter().find(|(table, schema)| *table != path && has(schema)).map(|(table, _)| table.as_str())
    }

    fn resolve<'v>(&self, schema: &'v Value) -> &'v Value
    where
        's: 'v,
    {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        reference.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }
}

/// The word most like `name`, if any is like it.
pub(super) fn closest<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('-', "_");
    words
        .map(|word| (strsim::jaro_winkler(&name, &word.to_lowercase()), strsim::damerau_levenshtein(&name, word), word))
        .filter(|(likeness, edits, word)| *likeness > 0.85 || *edits <= (word.len() / 2).min(2))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, _, word)| word)
}

pub(super) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn parent(path: &str) -> String {
    path.strip_suffix("[]").or_else(|| path.rsplit_once('.').map(|(table, _)| table)).unwrap_or_default().to_owned()
}

fn with_article(kind: &str) -> &str {
    match kind {
        "object" | "table" => "a table",
        "array" => "a list",
        "string" => "a string",
        "integer" => "a whole number",
        "number" => "a number",
        "float" => "a number with a point",
        "boolean" => "true or false",
        "datetime" => "a date",
        other => other,
    }
}

/// How a value of the schema may look in the file.
fn example(schema: &Value, wanted: &str, path: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or(path);
    let given = schema.get("examples").and_then(|examples| examples.get(0)).or_else(|| schema.get("default"));
    match (given, wanted) {
        (Some(value), _) if key.ends_with("[]") => format!("write it as in {}", as_toml(value)),
        (None, "string") if key.ends_with("[]") => "put it in quotes".to_owned(),
        (Some(value), _) => format!("write `{key} = {}`", as_toml(value)),
        (None, "object") => format!("write a table: [{path}]"),
        (None, "array") => format!("write a list: `{key} = [\"…\"]`"),
        (None, "string") => "put it in quotes".to_owned(),
        (None, "boolean") => format!("write `{key} = true` or `{key} = false`"),
        (None, _) => format!("write `{key} = 1`"),
    }
}

pub(super) fn as_toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(as_toml).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let pairs = object.iter().map(|(key, value)| format!("{key} = {}", as_toml(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
