//! What pages and feeds say in words of our own, in the languages that we speak; and how these write a date.

use chrono::{DateTime, Datelike as _, Utc};

use super::phrasebook::PHRASEBOOK;

/// The words of one language.
pub(in crate::publish) struct Phrases {
    /// Its primary subtag (RFC 5646 §2.2.1).
    pub(in crate::publish) language: &'static str,
    /// What stands between a label and what it labels.
    pub(in crate::publish) colon: &'static str,
    /// Before the names of other sources of a story.
    pub(in crate::publish) also_at: &'static str,
    /// Before other articles on a story's event.
    pub(in crate::publish) same_event: &'static str,
    pub(super) tagline: &'static str,
    pub(super) skip: &'static str,
    pub(super) topics: &'static str,
    pub(in crate::publish) all_stories: &'static str,
    pub(super) no_stories: &'static str,
    pub(super) subscribe: &'static str,
    pub(super) how_to_subscribe: &'static str,
    /// Before the names of feed readers.
    pub(super) open_in: &'static str,
    /// Whatever opens `feed:` addresses.
    pub(super) reader_of_device: &'static str,
    pub(super) earlier: &'static str,
    pub(super) later: &'static str,
    /// Leads to the page of a story.
    pub(super) about_story: &'static str,
    /// Before the names of other topics of a story.
    pub(super) also_in: &'static str,
    /// Before the publisher's name: leads to the article.
    pub(super) read: &'static str,
    pub(super) published: &'static str,
    pub(super) updated: &'static str,
    /// Above the list of all who have a story.
    pub(super) appeared: &'static str,
    pub(super) topics_and_points: &'static str,
    pub(super) files: &'static str,
    pub(super) rights: &'static str,
    pub(super) in_utc: &'static str,
    pub(super) topics_as_opml: &'static str,
    pub(super) sources_as_opml: &'static str,
    /// Between the whole and its parts in a number.
    pub(super) decimal: &'static str,
    /// From Sunday.
    pub(super) weekdays: [&'static str; 7],
    /// From January, in the form in which they stand in a date.
    pub(super) months: [&'static str; 12],
    /// A date, of `{d}` the day, `{m}` the month's name and `{y}` the year.
    pub(super) date: &'static str,
    /// The same with `{w}`, the weekday, as a heading.
    pub(super) weekday_and_date: &'static str,
    /// How the first day of a month is written.
    pub(super) first: &'static str,
}

impl Phrases {
    /// The words of the language of this tag, if we speak it.
    pub(in crate::publish) fn of(tag: &str) -> Option<&'static Phrases> {
        let primary = primary(tag);
        PHRASEBOOK.into_iter().find(|phrases| phrases.language == primary)
    }

    pub(in crate::publish) fn english() -> &'static Phrases {
        &super::phrasebook::ENGLISH
    }

    /// `22 November 2026`.
    pub(super) fn date(&self, time: DateTime<Utc>) -> String {
        self.fill(self.date, time)
    }

    /// `Sunday 22 November 2026`.
    pub(super) fn weekday_and_date(&self, time: DateTime<Utc>) -> String {
        self.fill(self.weekday_and_date, time)
    }

    /// `22 November 2026, 16:13`.
    pub(super) fn date_and_time(&self, time: DateTime<Utc>) -> String {
        let comma = if self.language == "ar" { "،" } else { "," };
        format!("{}{comma} {}", self.date(time), clock_time(time))
    }

    /// With one digit behind the decimal point, where it is not zero.
    pub(super) fn number(&self, number: f64) -> String {
        let written = format!("{number:.1}");
        written.strip_suffix(".0").map_or_else(|| written.replace('.', self.decimal), str::to_owned)
    }

