use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _},
    path::Path,
};

use clap::Args;
use serde_json::json;

use super::{ask::ask, exit::Exit};
use crate::{
    config::{self, Environment},
    control::{AskError, Failure, FailureKind},
    daemon::{Doctor, DoctorLine, Finding, FindingState},
};

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// Print one JSON object instead of words
    #[arg(long)]
    json: bool,
}

/// Looks at all of the store, and says what is wrong, what was done about it and what is to be done.
pub(super) fn run(path: &Path, arguments: &DoctorArguments) -> anyhow::Result<Exit> {
    let config = config::load(path).map(|(config, _)| config);
    let store = match &config {
        Ok(config) => config.store.path.clone(),
        Err(_) => config::store_path(path, &Environment::of_process()),
    };
    let store = store.unwrap_or_default();
    let mut findings = Vec::new();
    let looked = ask(path, config, Doctor {}, |line| {
        match line {
            DoctorLine::Doing(what) if io::stderr().is_terminal() => eprintln!("{what}"),
            DoctorLine::Doing(_) => {}
            DoctorLine::Found(finding) => findings.push(finding),
        }
        Ok(())
    });
    if let Err(error) = looked {
        match error.downcast_ref::<AskError>() {
            Some(AskError::Failed(Failure { kind: FailureKind::StoreInUse, message })) => {
                findings.push(Finding::in_use(message.clone()));
            }
            _ => return Err(error),
        }
    }
    let is_well = findings.iter().all(|finding| finding.state != FindingState::ToDo);
    let text = if arguments.json {
        let report = json!({ "store": store, "well": is_well, "findings": findings });
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        in_words(&store, &findings)
    };
    super::print(&text)?;
    Ok(if is_well { Exit::Done } else { Exit::PartFailed })
}

fn in_words(store: &Path, findings: &[Finding]) -> String {
    let mut text = format!("the store in {}\n", store.display());
    // Writing to a String cannot fail.
    for finding in findings {
        let state = match finding.state {
            FindingState::Well => "well  ",
            FindingState::Note => "note  ",
            FindingState::Mended => "mended",
            FindingState::ToDo => "TO DO ",
        };
        let _ = writeln!(text, "{state}  {}: {}", finding.about, finding.what);
        if !finding.to_do.is_empty() {
            let _ = writeln!(text, "        -> {}", finding.to_do);
        }
    }
    let to_do = findings.iter().filter(|finding| finding.state == FindingState::ToDo).count();
    let _ = match to_do {
        0 => writeln!(text, "nothing to do"),
        1 => writeln!(text, "1 thing to do"),
        more => writeln!(text, "{more} things to do"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_says_what_to_do_next() {
        let finding = |state, to_do: &str| Finding {
            about: "room".into(),
            state,
            what: "5 MB are free".into(),
            to_do: to_do.into(),
        };
        let findings = [finding(FindingState::Well, ""), finding(FindingState::ToDo, "make room")];
        let expected = "the store in /s\nwell    room: 5 MB are free\nTO DO   room: 5 MB are free\n        -> make room\n1 thing to do\n";
        assert_eq!(in_words(Path::new("/s"), &findings), expected);
        assert!(in_words(Path::new("/s"), &findings[..1]).ends_with("\nnothing to do\n"));
    }
}
