//! Language tags as publishers write them, put into the form of BCP 47.

/// ISO 639-1, the two-letter codes.
const TWO_LETTER_CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is \
    it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd \
    ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su \
    sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// What publishers write instead of a code: names, three-letter codes (BCP 47 wants the shortest), countries and retired
/// codes. Each line gives the code and then what stands for it.
const OTHER_NAMES: &str = "\
ar ara arabic
bg bul bulgarian
ca cat catalan català
cs ces cze cz czech čeština
da dan dk danish dansk
de deu ger german deutsch
el ell gre gr greek ελληνικά
en eng english us
es spa spanish español espanol castellano
et est estonian
fi fin finnish suomi
fr fra fre french français francais
he heb iw hebrew
hi hin hindi
hr hrv croatian hrvatski
hu hun hungarian magyar
id in ind indonesian
it ita italian italiano
ja jpn jp japanese 日本語
ko kor korean 한국어
lt lit lithuanian
lv lav latvian
nb nob
nl dut nld dutch nederlands
nn nno
no nor norwegian norsk
pl pol polish polski
pt por portuguese português portugues
ro ron rum romanian română
ru rus russian русский
sk slk slo slovak
sl slv slovenian
sr srp serbian
sv swe swedish svenska
tr tur turkish türkçe
uk ukr ua ukrainian українська
vi vie vietnamese
yi ji
zh chi zho cmn cn chinese 中文";

/// The tag in the form of BCP 47 (RFC 5646 §2.1, §2.1.1), or `None` if it names no language.
///
/// `fr_FR.UTF-8` is `fr-FR`, `EN-us` is `en-US`, `english` is `en`, `en, fr` is its first; `und`, `mul` and nonsense are `None`.
pub(super) fn language_tag(written: &str) -> Option<String> {
    let first = written.split([',', ';', '.', '@', '/', '|']).next().unwrap_or_default();
    let lower = first.trim().replace('_', "-").to_lowercase();
    let mut subtags = lower.split('-').map(str::trim);
    let mut tag = primary(subtags.next()?)?.to_owned();
    let mut place = Place::ExtendedLanguage;
    let mut singleton_is_bare = false;
    for subtag in subtags {
        if !(1..=8).contains(&subtag.len()) || !subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        singleton_is_bare = subtag.len() == 1 && place != Place::PrivateUse;
        place = place.after(subtag)?;
        tag.push('-');
        match place {
            Place::Script => tag.push_str(&title_case(subtag)),
            // The United Kingdom's code is GB; UK is reserved for it and often written.
            Place::Region if subtag == "uk" => tag.push_str("GB"),
            Place::Region => tag.push_str(&subtag.to_ascii_uppercase()),
            _ => tag.push_str(subtag),
        }
    }
    (!singleton_is_bare).then_some(tag)
}

fn primary(written: &str) -> Option<&str> {
    let mut lines = OTHER_NAMES.lines().filter_map(|line| line.split_once(' '));
    if let Some((code, _)) = lines.find(|(_, names)| names.split(' ').any(|name| name == written)) {
        return Some(code);
    }
    match written.len() {
        2 => TWO_LETTER_CODES.split(' ').find(|code| *code == written),
        // Undetermined, several, none, uncoded, and the range for private use name no language.
        3 if matches!(written, "und" | "mul" | "zxx" | "mis" | "qaa") => None,
        3 => written.bytes().all(|byte| byte.is_ascii_lowercase()).then_some(written),
        _ => None,
    }
}

fn title_case(subtag: &str) -> String {
    let mut characters = subtag.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

/// Where in a tag a subtag stands; later ones never come before earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    ExtendedLanguage,
    Script,
    Region,
    Variant,
    Extension,
    PrivateUse,
}

impl Place {
    /// The place of a subtag that follows one in this place, by its form; `None` if it may not stand there.
    fn after(self, subtag: &str) -> Option<Self> {
        let letters = subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
        let digits = subtag.bytes().all(|byte| byte.is_ascii_digit());
        let place = match subtag.len() {
            _ if self == Self::PrivateUse => Self::PrivateUse,
            1 if subtag == "x" => Self::PrivateUse,
            1 => Self::Extension,
            _ if self == Self::Extension => Self::Extension,
            2 if letters => Self::Region,
            3 if letters => Self::ExtendedLanguage,
            3 if digits => Self::Region,
            4 if letters => Self::Script,
            4 if subtag.starts_with(|first: char| first.is_ascii_digit()) => Self::Variant,
            5..=8 => Self::Variant,
            _ => return None,
        };
        let may_repeat = !matches!(place, Self::Script | Self::Region);
        (place > self || (place == self && may_repeat)).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_put_into_form_and_nonsense_is_dropped() {
        for (written, expected) in [
            ("fr", Some("fr")),
            ("FR", Some("fr")),
            (" fr_FR ", Some("fr-FR")),
            ("fr_FR.UTF-8", Some("fr-FR")),
            ("EN-us", Some("en-US")),
            ("en-uk", Some("en-GB")),
            ("pt-br", Some("pt-BR")),
            ("zh-hant-tw", Some("zh-Hant-TW")),
            ("zh-CHS", Some("zh-chs")),
            ("es-419", Some("es-419")),
            ("de-CH-1901", Some("de-CH-1901")),
            ("sl-rozaj-biske", Some("sl-rozaj-biske")),
            ("en-x-newsroom", Some("en-x-newsroom")),
            ("de-u-co-phonebk", Some("de-u-co-phonebk")),
            ("en, fr", Some("en")),
            ("eng", Some("en")),
            ("ger-DE", Some("de-DE")),
            ("English", Some("en")),
            ("Français", Some("fr")),
            ("日本語", Some("ja")),
            ("jp", Some("ja")),
            ("gsw", Some("gsw")),
            ("und", None),
            ("mul", None),
            ("", None),
            ("-", None),
            ("xx", None),
            ("klingonese", None),
            ("en-", None),
            ("en--US", None),
            ("en-US-DE", None),
            ("en-US-latn", None),
            ("en-u", None),
            ("en-<b>", None),
            ("en-é", None),
            ("1234", None),
            ("x-default", None),
            ("http://example.org", None),
        ] {
            assert_eq!(language_tag(written).as_deref(), expected, "{written:?}");
        }
    }
}
