//! JSON Lines in, groups out: how a whole file of stories is grouped.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead, Write},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    CopyIndex, Dated, Link, Publisher, PublisherBoilerplate, StoryEntry, StoryTerms, TextEntry, Told, WordStatistics,
    Wording, copies, same_story,
};
use crate::{
    json_lines::{self, LineProblem},
    model::EntryNumber,
    normalize::link_key,
    text::{ReadableEntry, ReadableText},
};

/// What became of a file's lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupReport {
    /// Entries read and written out.
    pub entries: usize,
    /// Groups of copies, and stories, of more than one entry.
    pub copied: usize,
    pub stories: usize,
    /// Lines that could not be read, in order.
    pub problems: Vec<LineProblem>,
}

#[derive(Deserialize)]
struct Line {
    /// A string or a number; written out as it came.
    id: Value,
    lang: Option<String>,
    title: String,
    text: Option<String>,
    url: Option<String>,
    publisher: Option<String>,
    published: Option<Value>,
}

#[derive(Serialize)]
struct Grouped<'a> {
    id: &'a Value,
    group: &'a str,
    story: &'a str,
}

struct Read {
    id: Value,
    /// The id as text: what groups and stories are named by.
    name: String,
    text: TextEntry,
    terms: StoryTerms,
}

/// Groups the entries of a file, one per line: `{"id", "lang", "title", "text", "url", "publisher", "published"}`, all but `id` and
/// `title` optional, other keys ignored; `published` is RFC 3339, or seconds or milliseconds of the epoch, and anything else no
/// date. Writes `{"id", "group", "story"}` per entry, in order: copies of one text have the same group, articles on one event the
/// same story, and both are named by the id of their first entry.
///
/// Word statistics and publishers' boilerplate are those of the file. Which entries are together does not depend on the order of
/// lines. Blank lines are skipped; a line that cannot be read is reported and does not stop the rest.
///
/// # Errors
/// Reading or writing failed.
pub fn group_lines(languages: &[String], input: impl BufRead, mut output: impl Write) -> io::Result<GroupReport> {
    let mut report = GroupReport::default();
    let mut entries = Vec::new();
    report.problems = json_lines::read(input, |line| {
        entries.push(Read::of(line, languages));
        Ok(())
    })?;
    number(&mut entries);

    let names: BTreeMap<EntryNumber, &str> = entries.iter().map(|read| (read.text.entry, read.name.as_str())).collect();
    let copied = groups_of_copies(&entries);
    let stories = stories(&entries, &copied);
    let (copy_of, story_of) = (by_entry(&copied), by_entry(&stories));
    report.entries = entries.len();
    report.copied = copied.iter().filter(|group| group.len() > 1).count();
    report.stories = stories.iter().filter(|story| story.len() > 1).count();
    let name = |of: &BTreeMap<EntryNumber, EntryNumber>, entry: &EntryNumber| {
        of.get(entry).and_then(|first| names.get(first)).copied().unwrap_or_default()
    };
    for Read { id, text, .. } in &entries {
        let grouped = Grouped { id, group: name(&copy_of, &text.entry), story: name(&story_of, &text.entry) };
        serde_json::to_writer(&mut output, &grouped)?;
        output.write_all(b"\n")?;
    }
    output.flush()?;
    Ok(report)
}

impl Read {
    fn of(line: Line, languages: &[String]) -> Self {
        let Line { id, lang, title, text, url, publisher, published } = line;
        let text = ReadableText { title, text: text.unwrap_or_default(), language: lang, ..ReadableText::default() };
        let entry = ReadableEntry::from_text(&text, languages);
        let url = url.and_then(|url| Url::parse(&url).ok());
        let publisher = publisher.or_else(|| url.as_ref()?.host_str().map(str::to_owned)).unwrap_or_default();
        let text = TextEntry {
            entry: EntryNumber(0),
            publisher: Publisher::named(&publisher),
            dated: published.as_ref().and_then(date),
            link: url.as_ref().map(|url| xxh3_64(link_key(url).as_bytes())),
            wording: Wording::of(&entry),
        };
        let name = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        Self { id, name, text, terms: StoryTerms::of(&entry) }
    }
}

/// RFC 3339, or seconds or milliseconds of the epoch.
fn date(published: &Value) -> Option<DateTime<Utc>> {
    /// Seconds up to here are the year 5138, milliseconds from here on 1973.
    const LATEST_SECONDS: i64 = 100_000_000_000;
    match published {
        Value::String(text) => DateTime::parse_from_rfc3339(text.trim()).ok().map(|date| date.to_utc()),
        Value::Number(number) => {
            let number = number.as_i64().or_else(|| number.as_f64().map(|number| number as i64))?;
            if number.abs() < LATEST_SECONDS {
                DateTime::from_timestamp(number, 0)
            } else {
                DateTime::from_timestamp_millis(number)
            }
        }
        _ => None,
    }
}

/// Numbers follow from what the lines say, so that their order says nothing.
fn number(entries: &mut [Read]) {
    let mut order: Vec<&mut Read> = entries.iter_mut().collect();
    order.sort_by(|a, b| a.name.cmp(&b.name));
    for (read, number) in order.into_iter().zip(1..) {
        read.text.entry = EntryNumber(number);
    }
}

fn groups_of_copies(entries: &[Read]) -> Vec<Vec<EntryNumber>> {
    let boilerplate = PublisherBoilerplate::learn(entries.iter().map(|read| &read.text));
    let mut index = CopyIndex::new(boilerplate);
    let mut links: Vec<Link> = Vec::new();
    let mut dated: Vec<Dated> = Vec::new();
    for Read { text, .. } in entries {
        links.extend(index.compare(text.clone()));
        index.insert(text.clone());
        dated.push(Dated { dated: text.dated, entry: text.entry });
    }
    copies(&dated, &links, &same_links(entries))
}

