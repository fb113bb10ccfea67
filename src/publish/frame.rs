//! What an edition is besides its stories.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use url::Url;

use crate::model::{ShownAs, TopicId};

/// What the admin decides about the outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishSettings {
    /// From which links to ourselves are made; never ids.
    pub public_url: Url,
    /// Stories in an edition.
    pub entries: usize,
    /// For how long readers may keep an edition: the shortest time in which a source may bring something new.
    pub max_age: Duration,
    /// How the stories of everything are shown.
    pub stories: ShownAs,
    /// In the order in which the index shows them.
    pub topics: Vec<TopicPage>,
}

/// What readers see of a topic besides its stories.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicPage {
    pub id: TopicId,
    pub title: String,
    pub description: Option<String>,
    pub language: Option<String>,
    /// How its stories are shown.
    pub stories: ShownAs,
    /// Names the topic had before: their addresses lead here.
    pub formerly: Vec<TopicId>,
}

/// Everything of a feed but its stories.
pub struct FeedFrame {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
    pub language: Option<String>,
    pub updated: DateTime<Utc>,
    pub atom_url: String,
    pub rss_url: String,
    pub page_url: String,
    /// Where readers can subscribe to be sent what is new (WebSub).
    pub hub_url: Option<String>,
    /// The scheme of our own categories (RFC 4287 §4.2.2.2).
    pub topic_scheme: String,
    pub topic_titles: Arc<BTreeMap<TopicId, String>>,
}

/// Where a topic's editions are: Atom, RSS.
pub(super) fn paths(topic: Option<&TopicId>) -> [String; 2] {
    ["atom", "rss"].map(|format| match topic {
        Some(id) => format!("/topics/{id}.{format}"),
        None => format!("/all.{format}"),
    })
}

/// Each topic with the name that its feed's id is made from: the name under which it was first published, so that a renamed
/// topic is still the same feed to its readers (RFC 4287 §4.2.6).
pub fn feed_names(topics: &[TopicPage], ever: &BTreeMap<TopicId, TopicId>) -> Vec<(TopicId, TopicId)> {
    let name_of = |topic: &TopicPage| {
        let known = std::iter::once(&topic.id).chain(&topic.formerly).find_map(|id| ever.get(id));
        known.unwrap_or(&topic.id).clone()
    };
    topics.iter().map(|topic| (topic.id.clone(), name_of(topic))).collect()
}
