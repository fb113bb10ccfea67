//! What a publisher prints under everything it publishes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    hashes::Hashes,
    same_text::{Publisher, TextEntry},
    wording::Wording,
};

/// A shingle under so many different titles of one publisher is no part of any of the articles.
const TITLES: usize = 4;

/// Every publisher's boilerplate, as a snapshot: until it is learnt anew, the same entries give the same decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublisherBoilerplate {
    /// In the order of publishers.
    shingles: Vec<(Publisher, Hashes)>,
}

impl PublisherBoilerplate {
    /// Learns from entries; their order does not matter. Titles that differ in numbers alone, and entries with one link, count
    /// once: versions of one article repeat its text.
    pub fn learn<'a>(entries: impl IntoIterator<Item = &'a TextEntry>) -> Self {
        let mut publishers: BTreeMap<Publisher, Vec<&TextEntry>> = BTreeMap::new();
        for entry in entries {
            publishers.entry(entry.publisher).or_default().push(entry);
        }
        // One publisher after the other, so that the room this takes is that of the largest.
        let learnt = publishers.into_iter().map(|(publisher, entries)| (publisher, printed_everywhere(&entries)));
        Self { shingles: learnt.filter(|(_, shingles)| shingles.len() > 0).collect() }
    }

    fn of(&self, publisher: Publisher) -> &[u32] {
        match self.shingles.binary_search_by_key(&publisher, |(publisher, _)| *publisher) {
            Ok(place) => self.shingles[place].1.as_slice(),
            Err(_) => &[],
        }
    }

    /// The wording without what its publisher prints everywhere.
    pub(super) fn strip(&self, publisher: Publisher, wording: Wording) -> Wording {
        let boilerplate = self.of(publisher);
        if boilerplate.is_empty() {
            return wording;
        }
        let everywhere = |shingle: u32| boilerplate.binary_search(&shingle).is_ok();
        Wording { shingles: wording.shingles.without(everywhere), lead: wording.lead.without(everywhere), ..wording }
    }
}

/// The shingles that stand under enough titles and links.
fn printed_everywhere(entries: &[&TextEntry]) -> Hashes {
    if entries.len() < TITLES {
        return Hashes::default();
    }
    let mut places: Vec<(u32, u32)> = Vec::new();
    for (entry, place) in entries.iter().zip(0..) {
        let Wording { shingles, lead, .. } = &entry.wording;
        places.extend(shingles.as_slice().iter().chain(lead.as_slice()).map(|shingle| (*shingle, place)));
    }
    places.sort_unstable();
    places.dedup();
    let titles: Vec<u64> = entries.iter().map(|entry| entry.wording.title.stems.mark()).collect();
    let everywhere = places.chunk_by(|a, b| a.0 == b.0).filter(|places| {
        let entry = |place: u32| entries.get(place as usize);
        let titles = places.iter().filter_map(|(_, place)| titles.get(*place as usize));
        // An entry without a link is an article of its own.
        let links = places.iter().filter_map(|(_, place)| Some(entry(*place)?.link.ok_or(*place)));
        places.len() >= TITLES && are_enough(titles) && are_enough(links)
    });
    Hashes::new(everywhere.filter_map(|places| places.first()).map(|(shingle, _)| *shingle).collect())
}

/// Whether [`TITLES`] of the items are distinct.
fn are_enough<T: PartialEq>(items: impl Iterator<Item = T>) -> bool {
    let mut distinct = Vec::with_capacity(TITLES);
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
        if distinct.len() == TITLES {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{super::same_text::tests::entry, *};

    const FOOTER: &str =
        "Share this article with your friends and never miss another story from our award winning desk";

    fn articles() -> Vec<TextEntry> {
        ["Ministers meet", "A river floods", "Bank raises rates", "Painter dies"]
            .iter()
            .zip(1..)
            .map(|(title, number)| {
                let own: String = (0..30).map(|word| format!("own{number}word{word} ")).collect();
                let text = format!("{title}: {own}\n{FOOTER}");
                entry(number, 7, title, &text)
            })
            .collect()
    }

    #[test]
    fn what_stands_under_four_titles_is_left_out() {
        let entries = articles();
        let learnt = PublisherBoilerplate::learn(&entries);
        let stripped = learnt.strip(Publisher(7), entries[0].wording.clone());
        assert!(stripped.shingles.len() < entries[0].wording.shingles.len() - 10);
        assert!(stripped.shingles.len() >= 8, "its own words stay");
        let other = learnt.strip(Publisher(8), entries[0].wording.clone());
        assert_eq!(other, entries[0].wording, "another publisher may print the same words as news");
        assert_eq!(PublisherBoilerplate::learn(&entries[..3]), PublisherBoilerplate::default());
    }

    #[test]
    fn versions_of_one_article_are_no_boilerplate() {
        let versions: Vec<_> =
            (1..9).map(|number| entry(number, 7, &format!("Toll rises to {number}"), FOOTER)).collect();
        assert_eq!(PublisherBoilerplate::learn(&versions), PublisherBoilerplate::default());
    }

    #[test]
    fn the_order_makes_no_difference() {
        let mut entries = articles();
        let learnt = PublisherBoilerplate::learn(&entries);
        entries.reverse();
        assert_eq!(PublisherBoilerplate::learn(&entries), learnt);
    }
}
