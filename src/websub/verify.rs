//! Whether a wish was meant by whom it names: the callback is asked, and must answer with what only it was told (WebSub §5.3).

use url::Url;

use super::request::{Action, Wish};

/// Octets of a challenge's randomness.
pub(super) const CHALLENGE: usize = 24;

/// A challenge as text: letters and digits, so that no callback has trouble to repeat it.
pub(super) fn challenge(random: [u8; CHALLENGE]) -> String {
    random.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What to ask. The callback's own query stays as it is, before ours.
pub(super) fn question(wish: &Wish, challenge: &str) -> Url {
    let mut url = wish.callback.clone();
    let mut query = url.query_pairs_mut();
    query.append_pair("hub.mode", wish.action.mode());
    query.append_pair("hub.topic", &wish.topic);
    query.append_pair("hub.challenge", challenge);
    if let Action::Subscribe { lease, .. } = &wish.action {
        query.append_pair("hub.lease_seconds", &lease.num_seconds().to_string());
    }
    drop(query);
    url
}

/// Tells a subscriber that there is nothing to be had, or no more (WebSub §5.2).
pub(super) fn denial(callback: &Url, topic: &str, reason: &str) -> Url {
    let mut url = callback.clone();
    let mut query = url.query_pairs_mut();
    query.append_pair("hub.mode", "denied");
    query.append_pair("hub.topic", topic);
    query.append_pair("hub.reason", reason);
    drop(query);
    url
}

/// Whether the answer confirms the wish; if not, why.
pub(super) fn confirms(status: u16, body: &[u8], challenge: &str) -> Result<(), String> {
    if !(200..300).contains(&status) {
        Err(format!("it answered {status}"))
    } else if body != challenge.as_bytes() {
        Err("its answer is not the challenge".into())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn wish(callback: &str, action: Action) -> Wish {
        let callback = Url::parse(callback).expect("a URL");
        Wish { callback, topic: "https://news.example/topics/ai+eu.atom".into(), action }
    }

    #[test]
    fn the_question_keeps_the_callbacks_own_query() {
        let subscribe = || Action::Subscribe { lease: TimeDelta::days(10), secret: None };
        let topic = "hub.topic=https%3A%2F%2Fnews.example%2Ftopics%2Fai%2Beu.atom";
        let cases = [
            (
                wish("https://reader.example/in", subscribe()),
                format!(
                    "https://reader.example/in?hub.mode=subscribe&{topic}&hub.challenge=abc&hub.lease_seconds=864000"
                ),
            ),
            (
                wish("https://reader.example/in?id=7&x=a%20b+c&flag", subscribe()),
                format!(
                    "https://reader.example/in?id=7&x=a%20b+c&flag&hub.mode=subscribe&{topic}&hub.challenge=abc\
                     &hub.lease_seconds=864000"
                ),
            ),
            (
                wish("https://reader.example/in?hub.challenge=mine", Action::Unsubscribe),
                format!("https://reader.example/in?hub.challenge=mine&hub.mode=unsubscribe&{topic}&hub.challenge=abc"),
            ),
        ];
        for (wish, url) in cases {
            assert_eq!(question(&wish, "abc").as_str(), url);
        }
        let callback = Url::parse("https://reader.example/in?id=7").expect("a URL");
        assert_eq!(
            denial(&callback, "https://n.example/a", "gone & done").as_str(),
            "https://reader.example/in?id=7&hub.mode=denied&hub.topic=https%3A%2F%2Fn.example%2Fa&hub.reason=gone+%26+done"
        );
    }

    #[test]
    fn ws_9_only_the_challenge_itself_with_a_2xx_confirms() {
        let cases: [(u16, &[u8], bool); 9] = [
            (200, b"abc", true),
            (202, b"abc", true),
            (200, b"abc\n", false),
            (200, b"ab", false),
            (200, b"", false),
            (200, b"ABC", false),
            (302, b"abc", false),
            (404, b"abc", false),
            (500, b"abc", false),
        ];
        for (status, body, confirmed) in cases {
            assert_eq!(confirms(status, body, "abc").is_ok(), confirmed, "{status} {body:?}");
        }
    }

    #[test]
    fn a_challenge_holds_all_of_its_randomness() {
        assert_eq!(challenge([0xab; CHALLENGE]), "ab".repeat(CHALLENGE));
        const { assert!(CHALLENGE * 8 >= 128) }
    }
}
