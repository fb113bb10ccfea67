//! Text constructs, of which the format often does not say whether they are HTML (ATOM-11).

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use super::{
    characters::{abridge, legible, one_line},
    html::{Place, Sanitized, escape_text, sanitize_at, to_text},
};
use crate::model::{Text, TextKind};

/// The most that is kept of a title or another single line, in bytes (LIM-4).
pub(super) const LONGEST_LINE: usize = 1024;

/// Every element of HTML, present and past: what is spelt like one of these is markup, what is not (`Vec<T>`) is text.
static ELEMENTS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br \
     button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed \
     fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image \
     img input ins isindex kbd keygen label legend li link listing main map mark marquee math menu meta meter nav nobr \
     noembed noframes noscript object ol optgroup option output p param picture plaintext pre progress q rb rp rt rtc ruby s \
     samp script search section select slot small source span strike strong style sub summary sup svg table tbody td \
     template textarea tfoot th thead time title tr track tt u ul var video wbr xmp"
        .split_whitespace()
        .collect()
});

/// A text construct as one plain line: markup stripped, entities decoded once, white space collapsed, 1 KiB at most.
pub(super) fn plain_line(text: &Text) -> String {
    let plain = match text.kind {
        TextKind::Plain => legible(&text.value),
        TextKind::Html => Cow::Owned(to_text(&without_cdata(&text.value))),
        TextKind::Unknown => Cow::Owned(to_text(&as_html(&without_cdata(&text.value)))),
    };
    abridge(one_line(&plain), LONGEST_LINE)
}

/// The same for a field of which no format says what it holds: rights, names, categories.
pub(super) fn plain_line_of_unknown(value: &str) -> Option<String> {
    let value = value.to_owned();
    Some(plain_line(&Text { kind: TextKind::Unknown, value, base: None })).filter(|line| !line.is_empty())
}

/// A text construct as sanitised HTML; `None` if it shows nothing.
pub(super) fn html(text: &Text, place: Place<'_>) -> Option<Sanitized> {
    let value = without_cdata(&text.value);
    let sanitized = match text.kind {
        TextKind::Html => sanitize_at(&value, place),
        TextKind::Plain => sanitize_at(&paragraphs(&escape_text(&value)), place),
        TextKind::Unknown if has_markup(&value) => sanitize_at(&as_html(&value), place),
        TextKind::Unknown => sanitize_at(&paragraphs(&as_html(&value)), place),
    };
    Some(sanitized).filter(|sanitized| shows_something(&sanitized.html))
}

/// Without the marks of CDATA sections that were written once too often and would make a comment of the text.
fn without_cdata(value: &str) -> Cow<'_, str> {
    if value.contains("<![CDATA[") {
        Cow::Owned(value.replace("<![CDATA[", "").replace("]]>", ""))
    } else {
        Cow::Borrowed(value)
    }
}

/// Text that may or may not be HTML, as HTML: what cannot have been meant as markup is escaped.
fn as_html(value: &str) -> Cow<'_, str> {
    if !value.contains(['<', '&']) {
        return Cow::Borrowed(value);
    }
    let last_end = value.rfind('>').unwrap_or(0);
    let mut html = String::with_capacity(value.len() + 16);
    let mut rest = value;
    while let Some(index) = rest.find(['<', '&']) {
        let (before, special) = rest.split_at(index);
        html.push_str(before);
        let position = value.len() - special.len();
        let (mark, after) = special.split_at(1);
        if mark == "<" {
            html.push_str(if position < last_end && begins_tag(after) { "<" } else { "&lt;" });
        } else {
            html.push_str(if begins_reference(after) { "&" } else { "&amp;" });
        }
        rest = after;
    }
    html.push_str(rest);
    Cow::Owned(html)
}

fn has_markup(value: &str) -> bool {
    let last_end = value.rfind('>').unwrap_or(0);
    value
        .match_indices('<')
        .any(|(index, _)| index < last_end && begins_tag(value.get(index + 1..).unwrap_or_default()))
}

/// Whether what follows a `<` makes it the beginning of a tag, a comment or a declaration.
fn begins_tag(after: &str) -> bool {
    if after.starts_with(['!', '?']) {
        return true;
    }
    let name = after.strip_prefix('/').unwrap_or(after);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, ':' | '-')).unwrap_or(name.len());
    let (name, after) = name.split_at(end);
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && (name.contains([':', '-']) || ELEMENTS.contains(name.to_ascii_lowercase().as_str()));
    is_name
        && after.starts_with(|next: char| next.is_ascii_whitespace() || matches!(next, '>' | '/'))
        && goes_on_as_tag(after)
}

/// Attributes, or the end of the tag: `a <b and c> d` compares, it does not mark up.
fn goes_on_as_tag(after: &str) -> bool {
    let Some((words, rest)) = after.find(['<', '>', '=']).map(|index| after.split_at(index)) else { return false };
    let stands_alone = |word: &str| {
        let word = word.to_ascii_lowercase();
        matches!(
            word.as_str(),
            "/" | "allowfullscreen"
                | "async"
                | "autoplay"
                | "checked"
                | "compact"
                | "controls"
                | "defer"
                | "disabled"
                | "hidden"
                | "ismap"
                | "itemscope"
                | "loop"
                | "muted"
                | "noshade"
                | "nowrap"
                | "open"
                | "reversed"
                | "selected"
        )
    };
    rest.starts_with('=') || (rest.starts_with('>') && words.split_ascii_whitespace().all(stands_alone))
}

/// Whether what follows a `&` makes it a character reference, `;` and all: without it, `AT&T` and `?a=1&copy=2` would suffer.
fn begins_reference(after: &str) -> bool {
    let name = after.strip_prefix('#').unwrap_or(after);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    (1..=32).contains(&end) && name.get(end..).is_some_and(|rest| rest.starts_with(';'))
}

