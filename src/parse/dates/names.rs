//! Names of months and zones, in lower case and without accents.

/// The month, 1 to 12, in English, French, German, Spanish, Italian, Portuguese or Dutch, in full or abbreviated.
pub fn month(word: &str) -> Option<u32> {
    let month = match word {
        "jan" | "january" | "janv" | "janvier" | "januar" | "janner" | "jaenner" | "janeiro" | "januari" | "ene"
        | "enero" | "gen" | "genn" | "gennaio" => 1,
        "feb" | "febr" | "february" | "fev" | "fevr" | "fevrier" | "februar" | "feber" | "febrero" | "febb"
        | "febbraio" | "fevereiro" | "februari" => 2,
        "mar" | "march" | "mars" | "marz" | "maerz" | "mrz" | "maer" | "marzo" | "marco" | "maart" | "mrt" => 3,
        "apr" | "april" | "avr" | "avril" | "abr" | "abril" | "aprile" => 4,
        "may" | "mai" | "mayo" | "mag" | "magg" | "maggio" | "maio" | "mei" => 5,
        "jun" | "june" | "juin" | "juni" | "junio" | "giu" | "giugno" | "junho" => 6,
        "jul" | "july" | "juil" | "juill" | "juillet" | "juli" | "julio" | "lug" | "luglio" | "julho" => 7,
        "aug" | "august" | "aou" | "aout" | "ago" | "agosto" | "augustus" => 8,
        "sep" | "sept" | "september" | "septembre" | "set" | "sett" | "septiembre" | "setiembre" | "settembre"
        | "setembro" => 9,
        "oct" | "october" | "octobre" | "okt" | "oktober" | "octubre" | "ott" | "ottobre" | "out" | "outubro" => 10,
        "nov" | "november" | "novembre" | "noviembre" | "novembro" => 11,
        "dec" | "december" | "decembre" | "dez" | "dezember" | "dic" | "diciembre" | "dicembre" | "dezembro" => 12,
        _ => return None,
    };
    Some(month)
}

/// A zone's distance from UTC in minutes. RFC 5322 §4.3 has the military letters mean nothing but UTC, as RFC 822 had their
/// signs wrong.
pub fn zone(word: &str) -> Option<i32> {
    let quarters = match word {
        "z" | "ut" | "utc" | "gmt" | "wet" | "uct" => 0,
        "west" | "bst" | "cet" | "mez" | "wat" | "met" => 4,
        "cest" | "mesz" | "eet" | "sast" | "cat" | "mest" => 8,
        "eest" | "msk" | "eat" | "trt" => 12,
        "pkt" => 20,
        "ist" => 22,
        "ict" | "wib" => 28,
        "hkt" | "sgt" | "awst" | "pht" => 32,
        "jst" | "kst" => 36,
        "acst" => 38,
        "aest" => 40,
        "acdt" => 42,
        "aedt" => 44,
        "nzst" => 48,
        "nzdt" => 52,
        "ndt" => -10,
        "brt" | "art" | "adt" => -12,
        "nst" => -14,
        "ast" | "edt" => -16,
        "est" | "et" | "cdt" | "cot" | "pet" => -20,
        "cst" | "ct" | "mdt" => -24,
        "mst" | "mt" | "pdt" => -28,
        "pst" | "pt" | "akdt" => -32,
        "akst" => -36,
        "hst" => -40,
        letter if letter.len() == 1 && letter.is_ascii() && letter != "j" && letter != "t" => 0,
        _ => return None,
    };
    Some(quarters * 15)
}
