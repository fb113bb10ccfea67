//! The lines that are not the story are cut, and each cut is remembered with its reason.
//!
//! Lines are judged one by one, in order, until one of them ends the text. A page's furniture above the story (share
//! buttons, a link to the comments) is dropped; the same furniture below it, after [`BODY_WORDS`] words, is where the story
//! has ended and other stories' teasers begin.

use std::{collections::HashMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::{
    blocks::{Block, BlockKind},
    boilerplate::Repeats,
    fold::push_lower_folded,
    line_rules::{COMMENTS, Expressions, FEED_FOOTER, NEWSLETTER, OTHER_STORIES, POINTER, Place, SHARE},
    line_rules_more as more,
    words::words,
};

/// So many words make a story that can have ended. A short news item has two sentences.
const BODY_WORDS: usize = 12;
/// Longer lines are the story's own; only a repeated title is looked for in them.
const LONGEST_LINE: usize = 45;
/// Up to this length an expression may stand [`Place::Anywhere`].
const SHORT_LINE: usize = 20;
/// A teaser's headline, printed as the picture's caption and again as the link.
const LONGEST_HEADLINE: usize = 30;
const SHORTEST_HEADLINE: usize = 3;

/// A part of the entry that does not count as the story's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cut {
    pub reason: CutReason,
    /// The line that was recognised.
    pub line: String,
    /// How many words went: the line's own, or everything from it on.
    pub words: usize,
    /// For [`CutReason::Repeated`], how often the source printed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeats>,
}

/// Why a part was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutReason {
    /// It repeats the title.
    Title,
    /// A share bar or another of the page's buttons.
    Share,
    /// A newsletter's subscription; the text ends there.
    Newsletter,
    /// The readers' comments; the text ends there.
    Comments,
    /// The heading of a list of other stories; the text ends there.
    OtherStories,
    /// A short line printed twice in a row is another story's teaser; the text ends there.
    Teaser,
    /// A pointer to another story within the text.
    Pointer,
    /// A line that software adds to every entry, or a rights notice.
    FeedFooter,
    /// The source's stories carry it whatever they are about.
    Repeated,
}

impl CutReason {
    /// Whether everything below goes too, once the story has had its say.
    fn ends_text(self) -> bool {
        matches!(self, Self::Newsletter | Self::Comments | Self::OtherStories | Self::Teaser)
    }
}

/// The blocks that are the story, and what was cut.
pub(super) fn cut(title: &str, blocks: Vec<Block>) -> (Vec<Block>, Vec<Cut>) {
    // Against its own length the title is always folded.
    let title = key(title, words(title).count());
    let mut kept: Vec<Block> = Vec::with_capacity(blocks.len());
    let mut cuts = Vec::new();
    let mut body_words = 0;
    let mut blocks = blocks.into_iter();
    let mut previous_is_kept = false;
    while let Some(block) = blocks.next() {
        let line = key(&block.text, title.count);
        let teaser = previous_is_kept
            && body_words >= BODY_WORDS
            && kept.last().is_some_and(|previous| is_teaser(&block, &line, previous));
        let reason = if repeats(&title, &line) {
            Some(CutReason::Title)
        } else if teaser {
            Some(CutReason::Teaser)
        } else {
            RULES.reason(&line)
        };
        let Some(reason) = reason else {
            body_words += line.count;
            previous_is_kept = true;
            kept.push(block);
            continue;
        };
        if reason.ends_text() && body_words >= BODY_WORDS {
            let mut rest = line.count + blocks.by_ref().map(|block| words(&block.text).count()).sum::<usize>();
            if teaser && let Some(first_copy) = kept.pop() {
                rest += words(&first_copy.text).count();
            }
            cuts.push(Cut { reason, line: block.text, words: rest, repeated: None });
            break;
        }
        cuts.push(Cut { reason, words: line.count, line: block.text, repeated: None });
        previous_is_kept = false;
    }
    (kept, cuts)
}

