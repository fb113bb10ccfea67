//! Which of a publisher's ids may go out as ours.

use url::Url;

use super::iri::is_absolute_iri;

/// Schemes whose identifiers every reader and validator knows.
const SCHEMES: [&str; 8] = ["http", "https", "urn", "tag", "info", "mid", "cid", "news"];

/// Whether the text may be published unchanged as an `atom:id`: an absolute IRI of a registered scheme, in its canonical form.
///
/// RFC 4287 §4.2.6 compares ids to the letter and warns of spellings that software normalises on the way
/// (`http://Example.org`, `%7e` for `~`): such an id would come back from readers as another. It still tells entries apart
/// within its source; what goes out in its place is minted once and kept.
pub fn is_portable_id(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let own_form = match scheme {
        "http" | "https" => Url::parse(text).is_ok_and(|url| url.as_str() == text),
        "tag" => rest.split_once(',').is_some_and(|(authority, _)| !authority.bytes().any(|b| b.is_ascii_uppercase())),
        _ => true,
    };
    own_form && SCHEMES.contains(&scheme) && text.is_ascii() && is_absolute_iri(text) && escapes_are_canonical(text)
}

/// Upper-case digits, and no escape of a character that needs none (RFC 3986 §6.2.2).
fn escapes_are_canonical(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let digits = after.get(..2).unwrap_or_default();
        let escaped = u8::from_str_radix(digits, 16).unwrap_or(b'a');
        let needs_none = escaped.is_ascii_alphanumeric() || b"-._~".contains(&escaped);
        !digits.bytes().any(|digit| digit.is_ascii_lowercase()) && !needs_none
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_that_survive_every_reader_go_out() {
        let cases = [
            ("https://example.org/story?id=1#top", true),
            ("http://example.org/", true),
            ("tag:example.org,2026:1", true),
            ("urn:uuid:00000000-0000-5000-8000-000000000000", true),
            ("https://example.org/caf%C3%A9", true),
            ("http://example.org", false),
            ("http://Example.org/", false),
            ("http://example.org:80/", false),
            ("http://example.org/a/../b", false),
            ("HTTP://example.org/", false),
            ("https://example.org/café", false),
            ("https://example.org/caf%c3%a9", false),
            ("https://example.org/%7Eada", false),
            ("yt:video:Y8UhlmvEzIM", false),
            ("tag:Example.org,2026:1", false),
            ("1234", false),
            ("", false),
        ];
        for (id, expected) in cases {
            assert_eq!(is_portable_id(id), expected, "{id}");
        }
    }
}
