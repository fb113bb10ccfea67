//! Writing systems that tell the language by themselves.

/// How many letters of a text belong to which writing system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Letters {
    latin: usize,
    han: usize,
    kana: usize,
    hangul: usize,
    greek: usize,
    cyrillic: usize,
    /// Cyrillic letters that Russian does not have.
    cyrillic_not_russian: usize,
    arabic: usize,
    /// Letters of that script that Arabic does not have.
    arabic_not_arabic: usize,
    tamil: usize,
    other: usize,
}

/// What the letters say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No other language is written so.
    Settled(&'static str),
    /// Probably this one: a few characters that two languages share.
    Likely(&'static str),
    /// Not in Latin letters, and in one of several languages.
    Open,
    /// In Latin letters, or in none.
    Latin,
}

/// Fewer characters than these without any kana may still be a Japanese headline.
const CHINESE_FOR_SURE: usize = 20;

impl Letters {
    pub fn count(&mut self, letter: char) {
        let counter = match letter {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => &mut self.latin,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => &mut self.greek,
            'і' | 'І' | 'ї' | 'Ї' | 'є' | 'Є' | 'ґ' | 'Ґ' | 'ў' | 'Ў' | 'ђ' | 'Ђ' | 'ћ' | 'Ћ' | 'џ' | 'Џ' | 'љ'
            | 'Љ' | 'њ' | 'Њ' | 'ј' | 'Ј' | 'ѓ' | 'Ѓ' | 'ќ' | 'Ќ' | 'ѕ' | 'Ѕ' => {
                self.cyrillic_not_russian += 1;
                &mut self.cyrillic
            }
            '\u{400}'..='\u{52f}' => &mut self.cyrillic,
            'پ' | 'چ' | 'ژ' | 'گ' | 'ی' | 'ک' | 'ٹ' | 'ڈ' | 'ے' => {
                self.arabic_not_arabic += 1;
                &mut self.arabic
            }
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => &mut self.arabic,
            '\u{b80}'..='\u{bff}' => &mut self.tamil,
            '\u{3040}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}' => &mut self.kana,
            '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
                &mut self.han
            }
            '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' => &mut self.hangul,
            _ if letter.is_alphabetic() => &mut self.other,
            _ => return,
        };
        *counter += 1;
    }

    /// How many letters were not Latin.
    pub fn other_than_latin(&self) -> usize {
        self.han + self.kana + self.hangul + self.greek + self.cyrillic + self.arabic + self.tamil + self.other
    }

    pub fn verdict(&self, is_candidate: impl Fn(&str) -> bool) -> Verdict {
        // Two or three letters of an alphabet say as much as one character of these: "AppleがiPhoneを発表".
        let east_asian = self.han + self.kana + self.hangul;
        if self.other_than_latin() + 2 * east_asian <= self.latin || self.other_than_latin() < 2 {
            return Verdict::Latin;
        }
        let alphabets = self.greek.max(self.cyrillic).max(self.arabic).max(self.tamil).max(self.other);
        if alphabets > 3 * east_asian {
            return match alphabets {
                most if most == self.greek => Verdict::Settled("el"),
                most if most == self.tamil => Verdict::Settled("ta"),
                most if most == self.cyrillic && self.cyrillic_not_russian == 0 && is_candidate("ru") => {
                    Verdict::Likely("ru")
                }
                most if most == self.arabic && self.arabic_not_arabic == 0 => Verdict::Likely("ar"),
                _ => Verdict::Open,
            };
        }
        if self.hangul >= self.han + self.kana {
            Verdict::Settled("ko")
        } else if self.kana * 20 >= self.han {
            Verdict::Settled("ja")
        } else if self.han >= CHINESE_FOR_SURE {
            Verdict::Settled("zh")
        } else if is_candidate("ja") && !is_candidate("zh") {
            Verdict::Likely("ja")
        } else {
            Verdict::Likely("zh")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_languages_by_their_letters() {
        use Verdict::*;
        for (text, candidates, expected) in [
            ("The government of Σ", &["en"][..], Latin),
            ("1234 !", &[], Latin),
            ("Η κυβέρνηση", &[], Settled("el")),
            ("AppleがiPhone 17を発表", &["en"], Settled("ja")),
            ("東京五輪開会式", &["ja"], Likely("ja")),
            ("東京五輪開会式", &["ja", "zh"], Likely("zh")),
            ("中国人民银行宣布下调存款准备金率以支持实体经济发展", &["ja"], Settled("zh")),
            ("삼성전자 AI 반도체", &[], Settled("ko")),
            ("தமிழ்நாடு அரசு", &[], Settled("ta")),
            ("Правительство", &["ru"], Likely("ru")),
            ("Уряд України", &["ru"], Open),
            ("الحكومة", &[], Likely("ar")),
            ("دولت ایران", &["ar"], Open),
            ("รัฐบาล", &[], Open),
        ] {
            let mut letters = Letters::default();
            text.chars().for_each(|letter| letters.count(letter));
            assert_eq!(letters.verdict(|name| candidates.contains(&name)), expected, "{text}");
        }
    }
}