/// The blocks that are not marked as repeated; the others join the cuts.
pub(super) fn cut_repeated(blocks: Vec<Block>, marks: &[Option<Repeats>], cuts: &mut Vec<Cut>) -> Vec<Block> {
    let mut kept = Vec::with_capacity(blocks.len());
    for (block, mark) in blocks.into_iter().zip(marks) {
        match mark {
            None => kept.push(block),
            Some(_) => cuts.push(Cut {
                reason: CutReason::Repeated,
                words: words(&block.text).count(),
                line: block.text,
                repeated: *mark,
            }),
        }
    }
    kept
}

fn is_teaser(block: &Block, line: &Key, previous: &Block) -> bool {
    block.kind != BlockKind::TableRow
        && block.kind != BlockKind::Caption
        && (SHORTEST_HEADLINE..=LONGEST_HEADLINE).contains(&line.count)
        && block.text == previous.text
}

/// The line is the title, or one of them is the other with the publisher's name behind it.
fn repeats(title: &Key, line: &Key) -> bool {
    let (shorter, longer) = if title.count <= line.count { (title, line) } else { (line, title) };
    match longer.count - shorter.count {
        0 => title.count >= 2 && !title.folded.is_empty() && line.folded == title.folded,
        1..=LONGEST_NAME => {
            shorter.count >= SHORTEST_NAMED_TITLE
                && !shorter.folded.is_empty()
                && longer.folded.starts_with(&shorter.folded)
        }
        _ => false,
    }
}

/// A publisher's name behind a title ("- Le Courrier des Stratèges"), in words, and the title it can be told from.
const LONGEST_NAME: usize = 4;
const SHORTEST_NAMED_TITLE: usize = 5;

/// A line by its folded words.
#[derive(Default)]
struct Key {
    /// How many words; no more are counted than [`LONGEST_LINE`] and one.
    count: usize,
    /// Words with a space before and after each; empty if the line can neither be furniture nor the title.
    folded: String,
}

/// Most lines are the story's, and folding costs more than all the rest here, so it is done only for a line that is short,
/// begins as furniture does, or has about as many words as the title.
fn key(line: &str, title_words: usize) -> Key {
    let count = words(line).take(LONGEST_LINE + 1).count();
    let nothing = Key { count, folded: String::new() };
    if count == 0 || count > LONGEST_LINE {
        return nothing;
    }
    let begins_as_furniture = || {
        let mut first = String::new();
        words(line).take(1).for_each(|word| push_lower_folded(&word.text, &mut first));
        RULES.by_first_word.contains_key(first.as_str())
    };
    if count > SHORT_LINE && title_words.abs_diff(count) > LONGEST_NAME && !begins_as_furniture() {
        return nothing;
    }
    Key { count, folded: self::folded(line) }
}

/// The folded words of a line, with a space before and after each.
fn folded(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + 2);
    folded.push(' ');
    for word in words(line) {
        push_lower_folded(&word.text, &mut folded);
        folded.push(' ');
    }
    folded
}

static RULES: LazyLock<Rules> = LazyLock::new(Rules::new);

/// Every list, by the expression's first word.
struct Rules {
    by_first_word: HashMap<String, Vec<Rule>>,
}

struct Rule {
    reason: CutReason,
    place: Place,
    longest: usize,
    /// With a space before and after each word.
    expression: String,
    /// What a [`Place::Frame`] has behind it, in the same way.
    closing: String,
}

