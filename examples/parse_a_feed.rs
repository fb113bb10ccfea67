//! Reads a feed, from a file or standard input, and prints its entries: `cargo run --example parse_a_feed -- FILE`.

use std::{fs, io::Read as _};

use newsdesk::{
    model::{Document, Freshness, Validators},
    normalize::{NormalizeContext, normalize},
    parse::{ParseLimits, parse},
};
use url::Url;

fn main() -> anyhow::Result<()> {
    let mut body = Vec::new();
    match std::env::args().nth(1) {
        Some(file) => body = fs::read(file)?,
        None => drop(std::io::stdin().read_to_end(&mut body)?),
    }
    // What relative links resolve against; a poll takes the address that answered.
    let url = Url::parse("https://publisher.example/feed")?;
    let (validators, freshness) = (Validators::default(), Freshness::default());
    let (base, body) = (url.clone(), body.into());
    let document = Document { url, base, moved_permanently_to: None, content_type: None, body, validators, freshness };
    let parsed = parse(&document, &ParseLimits::default())?;
    let context = NormalizeContext {
        base: &document.base,
        configured_language: None,
        languages: &[],
        tracking: &Default::default(),
    };
    let feed = normalize(parsed, &context);
    println!("{}: {} entries", feed.metadata.title, feed.entries.len());
    for entry in &feed.entries {
        let date = entry.published.map(|date| date.format("%Y-%m-%d").to_string()).unwrap_or_default();
        println!("{date:10}  {}\n            {}", entry.title, entry.link.as_deref().unwrap_or("no link"));
    }
    Ok(())
}
