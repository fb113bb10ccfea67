//! Durations, sizes, ids and language tags: from text to value.

use std::time::Duration;

use crate::{
    model::{ContentPolicy, DeletedPolicy, ShownAs},
    normalize::TrackingRules,
};

/// Why a text is not the value it should be, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misread {
    pub message: String,
    pub hint: String,
}

fn misread<T>(message: impl Into<String>, hint: impl Into<String>) -> Result<T, Misread> {
    Err(Misread { message: message.into(), hint: hint.into() })
}

/// `90s`, `15m`, `12h`, `400d`, `500ms`, and several in falling order: `1h30m`.
pub(super) fn duration(text: &str) -> Result<Duration, Misread> {
    const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
    const FORM: &str = "write a number and a unit (d, h, m, s, ms), as in \"30s\", \"12h\" or \"1h30m\"";
    let mut rest = text.trim();
    let mut total = 0_u64;
    let mut smallest = usize::MAX;
    if rest.is_empty() {
        return misread("the duration is empty", FORM);
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let known = UNITS.iter().enumerate().find(|(_, (name, _))| *name == unit);
        let (Ok(number), Some((place, (_, milliseconds)))) = (number.parse::<u64>(), known) else {
            return misread(format!("`{text}` is not a duration"), FORM);
        };
        if smallest != usize::MAX && place <= smallest {
            return misread(
                format!("the units of `{text}` do not fall"),
                "write the larger unit first, and each once: \"1h30m\"",
            );
        }
        smallest = place;
        let Some(sum) = number.checked_mul(*milliseconds).and_then(|part| total.checked_add(part)) else {
            return misread(format!("`{text}` is too long"), "the longest duration is 36500d");
        };
        total = sum;
        rest = after;
    }
    if total > 36_500 * 86_400_000 {
        return misread(format!("`{text}` is too long"), "the longest duration is 36500d");
    }
    Ok(Duration::from_millis(total))
}

/// `64MiB`: octets.
pub(super) fn size(text: &str) -> Result<u64, Misread> {
    const FORM: &str = "write a number and a unit (KiB, MiB, GiB), as in \"64MiB\"";
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim_start() {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return misread(format!("`{text}` is not a size"), FORM),
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)) {
        Some(octets) => Ok(octets),
        None => misread(format!("`{text}` is not a size"), FORM),
    }
}

/// Ids become parts of addresses and never change their spelling there.
pub(super) fn check_id(text: &str) -> Result<(), Misread> {
    const FORM: &str = "ids are 1 to 64 lower-case letters (a to z), digits and `-`, since they become addresses";
    let right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.is_empty() && text.len() <= 64 && text.chars().all(right) {
        return Ok(());
    }
    let mended: String = text.to_lowercase().chars().map(|c| if right(c) { c } else { '-' }).collect();
    let mended = mended.trim_matches('-');
    let hint = match mended {
        "" => FORM.to_owned(),
        _ if mended.len() > 64 => FORM.to_owned(),
        _ => format!("{FORM}: `{mended}`"),
    };
    if text.chars().count() > 64 {
        return misread(format!("the id has {} characters", text.chars().count()), FORM);
    }
    misread(format!("`{text}` cannot be an id"), hint)
}

/// As [`check_id`], but capitals are let be: topics have had them, and addresses tell them apart.
pub(super) fn check_topic_id(text: &str) -> Result<(), Misread> {
    check_id(&text.to_ascii_lowercase())
}

/// A parameter of links that tracks, perhaps of one site only.
pub(super) fn tracking_rule(text: &str) -> Result<(), Misread> {
    if TrackingRules::is_rule(text.trim()) {
        return Ok(());
    }
    misread(
        format!("`{text}` names no parameter of a link"),
        "write a name, as in \"partner\", \"campaign*\" or \"from=rss\", and a site's domain if it is for one: \"partner @example.org\"",
    )
}

/// How stories are shown: one of three words.
pub(super) fn shown_as(text: &str) -> Result<ShownAs, Misread> {
    match text.trim() {
        "merge" => Ok(ShownAs::Merge),
        "group" => Ok(ShownAs::Group),
        "all" => Ok(ShownAs::All),
        other => misread(format!("stories cannot be shown as `{other}`"), "write \"merge\", \"group\" or \"all\""),
    }
}

