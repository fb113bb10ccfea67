//! What an edition is besides its stories.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use url::Url;

use crate::model::TopicId;

/// What the admin decides about the outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishSettings {
    /// From which links to ourselves are made; never ids.
    pub public_url: Url,
    /// Stories in an edition.
    pub entries: usize,
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