/// Entries of different publishers with one link are one article. A link that entries of one publisher share is a live page or a
/// home page, and says nothing.
fn same_links(entries: &[Read]) -> Vec<Told> {
    let mut holders: BTreeMap<u64, Vec<&TextEntry>> = BTreeMap::new();
    for Read { text, .. } in entries {
        if let Some(link) = text.link {
            holders.entry(link).or_default().push(text);
        }
    }
    let mut same = Vec::new();
    for holders in holders.into_values() {
        let publishers: BTreeSet<Publisher> = holders.iter().map(|holder| holder.publisher).collect();
        if publishers.len() == holders.len() {
            same.extend(holders.windows(2).map(|pair| Told::Join(pair[0].entry, pair[1].entry)));
        }
    }
    same
}

/// Copies are one article: the first of them stands for all.
fn stories(entries: &[Read], copied: &[Vec<EntryNumber>]) -> Vec<Vec<EntryNumber>> {
    let statistics = WordStatistics::learn(entries.iter().map(|read| &read.terms));
    let by_number: BTreeMap<EntryNumber, &Read> = entries.iter().map(|read| (read.text.entry, read)).collect();
    let first = |group: &Vec<EntryNumber>| {
        let read = by_number.get(group.first()?)?;
        Some(StoryEntry { entry: read.text.entry, dated: read.text.dated, terms: read.terms.clone() })
    };
    let articles: Vec<StoryEntry> = copied.iter().filter_map(first).collect();
    let groups: BTreeMap<EntryNumber, &Vec<EntryNumber>> =
        copied.iter().filter_map(|group| Some((*group.first()?, group))).collect();
    let all_copies = |entry: EntryNumber| groups.get(&entry).into_iter().copied().flatten().copied();
    same_story(&articles, &statistics)
        .into_iter()
        .map(|story| story.members.into_iter().flat_map(|member| all_copies(member.entry)).collect())
        .collect()
}

/// By entry, the first of its group.
fn by_entry(groups: &[Vec<EntryNumber>]) -> BTreeMap<EntryNumber, EntryNumber> {
    let first = |group: &Vec<EntryNumber>| group.first().copied();
    groups.iter().flat_map(|group| group.iter().filter_map(move |entry| Some((*entry, first(group)?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(lines: &[&str]) -> (GroupReport, Vec<String>) {
        let mut output = Vec::new();
        let input = lines.join("\n");
        let report = group_lines(&["en".into()], input.as_bytes(), &mut output).expect("grouped");
        let output = String::from_utf8(output).expect("UTF-8");
        (report, output.lines().map(str::to_owned).collect())
    }

    const ONE: &str = r#"{"id":"b","lang":"en","title":"Ministers back a cloud","text":"The ministers agreed late on Tuesday to fund three data centres run by European firms, the commissioner said in Brussels.","publisher":"One","published":"2026-03-01T08:00:00Z"}"#;
    const TWO: &str = r#"{"id":7,"lang":"en","title":"Brussels pays","text":"BRUSSELS - The ministers agreed late on Tuesday to fund three data centres run by European firms, the commissioner said in Brussels.","publisher":"Two","published":1772352000}"#;
    const OTHER: &str = r#"{"id":"c","title":"A river floods the old town","publisher":"Two"}"#;

    #[test]
    fn writes_a_line_an_entry_with_the_names_of_its_groups() {
        let (report, lines) = grouped(&[ONE, "", OTHER, TWO]);
        assert_eq!(
            lines,
            [
                r#"{"id":"b","group":"7","story":"7"}"#,
                r#"{"id":"c","group":"c","story":"c"}"#,
                r#"{"id":7,"group":"7","story":"7"}"#
            ]
        );
        assert_eq!((report.entries, report.copied, report.stories), (3, 1, 1));
    }

    #[test]
    fn the_order_of_lines_makes_no_difference() {
        let lines = [ONE, TWO, OTHER];
        let sorted = |order: [usize; 3]| {
            let (_, mut lines) = grouped(&order.map(|place| lines[place]));
            lines.sort();
            lines
        };
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(sorted(order), sorted([0, 1, 2]), "{order:?}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_is_reported_and_the_rest_goes_on() {
        let (report, lines) = grouped(&["{", OTHER, r#"{"title":"no id"}"#]);
        assert_eq!(lines.len(), 1);
        assert_eq!(report.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn reads_the_dates_there_are() {
        for (written, expected) in [
            (r#""2026-03-01T08:00:00+01:00""#, Some(1_772_348_400)),
            ("1772348400", Some(1_772_348_400)),
            ("1772348400123", Some(1_772_348_400)),
            ("1772348400.5", Some(1_772_348_400)),
            (r#""9-APR-1987 18:47:26.32""#, None),
            ("null", None),
        ] {
            let value = serde_json::from_str(written).expect(written);
            assert_eq!(date(&value).map(|date| date.timestamp()), expected, "{written}");
        }
    }

    #[test]
    fn a_link_joins_publishers_but_not_entries_of_one() {
        let line = |id: &str, publisher: &str, title: &str| {
            format!(
                r#"{{"id":"{id}","title":"{title}","publisher":"{publisher}","url":"https://www.example.org/live?utm_source=rss"}}"#
            )
        };
        let (a, b, c) = (line("a", "One", "Goal"), line("b", "Two", "Match live"), line("c", "Two", "Half time"));
        assert_eq!(grouped(&[&a, &b]).0.copied, 1);
        assert_eq!(grouped(&[&a, &b, &c]).0.copied, 0);
    }
}
