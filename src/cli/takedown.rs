use std::{fmt::Write as _, path::Path};

use chrono::SecondsFormat;
use clap::Args;

use super::{
    ask::ask,
    exit::{Exit, Misuse},
};
use crate::{
    config,
    daemon::{LiftTakedown, ListTakedowns, TakeItDown, TakenItDown},
};

#[derive(Debug, Args)]
pub(super) struct TakedownArguments {
    /// A link: every entry that has it, at whatever source. Or the id of a story or an entry, or an entry's number: the story with
    /// all its copies
    #[arg(value_name = "URL|ID")]
    what: Option<String>,

    /// Why; kept for whoever asks later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Only say what would be taken down
    #[arg(long)]
    dry_run: bool,

    /// Say what was taken down so far, when and why
    #[arg(long, conflicts_with_all = ["what", "reason", "dry_run", "lift"])]
    list: bool,

    /// Let it come again, when its publisher lists it; also by the number that --list shows
    #[arg(long, requires = "what", conflicts_with_all = ["reason", "dry_run"])]
    lift: bool,
}

/// Takes something down, lifts a takedown, or lists them.
pub(super) fn run(path: &Path, arguments: TakedownArguments) -> anyhow::Result<Exit> {
    let config = config::load(path).map(|(config, _)| config);
    let TakedownArguments { what, reason, dry_run, list, lift } = arguments;
    let mut text = String::new();
    if list {
        let finished = ask(path, config, ListTakedowns {}, |taken| {
            let at = taken.at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let left = if taken.is_out { "" } else { "; not out of every archive and edition yet" };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{} {at} {} ({}{left}): {}",
                taken.number,
                taken.named,
                counted(taken.entries, "entry", "entries"),
                taken.reason
            );
            for link in taken.links.iter().filter(|link| !taken.named.contains(link.as_str())) {
                let _ = writeln!(text, "  {link}");
            }
            Ok(())
        })?;
        super::print(if text.is_empty() { "nothing was taken down so far\n" } else { &text })?;
        return Ok(finished.into());
    }
    let Some(what) = what else {
        return Err(Misuse("name what is to be taken down, by its link or id; or ask for --list".into()).into());
    };
    if lift {
        let finished = ask(path, config, LiftTakedown { what }, |lifted| {
            let _ = writeln!(text, "lifted {}; it comes again when a source lists it", takedowns(lifted.takedowns));
            Ok(())
        })?;
        super::print(&text)?;
        return Ok(finished.into());
    }
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    let reason = match reason {
        Some(reason) => reason,
        None if dry_run => String::new(),
        None => return Err(Misuse("say why, by --reason TEXT: it is kept for whoever asks later".into()).into()),
    };
    let finished = ask(path, config, TakeItDown { what, reason, dry_run }, |taken| {
        describe(&mut text, &taken, dry_run);
        Ok(())
    })?;
    super::print(&text)?;
    Ok(finished.into())
}

fn describe(text: &mut String, TakenItDown { told, pages, left }: &TakenItDown, dry_run: bool) {
    for entry in &told.entries {
        let link = entry.link.as_deref().unwrap_or("no link");
        let _ = writeln!(text, "entry {} of {}: {} | {link}", entry.number, entry.source, entry.title);
    }
    let done = if dry_run { "would be taken down" } else { "taken down" };
    let _ = writeln!(
        text,
        "{done}: {} of {}, from {} and {} of archives",
        counted(told.entries.len(), "entry", "entries"),
        counted(told.stories, "story", "stories"),
        counted(told.editions, "edition", "editions"),
        counted(*pages, "page", "pages"),
    );
    if told.entries.is_empty() && *pages == 0 {
        let _ = writeln!(text, "nothing of it is kept; it is refused when a source lists it");
    }
    if !dry_run {
        let _ = writeln!(
            text,
            "it is number {} of what was taken down; the journal and the database let go of it within 24 hours",
            told.number
        );
    }
    for path in left {
        let _ = writeln!(text, "it may still be in {}: delete that", path.display());
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn takedowns(number: usize) -> String {
    counted(number, "takedown", "takedowns")
}
