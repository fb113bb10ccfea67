//! What a person at a terminal sees of a round of polls: a progress bar, then a summary.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _},
};

use indicatif::{ProgressBar, ProgressStyle};
use tracing::info;

use super::log::Quiet;
use crate::{
    daemon::{RoundObserver, RoundSummary},
    model::SourceId,
    poll::PollReport,
};

/// A progress bar, on a terminal.
#[derive(Default)]
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(super) fn begins(&mut self, sources: usize) {
        if sources > 0 && io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} sources  {wide_msg}");
            let bar = ProgressBar::new(sources as u64);
            if let Ok(style) = style {
                bar.set_style(style);
            }
            self.0 = Some(bar);
        }
    }

    pub(super) fn polled(&mut self, source: &SourceId) {
        if let Some(bar) = &self.0 {
            bar.set_message(source.to_string());
            bar.inc(1);
        }
    }

    pub(super) fn ends(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

/// The daemon's first round: a progress bar, then the summary and a closing line on a terminal, or a line in the log elsewhere.
/// Then the log may speak.
pub(super) struct Show {
    progress: Progress,
    closing: String,
    log: Quiet,
}

impl Show {
    pub(super) fn new(closing: String, log: Quiet) -> Self {
        Self { progress: Progress::default(), closing, log }
    }
}

impl RoundObserver for Show {
    fn begins(&mut self, sources: usize) {
        self.progress.begins(sources);
    }

    fn polled(&mut self, report: &PollReport) {
        self.progress.polled(&report.source);
    }

    fn ends(&mut self, summary: &RoundSummary) {
        self.progress.ends();
        if io::stdout().is_terminal() {
            // Nobody reads a closed terminal.
            let _ = super::print(&format!("{}{}\n", text(summary), self.closing));
        } else {
            let failed = summary.failures.len();
            let outcome = summary.outcome;
            info!(
                sources = summary.sources,
                answered = summary.answered,
                failed,
                new = outcome.new,
                duplicates = outcome.duplicates,
                stories = summary.stories,
                "the first round of polls is done"
            );
        }
        self.log.speak();
    }
}

/// The summary in full.
pub(super) fn text(summary: &RoundSummary) -> String {
    let outcome = summary.outcome;
    let mut text = format!(
        "{} of {} sources answered; {} new stories, {} revised, {} copies of stories already kept\n",
        summary.answered, summary.sources, outcome.new, outcome.revised, outcome.duplicates
    );
    if outcome.deleted > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "removed because their publishers have deleted them: {}", outcome.deleted);
    }
    let width =
        summary.topics.iter().map(|(title, _)| title.chars().count()).max().unwrap_or(0).max("All stories".len());
    for (title, stories) in &summary.topics {
        let _ = writeln!(text, "  {title:width$}  {stories:>6}");
    }
    let _ = writeln!(text, "  {:width$}  {:>6}", "All stories", summary.stories);
    text + &failures(summary)
}

/// What failed and why, a line each.
pub(super) fn failures(summary: &RoundSummary) -> String {
    let mut text = String::new();
    if !summary.failures.is_empty() {
        let _ = writeln!(text, "{} failed:", summary.failures.len());
        let width = summary.failures.keys().map(|id| id.as_str().len()).max().unwrap_or(0);
        for (source, why) in &summary.failures {
            let _ = writeln!(text, "  {:width$}  {why}", source.as_str());
        }
    }
    text
}
