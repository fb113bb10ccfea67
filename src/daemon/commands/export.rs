use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Newsdesk, beside};
use crate::{
    control::{Command, Failure, Finished, Lines},
    store::ExportLine,
};

/// Everything that is kept, as plain lines; or what is dated since then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    pub since: Option<DateTime<Utc>>,
}

impl Command<Newsdesk> for Export {
    const NAME: &'static str = "export";
    type Line = ExportLine;

    async fn run(self, newsdesk: Newsdesk, lines: Lines<ExportLine>) -> Result<Finished, Failure> {
        let store = newsdesk.store().await?;
        beside(move || {
            // Whoever reads no more is seen at the next line.
            let stop = AtomicBool::new(false);
            store.export(self.since, &stop, &mut |line| lines.send_blocking(&line))?;
            Ok(Finished::Done)
        })
        .await
    }
}
