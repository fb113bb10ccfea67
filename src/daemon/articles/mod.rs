//! Fetches the pages behind entries' links, with the manners of every other request.
//!
//! What is to be fetched stands in the store, so that a restart loses nothing and asks nobody twice. A source has one page
//! under way at a time; its host's turn, the permits for all requests and the limits of a fetch are those of polls.
//!
//! [`Waiting`](waiting::Waiting) knows all that waits. The store is read once at the start, and then of a source alone that has new
//! pages or whose page is done; `page` fetches one, and [`rounds`] says when.

mod page;
mod rounds;
mod waiting;

#[cfg(test)]
mod tests;

use tokio_util::sync::CancellationToken;

use crate::poll::{SourceSettings, Surroundings};
use page::Pages;
use rounds::fetch_articles;

/// The task that fetches pages, while there is one.
#[derive(Default)]
pub(super) struct ArticleTask {
    running: Option<(CancellationToken, tokio::task::JoinHandle<()>)>,
}

impl ArticleTask {
    /// Goes over to these sources: what is under way is dropped and, if it is still wanted, fetched anew.
    pub(super) async fn arrange(&mut self, sources: Vec<SourceSettings>, around: Surroundings) {
        self.stop().await;
        // Jobs that nobody wants any more are taken off the list by the task as well.
        let has_jobs = around.store.article_jobs().map_or(true, |jobs| !jobs.is_empty());
        if has_jobs || sources.iter().any(|source| source.wants_articles) {
            let stop = CancellationToken::new();
            let (news, clock) = (around.desk.new_articles(), around.clock.clone());
            let pages = Pages::new(sources, around, stop.clone());
            let task = tokio::spawn(fetch_articles(pages, news, clock, stop.clone()));
            self.running = Some((stop, task));
        }
    }

    pub(super) async fn stop(&mut self) {
        if let Some((stop, task)) = self.running.take() {
            stop.cancel();
            let _ = task.await;
        }
    }
}
