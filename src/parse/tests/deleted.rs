//! What Atom documents say is deleted (RFC 6721).

use super::*;

const TOMBSTONES: &str = "xmlns:at='http://purl.org/atompub/tombstones/1.0'";
const WHEN: &str = "when='2026-03-02T12:00:00Z'";

/// What is deleted as `id when`, and the defects.
fn deleted(document: &str) -> (Vec<String>, Vec<String>) {
    let feed = parsed(document);
    let shown = |one: &crate::model::DeletedEntry| format!("{} {}", one.id, one.when.format("%dT%H:%M:%S%.f"));
    (feed.deleted.iter().map(shown).collect(), feed.defects.into_iter().map(|defect| defect.message).collect())
}

/// An Atom feed with the namespace declared at its root.
fn with(inside: &str) -> String {
    format!("<feed xmlns='http://www.w3.org/2005/Atom' {TOMBSTONES}><title>F</title>{inside}</feed>")
}

#[test]
fn a_deleted_entry_is_gathered_and_is_no_defect() {
    let own_namespace = format!("<deleted-entry xmlns='http://purl.org/atompub/tombstones/1.0' ref='urn:a' {WHEN}/>");
    let other_prefix =
        format!("<x:deleted-entry xmlns:x='http://purl.org/atompub/tombstones/1.0' ref='urn:a' {WHEN}/>");
    let prefixed_root = format!(
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom' {TOMBSTONES}><a:title>F</a:title><at:deleted-entry ref='urn:a' {WHEN}/></a:feed>"
    );
    let cases: [(&str, String, &[&str]); 13] = [
        ("the least of it", with(&format!("<at:deleted-entry ref='urn:a' {WHEN}/>")), &["urn:a 02T12:00:00"]),
        (
            "all of it",
            with(&format!(
                "<at:deleted-entry ref='urn:a' {WHEN} xml:lang='en'><at:by><name>Ann</name><uri>https://x.example/</uri></at:by>\
                 <at:comment type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>Not <b>ours</b></div></at:comment>\
                 <link rel='self' href='/x'/><source><id>urn:other</id><title>Elsewhere</title></source></at:deleted-entry>"
            )),
            &["urn:a 02T12:00:00"],
        ),
        ("the namespace under another prefix", with(&other_prefix), &["urn:a 02T12:00:00"]),
        ("the namespace as the element's own", with(&own_namespace), &["urn:a 02T12:00:00"]),
        ("Atom under a prefix", prefixed_root, &["urn:a 02T12:00:00"]),
        (
            "several, in their order",
            with(&format!(
                "<at:deleted-entry ref='urn:b' {WHEN}/><at:deleted-entry {WHEN} ref='urn:a'></at:deleted-entry>"
            )),
            &["urn:b 02T12:00:00", "urn:a 02T12:00:00"],
        ),
        (
            "blanks, references, an offset and a fraction",
            with("<at:deleted-entry ref=' urn:a&amp;b ' when=' 2026-03-02T14:00:00.5+02:00 '/>"),
            &["urn:a&b 02T12:00:00.500"],
        ),
        ("another namespace", with(&format!("<y:deleted-entry xmlns:y='urn:y' ref='urn:a' {WHEN}/>")), &[]),
        ("another element of the namespace", with(&format!("<at:by ref='urn:a' {WHEN}/>")), &[]),
        ("a comment", with(&format!("<!-- <at:deleted-entry ref='urn:a' {WHEN}/> -->")), &[]),
        (
            "a CDATA section",
            with(&format!("<subtitle><![CDATA[<at:deleted-entry ref='urn:a' {WHEN}/>]]></subtitle>")),
            &[],
        ),
        (
            "the markup of a text",
            with(&format!(
                "<entry><id>urn:e</id><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>\
                 <at:deleted-entry ref='urn:a' {WHEN}/></div></content></entry>"
            )),
            &[],
        ),
        (
            "an entry, which is no place for it",
            with(&format!("<entry><id>urn:e</id><title>E</title><at:deleted-entry ref='urn:a' {WHEN}/></entry>")),
            &[],
        ),
    ];
    for (sentence, document, expected) in cases {
        let (found, defects) = deleted(&document);
        assert_eq!(found, expected, "{sentence}");
        assert_eq!(defects, [""; 0], "{sentence}");
    }
}

