use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use url::Url;

use super::{
    Newsdesk, Roster, Running, Wish, beside,
    newsdesk::{Alone, Asking, Standing},
};
use crate::{
    control::{Command, Failure, FailureKind, Finished, Lines},
    daemon::{RoundObserver, RoundSummary, poll_round},
    model::SourceId,
    poll::{Ended, PollReport},
};

/// These sources, or all, are to be polled now. A publisher's `Retry-After` and the pause between two requests to one host
/// still hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// All of them if none is named.
    pub sources: Vec<SourceId>,
}

/// A line of the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PollLine {
    /// So many sources are going to be polled.
    Begins(usize),
    /// One of them was.
    Polled(PolledSource),
    /// All of them were.
    Summary(RoundSummary),
}

/// How a source's poll ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolledSource {
    pub source: SourceId,
    /// `read`, `unchanged`, `failed` or `waiting`.
    pub outcome: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Entries in the document.
    pub entries: usize,
    pub new: usize,
    pub revised: usize,
    pub duplicates: usize,
    /// Entries removed because their publisher has deleted them.
    pub deleted: usize,
    pub error: Option<String>,
}

impl From<&PollReport> for PolledSource {
    fn from(report: &PollReport) -> Self {
        let (outcome, counts, error) = match &report.ended {
            Ended::Read(counts) => ("read", *counts, None),
            Ended::Unchanged => ("unchanged", Default::default(), None),
            Ended::Failed(why) => ("failed", Default::default(), Some(why.clone())),
            Ended::Waiting(until) => {
                let why = format!("the publisher wants no request before {}", until.format("%Y-%m-%dT%H:%M:%SZ"));
                ("waiting", Default::default(), Some(why))
            }
        };
        Self {
            source: report.source.clone(),
            outcome: outcome.into(),
            status: report.status,
            entries: report.entries,
            new: counts.new,
            revised: counts.revised,
            duplicates: counts.duplicates,
            deleted: counts.deleted,
            error,
        }
    }
}

impl Command<Newsdesk> for Poll {
    const NAME: &'static str = "poll";
    type Line = PollLine;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<PollLine>) -> Result<Finished, Failure> {
        let summary = match newsdesk.standing() {
            Standing::Running(running) => by_pollers(&self.sources, running, &lines).await?,
            Standing::Alone(alone) => here(&self.sources, alone, &lines).await?,
        };
        let has_failures = !summary.failures.is_empty();
        lines.send(&PollLine::Summary(summary)).await?;
        Ok(if has_failures { Finished::PartFailed } else { Finished::Done })
    }
}

/// Has the daemon's pollers do it. No more are asked at once than can be: when whoever asked goes, only those polls go on that
/// had begun.
async fn by_pollers(named: &[SourceId], running: &Running, lines: &Lines<PollLine>) -> Result<RoundSummary, Failure> {
    let Roster { pollers, configured, topics, at_once } = running.wish(Wish::Roster).await?;
    if let Some(unknown) = named.iter().find(|id| !configured.contains(*id)) {
        let message = format!(
            "there is no source {unknown} in the configuration that newsdesk runs with; if it is in the file by now, \
             `newsdesk reload` brings it into force"
        );
        return Err(Failure::new(FailureKind::Configuration, message));
    }
    let pollers = pollers.into_iter().filter(|asking| named.is_empty() || named.contains(&asking.source));
    let mut waiting = in_turns(pollers.collect()).into_iter();
    lines.send(&PollLine::Begins(waiting.len())).await?;
    let mut polls = JoinSet::new();
    let mut summary = RoundSummary::default();
    loop {
        polls_up_to(at_once, &mut polls, &mut waiting);
        let Some(polled) = polls.join_next().await else { break };
        let report = polled.map_err(|panic| Failure::new(FailureKind::Other, panic.to_string()))?;
        summary.add(&report);
        lines.send(&PollLine::Polled((&report).into())).await?;
    }
    let store = running.store.clone();
    beside(move || {
        summary.count_stories(&store, &topics);
        Ok(summary)
    })
    .await
}

fn polls_up_to(at_once: usize, polls: &mut JoinSet<PollReport>, waiting: &mut impl Iterator<Item = Asking>) {
    while polls.len() < at_once.max(1) {
        let Some(asking) = waiting.next() else { return };
        polls.spawn(poll_now(asking));
    }
}

async fn poll_now(asking: Asking) -> PollReport {
    let (done, report) = oneshot::channel();
    // Either fails when the poller has ended in the meantime.
    let _ = asking.ask.send(done).await;
    report.await.unwrap_or_else(|_| PollReport {
        source: asking.source,
        ended: Ended::Failed("was not polled: it was taken out of the configuration, or newsdesk is stopping".into()),
        status: None,
        entries: 0,
    })
}

/// The first source of each host, then the second of each: since a host is asked by one at a time, those of a host with many
/// do not keep the others waiting.
fn in_turns(pollers: Vec<Asking>) -> Vec<Asking> {
    let mut hosts: BTreeMap<String, VecDeque<Asking>> = BTreeMap::new();
    for asking in pollers {
        hosts.entry(host(&asking.url)).or_default().push_back(asking);
    }
    let mut ordered = Vec::new();
    while !hosts.is_empty() {
        ordered.extend(hosts.values_mut().filter_map(VecDeque::pop_front));
        hosts.retain(|_, rest| !rest.is_empty());
    }
    ordered
}

/// Whom we owe manners as one.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    psl::domain_str(host).unwrap_or(host).to_owned()
}

/// Polls in this process.
async fn here(named: &[SourceId], alone: &Alone, lines: &Lines<PollLine>) -> Result<RoundSummary, Failure> {
    let (sender, mut told) = mpsc::unbounded_channel();
    let mut observer = Teller(sender);
    let round = async {
        let round = poll_round(alone.config()?, named, alone.clock.clone(), &mut observer).await;
        drop(observer);
        Ok(round?)
    };
    let tell = async {
        while let Some(line) = told.recv().await {
            lines.send(&line).await?;
        }
        Ok::<_, Failure>(())
    };
    let (round, _) = tokio::try_join!(round, tell)?;
    Ok(round)
}

/// Passes on what a round tells as it goes.
struct Teller(mpsc::UnboundedSender<PollLine>);

impl RoundObserver for Teller {
    fn begins(&mut self, sources: usize) {
        // The receiver lives as long as the round.
        let _ = self.0.send(PollLine::Begins(sources));
    }

    fn polled(&mut self, report: &PollReport) {
        let _ = self.0.send(PollLine::Polled(report.into()));
    }

    fn ends(&mut self, _: &RoundSummary) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_many_sources_waits_behind_one_of_each_other() {
        let asking = |id: &str, url: &str| Asking {
            source: SourceId::new(id),
            url: Url::parse(url).expect("a URL"),
            ask: mpsc::channel(1).0,
        };
        let pollers = vec![
            asking("a1", "https://a.example/1"),
            asking("a2", "https://feeds.a.example/2"),
            asking("a3", "https://a.example/3"),
            asking("b1", "https://b.example/1"),
            asking("c1", "http://127.0.0.1/1"),
            asking("c2", "http://127.0.0.1/2"),
        ];
        let ordered: Vec<String> = in_turns(pollers).iter().map(|asking| asking.source.to_string()).collect();
        assert_eq!(ordered, ["c1", "a1", "b1", "c2", "a2", "a3"]);
    }
}
