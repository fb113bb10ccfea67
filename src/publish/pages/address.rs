//! Addresses as HTML wants them.

/// The address with every character escaped that is no part of a URL by the letter (URL standard, "URL code points"), though
/// publishers write them and servers take them: `|`, `[`, a `%` that escapes nothing. It means the same.
pub(super) fn address(url: &str) -> String {
    let scheme = url.find("://").map_or(0, |at| at + 3);
    let path = url.get(scheme..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |at| scheme + at);
    let (authority, rest) = url.split_at(path);
    let mut address = authority.to_owned();
    let mut in_fragment = false;
    for (at, character) in rest.char_indices() {
        let is_escape = || rest.as_bytes().get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let is_legal = match character {
            '%' => is_escape(),
            '#' => !in_fragment,
            ascii if ascii.is_ascii() => ascii.is_ascii_alphanumeric() || "!$&'()*+,-./:;=?@_~".contains(ascii),
            _ => !character.is_control(),
        };
        in_fragment |= character == '#';
        if is_legal {
            address.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                address.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    address
}

/// The address of a picture. A page may load it over TLS only, and most hosts have it so as well.
pub(super) fn picture_address(url: &str) -> String {
    match url.strip_prefix("http://") {
        Some(rest) => address(&format!("https://{rest}")),
        None => address(url),
    }
}

/// Every byte but letters, digits and `-._~` escaped: as the value of a parameter.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_url_by_the_letter() {
        for (written, expected) in [
            ("https://a.example/1?a=1&b=2#c", "https://a.example/1?a=1&b=2#c"),
            ("https://a.example/x|y?f[]=1", "https://a.example/x%7Cy?f%5B%5D=1"),
            ("https://[::1]:80/[", "https://[::1]:80/%5B"),
            ("https://a.example/100%?q=%zz%20", "https://a.example/100%25?q=%25zz%20"),
            ("https://a.example/#a#b", "https://a.example/#a%23b"),
            ("https://a.example/é`^{}\"<>", "https://a.example/é%60%5E%7B%7D%22%3C%3E"),
            ("mailto:a@b.example?subject=x y", "mailto:a@b.example?subject=x%20y"),
            ("https://a.example", "https://a.example"),
        ] {
            assert_eq!(address(written), expected);
            assert_eq!(address(expected), expected, "it is stable");
        }
        assert_eq!(escaped("https://a.example/é?b=1"), "https%3A%2F%2Fa.example%2F%C3%A9%3Fb%3D1");
    }
}
