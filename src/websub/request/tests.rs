use proptest::prelude::*;

use super::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

fn settings() -> HubSettings {
    HubSettings::new(Url::parse("https://news.example/").expect("a URL"))
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A form that is right, with these parameters in the place of its own; without those that are `""`.
fn with(changes: &[(&str, &str)]) -> String {
    let mut pairs = vec![
        ("hub.mode", "subscribe"),
        ("hub.topic", "https://news.example/all.atom"),
        ("hub.callback", "https://reader.example/in?id=7"),
    ];
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    form(&pairs)
}

fn read_form(body: &str) -> Result<Wish, Refusal> {
    read(&settings(), FORM, body.as_bytes())
}

#[test]
fn a_subscription_is_read_with_what_it_leaves_open() {
    let wish = read_form(&with(&[])).expect("read");
    assert_eq!(wish.callback.as_str(), "https://reader.example/in?id=7");
    assert_eq!(wish.topic, "https://news.example/all.atom");
    assert_eq!(wish.action, Action::Subscribe { lease: TimeDelta::days(10), secret: None });
    let wish = read_form(&with(&[("hub.mode", "unsubscribe"), ("hub.secret", "s"), ("hub.lease_seconds", "x")]));
    assert_eq!(wish.expect("read").action, Action::Unsubscribe, "what is of no use there is not read");
    let strange = with(&[("hub.verify", "sync"), ("hub.verify_token", "t"), ("foo", "\u{FFFD}")]);
    assert!(read_form(&strange).is_ok(), "what is not known is ignored");
}

#[test]
fn ws_9_a_lease_is_always_finite() {
    let cases = [
        (None, 864_000),
        (Some(""), 864_000),
        (Some("0"), 3_600),
        (Some("60"), 3_600),
        (Some("86400"), 86_400),
        (Some("0086400"), 86_400),
        (Some("31536000"), 2_592_000),
        (Some("99999999999999999999999999"), 2_592_000),
    ];
    for (asked, seconds) in cases {
        assert_eq!(lease(&settings(), asked).map(|lease| lease.num_seconds()), Ok(seconds), "{asked:?}");
    }
    for asked in ["-1", "1.5", "ten days", "+5", " 5", "１"] {
        assert!(lease(&settings(), Some(asked)).is_err(), "{asked}");
    }
}

#[test]
fn a_form_that_is_wrong_is_told_what_is_wrong_with_it() {
    let long_secret = "s".repeat(200);
    let long_callback = format!("https://reader.example/{}", "x".repeat(2100));
    let twice = with(&[]) + "&hub.topic=https%3A%2F%2Fnews.example%2Fall.rss";
    let cases = [
        ("nothing", String::new(), "hub.mode is missing"),
        ("no mode", with(&[("hub.mode", "")]), "hub.mode is missing"),
        ("another mode", with(&[("hub.mode", "denied")]), "hub.mode must be"),
        ("a ping", form(&[("hub.mode", "publish"), ("hub.url", "https://news.example/all.atom")]), "takes no pings"),
        ("no topic", with(&[("hub.topic", "")]), "hub.topic is missing"),
        ("two topics", twice, "hub.topic is given twice"),
        ("no callback", with(&[("hub.callback", "")]), "hub.callback is missing"),
        ("a relative callback", with(&[("hub.callback", "/in")]), "not an absolute URL"),
        ("a file", with(&[("hub.callback", "file:///etc/passwd")]), "http or https"),
        ("a script", with(&[("hub.callback", "javascript:alert(1)")]), "http or https"),
        ("a user", with(&[("hub.callback", "https://me@reader.example/")]), "no user"),
        ("a password", with(&[("hub.callback", "https://:x@reader.example/")]), "no user"),
        ("a fragment", with(&[("hub.callback", "https://reader.example/#in")]), "fragment"),
        ("an empty fragment", with(&[("hub.callback", "https://reader.example/#")]), "fragment"),
        ("a long callback", with(&[("hub.callback", &long_callback)]), "longer than 2048"),
        ("a lease of no number", with(&[("hub.lease_seconds", "soon")]), "whole number of seconds"),
        ("a long secret", with(&[("hub.secret", &long_secret)]), "shorter than 200"),
        ("octets that are no text", with(&[]) + "&hub.secret=%ff%fe", "hub.secret is not UTF-8"),
    ];
    for (what, body, why) in cases {
        let refusal = read_form(&body).expect_err(what);
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{what}");
        assert!(refusal.why.contains(why), "{what}: {}", refusal.why);
    }
    let secret = "s".repeat(199);
    assert!(read_form(&with(&[("hub.secret", &secret)])).is_ok());
}

#[test]
fn it_must_be_a_form_of_some_kilobytes() {
    let body = with(&[]);
    let cases = [
        (None, StatusCode::OK),
        (Some("application/x-www-form-urlencoded; charset=UTF-8"), StatusCode::OK),
        (Some("Application/X-WWW-Form-Urlencoded"), StatusCode::OK),
        (Some("multipart/form-data; boundary=x"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Some("application/json"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ];
    for (content_type, status) in cases {
        let found =
            read(&settings(), content_type, body.as_bytes()).map_or_else(|refusal| refusal.status, |_| StatusCode::OK);
        assert_eq!(found, status, "{content_type:?}");
    }
    let long = body + "&x=" + &"y".repeat(MOST_OCTETS);
    assert_eq!(read_form(&long).expect_err("long").status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn sec_3_a_secret_is_in_no_debug_text() {
    let wish = read_form(&with(&[("hub.secret", "sesame")])).expect("read");
    assert!(!format!("{wish:?}").contains("sesame"));
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&settings(), FORM, &body);
    }

    #[test]
    fn whatever_is_taken_is_within_bounds(
        mode in "subscribe|unsubscribe|publish|\\PC{0,5}",
        topic in "\\PC{0,60}",
        callback in "(https?|ftp|HTTP)://([a-z]{1,3}(:[a-z]{0,2})?@)?[a-z.0-9\\[\\]:]{0,12}(/\\PC{0,20})?(#\\PC{0,3})?",
        lease in "[0-9]{0,30}|\\PC{0,4}",
        secret in "\\PC{0,120}",
    ) {
        let pairs = [
            ("hub.mode", mode.as_str()), ("hub.topic", &topic), ("hub.callback", &callback),
            ("hub.lease_seconds", &lease), ("hub.secret", &secret),
        ];
        if let Ok(wish) = read_form(&form(&pairs)) {
            prop_assert_eq!(&wish.topic, &topic);
            prop_assert!(["http", "https"].contains(&wish.callback.scheme()));
            prop_assert!(wish.callback.username().is_empty() && wish.callback.password().is_none());
            prop_assert!(wish.callback.fragment().is_none() && wish.callback.host().is_some());
            if let Action::Subscribe { lease, secret: kept } = &wish.action {
                prop_assert!((3_600..=2_592_000).contains(&lease.num_seconds()));
                prop_assert_eq!(kept.as_ref().map_or("", SubscriptionSecret::expose), secret.as_str());
            }
        }
    }
}
