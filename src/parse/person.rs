//! Persons as RSS writes them: one string for name and address.

use crate::model::Person;

/// Reads `mail (Name)`, `Name <mail>`, `Name (mail)`, `mailto:mail`, a lone address or a lone name.
///
/// `None` if nothing but punctuation is there.
pub fn parse_person(text: &str) -> Option<Person> {
    let text = without_tags(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((before, email, after)) = find_email(&text) else {
        return named(&text, None);
    };
    let name = tidy(&format!("{} {}", tidy(before), tidy(after))).to_owned();
    named(if name.is_empty() { email } else { &name }, Some(email.to_owned()))
}

/// Builds a person from an Atom person construct's parts; a person without a name goes by its address.
pub fn person_from(name: &str, uri: &str, email: &str) -> Option<Person> {
    let some = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    let email = some(email).map(|email| email.strip_prefix("mailto:").map(str::to_owned).unwrap_or(email));
    let uri = some(uri);
    let name = some(name).or_else(|| email.clone()).or_else(|| uri.clone())?;
    Some(Person { name, uri, email })
}

/// Adds a person unless it is there already; what the second mention knows more is kept.
pub fn add_person(persons: &mut Vec<Person>, person: Person) {
    let same = |known: &&mut Person| {
        known.name.to_lowercase() == person.name.to_lowercase()
            || (known.email.is_some() && known.email == person.email)
    };
    let Some(known) = persons.iter_mut().find(same) else {
        persons.push(person);
        return;
    };
    if known.email.as_ref() == Some(&known.name) {
        known.name = person.name;
    }
    known.email = known.email.take().or(person.email);
    known.uri = known.uri.take().or(person.uri);
}

/// The text without the tags of HTML that some publishers put into names; `<mail>` is none.
fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        let tag = after.split_once('>').filter(|(tag, _)| {
            tag.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && !tag.contains(['@', '<'])
        });
        match tag {
            Some((_, after)) => rest = after,
            None => {
                plain.push('<');
                rest = after;
            }
        }
    }
    plain + rest
}

fn named(name: &str, email: Option<String>) -> Option<Person> {
    let name = tidy(name);
    name.chars().any(char::is_alphanumeric).then(|| Person { name: name.to_owned(), uri: None, email })
}

/// Takes off the brackets, quotes and separators around a name; a bracket that belongs to it, as in `Jean (Le Monde)`,
/// stays.
fn tidy(name: &str) -> &str {
    let edge = |c: char| c.is_whitespace() || "<>[]{}\"“”«»„（）【】,;:|–—-".contains(c);
    let mut name = name.trim_matches(edge);
    loop {
        let inner = name.strip_prefix('(').map(|inner| (inner, inner.strip_suffix(')')));
        let shorter = match inner {
            Some((_, Some(inner))) => inner,
            Some((inner, None)) if !inner.contains(')') => inner,
            _ if name.ends_with('(') || name.ends_with(')') && !name.contains('(') => {
                name.get(..name.len() - 1).unwrap_or_default()
            }
            _ => name.strip_prefix(')').unwrap_or(name),
        };
        let shorter = shorter.trim_matches(edge);
        if shorter.len() == name.len() {
            return name;
        }
        name = shorter;
    }
}

/// The first e-mail address, with the text before (less `mailto:`) and after it.
fn find_email(text: &str) -> Option<(&str, &str, &str)> {
    for (at, _) in text.match_indices('@') {
        let local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
        let domain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let (head, tail) = (text.get(..at)?, text.get(at + 1..)?);
        let start = head.len() - head.chars().rev().take_while(|c| local(*c)).count();
        let length = tail.chars().take_while(|c| domain(*c)).count();
        let host = tail.get(..length)?.trim_end_matches(['.', '-']);
        let top = host.rsplit('.').next().unwrap_or_default();
        if start < at && host.contains('.') && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            let end = at + 1 + host.len();
            let before = text.get(..start)?;
            return Some((before.strip_suffix("mailto:").unwrap_or(before), text.get(start..end)?, text.get(end..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_an_rss_author() {
        let cases = [
            ("jean@example.com (Jean Dupont)", "Jean Dupont", Some("jean@example.com")),
            ("Jean Dupont <jean@example.com>", "Jean Dupont", Some("jean@example.com")),
            ("Jean Dupont (jean@example.com)", "Jean Dupont", Some("jean@example.com")),
            ("Jean Dupont «a@b.com»", "Jean Dupont", Some("a@b.com")),
            ("Jean\u{A0}Dupont\u{A0}a@b.com", "Jean Dupont", Some("a@b.com")),
            ("“a@b.com” The Editor", "The Editor", Some("a@b.com")),
            ("編集部（a@b.com）", "編集部", Some("a@b.com")),
            ("mailto:a@b.com", "a@b.com", Some("a@b.com")),
            ("a@b.com", "a@b.com", Some("a@b.com")),
            ("a@b.com ()", "a@b.com", Some("a@b.com")),
            ("a@b.com, Jean", "Jean", Some("a@b.com")),
            ("Jean Dupont", "Jean Dupont", None),
            ("<p>Jean <a href='/j'>Dupont</a></p>", "Jean Dupont", None),
            ("<b>Jean</b> <a@b.com>", "Jean", Some("a@b.com")),
            ("Jean < Dupont", "Jean < Dupont", None),
            ("  Jean\n Dupont ", "Jean Dupont", None),
            ("Jean Dupont (Le Monde)", "Jean Dupont (Le Monde)", None),
            ("@jean", "@jean", None),
            ("someone @ somewhere", "someone @ somewhere", None),
            ("é@è.fr", "é@è.fr", None),
        ];
        for (text, name, email) in cases {
            let person = parse_person(text).unwrap_or_default();
            assert_eq!((person.name.as_str(), person.email.as_deref()), (name, email), "{text}");
        }
        for nobody in ["", "  ", "()", "-", "<>"] {
            assert_eq!(parse_person(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn mentions_of_one_person_become_one_person() {
        let mut persons = Vec::new();
        for text in ["a@b.com", "a@b.com (Jean)", "JEAN", "Marie"] {
            add_person(&mut persons, parse_person(text).unwrap_or_default());
        }
        let names: Vec<_> = persons.iter().map(|person| (person.name.as_str(), person.email.as_deref())).collect();
        assert_eq!(names, [("Jean", Some("a@b.com")), ("Marie", None)]);
    }
}
