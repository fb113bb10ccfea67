//! What is recognised, and on labelled news how often. Without `NEWSDESK_CORPUS` the second says that it skips.

use std::{collections::BTreeMap, fs, path::PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    model::{Language, LanguageOrigin},
    text::{LanguageVerdict, settle_language},
};

const FIVE: [&str; 5] = ["en", "fr", "de", "es", "it"];

fn configured(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn chooses_among_the_configured_languages() {
    let every: Vec<&str> =
        "en fr de es it pt nl sv da fi hu ro tr ru el ar no ta zh ja ko".split_whitespace().collect();
    let polish = "Rząd ogłosił w środę nową ustawę po kilku miesiącach debaty, ale opozycja nie chce jej poprzeć";
    for (what, text, candidates, expected) in [
        ("French", "Le gouvernement présente son projet de loi", &FIVE[..], Some("fr")),
        ("German among all", "Die Bundesregierung hat am Mittwoch ein neues Gesetz beschlossen", &every, Some("de")),
        (
            "Danish among all",
            "Regeringen har onsdag fremlagt et nyt lovforslag, som ikke er blevet vel modtaget",
            &every,
            Some("da"),
        ),
        (
            "Norwegian",
            "Regjeringen la onsdag fram et nytt lovforslag som ikke har blitt godt mottatt av noen",
            &every,
            Some("no"),
        ),
        ("Finnish", "Hallitus esitteli keskiviikkona uuden lain, joka ei ole saanut kannatusta", &every, Some("fi")),
        ("Romanian", "Guvernul a anunțat miercuri o nouă lege care nu va fi votată în acest an", &every, Some("ro")),
        (
            "Hungarian",
            "A kormány szerdán új törvényt jelentett be, de az ellenzék nem támogatja azt",
            &every,
            Some("hu"),
        ),
        ("Russian", "Правительство представило новый закон о пенсиях", &every, Some("ru")),
        ("Greek", "Η κυβέρνηση παρουσίασε νέο νομοσχέδιο", &every, Some("el")),
        ("Arabic", "أعلنت الحكومة قانونا جديدا يوم الأربعاء", &every, Some("ar")),
        ("Tamil", "அரசு புதன்கிழமை புதிய சட்டத்தை அறிவித்தது", &every, Some("ta")),
        ("Chinese", "政府周三宣布了一项新的法律草案", &every, Some("zh")),
        ("Japanese", "政府は水曜日に新しい法案を発表した", &every, Some("ja")),
        ("Korean", "정부는 수요일에 새로운 법안을 발표했다", &every, Some("ko")),
        (
            "another language, known",
            "O governo disse que não vai mudar a lei, mas os partidos querem uma nova votação para o fim do ano",
            &FIVE,
            Some("pt"),
        ),
        ("another language, Polish", polish, &FIVE, Some("pl")),
        ("a Japanese text nobody configured", "政府は水曜日に新しい法案を発表した", &FIVE, Some("ja")),
        (
            "Ukrainian with Russian configured",
            "Уряд України оголосив у середу новий закон про пенсії, але опозиція не хоче його підтримати",
            &["ru"],
            Some("uk"),
        ),
        ("three words", "gouvernement projet loi", &FIVE, None),
        ("numbers", "12 345 6,7 89 2026 11", &FIVE, None),
        ("nothing", "", &FIVE, None),
    ] {
        assert_eq!(recognise(text, &configured(candidates)).language, expected, "{what}");
    }
}

#[test]
fn the_scores_say_what_spoke_for_a_language() {
    let found =
        recognise("Les opérateurs doivent construire des centres de données pour que l'écosystème", &configured(&FIVE));
    assert_eq!(found.scores.first().map(|score| (score.language.as_str(), score.stop_words)), Some(("fr", 6)));
    assert!(found.scores.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert_eq!((found.words, found.only_of("fr", "de")), (12, 5));
}

proptest! {
    #[test]
    fn any_text_and_any_candidates_will_do(text in "\\PC{0,60}", candidates in prop::collection::vec("[a-zA-Z-]{0,6}", 0..4)) {
        let found = recognise(&text, &candidates);
        prop_assert_eq!(recognise(&text, &candidates), found);
    }
}

struct Item {
    language: String,
    title: String,
    text: String,
}

fn news() -> Option<Vec<Item>> {
    let Some(corpus) = std::env::var_os("NEWSDESK_CORPUS").map(PathBuf::from) else {
        eprintln!("skipped: NEWSDESK_CORPUS does not name the directory of the labelled news");
        return None;
    };
    let sets = [
        "tag-masakhanews-en",
        "tag-masakhanews-fr",
        "tag-10kgnad-de",
        "tag-larazon-es",
        "tag-italian-2025",
        "tag-story-newsag-4lang",
        "tag-topicpack-5lang",
        "story-gnews-fr",
    ];
    let mut items = Vec::new();
    for set in sets {
        let text = fs::read_to_string(corpus.join("eval").join(set).join("dev.jsonl")).expect("the set is readable");
        for line in text.lines() {
            let item: Value = serde_json::from_str(line).expect("an item per line");
            let of = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
            items.push(Item { language: of("lang"), title: of("title"), text: of("text") });
        }
    }
    Some(items)
}

/// A check by language: how many were right, of how many.
fn shares(items: &[Item], right: impl Fn(&Item) -> bool) -> BTreeMap<&str, (usize, usize)> {
    let mut shares: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for item in items {
        for key in ["", &item.language] {
            let (hits, of) = shares.entry(key).or_default();
            *of += 1;
            *hits += usize::from(right(item));
        }
    }
    for (language, (hits, of)) in &shares {
        eprintln!("{language:3} {hits} of {of}");
    }
    shares
}

#[test]
fn labelled_news() {
    let Some(items) = news() else { return };
    let five = configured(&FIVE);
    let share = |shares: BTreeMap<&str, (usize, usize)>| shares[""].0 as f64 / shares[""].1 as f64;
    eprintln!("titles");
    let recognised = |text: &str| recognise(text, &five).language;
    assert!(share(shares(&items, |item| recognised(&item.title) == Some(&item.language))) >= 0.97);
    eprintln!("titles, right or undecided");
    assert!(share(shares(&items, |item| recognised(&item.title).is_none_or(|found| found == item.language))) >= 0.98);
    let items: Vec<Item> = items.into_iter().filter(|item| item.text.len() > 80).step_by(4).collect();
    let whole = |item: &Item| format!("{}\n{}", item.title, item.text);
    eprintln!("title and text");
    assert!(share(shares(&items, |item| recognised(&whole(item)) == Some(&item.language))) >= 0.999);

    let declared = |tag: &str| Language { tag: tag.to_owned(), origin: LanguageOrigin::Feed };
    eprintln!("true declarations that stand, by title; by title and text");
    let stands =
        |text: &str, tag: &str| settle_language(text, Some(&declared(tag)), &five).language == Some(declared(tag));
    assert!(share(shares(&items, |item| stands(&item.title, &item.language))) >= 0.999);
    assert!(share(shares(&items, |item| stands(&whole(item), &item.language))) >= 0.9995);
    for wrong in ["en-US", "fr", "pt-BR"] {
        let items: Vec<Item> = items
            .iter()
            .filter(|item| !wrong.starts_with(&item.language))
            .map(|item| Item { language: item.language.clone(), title: item.title.clone(), text: item.text.clone() })
            .collect();
        eprintln!("wrong declarations of {wrong} noticed");
        let noticed = |item: &Item| {
            let settled = settle_language(&whole(item), Some(&declared(wrong)), &five);
            settled.reason.verdict == LanguageVerdict::Refuted
                && settled.language.is_some_and(|language| language.tag == item.language)
        };
        assert!(share(shares(&items, noticed)) >= 0.95, "{wrong}");
    }
}
