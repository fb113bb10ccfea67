use proptest::prelude::*;

use crate::config::source_text::SourceText;

/// A byte of a string's value, found again in the TOML that spells the string.
#[test]
fn offsets_pass_over_quotes_and_escapes() {
    let table = [
        ("a plain string", r#""abc""#, 2, "c"),
        ("the end", r#""abc""#, 3, "\""),
        ("a literal string", r"'a\bc'", 3, "c"),
        ("an escaped quote", r#""a\"bc""#, 2, "b"),
        ("a tab and a line feed", r#""\t\nx""#, 2, "x"),
        ("a short code point, two bytes of UTF-8", r#""\u00e9x""#, 2, "x"),
        ("a long code point, four bytes", r#""\U0001F600x""#, 4, "x"),
        ("characters of two bytes", "\"éèx\"", 4, "x"),
        ("a string over several lines", "\"\"\"\nab\ncd\"\"\"", 3, "c"),
        ("a literal one", "'''\nab\ncd'''", 4, "d"),
        ("a backslash at the end of a line", "\"\"\"ab\\\n    cd\"\"\"", 2, "c"),
    ];
    for (sentence, toml, offset, wanted) in table {
        let text = format!("key = {toml}\n");
        let source = SourceText::new(&text);
        let at = source.inside(&(6..6 + toml.len()), offset);
        let found = &text[at..];
        // Where a line ends in a backslash, the place before the white space and the place after it mean the same.
        let found = found.trim_start_matches(['\\', '\n', ' ']);
        assert!(found.starts_with(wanted), "{sentence}: {found:?}");
    }
}

#[test]
fn places() {
    let text = "a = 1\r\n\tébé = \"x\"\nlast";
    let source = SourceText::new(text);
    let place = source.place(&(text.find('"').unwrap()..text.find("\nlast").unwrap()));
    assert_eq!((place.line, place.column, place.width), (2, 8, 3));
    assert_eq!(place.excerpt, "\tébé = \"x\"");
    let end = source.place(&(text.len()..text.len()));
    assert_eq!((end.line, end.column, end.width), (3, 5, 1));
    let beyond = source.place(&(text.len() + 9..text.len() + 20));
    assert_eq!((beyond.line, beyond.column), (3, 5));
}

#[test]
fn a_long_line_is_shown_around_the_place() {
    let text = format!("terms = [{}\"here\"{}]", "\"x\", ".repeat(50), ", \"y\"".repeat(50));
    let at = text.find("\"here\"").unwrap();
    let place = SourceText::new(&text).place(&(at..at + 6));
    assert_eq!(place.column, at + 1);
    assert!(place.excerpt.chars().count() <= 112, "{}", place.excerpt);
    let shown: String = place.excerpt.chars().skip(place.indent).take(place.width).collect();
    assert_eq!(shown, "\"here\"");
}

proptest! {
    #[test]
    fn no_place_is_outside_its_excerpt(text in "\\PC{0,40}(\n[\\PC\t]{0,200}){0,3}", start in 0_usize..300, length in 0_usize..300) {
        let place = SourceText::new(&text).place(&(start..start + length));
        prop_assert!(place.line >= 1 && place.column >= 1 && place.width >= 1);
        prop_assert!(place.indent <= place.excerpt.chars().count());
    }
}
