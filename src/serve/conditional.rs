//! Which representation a request gets, and whether it needs one at all (RFC 9110 §12.5.3, §13).

use http::{HeaderMap, header};

use crate::publish::{Coding, Edition};

/// The coding that the client likes best among those we hold. Ties go to the smaller body.
pub(super) fn choose_coding(headers: &HeaderMap) -> Coding {
    let mut best = (Coding::Identity, 0.0_f32);
    let offers = || {
        headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(weighed)
    };
    for coding in [Coding::Brotli, Coding::Gzip] {
        let named = offers().find(|(name, _)| coding.name().is_some_and(|own| name.eq_ignore_ascii_case(own)));
        let weight = named.or_else(|| offers().find(|(name, _)| *name == "*")).map_or(0.0, |(_, weight)| weight);
        if weight > best.1 {
            best = (coding, weight);
        }
    }
    let identity = offers().find(|(name, _)| name.eq_ignore_ascii_case("identity")).map_or(0.0, |(_, weight)| weight);
    if identity > best.1 { Coding::Identity } else { best.0 }
}

/// A list item and its weight: `gzip;q=0.5`. A weight that cannot be read counts as 0.
fn weighed(item: &str) -> (&str, f32) {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (name, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}

/// Whether the client already holds this representation. `If-None-Match` decides alone where it is given; the date counts
/// only without it.
pub(super) fn is_not_modified(headers: &HeaderMap, edition: &Edition, coding: Coding) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        let tags = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        return tags.flat_map(entity_tags).any(|tag| tag == "*" || tag == edition.etag(coding));
    }
    let Some(since) = headers.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let Ok(since) = httpdate::parse_http_date(since) else { return false };
    let since: chrono::DateTime<chrono::Utc> = since.into();
    edition.updated.timestamp() <= since.timestamp()
}

/// The tags of a list, weak ones without their `W/`: the comparison is weak (RFC 9110 §13.1.2).
fn entity_tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('*') {
            rest = after;
            return Some("*");
        }
        let bare = rest.strip_prefix("W/").unwrap_or(rest);
        // A tag's text may hold commas, but no quote.
        let end = bare.strip_prefix('"')?.find('"')? + 2;
        let (tag, after) = bare.split_at(end);
        rest = after;
        Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use http::HeaderValue;

    use super::*;

    fn headers(rows: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in rows {
            map.append(*name, HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("")));
        }
        map
    }

    #[test]
    fn the_best_liked_coding_is_served() {
        let cases = [
            ("", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("gzip, deflate, br", Coding::Brotli),
            ("br;q=0.1, gzip;q=0.9", Coding::Gzip),
            ("br;q=0, gzip;q=0", Coding::Identity),
            ("*", Coding::Brotli),
            ("gzip;q=0, *;q=0.5", Coding::Brotli),
            ("identity", Coding::Identity),
            ("identity;q=1, gzip;q=0.5", Coding::Identity),
            ("GZIP", Coding::Gzip),
            ("gzip;q=rubbish", Coding::Identity),
        ];
        for (value, expected) in cases {
            assert_eq!(choose_coding(&headers(&[("accept-encoding", value)])), expected, "{value}");
        }
    }

    /// Header fields of a request, by name.
    type Fields = Vec<(&'static str, String)>;

    #[test]
    fn a_matching_tag_or_a_late_enough_date_needs_no_body() {
        let updated = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        let edition = Edition::new("text/plain", updated, b"body".to_vec());
        let tag = edition.etag(Coding::Identity).to_string();
        let gzip_tag = edition.etag(Coding::Gzip).to_string();
        let at = |offset: i64| httpdate::fmt_http_date((updated + chrono::Duration::seconds(offset)).into());
        let other = "\"other\"".to_string();
        let cases: Vec<(&str, Fields, bool)> = vec![
            ("nothing is known", vec![], false),
            ("the tag", vec![("if-none-match", tag.clone())], true),
            ("the tag, weak", vec![("if-none-match", format!("W/{tag}"))], true),
            ("the tag in a list", vec![("if-none-match", format!("\"a,b\", W/\"c\",{tag}"))], true),
            ("the tag in a second field", vec![("if-none-match", other.clone()), ("if-none-match", tag.clone())], true),
            ("anything", vec![("if-none-match", "*".into())], true),
            ("another tag", vec![("if-none-match", other.clone())], false),
            ("the tag of another coding", vec![("if-none-match", gzip_tag)], false),
            ("rubbish", vec![("if-none-match", "rubbish".into())], false),
            ("another tag, though the date fits", vec![("if-none-match", other), ("if-modified-since", at(0))], false),
            ("the date", vec![("if-modified-since", at(0))], true),
            ("a later date", vec![("if-modified-since", at(60))], true),
            ("an earlier date", vec![("if-modified-since", at(-60))], false),
            ("no date", vec![("if-modified-since", "yesterday".into())], false),
        ];
        for (what, rows, expected) in cases {
            let rows: Vec<_> = rows.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(is_not_modified(&headers(&rows), &edition, Coding::Identity), expected, "{what}");
        }
    }
}
