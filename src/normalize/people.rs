//! Authors and contributors.

use url::Url;

use super::{characters::legible, links, plain::plain_line_of_unknown};
use crate::model::Person;

/// People that are kept of an entry or a feed.
const MOST_PEOPLE: usize = 32;

/// Persons with a name each, none twice. One who gives only an address is named by it.
pub(super) fn people(parsed: &[Person], base: &Url) -> Vec<Person> {
    let mut kept: Vec<Person> = Vec::new();
    for person in parsed.iter().filter_map(|person| normalize_person(person, base)) {
        if kept.len() < MOST_PEOPLE && !kept.contains(&person) {
            kept.push(person);
        }
    }
    kept
}

fn normalize_person(parsed: &Person, base: &Url) -> Option<Person> {
    let email = parsed.email.as_deref().and_then(email_address);
    let uri = parsed.uri.as_deref().and_then(|uri| links::resolve_or_mail(base, uri)).map(String::from);
    let name = plain_line_of_unknown(&parsed.name).or_else(|| email.clone()).or_else(|| uri.clone())?;
    Some(Person { name, uri, email })
}

/// The address, if it has the form that RFC 4287 §3.2.3 asks for: `.+@.+`, and no white space.
fn email_address(written: &str) -> Option<String> {
    let legible = legible(written);
    let address = legible.trim().trim_start_matches("mailto:");
    let (local, domain) = address.rsplit_once('@')?;
    let is_sound = !local.is_empty()
        && !domain.is_empty()
        && address.len() <= 254
        && !address.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'));
    is_sound.then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_have_names_and_sound_addresses() {
        let base = Url::parse("https://example.org/feed").expect("a URL");
        for (what, name, uri, email, expected) in [
            (
                "all",
                " Ada \n L. ",
                "/ada",
                "ada@example.org",
                Some(("Ada L.", Some("https://example.org/ada"), Some("ada@example.org"))),
            ),
            ("entities", "R&amp;D <b>desk</b>", "", "", Some(("R&D desk", None, None))),
            (
                "address only",
                "",
                "",
                "mailto:ada@example.org",
                Some(("ada@example.org", None, Some("ada@example.org"))),
            ),
            ("page only", " ", "https://a.org/ada", "", Some(("https://a.org/ada", Some("https://a.org/ada"), None))),
            ("script", "Ada", "javascript:alert(1)", "a b@c.org", Some(("Ada", None, None))),
            ("illegal characters", "A\u{8}da", "", "a\u{FFFF}@b.org", Some(("Ada", None, Some("a@b.org")))),
            ("nobody", "\u{200B}", "javascript:alert(1)", "@", None),
        ] {
            let person = Person { name: name.into(), uri: Some(uri.into()), email: Some(email.into()) };
            let twice = [person.clone(), person];
            let people = people(&twice, &base);
            let found: Vec<_> =
                people.iter().map(|p| (p.name.as_str(), p.uri.as_deref(), p.email.as_deref())).collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{what}");
        }
    }
}