    fn fill(&self, pattern: &str, time: DateTime<Utc>) -> String {
        let name = |names: &[&'static str], nth: u32| names.get(nth as usize).copied().unwrap_or_default();
        let day = if time.day() == 1 { self.first.to_owned() } else { time.day().to_string() };
        pattern
            .replace("{d}", &day)
            .replace("{m}", name(&self.months, time.month0()))
            .replace("{y}", &time.year().to_string())
            .replace("{w}", name(&self.weekdays, time.weekday().num_days_from_sunday()))
    }
}

/// `16:13`.
pub(super) fn clock_time(time: DateTime<Utc>) -> String {
    time.format("%H:%M").to_string()
}

/// The primary subtag of a language tag: `pt` of `pt-BR`.
fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// Languages written from right to left, unless a tag names another script.
const RIGHT_TO_LEFT: &[&str] = &[
    "ar", "arc", "azb", "ckb", "dv", "fa", "he", "ks", "lrc", "mzn", "nqo", "pnb", "ps", "sd", "syr", "ug", "ur", "yi",
];
const RIGHT_TO_LEFT_SCRIPTS: &[&str] = &["adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"];

/// `rtl` or `ltr`: how a text in the language of this tag runs.
pub(super) fn direction(tag: &str) -> &'static str {
    let script =
        tag.split('-').skip(1).find(|subtag| subtag.len() == 4 && subtag.bytes().all(|b| b.is_ascii_alphabetic()));
    let right_to_left = match script {
        Some(script) => RIGHT_TO_LEFT_SCRIPTS.contains(&script.to_ascii_lowercase().as_str()),
        None => RIGHT_TO_LEFT.contains(&primary(tag)),
    };
    if right_to_left { "rtl" } else { "ltr" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn dates_are_written_as_the_language_writes_them() {
        let (sunday, first) = (at("2026-11-22T16:03:20Z"), at("2026-05-01T00:00:00Z"));
        for (language, day, with_weekday, first_of_may) in [
            ("en", "22 November 2026", "Sunday 22 November 2026", "1 May 2026"),
            ("de", "22. November 2026", "Sonntag, 22. November 2026", "1. Mai 2026"),
            ("fr", "22 novembre 2026", "Dimanche 22 novembre 2026", "1er mai 2026"),
            ("es", "22 de noviembre de 2026", "Domingo, 22 de noviembre de 2026", "1 de mayo de 2026"),
            ("it", "22 novembre 2026", "Domenica 22 novembre 2026", "1º maggio 2026"),
            ("nl", "22 november 2026", "Zondag 22 november 2026", "1 mei 2026"),
            ("pl", "22 listopada 2026", "Niedziela, 22 listopada 2026", "1 maja 2026"),
            ("pt", "22 de novembro de 2026", "Domingo, 22 de novembro de 2026", "1 de maio de 2026"),
            ("sv", "22 november 2026", "Söndag 22 november 2026", "1 maj 2026"),
            ("da", "22. november 2026", "Søndag den 22. november 2026", "1. maj 2026"),
            ("ar", "22 نوفمبر 2026", "الأحد، 22 نوفمبر 2026", "1 مايو 2026"),
            ("he", "22 בנובמבר 2026", "יום ראשון, 22 בנובמבר 2026", "1 במאי 2026"),
        ] {
            let phrases = Phrases::of(language).expect(language);
            assert_eq!(phrases.date(sunday), day);
            assert_eq!(phrases.weekday_and_date(sunday), with_weekday);
            assert_eq!(phrases.date(first), first_of_may);
        }
        assert_eq!(Phrases::english().date_and_time(sunday), "22 November 2026, 16:03");
    }

    #[test]
    fn a_number_has_the_decimal_sign_of_its_language() {
        let written = |language: &str, number| Phrases::of(language).expect(language).number(number);
        assert_eq!(written("en", 4.25), "4.2");
        assert_eq!(written("fr-CH", 4.5), "4,5");
        assert_eq!(written("de", 12.0), "12");
    }

    #[test]
    fn a_language_runs_as_its_script_does() {
        for (tag, expected) in [
            ("fr", "ltr"),
            ("ar", "rtl"),
            ("ar-EG", "rtl"),
            ("he", "rtl"),
            ("ckb", "rtl"),
            ("ku", "ltr"),
            ("ku-Arab", "rtl"),
            ("az-Arab-IR", "rtl"),
            ("ur-Latn", "ltr"),
            ("sr-Cyrl", "ltr"),
        ] {
            assert_eq!(direction(tag), expected, "{tag}");
        }
    }

    #[test]
    fn every_language_says_everything() {
        for phrases in &PHRASEBOOK {
            let said = [
                phrases.colon,
                phrases.also_at,
                phrases.same_event,
                phrases.tagline,
                phrases.skip,
                phrases.topics,
                phrases.all_stories,
                phrases.no_stories,
                phrases.subscribe,
                phrases.how_to_subscribe,
                phrases.open_in,
                phrases.reader_of_device,
                phrases.earlier,
                phrases.later,
                phrases.about_story,
                phrases.also_in,
                phrases.read,
                phrases.published,
                phrases.updated,
                phrases.appeared,
                phrases.topics_and_points,
                phrases.files,
                phrases.rights,
                phrases.in_utc,
                phrases.topics_as_opml,
                phrases.sources_as_opml,
                phrases.decimal,
                phrases.first,
            ];
            assert!(said.iter().all(|phrase| !phrase.trim().is_empty()), "{}", phrases.language);
            for part in ["{d}", "{m}", "{y}"] {
                assert!(phrases.date.contains(part) && phrases.weekday_and_date.contains(part), "{}", phrases.language);
            }
            assert!(phrases.weekday_and_date.contains("{w}"), "{}", phrases.language);
        }
    }
}
