//! The documents cannot go stale: what they say of keys, commands, messages and addresses is held against the program.

#[path = "docs/configuration.rs"]
mod configuration;
#[path = "docs/markdown.rs"]
mod markdown;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use markdown::{Document, documents, rows, spans};
use newsdesk::config::{Environment, load_in};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every file below a folder whose name ends so.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut links = 0;
    for Document { path, text } in documents() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name("").join(file) };
            assert!(target.exists(), "{} links to {link}, which is not there", path.display());
            if let Some(heading) = heading {
                let text = fs::read_to_string(&target).expect("a text");
                assert!(markdown::anchors(&text).contains(heading), "{} links to {link}", path.display());
            }
            links += 1;
        }
    }
    assert!(links >= 10, "{links}");
}

#[test]
fn every_command_that_is_named_exists() {
    let help = Command::new(env!("CARGO_BIN_EXE_newsdesk")).arg("--help").output().expect("run");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let listed = help.split("Commands:").nth(1).and_then(|rest| rest.split("Options:").next()).expect("commands");
    let known: BTreeSet<&str> =
        listed.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    let mut named = 0;
    for Document { path, text } in documents() {
        for code in markdown::code(&text) {
            for call in code.split("newsdesk ").skip(1) {
                let word: String = call.chars().take_while(|c| c.is_ascii_lowercase()).collect();
                let ends = call.chars().nth(word.len()).is_none_or(|c| c.is_whitespace() || c == '|' || c == ';');
                // Elsewhere "newsdesk" is the unit, the crate or the start of a path.
                if word.is_empty() || !ends || code.contains("systemctl") || code.contains("journalctl") {
                    continue;
                }
                assert!(known.contains(word.as_str()), "{} says `newsdesk {word}`: {code}", path.display());
                named += 1;
            }
        }
    }
    assert!(named >= 15, "{named}");
}

#[test]
fn every_rule_that_is_quoted_is_written_down() {
    let text = document("docs/rules.md");
    let mut rules: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, cells) in rows(&text).filter(|(_, cells)| cells.len() == 2 && cells[0] != "id") {
        assert!(rules.insert(cells[0], cells[1]).is_none(), "{} is there twice", cells[0]);
    }
    let families: BTreeSet<&str> = rules.keys().filter_map(|id| Some(id.rsplit_once('-')?.0)).collect();
    for family in &families {
        let numbers: BTreeSet<usize> =
            rules.keys().filter_map(|id| id.strip_prefix(family)?.strip_prefix('-')?.parse().ok()).collect();
        assert_eq!(numbers, (1..=numbers.len()).collect(), "{family}");
    }

    let mut quoted = 0;
    let sources = ["src", "tests", "examples", "benches"].into_iter().flat_map(|folder| files(folder, ".rs"));
    for path in sources.chain(documents().map(|document| document.path)) {
        let text = fs::read_to_string(&path).expect("a text");
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
            let Some((family, number)) = word.split_once('-') else { continue };
            if families.contains(family) && number.parse::<usize>().is_ok() {
                assert!(rules.contains_key(word), "{} quotes {word}, which is no rule", path.display());
                quoted += 1;
            }
        }
    }
    assert!(quoted >= 150, "{quoted}");

    // What is said at the top to be missing is what is marked below.
    let listed = text.split("**Not yet**:").nth(1).and_then(|rest| rest.split('.').next()).expect("a list");
    let listed: BTreeSet<&str> =
        listed.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| word.contains('-')).collect();
    let marked: BTreeSet<&str> =
        rules.iter().filter(|(_, rule)| rule.contains("**Not yet:**")).map(|(id, _)| *id).collect();
    assert_eq!(listed, marked);
}

#[test]
fn every_message_that_is_explained_is_one_of_the_programs() {
    // A literal that goes on in the next line is one text.
    let program: String = files("src", ".rs")
        .iter()
        .map(|path| fs::read_to_string(path).expect("a text").split("\\\n").map(str::trim_start).collect::<String>())
        .collect();
    let text = document("docs/operations.md");
    let messages = markdown::section(&text, "When a source fails");
    let mut explained = 0;
    for (_, cells) in rows(messages).filter(|(_, cells)| cells[0] != "what it says") {
        for phrase in spans(cells[0]) {
            assert!(program.contains(phrase), "the program never says `{phrase}`");
            explained += 1;
        }
    }
    assert!(explained >= 15, "{explained}");
}

#[test]
fn the_fields_of_healthz_are_those_that_are_explained() {
    let text = document("docs/operations.md");
    let documented: BTreeSet<&str> = rows(markdown::section(&text, "Watching it from outside"))
        .flat_map(|(_, cells)| spans(cells[0]).collect::<Vec<_>>())
        .collect();
    let health = serde_json::to_value(newsdesk::status::Status::default().health()).expect("JSON");
    let served: BTreeSet<&str> = health.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(documented, served);
}

#[test]
fn the_plan_of_the_house_names_every_room() {
    let text = document("ARCHITECTURE.md");
    let planned: BTreeSet<String> =
        rows(markdown::section(&text, "Rooms")).flat_map(|(_, cells)| spans(cells[0])).map(str::to_owned).collect();
    let built: BTreeSet<String> = fs::read_dir(root().join("src"))
        .expect("src")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| !path.ends_with("lib.rs") && !path.ends_with("main.rs"))
        .map(|path| format!("src/{}{}", path.file_name().unwrap().display(), if path.is_dir() { "/" } else { "" }))
        .collect();
    assert_eq!(planned, built);
    // What is to be replaced in one room alone is named in that room alone.
    for (name, room) in [("sled::", "store"), ("feed_rs", "parse"), ("reqwest", "fetch"), ("axum", "serve")] {
        let naming = files("src", ".rs").into_iter().filter(|path| fs::read_to_string(path).unwrap().contains(name));
        let elsewhere: Vec<_> = naming.filter(|path| !path.starts_with(root().join("src").join(room))).collect();
        assert_eq!(elsewhere, Vec::<PathBuf>::new(), "{name} outside src/{room}");
    }
}

/// The installation gives the service a configuration whose store is the unit's own folder, at the place the unit names.
#[test]
fn the_installation_fits_the_unit() {
    let text = document("docs/operations.md");
    let line =
        text.lines().map(str::trim).find(|line| line.starts_with("sed ")).expect("a line that installs the file");
    let (command, installed) = line.split_once(" > ").expect("a file it is written to");
    let output = Command::new("sh").arg("-c").arg(command).current_dir(root()).output().expect("run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("newsdesk.toml");
    fs::write(&file, &output.stdout).expect("written");
    // As by hand, where no $STATE_DIRECTORY is set: a check of the file must pass there too.
    let (config, warnings) = load_in(&file, &Environment::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(warnings, []);

    let unit = document("systemd/newsdesk.service");
    let setting = |name: &str| unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).expect(name);
    assert_eq!(config.store.path, Some(Path::new("/var/lib").join(setting("StateDirectory"))));
    assert!(setting("ExecStart").ends_with(&format!(" --config {installed}")), "{}", setting("ExecStart"));
    let program = setting("ExecStart").split(' ').next().expect("a program");
    assert!(text.contains(&format!("target/release/newsdesk {program}\n")), "{program}");
    assert!(text.contains("systemd/newsdesk.service /etc/systemd/system/newsdesk.service\n"));
}
