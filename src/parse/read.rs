//! The only file that knows feed-rs: mended Atom in, its model out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::{
    model::{Entry, Feed},
    parser::Builder,
};

use super::{
    dates::parse_date,
    mend::{Mended, MendedEntry},
};
use crate::model::Defect;

/// What feed-rs made of a mended document, and the items it refused.
pub struct Read {
    /// The feed; its entries have been taken out.
    pub feed: Feed,
    pub entries: Vec<Entry>,
    pub refused: Vec<Defect>,
}

/// Reads a mended document: at one go, or, should feed-rs refuse or panic, item by item, so that one item costs no other.
pub fn read(mended: &Mended) -> Result<Read, String> {
    read_with(mended, feed_rs)
}

fn read_with(mended: &Mended, parse: impl Fn(&str) -> Result<Feed, String>) -> Result<Read, String> {
    if let Ok(mut feed) = parse(&mended.xml(mended.entries.iter())) {
        let entries = std::mem::take(&mut feed.entries);
        return Ok(Read { feed, entries, refused: Vec::new() });
    }
    // Without the entries; and if it is the head that is at fault, without the head.
    let headless = Mended { head: HEAD.to_owned(), ..Mended::default() };
    let feed = parse(&mended.xml(std::iter::empty())).or_else(|_| parse(&headless.xml(std::iter::empty())))?;
    let (mut entries, mut refused) = (Vec::new(), Vec::new());
    for item in &mended.entries {
        match parse(&headless.xml(std::iter::once(item))) {
            Ok(mut feed) => entries.append(&mut feed.entries),
            Err(reason) => refused.push(refusal(item, &reason)),
        }
    }
    Ok(Read { feed, entries, refused })
}

const HEAD: &str = "<feed xmlns=\"http://www.w3.org/2005/Atom\">";

fn refusal(item: &MendedEntry, reason: &str) -> Defect {
    Defect { entry: Some(item.position), message: format!("the item cannot be read and was left out: {reason}") }
}

/// feed-rs with our dates and without the ids it would make up; a panic of it is an error like any other.
fn feed_rs(xml: &str) -> Result<Feed, String> {
    catch_unwind(AssertUnwindSafe(|| {
        let parser = Builder::new()
            .id_generator(|_, _, _| String::new())
            .timestamp_parser(parse_date)
            .sanitize_content(false)
            .build();
        parser.parse(xml.as_bytes())
    }))
    .map_err(|_| "the feed reader panicked".to_owned())?
    .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{ParseLimits, mend::mend};

    #[test]
    fn an_item_that_is_refused_costs_no_other() {
        let document = "<rss><channel><title>t</title><item><title>a</title></item><item><title>bad</title></item>\
                        <item><title>c</title></item></channel></rss>";
        let base = url::Url::parse("http://example.com/").unwrap();
        let mended = mend(document, &base, &ParseLimits::default()).unwrap();
        let picky = |xml: &str| if xml.contains(">bad<") { Err("no".to_owned()) } else { feed_rs(xml) };
        let read = read_with(&mended, picky).unwrap();
        let titles: Vec<_> =
            read.entries.iter().filter_map(|entry| Some(entry.title.as_ref()?.content.clone())).collect();
        assert_eq!(titles, ["a", "c"]);
        assert_eq!(read.refused.iter().map(|defect| defect.entry).collect::<Vec<_>>(), [Some(1)]);
        assert_eq!(read.feed.title.map(|title| title.content).as_deref(), Some("t"));
    }

    #[test]
    fn a_panic_of_the_reader_is_an_error() {
        let read = feed_rs("<rss version='2.0'><channel><item><author>Jean «a@b.com»</author></item></channel></rss>");
        assert_eq!(read.map(|_| ()), Err("the feed reader panicked".to_owned()));
    }
}