impl Rules {
    fn new() -> Self {
        let mut by_first_word: HashMap<_, Vec<Rule>> = HashMap::new();
        let lists: [(CutReason, [&'static [Expressions]; 2]); 6] = [
            (CutReason::Share, [SHARE, more::SHARE]),
            (CutReason::Newsletter, [NEWSLETTER, more::NEWSLETTER]),
            (CutReason::Comments, [COMMENTS, more::COMMENTS]),
            (CutReason::OtherStories, [OTHER_STORIES, more::OTHER_STORIES]),
            (CutReason::Pointer, [POINTER, more::POINTER]),
            (CutReason::FeedFooter, [FEED_FOOTER, more::FEED_FOOTER]),
        ];
        for (reason, lists) in lists {
            for Expressions { place, longest, list } in lists.into_iter().flatten() {
                for expression in list.lines().map(str::trim) {
                    let (opening, closing) = expression.split_once(" * ").unwrap_or((expression, ""));
                    let [expression, closing] = [opening, closing].map(folded);
                    let first = expression.split_whitespace().next().unwrap_or_default().to_owned();
                    let rule = Rule { reason, place: *place, longest: *longest, expression, closing };
                    by_first_word.entry(first).or_default().push(rule);
                }
            }
        }
        Self { by_first_word }
    }

    /// The first list, in the order above, with an expression of this line.
    fn reason(&self, line: &Key) -> Option<CutReason> {
        if line.folded.is_empty() {
            return None;
        }
        let mut starts = Vec::new();
        let mut at = 0;
        for word in line.folded.split_whitespace() {
            starts.push((at, word));
            at += word.len() + 1;
        }
        let holds = |rule: &Rule, at: usize| {
            line.count <= rule.longest
                && match rule.place {
                    Place::Whole => at == 0 && line.folded == rule.expression,
                    Place::Start => at == 0 && line.folded.starts_with(&rule.expression),
                    Place::Frame => {
                        at == 0 && line.folded.starts_with(&rule.expression) && line.folded.contains(&rule.closing)
                    }
                    Place::Anywhere => line.folded[at..].starts_with(&rule.expression),
                }
        };
        starts
            .iter()
            .flat_map(|&(at, word)| self.by_first_word.get(word).into_iter().flatten().map(move |rule| (at, rule)))
            .filter(|&(at, rule)| holds(rule, at))
            .map(|(_, rule)| rule.reason)
            .min_by_key(|&reason| ORDER.iter().position(|&listed| listed == reason))
    }
}

/// A heading that is also the beginning of a pointer ("Lire aussi") is a heading when it stands alone.
const ORDER: [CutReason; 6] = [
    CutReason::Share,
    CutReason::Newsletter,
    CutReason::Comments,
    CutReason::OtherStories,
    CutReason::Pointer,
    CutReason::FeedFooter,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::blocks_of_plain_text;

    const BODY: &str =
        "Les opérateurs doivent construire des centres de données pour stimuler tout l'écosystème régional.";

    fn cut_text(title: &str, text: &str) -> (Vec<String>, Vec<(CutReason, usize)>) {
        let (kept, cuts) = cut(title, blocks_of_plain_text(text));
        (kept.into_iter().map(|block| block.text).collect(), cuts.iter().map(|cut| (cut.reason, cut.words)).collect())
    }

    #[test]
    fn cuts_what_is_not_the_story() {
        use CutReason::*;
        for (what, text, expected, reasons) in [
            ("nothing to cut", format!("{BODY}\nEt la suite."), vec![BODY, "Et la suite."], vec![]),
            ("the title again", format!("Mistral et les télécoms\n{BODY}"), vec![BODY], vec![(Title, 4)]),
            ("the title in capitals", format!("MISTRAL ET LES TELECOMS !\n{BODY}"), vec![BODY], vec![(Title, 4)]),
            (
                "the title and the publisher",
                format!("Mistral et les télécoms en Europe | Le Courrier\n{BODY}"),
                vec![BODY],
                vec![(Title, 8)],
            ),
            ("a share bar above", format!("Partager cet article\n{BODY}"), vec![BODY], vec![(Share, 3)]),
            ("comments above", format!("Commentaires\n{BODY}"), vec![BODY], vec![(Comments, 1)]),
            ("comments below", format!("{BODY}\nCommentaires\nBravo Trump\nOui"), vec![BODY], vec![(Comments, 4)]),
            (
                "a newsletter",
                format!("{BODY}\nSign up to our newsletter\nUkraine: the war"),
                vec![BODY],
                vec![(Newsletter, 8)],
            ),
            ("most read", format!("{BODY}\nMeistgelesen\nTrump gewinnt"), vec![BODY], vec![(OtherStories, 3)]),
            (
                "a pointer in the middle",
                format!("{BODY}\nLire aussi : Trump et la guerre\nEt la suite."),
                vec![BODY, "Et la suite."],
                vec![(Pointer, 6)],
            ),
            (
                "a teaser",
                format!("{BODY}\nPourquoi Trump a gagné\nPourquoi Trump a gagné\nLe Courrier évoque"),
                vec![BODY],
                vec![(Teaser, 11)],
            ),
            ("a number twice", format!("{BODY}\n42\n42\nEt la suite."), vec![BODY, "42", "42", "Et la suite."], vec![]),
            (
                "a feed's footer",
                format!("{BODY}\nThe post Mistral et les télécoms appeared first on Courrier."),
                vec![BODY],
                vec![(FeedFooter, 10)],
            ),
            (
                "sentences with the words of a footer or a form",
                "Il gas proviene da giacimenti lontani.\nMelden Sie sich bei der Polizei in Rom.".to_owned(),
                vec!["Il gas proviene da giacimenti lontani.", "Melden Sie sich bei der Polizei in Rom."],
                vec![],
            ),
            (
                "a sentence that merely begins like furniture",
                "Share prices of telecoms fell on Monday in Paris and in Frankfurt.".to_owned(),
                vec!["Share prices of telecoms fell on Monday in Paris and in Frankfurt."],
                vec![],
            ),
        ] {
            let (kept, cuts) = cut_text(
                if what.contains("publisher") {
                    "Mistral et les télécoms en Europe"
                } else {
                    "Mistral et les télécoms"
                },
                &text,
            );
            assert_eq!((kept, cuts), (expected.into_iter().map(String::from).collect(), reasons), "{what}");
        }
    }

    #[test]
    fn a_caption_or_table_row_that_repeats_is_no_teaser() {
        for kind in [BlockKind::Caption, BlockKind::TableRow] {
            let line = |kind, text: &str| Block { kind, text: text.to_owned() };
            let repeated = line(kind, "Foto einer Anlage");
            let blocks = vec![line(BlockKind::Paragraph, BODY), repeated.clone(), repeated];
            assert_eq!(cut("", blocks.clone()), (blocks, vec![]));
        }
    }

    #[test]
    fn every_expression_can_match() {
        for rule in RULES.by_first_word.values().flatten() {
            assert!(rule.expression.trim().chars().any(char::is_alphanumeric), "{:?}", rule.reason);
            assert_eq!(rule.place == Place::Frame, rule.closing != " ", "{}", rule.expression);
            assert!(rule.place != Place::Anywhere || rule.longest <= SHORT_LINE, "{}", rule.expression);
            assert!(words(&rule.expression).count() <= rule.longest, "{}", rule.expression);
        }
    }

    #[test]
    fn cuts_furniture_in_other_languages_and_scripts() {
        use CutReason::*;
        let story = "政府は水曜日に新しい法案を発表した。来年の春に国会で審議される見通しだ。";
        for (line, expected) in [
            ("Читайте также: Выборы в США", Pointer),
            ("Все права защищены © 2026", FeedFooter),
            ("Διαβάστε επίσης", OtherStories),
            ("En çok okunanlar", OtherStories),
            ("İlgili Haberler", OtherStories),
            ("اقرأ أيضاً", OtherStories),
            ("Abonează-te la newsletterul nostru", Newsletter),
            ("Udostępnij na Facebooku", Share),
            ("Hozzászólások", Comments),
            ("関連記事", OtherStories),
            ("この記事をシェア", Share),
            ("相关阅读", OtherStories),
            ("많이 본 뉴스", OtherStories),
            ("뉴스레터 구독하기", Newsletter),
        ] {
            let (kept, cuts) = cut_text("", &format!("{story}\n{line}"));
            assert_eq!(kept, [story], "{line}");
            assert_eq!(cuts.iter().map(|(reason, _)| *reason).collect::<Vec<_>>(), [expected], "{line}");
        }
        for sentence in ["関連記事を読んだ人は多い", "Комментарии эксперта были краткими", "广告业务收入增长"]
        {
            let (kept, _) = cut_text("", &format!("{story}\n{sentence}"));
            assert_eq!(kept, [story, sentence], "{sentence}");
        }
    }
}
