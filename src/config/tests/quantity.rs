use std::time::Duration;

use crate::config::quantity::{check_id, duration, language_tag, size};

#[test]
fn durations() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let table = [
        ("90s", seconds(90)),
        ("15m", seconds(900)),
        ("12h", seconds(43_200)),
        ("400d", seconds(34_560_000)),
        ("1h30m", seconds(5400)),
        ("1d2h3m4s", seconds(93_784)),
        ("250ms", Some(Duration::from_millis(250))),
        ("0s", seconds(0)),
        ("", None),
        ("30", None),
        ("s", None),
        ("1.5h", None),
        ("-1s", None),
        ("1 h", None),
        ("30m1h", None),
        ("1h1h", None),
        ("1w", None),
        ("1m30", None),
        ("99999999999999999999s", None),
        ("18446744073709551615d", None),
        ("36501d", None),
    ];
    for (text, wanted) in table {
        assert_eq!(duration(text).ok(), wanted, "{text}");
    }
}

#[test]
fn sizes() {
    let table = [
        ("64MiB", Some(67_108_864)),
        ("1 GiB", Some(1_073_741_824)),
        ("512KiB", Some(524_288)),
        ("10MB", Some(10_000_000)),
        ("64", None),
        ("MiB", None),
        ("64 mib", None),
        ("99999999999GiB", None),
    ];
    for (text, wanted) in table {
        assert_eq!(size(text).ok(), wanted, "{text}");
    }
}

#[test]
fn ids() {
    let longest = "a".repeat(64);
    for id in ["a", "lemonde-pixels", "5g", "2026-news", &longest] {
        assert!(check_id(id).is_ok(), "{id}");
    }
    let too_long = "a".repeat(65);
    for id in ["", "Le Monde", "le_monde", "é", "a/b", "a.b", "..", &too_long] {
        assert!(check_id(id).is_err(), "{id}");
    }
    assert!(check_id("Le Monde").unwrap_err().hint.contains("`le-monde`"));
}

#[test]
fn language_tags() {
    let table = [
        ("fr", Some("fr")),
        ("FR", Some("fr")),
        ("pt-br", Some("pt-BR")),
        ("zh-hant-tw", Some("zh-Hant-TW")),
        ("es-419", Some("es-419")),
        ("gsw", Some("gsw")),
        ("english", None),
        ("xx", None),
        ("fr_FR", None),
        ("fr-", None),
        ("", None),
    ];
    for (text, wanted) in table {
        assert_eq!(language_tag(text).ok().as_deref(), wanted, "{text}");
    }
    assert_eq!(language_tag("english").unwrap_err().hint, "did you mean `en`?");
}
