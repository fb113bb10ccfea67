use super::*;
use crate::text::{ReadableEntry, ReadableText};

/// An entry of the given hour; `number` is also its link.
pub fn entry(number: u64, publisher: u64, title: &str, text: &str) -> TextEntry {
    let text =
        ReadableText { title: title.into(), text: text.into(), language: Some("en".into()), ..ReadableText::default() };
    TextEntry {
        entry: EntryNumber(number),
        publisher: Publisher(publisher),
        dated: DateTime::from_timestamp(1_790_000_000 + number as i64 * 60, 0),
        link: Some(number),
        wording: Wording::of(&ReadableEntry::from_text(&text, &["en".into()])),
    }
}

const AGENCY: &str = "The ministers agreed late on Tuesday to fund three data centres run by European firms. \
    Building starts in 2027 and will cost 4.2 billion euros, the commissioner told reporters in Brussels. \
    Rivals from overseas called the plan a waste of money and promised to bid all the same.";

fn verdict(a: &TextEntry, b: &TextEntry) -> Verdict {
    let compared = compare(a, b);
    assert_eq!(compare(b, a), compared, "which comes first makes no difference");
    compared.verdict
}

const SAME: Verdict = Verdict::SameText(Likeness::Text);

#[test]
fn copies_are_found_under_other_titles_and_with_other_ends() {
    let original = entry(1, 1, "Ministers back European cloud", AGENCY);
    let dateline = format!("BRUSSELS (Agency) — {AGENCY} Reporting by our staff in three capitals.");
    let summary = AGENCY.split(". ").next().unwrap_or_default();
    for (what, title, text) in [
        ("agency copy", "Ministers back European cloud", dateline.as_str()),
        ("re-titled", "Brussels pays for data centres", AGENCY),
        ("its first sentence", "Ministers back European cloud", summary),
    ] {
        let is_same = matches!(verdict(&original, &entry(2, 2, title, text)), Verdict::SameText(_));
        assert!(is_same, "{what}");
    }
}

#[test]
fn a_title_alone_is_not_enough() {
    let a = entry(1, 1, "Ministers back European cloud", AGENCY);
    let b =
        entry(2, 2, "Ministers back European cloud", "Our correspondent on a long night in Brussels, and who won it.");
    assert_eq!(verdict(&a, &b), Verdict::Unlike);
    assert_eq!(
        verdict(&entry(1, 1, "Ministers back cloud", ""), &entry(2, 2, "Ministers back cloud", "")),
        Verdict::Unlike
    );
}

#[test]
fn templates_with_other_numbers_stay_apart() {
    let bulletin = |number, index: &str, volume: &str| {
        let text = format!(
            "London's blue-chip index ended the session at {index} points on the day. Volume reached {volume} billion pounds. \
             Banks and miners set the tone while retailers were mixed, and analysts said investors wait for data."
        );
        entry(number, number, &format!("Index closes at {index} points"), &text)
    };
    let monday = bulletin(1, "7073", "1.3");
    assert_eq!(verdict(&monday, &bulletin(2, "7125", "2.2")), Verdict::Apart(Objection::NumbersInText));
    assert_eq!(verdict(&monday, &bulletin(2, "7073", "1.3")), SAME, "the same day's bulletin at another publisher");
}

#[test]
fn titles_of_one_pattern_with_other_numbers_stay_apart() {
    let a = entry(1, 1, "Lottery draw 4511: the winning numbers", AGENCY);
    let b = entry(2, 2, "Lottery draw 4512: the winning numbers", AGENCY);
    assert_eq!(verdict(&a, &b), Verdict::Apart(Objection::NumbersInTitle));
}

#[test]
fn a_publishers_column_of_another_day_stays_apart() {
    let a = entry(1, 1, "The weather", AGENCY);
    let mut b = entry(2, 1, "The weather", AGENCY);
    assert_eq!(verdict(&a, &b), SAME);
    b.dated = a.dated.map(|date| date + Duration::hours(24));
    assert_eq!(verdict(&a, &b), Verdict::Apart(Objection::SamePublisherLater));
    b.link = a.link;
    assert_eq!(verdict(&a, &b), SAME, "an update of the same page");
    b.dated = a.dated.map(|date| date + Duration::hours(80));
    assert_eq!(verdict(&a, &b), Verdict::Unlike, "out of the window");
}

