//! One edition of 100 stories, from the store to finished bytes.

use std::{collections::BTreeMap, sync::Arc};

use divan::{Bencher, black_box};
use newsdesk::{
    model::TopicId,
    publish::{
        Edition, EditionStory, Editions, FeedFrame, PublishSettings, Publisher, TopicPage, gather, render_atom,
        render_json, render_rss,
    },
    text::Boilerplate,
};

use crate::{
    desk::{Desk, delivery_of, reader},
    feeds::{document, newest},
};

/// A desk that has read 10 documents.
pub fn desk() -> Desk {
    let (desk, reader) = (Desk::new(), reader());
    for source in 0..10 {
        let read = reader
            .read(&document(source), None, None, &Boilerplate::default())
            .unwrap_or_else(|error| panic!("{error}"));
        desk.take_in(delivery_of(source, read.reading));
    }
    desk.make_durable();
    desk
}

/// A publisher of everything, and where it puts its editions.
pub fn publisher(desk: &Desk) -> (Publisher, Editions) {
    let topics = vec![TopicPage::new(TopicId::new("space"), "Space")];
    let public_url = url::Url::parse("https://news.example/").expect("a URL");
    let editions = Editions::default();
    let settings = PublishSettings { topics, ..PublishSettings::new(public_url) };
    (Publisher::new(desk.store.clone(), settings, editions.clone(), &BTreeMap::new(), None), editions)
}

fn stories(desk: &Desk) -> Vec<EditionStory> {
    let newest = desk.store.newest(None, 100).unwrap_or_else(|error| panic!("{error}"));
    let stories = gather(&desk.store, newest, &BTreeMap::new(), Default::default());
    let stories = stories.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(stories.len(), 100);
    stories
}

fn frame() -> FeedFrame {
    FeedFrame {
        id: "urn:uuid:00000000-0000-0000-0000-000000000000".into(),
        title: "All stories".into(),
        description: None,
        language: None,
        updated: newest(),
        atom_url: "https://news.example/all.atom".into(),
        rss_url: "https://news.example/all.rss".into(),
        json_url: "https://news.example/all.json".into(),
        page_url: "https://news.example/".into(),
        hub_url: None,
        prev_archive: None,
        topic_scheme: "urn:uuid:00000000-0000-0000-0000-000000000001".into(),
        topic_titles: Arc::new(BTreeMap::new()),
    }
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn gather_100_stories(bencher: Bencher) {
    let desk = desk();
    bencher.bench_local(|| black_box(stories(&desk)));
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn render_as_atom(bencher: Bencher) {
    let (stories, frame) = (stories(&desk()), frame());
    bencher.bench_local(|| black_box(render_atom(&frame, &stories)));
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn render_as_rss(bencher: Bencher) {
    let (stories, frame) = (stories(&desk()), frame());
    bencher.bench_local(|| black_box(render_rss(&frame, &stories)));
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn render_as_json_feed(bencher: Bencher) {
    let (stories, frame) = (stories(&desk()), frame());
    bencher.bench_local(|| black_box(render_json(&frame, &stories)));
}

/// gzip, Brotli and zstd.
#[divan::bench(sample_count = 100, sample_size = 1)]
fn compress_an_atom_edition(bencher: Bencher) {
    let body = render_atom(&frame(), &stories(&desk()));
    bencher.counter(divan::counter::BytesCount::new(body.bytes.len())).with_inputs(|| body.clone()).bench_local_values(
        |body| {
            let edition = Edition::new("application/atom+xml", newest(), body);
            edition.prepare();
            black_box(edition)
        },
    );
}

/// All of it: gather, Atom and RSS, both compressed, and the index page.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn publish_a_changed_topic(bencher: Bencher) {
    let desk = desk();
    let (mut publisher, _editions) = publisher(&desk);
    let changed = [None].into();
    bencher.bench_local(|| publisher.publish(&changed));
}
