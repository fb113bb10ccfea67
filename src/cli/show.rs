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
    poll::PollReport,
};

/// A progress bar on a terminal, and a summary when the round is over.
pub(super) struct Show {
    bar: Option<ProgressBar>,
    end: AtTheEnd,
}

/// What to do when the round is over.
enum AtTheEnd {
    /// The summary, then the closing line, on a terminal; a line in the log elsewhere. Then the log may speak.
    Summarise { closing: String, log: Quiet },
    /// The caller has the summary.
    Nothing,
}

impl Show {
    /// For the daemon; `closing` is said after the summary.
    pub(super) fn summarising(closing: String, log: Quiet) -> Self {
        Self { bar: None, end: AtTheEnd::Summarise { closing, log } }
    }

    /// Only the progress.
    pub(super) fn quiet() -> Self {
        Self { bar: None, end: AtTheEnd::Nothing }
    }
}

impl RoundObserver for Show {
    fn begins(&mut self, sources: usize) {
        if sources > 0 && io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} sources  {wide_msg}");
            let bar = ProgressBar::new(sources as u64);
            if let Ok(style) = style {
                bar.set_style(style);
            }
            self.bar = Some(bar);
        }
    }

    fn polled(&mut self, report: &PollReport) {
        if let Some(bar) = &self.bar {
            bar.set_message(report.source.to_string());
            bar.inc(1);
        }
    }

    fn ends(&mut self, summary: &RoundSummary) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let AtTheEnd::Summarise { closing, log } = &self.end else { return };
        if io::stdout().is_terminal() {
            // Nobody reads a closed terminal.
            let _ = super::print(&format!("{}{closing}\n", text(summary)));
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
        log.speak();
    }
}

/// The summary in full.
pub(super) fn text(summary: &RoundSummary) -> String {
    let outcome = summary.outcome;
    let mut text = format!(
        "{} of {} sources answered; {} new stories, {} revised, {} copies of stories already kept\n",
        summary.answered, summary.sources, outcome.new, outcome.revised, outcome.duplicates
    );
    let width =
        summary.topics.iter().map(|(title, _)| title.chars().count()).max().unwrap_or(0).max("All stories".len());
    // Writing to a String cannot fail.
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