/// Blank lines part paragraphs.
fn paragraphs(html: &str) -> String {
    let mut paragraphs: Vec<String> = vec![String::new()];
    for line in html.lines() {
        match paragraphs.last_mut() {
            Some(paragraph) if !line.trim().is_empty() => {
                paragraph.push_str(line);
                paragraph.push('\n');
            }
            Some(paragraph) if !paragraph.is_empty() => paragraphs.push(String::new()),
            _ => {}
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    match paragraphs.as_slice() {
        [only] => only.clone(),
        many => many.iter().map(|paragraph| format!("<p>{}</p>", paragraph.trim())).collect(),
    }
}

/// Whether sanitised HTML shows a reader anything: a character that is not white space, or a picture, sound or film.
fn shows_something(html: &str) -> bool {
    ["<img", "<audio", "<video", "<source"].iter().any(|media| html.contains(media))
        || html.split('<').any(|piece| {
            // The first piece has no tag before its text.
            let text = piece.split_once('>').map_or(piece, |(_, text)| text);
            !text.replace("&nbsp;", "").trim().is_empty()
        })
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use TextKind::{Html, Plain, Unknown};

    fn text(kind: TextKind, value: &str) -> Text {
        Text { kind, value: value.into(), base: None }
    }

    #[test]
    fn titles_become_one_plain_line() {
        for (what, kind, value, expected) in [
            ("plain is taken as it is", Plain, "a <b>c</b> &amp; d", "a <b>c</b> &amp; d"),
            ("plain without what XML forbids", Plain, "a\u{8}\n  b\u{92}", "a b’"),
            ("markup is stripped", Html, "A <em>very</em> <b>bold</b> title<br>indeed", "A very bold title indeed"),
            ("entities are decoded", Html, "Caf&eacute; &amp; caf&#233;", "Café & café"),
            ("entities are decoded once", Html, "&amp;lt;b&amp;gt; and &amp;amp;", "&lt;b&gt; and &amp;"),
            ("an escaped tag is text", Html, "the &lt;b&gt; element", "the <b> element"),
            ("scripts are not text", Html, "a<script>b</script>", "a"),
            ("RSS with markup", Unknown, "A <i>slanted</i> title", "A slanted title"),
            ("RSS with entities", Unknown, "Caf&eacute; &#8217;26 &amp; more", "Café ’26 & more"),
            ("RSS decoded once", Unknown, "&amp;lt;b&amp;gt;", "&lt;b&gt;"),
            ("RSS with a bare ampersand", Unknown, "AT&T, R&D, ?a=1&copy=2 & Co", "AT&T, R&D, ?a=1&copy=2 & Co"),
            ("RSS with less than", Unknown, "1 < 2, a<b and x > y", "1 < 2, a<b and x > y"),
            ("RSS with generics", Unknown, "Vec<T> or <b>Box</b><dyn Error>", "Vec<T> or Box<dyn Error>"),
            ("RSS with a tag never finished", Unknown, "the end <b", "the end <b"),
            ("RSS with a tag in upper case", Unknown, "<P ALIGN = left>a</P >b<BR/>c<p hidden>d", "a b c"),
            ("RSS with a heart", Unknown, "I <3 news", "I <3 news"),
            ("RSS with CDATA once too often", Unknown, "<![CDATA[Title <b>x</b>]]>", "Title x"),
            ("RSS with a comment", Unknown, "a<!-- b -->c", "ac"),
            ("white space", Unknown, " \n a&nbsp;&nbsp;b\t", "a b"),
            ("nothing", Unknown, "<p> </p>", ""),
        ] {
            assert_eq!(plain_line(&text(kind, value)), expected, "{what}: {value}");
        }
    }

    #[test]
    fn a_title_is_at_most_a_kibibyte() {
        let title = plain_line(&text(Plain, &"é".repeat(2000)));
        assert!(title.len() <= LONGEST_LINE && title.len() > 1000 && title.ends_with("é…"), "{}", title.len());
    }

    #[test]
    fn descriptions_become_html() {
        let base = Url::parse("https://example.org/").expect("a URL");
        for (what, kind, value, expected) in [
            ("HTML", Html, "<p>a &amp; b</p>", Some("<p>a &amp; b</p>")),
            ("plain text", Plain, "a <b> & &amp; c", Some("a &lt;b&gt; &amp; &amp;amp; c")),
            ("plain paragraphs", Plain, "a\nb\n\n \nc\n", Some("<p>a\nb</p><p>c</p>")),
            ("RSS with markup", Unknown, "a <b>b</b> & Vec<T>", Some("a <b>b</b> &amp; Vec&lt;T&gt;")),
            ("RSS without", Unknown, "a < b &amp; AT&T", Some("a &lt; b &amp; AT&amp;T")),
            ("RSS in paragraphs", Unknown, "a\r\n\r\nb &eacute;", Some("<p>a</p><p>b é</p>")),
            ("escaped twice stays text", Unknown, "&lt;p&gt;a&lt;/p&gt;", Some("&lt;p&gt;a&lt;/p&gt;")),
            ("CDATA once too often", Html, "<![CDATA[<p>a</p>]]>", Some("<p>a</p>")),
            ("a picture is something", Html, "<img src='/i'>", Some("<img src=\"https://example.org/i\">")),
            ("nothing to see", Html, "<p>&nbsp;<br></p><img src=/i width=1 height=1>", None),
            ("nothing", Unknown, " ", None),
        ] {
            let html = html(&text(kind, value), Place { base: &base, page: None }).map(|sanitized| sanitized.html);
            assert_eq!(html.as_deref(), expected, "{what}: {value}");
        }
    }
}
