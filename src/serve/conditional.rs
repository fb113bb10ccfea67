//! What the client has already, and what it would rather have (RFC 9110 §12.5.3 and §13, RFC 3229 §10.5).

use chrono::{DateTime, Utc};
use http::{HeaderMap, header};

use super::accept::Liking;
use crate::publish::{Coding, Edition, News, named_by};

/// What a client holds of an address, by what it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    /// The edition as it is, in this coding.
    Current(Coding),
    /// A former edition that is still remembered, in this coding, and what is new since.
    Former(u128, Coding, News),
}

/// `If-None-Match` decides alone where it is given. `chosen` is the coding in which the client would get the edition.
pub(super) fn held(
    headers: &HeaderMap,
    edition: &Edition,
    liking: &Liking,
    chosen: Coding,
    last_modified: impl FnOnce() -> DateTime<Utc>,
) -> Held {
    if headers.contains_key(header::IF_NONE_MATCH) {
        return named(headers, edition, liking, chosen);
    }
    let Some(since) = headers.get(header::IF_MODIFIED_SINCE) else { return Held::Nothing };
    if is_date(since.as_bytes(), edition, last_modified()) { Held::Current(chosen) } else { Held::Nothing }
}

fn named(headers: &HeaderMap, edition: &Edition, liking: &Liking, chosen: Coding) -> Held {
    let mut former: Option<(u128, Coding, News)> = None;
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().map(http::HeaderValue::as_bytes);
    for tag in lists.flat_map(entity_tags) {
        if tag == b"*" || tag == edition.etag(chosen).as_bytes() {
            return Held::Current(chosen);
        }
        let Some((hash, coding)) = named_by(tag) else { continue };
        if hash == edition.hash() {
            // It is in another coding than it would get now, which is as good if it takes that one at all.
            if liking.takes(coding) {
                return Held::Current(coding);
            }
        } else if let Some(news) = edition.news_since(hash)
            && former.as_ref().is_none_or(|(_, _, least)| news.entries < least.entries)
        {
            former = Some((hash, coding, news));
        }
    }
    former.map_or(Held::Nothing, |(hash, coding, news)| Held::Former(hash, coding, news))
}

/// The date must be the one we sent: an edition can change without getting newer, when its newest story goes.
fn is_date(since: &[u8], edition: &Edition, last_modified: DateTime<Utc>) -> bool {
    if last_modified == edition.updated && since == edition.fields().last_modified.as_bytes() {
        return true;
    }
    let Some(since) = std::str::from_utf8(since).ok().and_then(|text| httpdate::parse_http_date(text).ok()) else {
        return false;
    };
    DateTime::<Utc>::from(since).timestamp() == last_modified.timestamp()
}

