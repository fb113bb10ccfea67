use super::*;

fn canonical(address: &str) -> Result<String, AddressError> {
    let (path, query) = match address.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (address, None),
    };
    Address::parse(path, query).map(|address| address.to_string())
}

#[test]
fn what_asks_for_the_same_has_one_address() {
    let cases = [
        ("/", "/"),
        ("/all.atom", "/all.atom"),
        ("/all", "/all"),
        ("/topics/ai.json", "/topics/ai.json"),
        ("/topics/telecom+ai.atom", "/topics/ai+telecom.atom"),
        ("/topics/telecom%2Bai%2bai.atom", "/topics/ai+telecom.atom"),
        ("/topics/ai", "/topics/ai"),
        ("/topics/ai.atom?", "/topics/ai.atom"),
        ("/topics/ai.atom?content=full", "/topics/ai.atom"),
        (
            "/topics/ai.rss?limit=5&source=b&source=a&lang=PT-br,fr&not=z&and=y+x",
            "/topics/ai.rss?and=x,y&not=z&lang=fr,pt-br&source=a,b&limit=5",
        ),
        ("/sources/le-monde.rss?lang=fr&content=title", "/sources/le-monde.rss?lang=fr&content=title"),
        ("/stories/17", "/stories/17"),
        ("/archives/ai/3", "/archives/ai/3"),
        ("/topics.opml", "/topics.opml"),
        ("/sources.opml", "/sources.opml"),
    ];
    for (address, expected) in cases {
        let found = canonical(address);
        assert_eq!(found.as_deref(), Ok(expected), "{address}");
        assert_eq!(canonical(expected).as_deref(), Ok(expected), "the canonical one of {address}");
    }
}

#[test]
fn what_cannot_be_answered_is_refused_with_a_reason() {
    let long = format!("/topics/{}.atom", "a".repeat(65));
    let many = format!("/topics/{}.atom", (0..13).map(|n| format!("t{n}")).collect::<Vec<_>>().join("+"));
    let longest = format!("/all.atom?not={}", "a,".repeat(600));
    let cases = [
        ("/nothing", AddressError::Nothing),
        ("/topics/", AddressError::Nothing),
        ("/topics/.atom", AddressError::Nothing),
        ("/topics/ai+.atom", AddressError::Nothing),
        ("/topics/AI.atom", AddressError::Nothing),
        ("/topics/ai.atom/", AddressError::Nothing),
        ("/topics/../all.atom", AddressError::Nothing),
        (&long, AddressError::Nothing),
        (&longest, AddressError::Nothing),
        ("/stories/017", AddressError::Nothing),
        ("/stories/-1", AddressError::Nothing),
        ("/archives/ai/03", AddressError::Nothing),
        ("/archives/ai/", AddressError::Nothing),
        ("/archives/ai/3/4", AddressError::Nothing),
        ("/archives/a+b/3", AddressError::Nothing),
        ("/archives/ai/3?limit=5", AddressError::UnknownParameter),
        ("/stories/99999999999999999999", AddressError::Nothing),
        ("/?utm_source=x", AddressError::UnknownParameter),
        ("/topics/ai.atom?utm_source=x", AddressError::UnknownParameter),
        ("/topics/ai.atom?limit=0", AddressError::Limit),
        ("/topics/ai.atom?limit=501", AddressError::Limit),
        ("/topics/ai.atom?limit=+5", AddressError::Limit),
        ("/topics/ai.atom?limit=5&limit=5", AddressError::GivenTwice),
        ("/topics/ai.atom?content=all", AddressError::Content),
        ("/topics/ai?content=title", AddressError::ContentOfPage),
        ("/topics/ai.atom?and=", AddressError::Id),
        ("/topics/ai.atom?and=a,,b", AddressError::Id),
        ("/topics/ai.atom?source=%3Cscript%3E", AddressError::Id),
        ("/topics/ai.atom?lang=français", AddressError::Language),
        ("/topics/ai.atom?lang=1", AddressError::Language),
        ("/topics/ai.atom?not=ai", AddressError::Contradiction),
        ("/topics/ai.atom?and=b&not=b", AddressError::Contradiction),
        ("/sources/a.atom?source=b", AddressError::SourceOfSource),
        (&many, AddressError::TooMany),
    ];
    for (address, expected) in cases {
        assert_eq!(canonical(address), Err(expected), "{address}");
    }
}

proptest::proptest! {
    #[test]
    fn any_address_is_refused_or_has_a_canonical_one_that_is_its_own(path in "/?[a-z./+%2B-]{0,40}", query in "[a-z=&,+%0-9-]{0,60}") {
        if let Ok(address) = Address::parse(&path, Some(&query)) {
            let canonical = address.to_string();
            let (path, query) = canonical.split_once('?').map_or((&*canonical, None), |(path, query)| (path, Some(query)));
            proptest::prop_assert_eq!(Address::parse(path, query), Ok(address));
        }
    }
}