#[test]
fn a_publishers_notices_under_its_own_titles_stay_apart() {
    let a = entry(1, 1, "Climate: two new episodes of our podcast", AGENCY);
    let b = entry(2, 1, "Water for all: two new episodes of our podcast", AGENCY);
    assert_eq!(verdict(&a, &b), Verdict::Apart(Objection::SamePublisherOtherTitle));
    let retitled = entry(3, 1, "Two new episodes of our podcast", AGENCY);
    assert_eq!(verdict(&a, &retitled), SAME);
}

#[test]
fn leads_made_after_one_pattern_stay_apart_by_names() {
    let lead = |club: &str, more: &str| {
        format!(
            "All you need to know before the match: when it starts, where to watch it, what the weather will be, who will \
             whistle, which players are out, how both teams did in the last weeks, and the line-up of {club}. {more}"
        )
    };
    let a =
        entry(1, 1, "Where to watch the Saturday evening match of Arsenal", &lead("Arsenal", &AGENCY.to_uppercase()));
    let other: String = AGENCY.chars().rev().collect();
    let b = entry(2, 2, "Where to watch the Saturday evening match of Everton", &lead("Everton", &other));
    assert_eq!(verdict(&a, &b), Verdict::Apart(Objection::Names));
}

#[test]
fn articles_made_after_one_pattern_are_not_one() {
    let bond = |issuer: &str, bank: &str, due: &str| {
        format!(
            "{issuer} is issuing a eurobond due {due} paying a fixed coupon and priced at par, lead manager {bank} said. \
             The non-callable bond is available in denominations of one thousand and will be listed in Luxembourg. \
             Payment date is {due} too."
        )
    };
    let a = entry(1, 1, "Gecc issues Australian bond", &bond("General Electric Credit", "Hambros Bank", "next April"));
    let b = entry(
        2,
        2,
        "Montedison issues Australian bond",
        &bond("Montedison Finance Overseas", "Orion Royal Bank", "in May"),
    );
    assert_eq!(verdict(&a, &b), Verdict::Apart(Objection::Names));
    let again = entry(3, 3, "Eurobond by GE Credit", &bond("General Electric Credit", "Hambros Bank", "next April"));
    assert_eq!(verdict(&a, &again), SAME);
}

#[test]
fn a_comparison_says_its_reason_and_figures() {
    let compared = compare(&entry(1, 1, "Ministers back cloud", AGENCY), &entry(15, 2, "Ministers back cloud", AGENCY));
    assert_eq!(
        compared.to_string(),
        "the same text; containment 1.00 (45 of 45 shingles), lead 45 of 45, title 3 of 3 words, numbers agree 2 of 2, \
         14 min apart, other publisher"
    );
    let bytes = postcard::to_stdvec(&compared).expect("bytes");
    assert_eq!(postcard::from_bytes::<Comparison>(&bytes), Ok(compared));
}

#[test]
fn an_article_that_its_publisher_prints_again_under_a_longer_title_is_one_and_a_bulletin_is_not() {
    let day = 24 * 60;
    let web = entry(1, 1, "Peace prize: from Ebadi to Mohammadi, an ode to the courage of Iranian women", AGENCY);
    let paper = entry(day, 1, "From Ebadi to Mohammadi, an ode to the courage of Iranian women", AGENCY);
    assert_eq!(verdict(&web, &paper), SAME);
    let column = entry(day, 1, "An ode to the river and its boats", AGENCY);
    assert_eq!(verdict(&web, &column), Verdict::Apart(Objection::SamePublisherLater));
    let bulletin =
        entry(day, 1, "Peace prize: from Ebadi to Mohammadi, an ode to the courage of Iranian women", AGENCY);
    assert_eq!(verdict(&web, &bulletin), Verdict::Apart(Objection::SamePublisherLater), "every day the same title");
}

#[test]
fn a_live_page_is_no_copy_of_an_article_that_it_quotes() {
    let half = AGENCY.split(' ').take(AGENCY.split(' ').count() * 2 / 3).collect::<Vec<_>>().join(" ");
    let article =
        entry(1, 1, "Ministers back a European cloud", &format!("{half} {}", AGENCY.to_lowercase().replace(' ', "x ")));
    let page = entry(5, 2, "LIVE: Ministers back a European cloud, first reactions", AGENCY);
    assert_eq!(verdict(&article, &page), Verdict::Apart(Objection::LivePage));
    assert_eq!(verdict(&entry(1, 1, "Ministers back a European cloud", AGENCY), &page), SAME, "all of it");
}