/// The tags of a list, weak ones without their `W/`: the comparison is weak (RFC 9110 §13.1.2).
fn entity_tags(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b','))?;
        rest = rest.get(start..)?;
        if let Some(after) = rest.strip_prefix(b"*") {
            rest = after;
            return Some(&b"*"[..]);
        }
        let bare = rest.strip_prefix(b"W/").unwrap_or(rest);
        // A tag's text may hold commas, but no quote.
        let end = memchr::memchr(b'"', bare.strip_prefix(b"\"")?)? + 2;
        let (tag, after) = bare.split_at_checked(end)?;
        rest = after;
        Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::publish::Rendered;

    fn headers(rows: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in rows {
            map.append(*name, HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("")));
        }
        map
    }

    /// Header fields of a request, by name.
    type Fields = Vec<(&'static str, String)>;

    fn text(value: &HeaderValue) -> String {
        value.to_str().expect("text").to_owned()
    }

    #[test]
    fn a_matching_tag_or_date_needs_no_body() {
        let updated = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        let edition = Edition::new("text/plain", updated, b"body".to_vec().into());
        let [tag, gzip_tag] = [Coding::Identity, Coding::Gzip].map(|coding| text(edition.etag(coding)));
        let at = |offset: i64| httpdate::fmt_http_date((updated + chrono::Duration::seconds(offset)).into());
        let other = "\"other\"".to_string();
        let rfc_850 = "Monday, 21-Sep-26 14:13:20 GMT".to_string();
        let (current, current_gzip) = (Held::Current(Coding::Identity), Held::Current(Coding::Gzip));
        let cases: Vec<(&str, Fields, &Held)> = vec![
            ("nothing is known", vec![], &Held::Nothing),
            ("the tag", vec![("if-none-match", tag.clone())], &current),
            ("the tag, weak", vec![("if-none-match", format!("W/{tag}"))], &current),
            ("the tag in a list", vec![("if-none-match", format!("\"a,b\", W/\"c\",{tag}"))], &current),
            (
                "the tag in a second field",
                vec![("if-none-match", other.clone()), ("if-none-match", tag.clone())],
                &current,
            ),
            ("anything", vec![("if-none-match", "*".into())], &current),
            ("another tag", vec![("if-none-match", other.clone())], &Held::Nothing),
            ("the tag of a coding it does not take", vec![("if-none-match", gzip_tag.clone())], &Held::Nothing),
            (
                "the tag of a coding that is not made yet",
                vec![("if-none-match", gzip_tag), ("accept-encoding", "gzip".into())],
                &current_gzip,
            ),
            ("rubbish", vec![("if-none-match", "rubbish".into())], &Held::Nothing),
            ("a tag without an end", vec![("if-none-match", "\"rubbish".into())], &Held::Nothing),
            (
                "another tag, though the date fits",
                vec![("if-none-match", other), ("if-modified-since", at(0))],
                &Held::Nothing,
            ),
            ("the date", vec![("if-modified-since", at(0))], &current),
            ("the date in an older form", vec![("if-modified-since", rfc_850)], &current),
            ("a later date", vec![("if-modified-since", at(60))], &Held::Nothing),
            ("an earlier date", vec![("if-modified-since", at(-60))], &Held::Nothing),
            ("no date", vec![("if-modified-since", "yesterday".into())], &Held::Nothing),
        ];
        for (what, rows, expected) in cases {
            let rows: Vec<_> = rows.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let headers = headers(&rows);
            let liking = Liking::new(&headers);
            assert_eq!(held(&headers, &edition, &liking, Coding::Identity, || updated), *expected, "{what}");
        }
    }

    fn edition(parts: &[&str]) -> Edition {
        let mut rendered = Rendered::from(b"<feed>".to_vec());
        for part in parts {
            let start = rendered.bytes.len();
            rendered.bytes.extend_from_slice(part.as_bytes());
            rendered.entries.push(start..rendered.bytes.len());
        }
        rendered.bytes.extend_from_slice(b"</feed>");
        Edition::new("application/atom+xml", DateTime::UNIX_EPOCH, rendered)
    }

    #[test]
    fn of_several_former_editions_the_nearest_counts_in_any_coding() {
        let first = edition(&["[a]"]);
        let second = edition(&["[b]", "[a]"]).succeeding(&first);
        let third = edition(&["[c]", "[b]", "[a]"]).succeeding(&second);
        let tag = |edition: &Edition, coding| text(edition.etag(coding));
        let [first_tag, second_tag] = [&first, &second].map(|edition| tag(edition, Coding::Brotli));
        let entries = |list: String| {
            let headers = headers(&[("if-none-match", &list)]);
            match held(&headers, &third, &Liking::new(&headers), Coding::Identity, || DateTime::UNIX_EPOCH) {
                Held::Former(_, coding, news) => Some((coding, news.entries)),
                _ => None,
            }
        };
        assert_eq!(entries(first_tag.clone()), Some((Coding::Brotli, 2)));
        assert_eq!(entries(format!("{first_tag}, W/{second_tag}, \"other\"")), Some((Coding::Brotli, 1)));
        assert_eq!(entries("\"0123456789abcdef0123456789abcdef-gzip\"".into()), None);
    }
}
