//! How a subscriber knows that a delivery is ours (WebSub §7.1).

use ring::hmac;

use crate::store::SubscriptionSecret;

/// The value of `X-Hub-Signature`: HMAC (RFC 2104) with SHA-256 over the body's octets, keyed by the secret.
pub(super) fn signature(secret: &SubscriptionSecret, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let tag = hmac::sign(&key, body);
    let digits: String = tag.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    format!("sha256={digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test cases of RFC 4231 whose key and data are text.
    #[test]
    fn it_is_what_rfc_4231_says() {
        let cases = [
            (
                "Jefe",
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                "\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}\u{b}",
                "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
        ];
        for (secret, body, digits) in cases {
            assert_eq!(signature(&SubscriptionSecret::new(secret), body.as_bytes()), format!("sha256={digits}"));
        }
    }
}