/// How much of an entry is shown: one of three words.
pub(super) fn content(text: &str) -> Result<ContentPolicy, Misread> {
    match text.trim() {
        "full" => Ok(ContentPolicy::Full),
        "summary" => Ok(ContentPolicy::Summary),
        "title" => Ok(ContentPolicy::Title),
        other => misread(format!("`{other}` is no part of an entry"), "write \"full\", \"summary\" or \"title\""),
    }
}

/// What is done about deleted entries: one of two words.
pub(super) fn deleted(text: &str) -> Result<DeletedPolicy, Misread> {
    match text.trim() {
        "keep" => Ok(DeletedPolicy::Keep),
        "remove" => Ok(DeletedPolicy::Remove),
        other => misread(
            format!("`{other}` is nothing that can be done about deleted entries"),
            "write \"keep\" or \"remove\"",
        ),
    }
}

/// A BCP 47 tag of a language, perhaps a script and a region: `fr`, `pt-BR`, `zh-Hant-TW`. Returned in its usual case.
pub(super) fn language_tag(text: &str) -> Result<String, Misread> {
    let mut subtags = text.split('-');
    let primary = primary_language(subtags.next().unwrap_or_default())?;
    let mut tag = primary;
    for subtag in subtags {
        let alphabetic = subtag.bytes().all(|b| b.is_ascii_alphabetic());
        let spelt = match subtag.len() {
            2 if alphabetic => subtag.to_ascii_uppercase(),
            4 if alphabetic => {
                let (first, rest) = subtag.split_at(1);
                format!("{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase())
            }
            1..=8 if subtag.bytes().all(|b| b.is_ascii_alphanumeric()) => subtag.to_ascii_lowercase(),
            _ => {
                return misread(
                    format!("`{text}` is not a language tag"),
                    "write a BCP 47 tag such as \"fr\" or \"pt-BR\"",
                );
            }
        };
        tag.push('-');
        tag.push_str(&spelt);
    }
    Ok(tag)
}

/// A primary language subtag in lower case: ISO 639-1, or three letters of ISO 639-2/3.
pub(super) fn primary_language(text: &str) -> Result<String, Misread> {
    let lower = text.to_ascii_lowercase();
    let letters = !lower.is_empty() && lower.bytes().all(|b| b.is_ascii_lowercase());
    if letters && (lower.len() == 3 || LANGUAGES.split(' ').any(|code| code == lower)) {
        return Ok(lower);
    }
    let meant = MISTAKEN.iter().find(|(wrong, _)| *wrong == lower).map(|(_, right)| *right);
    let hint = match meant {
        Some(code) => format!("did you mean `{code}`?"),
        None => "write an ISO 639-1 code such as \"en\", \"fr\" or \"de\"".to_owned(),
    };
    misread(format!("`{text}` is not a language"), hint)
}

/// A country by its two letters, in capitals (ISO 3166-1 alpha-2).
pub(super) fn country(text: &str) -> Result<String, Misread> {
    let upper = text.to_ascii_uppercase();
    if COUNTRIES.split(' ').any(|code| code == upper) {
        return Ok(upper);
    }
    let hint = match upper.as_str() {
        "UK" => "did you mean `GB`?",
        "EL" => "did you mean `GR`?",
        _ => "write the two letters of ISO 3166-1, such as \"FR\", \"DE\" or \"GB\"",
    };
    misread(format!("`{text}` is not a country"), hint)
}

/// ISO 3166-1 alpha-2, and XK, which is in use for Kosovo.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD \
    GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE \
    NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM \
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT \
    ZA ZM ZW XK";

/// ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz \
    ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka \
    kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr \
    nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk \
    tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Names and country codes that are taken for language codes.
const MISTAKEN: [(&str, &str); 24] = [
    ("english", "en"),
    ("french", "fr"),
    ("francais", "fr"),
    ("german", "de"),
    ("deutsch", "de"),
    ("spanish", "es"),
    ("italian", "it"),
    ("portuguese", "pt"),
    ("dutch", "nl"),
    ("polish", "pl"),
    ("russian", "ru"),
    ("ukrainian", "uk"),
    ("chinese", "zh"),
    ("japanese", "ja"),
    ("en_us", "en-US"),
    ("en_gb", "en-GB"),
    ("gb", "en-GB"),
    ("us", "en-US"),
    ("jp", "ja"),
    ("cn", "zh"),
    ("cz", "cs"),
    ("dk", "da"),
    ("gr", "el"),
    ("ua", "uk"),
];
