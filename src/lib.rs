//! newsdesk reads publishers' feeds on a schedule, keeps each story once, tags it by topic in the language it is written
//! in, and publishes one merged feed per topic.
//!
//! **In.** The [`daemon`] starts a poller for every source of the [`config`]uration. A poller ([`poll`]) waits until its
//! source is due ([`schedule`]: the admin's cron line, the publisher's wishes, our own manners), asks for the document
//! ([`fetch`]), and has it read ([`reading`]): [`parse`] turns bytes into a feed as it was written, [`normalize`] into clean
//! entries, [`text`] finds what counts as their text ([`language`] in which language), [`topics`] tags them. All of this runs
//! many times side by side and touches nothing shared. Where a source asks for it, [`article`] finds the text on the page behind
//! an entry's link, later.
//!
//! **Through.** What a poll brought goes to the desk ([`ingest`]), the one place that looks up, decides and writes. By the
//! rules of [`stories`] it tells new entries from known ones and copies from originals, and commits them to the [`store`]
//! together with the poll's validators, whole or not at all.
//!
//! **Out.** What is on the disk is rendered ([`publish`]): a changed topic's newest stories become finished bytes, an
//! edition, that stays as it is until a story changes. [`serve`] hands editions out and never asks the store; [`websub`] sends
//! them to readers that subscribed.
//! [`status`] and [`systemd`] say how things are; [`cli`] is the way in for the admin, and [`control`] the way from there to
//! the daemon that runs.
//!
//! The values that cross these stages are plain data in [`model`]; time comes from a [`clock`] at the edges and is an
//! argument everywhere else.

// What a publisher or an admin writes may be anything, so nothing here takes it for granted.
#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

// The words of the house, spoken by all.
pub mod model;

// What several commands read.
pub mod json_lines;

// What the admin wants, and what time it is.
pub mod config;
pub mod clock;

// What is freed goes back.
mod memory;

// In: many at once, side by side.
pub mod schedule;
pub mod poll;
pub mod fetch;
pub mod reading;
pub mod parse;
pub mod language;
pub mod normalize;
pub mod text;
pub mod topics;
pub mod article;

// Through: one delivery at a time.
pub mod ingest;
pub mod stories;
pub mod store;

// Out: finished bytes.
pub mod publish;
pub mod serve;
pub mod websub;

// Around it all.
pub mod status;
pub mod systemd;
pub mod control;
pub mod daemon;
pub mod cli;