#[test]
fn what_does_not_say_which_entry_or_when_deletes_nothing_and_is_a_defect() {
    for (sentence, element) in [
        ("no ref", format!("<at:deleted-entry {WHEN}/>")),
        ("a blank ref", format!("<at:deleted-entry ref=' ' {WHEN}/>")),
        ("no when", "<at:deleted-entry ref='urn:a'/>".into()),
        ("a blank when", "<at:deleted-entry ref='urn:a' when=''/>".into()),
        ("a date alone", "<at:deleted-entry ref='urn:a' when='2026-03-02'/>".into()),
        ("a date of mail", "<at:deleted-entry ref='urn:a' when='Mon, 02 Mar 2026 12:00:00 GMT'/>".into()),
        ("no offset", "<at:deleted-entry ref='urn:a' when='2026-03-02T12:00:00'/>".into()),
        ("a day that is none", "<at:deleted-entry ref='urn:a' when='2026-02-30T12:00:00Z'/>".into()),
    ] {
        let sound = format!("<at:deleted-entry ref='urn:b' {WHEN}/><entry><id>urn:e</id><title>E</title></entry>");
        let (found, defects) = deleted(&with(&(element + &sound)));
        assert_eq!(found, ["urn:b 02T12:00:00"], "{sentence}: it costs no other");
        assert!(defects.len() == 1 && defects[0].contains("nothing was deleted for it"), "{sentence}: {defects:?}");
    }
    let undeclared = format!("<at:deleted-entry ref='urn:a' {WHEN}/>");
    assert_eq!(deleted(&atom(&undeclared)).0, [""; 0], "nothing is deleted by a prefix that is not declared");
}

#[test]
fn only_atom_documents_delete() {
    let inside = format!("<at:deleted-entry {TOMBSTONES} ref='urn:a' {WHEN}/><item><title>a</title></item>");
    let feed = parsed(&rss(&inside));
    assert_eq!((feed.deleted.len(), titles(&feed)), (0, vec!["a"]));
    assert!(feed.defects.is_empty(), "{:?}", feed.defects);
}

#[test]
fn entries_around_deleted_ones_are_read_as_ever() {
    let entry = |id: &str| format!("<entry><id>{id}</id><title>{id}</title></entry>");
    let [a, b] = ["a", "b"].map(entry);
    for (sentence, document) in [
        ("closed", format!("{a}<at:deleted-entry ref='x' {WHEN}><at:comment>No</at:comment></at:deleted-entry>{b}")),
        ("never closed", format!("{a}<at:deleted-entry ref='x' {WHEN}>{b}")),
        ("after a title that is never closed", format!("<title>F<at:deleted-entry ref='x' {WHEN}/>{a}{b}")),
    ] {
        let feed = parsed(&with(&document));
        assert_eq!((titles(&feed), feed.deleted.len()), (vec!["a", "b"], 1), "{sentence}");
        assert_eq!(feed.title.map(|title| title.value).as_deref(), Some("F"), "{sentence}");
    }
}

#[test]
fn of_more_than_the_limit_those_deleted_last_are_heeded() {
    let limits = ParseLimits { entries: 3, ..ParseLimits::default() };
    let read = |days: std::ops::RangeInclusive<u32>| {
        let all: String =
            days.map(|day| format!("<at:deleted-entry ref='{day}' when='2026-03-{day:02}T00:00:00Z'/>")).collect();
        let feed = parse(&document(with(&all), None), &limits).unwrap();
        let ids: Vec<String> = feed.deleted.into_iter().map(|one| one.id).collect();
        (ids.join(" "), feed.defects.into_iter().map(|defect| defect.message).collect::<Vec<_>>().join("; "))
    };
    assert_eq!(read(1..=3), ("1 2 3".into(), String::new()));
    assert_eq!(
        read(1..=20),
        ("18 19 20".into(), "the document has 20 deleted entries; the 3 deleted last were heeded".into())
    );
}
