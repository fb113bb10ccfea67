//! What may stand as an `atom:id`.

/// Whether the text is an absolute IRI (RFC 3987 §2.2, RFC 4287 §4.2.6) and, for the schemes that feeds use most, keeps that
/// scheme's own form: `http` and `https` name a host, `urn` is RFC 8141, `tag` is RFC 4151.
pub fn is_absolute_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    is_scheme(scheme)
        && !rest.is_empty()
        && rest.chars().all(is_iri_character)
        && rest.matches('#').count() <= 1
        && percent_signs_are_escapes(rest)
        && brackets_enclose_an_address(rest)
        && match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => names_a_host(rest),
            "urn" => is_urn(rest),
            "tag" => is_tag(rest),
            _ => true,
        }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
}

fn is_iri_character(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(character);
    }
    // ucschar and iprivate: everything but C1 controls, bidirectional formatting (§4.1), noncharacters and specials.
    let code = u32::from(character);
    code >= 0xA0
        && !character.is_whitespace()
        && !matches!(code, 0x200E | 0x200F | 0x202A..=0x202E | 0xFDD0..=0xFDEF | 0xFFF0..=0xFFFF)
        && code & 0xFFFE != 0xFFFE
}

fn percent_signs_are_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        matches!((digits.next(), digits.next()), (Some(high), Some(low)) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    })
}

/// Square brackets may only hold an IP address in the authority (RFC 3986 §3.2.2).
fn brackets_enclose_an_address(rest: &str) -> bool {
    let (authority, path) = split_authority(rest);
    !path.contains(['[', ']'])
        && match authority.rsplit('@').next().unwrap_or_default().strip_prefix('[') {
            Some(address) => address.contains(']') && address.matches(['[', ']']).count() == 1,
            None => !authority.contains(['[', ']']),
        }
}

fn split_authority(rest: &str) -> (&str, &str) {
    match rest.strip_prefix("//") {
        Some(hierarchical) => hierarchical.split_at(hierarchical.find(['/', '?', '#']).unwrap_or(hierarchical.len())),
        None => ("", rest),
    }
}

fn names_a_host(rest: &str) -> bool {
    let host_and_port = split_authority(rest).0.rsplit('@').next().unwrap_or_default();
    !host_and_port.is_empty() && !host_and_port.starts_with(':')
}

fn is_urn(rest: &str) -> bool {
    let Some((namespace, name)) = rest.split_once(':') else { return false };
    let namespace_is_sound = (2..=32).contains(&namespace.len())
        && namespace.starts_with(|first: char| first.is_ascii_alphanumeric())
        && namespace.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    let is_uuid = namespace.eq_ignore_ascii_case("uuid");
    namespace_is_sound && !name.is_empty() && (!is_uuid || (name.len() == 36 && uuid::Uuid::try_parse(name).is_ok()))
}

fn is_tag(rest: &str) -> bool {
    let Some((entity, _)) = rest.split_once(':') else { return false };
    let Some((authority, date)) = entity.rsplit_once(',') else { return false };
    let mut parts = date.split('-');
    let digits =
        |part: Option<&str>, length| part.is_some_and(|p| p.len() == length && p.bytes().all(|b| b.is_ascii_digit()));
    let date_is_sound =
        digits(parts.next(), 4) && parts.clone().count() <= 2 && parts.all(|part| digits(Some(part), 2));
    let authority_is_sound =
        !authority.is_empty() && authority.chars().all(|c| c.is_ascii_alphanumeric() || "-._@".contains(c));
    date_is_sound && authority_is_sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_iris_are_told_from_the_rest() {
        for (id, expected) in [
            ("http://example.org/2026/a", true),
            ("HTTPS://Example.ORG", true),
            ("http://example.org/?p=1&q=2#x", true),
            ("https://例え.jp/é", true),
            ("http://[2001:db8::1]/a", true),
            ("tag:example.org,2005:blog/1", true),
            ("tag:joe@example.org,2005-01-02:", true),
            ("tag:blogger.com,1999:blog-5.post-7", true),
            ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", true),
            ("urn:isbn:0451450523", true),
            ("yt:video:abc", true),
            ("mailto:a@example.org", true),
            ("data:,x", true),
            ("", false),
            ("1234", false),
            ("/2026/a", false),
            ("//example.org/a", false),
            ("example.org/a", false),
            ("www.example.org:8080/a b", false),
            ("http:", false),
            ("http://", false),
            ("http:///a", false),
            ("http://:80/a", false),
            ("http:example.org", false),
            ("http://example.org/a b", false),
            ("http://example.org/a\u{A0}b", false),
            ("http://example.org/a\nb", false),
            ("http://example.org/<a>", false),
            ("http://example.org/a|b", false),
            ("http://example.org/\"a\"", false),
            ("http://example.org/100%", false),
            ("http://example.org/%zz", false),
            ("http://example.org/%C3%A9", true),
            ("http://example.org/#a#b", false),
            ("http://example.org/a[1]", false),
            ("http://example.org/\u{202E}a", false),
            ("http://example.org/\u{FFFE}", false),
            ("1a:b", false),
            ("urn:x", false),
            ("urn:uuid:1225c695", false),
            ("urn:uuid:1225c695cfb84ebbaaaa80da344efa6a", false),
            ("tag:example.org:a", false),
            ("tag:example.org,05:a", false),
            ("Der Titel: und mehr", false),
        ] {
            assert_eq!(is_absolute_iri(id), expected, "{id:?}");
        }
    }
}
