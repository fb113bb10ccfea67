//! What is kept, taken out and put back: by the real program, beside a daemon and without one.

#[path = "backup/archives.rs"]
mod archives;
#[path = "backup/doctor.rs"]
mod doctor;
#[path = "backup/newsdesk.rs"]
mod newsdesk;
mod support;
#[path = "backup/upgrade.rs"]
mod upgrade;

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::Instant,
};

use newsdesk::{Newsroom, Output, command, finished, run, start};
use serde_json::Value;
use support::{Service, signal};

/// An export's lines but for the first and the last, which say when it was made, and the settings it was tagged with, which are
/// unsettled for a moment after the start.
fn records(export: &Output) -> BTreeSet<String> {
    assert_eq!(export.code, Some(0), "{}", export.err);
    let lines: Vec<&str> = export.out.lines().collect();
    assert!(lines[0].starts_with("{\"newsdesk\":\"export\",\"format\":1,"), "{}", lines[0]);
    assert!(lines[lines.len() - 1].starts_with("{\"commit\":"), "{}", lines[lines.len() - 1]);
    let records = lines[1..lines.len() - 1].iter().filter(|line| !line.starts_with("{\"tagged_with\""));
    records.map(|line| (*line).to_owned()).collect()
}

/// The records but for the state of polls, which goes on.
fn news(export: &Output) -> BTreeSet<String> {
    let of_polls = |line: &String| line.starts_with("{\"poll\"") || line.starts_with("{\"source\"");
    records(export).into_iter().filter(|line| !of_polls(line)).collect()
}

fn assert_same(found: &BTreeSet<String>, expected: &BTreeSet<String>) {
    let few = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).take(3).cloned().collect::<Vec<_>>();
    assert!(found == expected, "missing {:#?}, too many {:#?}", few(expected, found), few(found, expected));
}

#[test]
fn a_store_made_from_an_export_publishes_the_same_and_nothing_twice() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    let service = start(&config);
    let beside = run(&["export"], &config);
    let editions = editions_of(&service);
    service.stop();
    let alone = run(&["export"], &config);
    assert_same(&records(&alone), &records(&beside));
    let file = room.path().join("news.jsonl");
    fs::write(&file, &beside.out).expect("written");

    let copy = room.configure("copy", "");
    let imported = run(&["import", &file.display().to_string()], &copy);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert!(imported.out.contains("copy: 30 stories in 30 entries of 2 sources, as of 20"), "{imported:?}");
    assert_same(&records(&run(&["export"], &copy)), &records(&beside));

    room.publisher.forget_requests();
    let service = start(&copy);
    let polled = run(&["poll", "--json"], &copy);
    assert!(polled.out.lines().count() == 2 && !polled.out.contains("\"outcome\":\"read\""), "{polled:?}");
    assert!(room.publisher.requests().iter().all(|request| request.is_conditional()), "validators are kept");
    let again = editions_of(&service);
    for (again, before) in again.iter().zip(&editions) {
        let differs = again.lines().zip(before.lines()).find(|(again, before)| again != before);
        assert_eq!(differs, None, "to the byte, ids and dates among it");
        assert_eq!(again, before);
    }
}

fn editions_of(service: &Service) -> Vec<String> {
    let paths = ["/all.atom", "/all.rss", "/topics/ai.atom"];
    let has_all = |body: &str| ["AI on day 1<", "AI on day 11<"].iter().all(|title| body.contains(title));
    paths.iter().for_each(|path| service.until("the edition", path, |_, body| has_all(body)));
    paths.iter().map(|path| service.get(path).1).collect()
}

#[test]
fn an_export_may_be_read_slowly_and_keeps_nobody_waiting() {
    let room = Newsroom::open();
    // More than pipes and sockets hold.
    let entries: Vec<String> = (0..600).map(|number| format!("Long story {number}")).collect();
    room.serve("/long", &entries);
    let more = format!("[sources.long]\nurl = \"{}\"\nbacklog = 0\n", room.publisher.url("/long"));
    let config = room.configure("store", &more);
    let service = start(&config);
    let before = run(&["export"], &config);
    let mut slow = command(&["export"], &config).spawn().expect("started");
    let mut out = BufReader::new(slow.stdout.take().expect("a pipe"));
    let mut lines = String::new();
    out.read_line(&mut lines).expect("a line");

    room.serve("/long", &[entries.clone(), vec!["The latest news".into()]].concat());
    let polled = run(&["poll", "long", "--json"], &config);
    assert!(polled.out.contains("\"new\":1"), "it is committed while the export waits for its reader: {polled:?}");
    service.until("the latest news", "/all.atom", |_, body| body.contains("The latest news"));
    let after = run(&["export"], &config);
    assert!(after.out.contains("The latest news"));

    out.read_to_string(&mut lines).expect("read");
    let slow = Output { out: lines, ..finished(slow) };
    assert_same(&news(&slow), &news(&before));

    // A reader that has seen enough is no failure, and lets go of the export.
    let mut head = command(&["export"], &config).spawn().expect("started");
    drop(head.stdout.take());
    let ended = finished(head);
    assert_eq!((ended.code, &*ended.err), (Some(0), ""));
}

#[test]
fn what_is_exported_since_a_date_does_not_bring_back_what_was_left_out() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    let service = start(&config);
    service.stop();
    let all = run(&["export"], &config);
    for (since, expected) in [("2026-10-12", 18), ("2026-10-12T00:00:00+02:00", 19), ("2030-01-01", 0)] {
        let export = run(&["export", "--since", since], &config);
        let lines = records(&export);
        let count = |what: &str| lines.iter().filter(|line| line.starts_with(&format!("{{\"{what}\""))).count();
        assert_eq!((count("entry"), count("story"), count("identity")), (expected, expected, 30), "{since}");
        assert!(lines.iter().filter(|line| line.starts_with("{\"entry\"")).all(|line| all.out.contains(line.as_str())));

        let copy = room.configure(&format!("since-{expected}"), "");
        let imported = import_text(&copy, &export.out);
        assert_eq!(imported.code, Some(0), "{imported:?}");
        room.serve_all("\"renewed\"");
        let polled = run(&["poll", "--json"], &copy);
        let lines: Vec<Value> = polled.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 2, "{polled:?}");
        for line in lines {
            assert_eq!((line["outcome"].as_str(), line["new"].as_u64()), (Some("read"), Some(0)), "{line}");
        }
        room.serve_all("\"first\"");
    }
    let unclear = run(&["export", "--since", "yesterday"], &config);
    assert!(unclear.code == Some(2) && unclear.err.contains("as in 2026-11-22"), "{unclear:?}");
}

fn import_text(config: &Path, text: &str) -> Output {
    let mut child = command(&["import"], config).stdin(Stdio::piped()).spawn().expect("started");
    let mut input = child.stdin.take().expect("a pipe");
    let text = text.to_owned();
    // It may have seen enough before the end.
    let writing = thread::spawn(move || drop(input.write_all(text.as_bytes())));
    let output = finished(child);
    writing.join().expect("written");
    output
}

#[test]
fn what_cannot_be_imported_is_refused_and_nothing_is_changed() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    let service = start(&config);
    let export = run(&["export"], &config);
    let refused = import_text(&config, &export.out);
    assert!(refused.code == Some(3) && refused.err.contains("stop it first"), "beside a daemon: {refused:?}");
    service.stop();
    let before = records(&run(&["export"], &config));
    let refused = import_text(&config, &export.out);
    assert!(refused.code == Some(3) && refused.err.contains("there is news in the store"), "{refused:?}");
    assert_same(&records(&run(&["export"], &config)), &before);

    let copy = room.configure("copy", "");
    let mut lines: Vec<&str> = export.out.lines().collect();
    let last = lines.pop().expect("a line");
    let cut_off = import_text(&copy, &(lines.join("\n") + "\n"));
    assert!(cut_off.code == Some(1) && cut_off.err.contains("a part of it is missing"), "{cut_off:?}");
    let wrong = export.out.replacen("\"first_seen\":\"20", "\"first_seen\":\"x20", 1);
    let line = 1 + wrong.lines().position(|line| line.contains("\"x20")).expect("a line");
    let refused = import_text(&copy, &wrong);
    assert!(
        refused.err.starts_with(&format!("newsdesk: standard input is not imported: line {line}, column ")),
        "{refused:?}"
    );
    let missing = run(&["import", "/nonexistent/news.jsonl"], &copy);
    assert!(missing.code == Some(1) && missing.err.contains("/nonexistent/news.jsonl is not imported"), "{missing:?}");
    assert!(!room.path().join("copy/journal").exists() && !room.path().join("copy/import").exists());

    lines.push(last);
    let imported = import_text(&copy, &lines.join("\n"));
    assert_eq!(imported.code, Some(0), "the last line needs no end: {imported:?}");
}

/// Killed at many moments, an import is there whole or not at all, and can be made again.
#[test]
fn an_import_that_is_killed_is_there_whole_or_not_at_all() {
    let room = Newsroom::open();
    let entries: Vec<String> = (0..300).map(|number| format!("Story {number}")).collect();
    room.serve("/long", &entries);
    let more = format!("[sources.long]\nurl = \"{}\"\nbacklog = 0\n", room.publisher.url("/long"));
    let config = room.configure("store", &more);
    assert_eq!(run(&["poll"], &config).code, Some(0));
    let export = run(&["export"], &config);
    let file = room.path().join("news.jsonl");
    fs::write(&file, &export.out).expect("written");
    let file = file.display().to_string();
    // However quick the machine is: from the beginning to well after the end.
    let begun = Instant::now();
    assert_eq!(run(&["import", &file], &room.configure("unharmed", &more)).code, Some(0));
    let whole_time = begun.elapsed();
    let (mut nothing, mut whole) = (0, 0);
    for turn in 0..24 {
        let copy = room.configure(&format!("copy-{turn}"), &more);
        let mut importing = command(&["import", &file], &copy).spawn().expect("started");
        thread::sleep(whole_time * turn / 16);
        let ended = importing.try_wait().expect("waited").is_some();
        signal_if_running(&importing, ended);
        finished(importing);
        let store = room.path().join(format!("copy-{turn}"));
        if turn % 2 == 0 {
            // Made again over what the kill left.
            let again = run(&["import", &file], &copy);
            match again.code {
                Some(0) => nothing += 1,
                Some(3) if again.err.contains("there is news") => whole += 1,
                _ => panic!("{turn}: {again:?}"),
            }
            assert_same(&records(&run(&["export"], &copy)), &records(&export));
            assert!(!store.join("import").exists() || again.code == Some(3));
        } else {
            let found = run(&["export"], &copy);
            match news(&found).iter().any(|line| line.starts_with("{\"entry\"")) {
                false => nothing += 1,
                true => {
                    assert_same(&records(&found), &records(&export));
                    whole += 1;
                }
            }
        }
        fs::remove_dir_all(store).expect("removed");
    }
    assert!(nothing > 0 && whole > 0, "killed before and after: {nothing} and {whole}");
}

fn signal_if_running(child: &std::process::Child, ended: bool) {
    if !ended {
        signal(child, "KILL");
    }
}

/// What `newsdesk backup` printed first: where the backup is.
fn place(backup: &Output) -> PathBuf {
    assert_eq!(backup.code, Some(0), "{backup:?}");
    backup.out.lines().next().expect("a line").into()
}

#[test]
fn a_backup_is_restored_as_it_was() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    let service = start(&config);
    let into = room.path().join("backups").display().to_string();
    let first = place(&run(&["backup", &into], &config));
    let before = run(&["export"], &config);
    room.serve("/gazette", &["AI told later".into()]);
    assert_eq!(run(&["poll"], &config).code, Some(0));
    let second = place(&run(&["backup", &into], &config));
    assert_ne!(first, second, "never over another");
    let refused = run(&["restore", &first.display().to_string()], &config);
    assert!(refused.code == Some(3) && refused.err.contains("stop it first"), "beside a daemon: {refused:?}");
    service.stop();
    let alone = place(&run(&["backup", &into], &config));
    let mut found: Vec<PathBuf> = fs::read_dir(&into).expect("read").map(|entry| entry.expect("read").path()).collect();
    found.sort();
    assert_eq!(found, [first.clone(), second.clone(), alone], "and nothing else");
    assert_manifest_is_true(&first);

    let refused = run(&["restore", &first.display().to_string()], &config);
    assert!(refused.code == Some(3) && refused.err.contains("there is news in the store"), "{refused:?}");
    for (backup, latest) in [(&first, false), (&second, true)] {
        let copy = room.configure(if latest { "second" } else { "first" }, "");
        let restored = run(&["restore", &backup.display().to_string()], &copy);
        assert_eq!(restored.code, Some(0), "{restored:?}");
        let export = run(&["export"], &copy);
        assert_eq!(export.out.contains("AI told later"), latest);
        if !latest {
            assert_same(&records(&export), &records(&before));
        }
        assert_eq!(run(&["doctor"], &copy).code, Some(0));
    }
    // The export in it is an export as any other.
    let copy = room.configure("third", "");
    assert_eq!(run(&["import", &first.join("export.jsonl.zst").display().to_string()], &copy).code, Some(0));
    assert_same(&records(&run(&["export"], &copy)), &records(&before));
}

fn assert_manifest_is_true(backup: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let manifest: Value = serde_json::from_slice(&fs::read(backup.join("manifest.json")).expect("read")).expect("JSON");
    assert_eq!((manifest["newsdesk"].as_str(), manifest["contents"]["entries"].as_u64()), (Some("backup"), Some(30)));
    let packed = fs::read(backup.join("export.jsonl.zst")).expect("read");
    let sum: String = ring::digest::digest(&ring::digest::SHA256, &packed)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let file = &manifest["files"][0];
    assert_eq!((file["bytes"].as_u64(), file["sha256"].as_str()), (Some(packed.len() as u64), Some(&*sum)));
    let lines = zstd::stream::decode_all(packed.as_slice()).expect("unpacked");
    assert_eq!(manifest["contents"]["lines"].as_u64(), Some(lines.split(|byte| *byte == b'\n').count() as u64 - 1));
    for (path, mode) in [(backup.to_path_buf(), 0o700), (backup.join("export.jsonl.zst"), 0o600)] {
        assert_eq!(
            fs::metadata(path).expect("there").permissions().mode() & 0o777,
            mode,
            "it may hold subscribers' news"
        );
    }
}

#[test]
fn a_backup_that_is_not_what_it_was_is_not_restored() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    assert_eq!(run(&["poll"], &config).code, Some(0));
    let into = room.path().join("backups");
    let backup = place(&run(&["backup", &into.display().to_string()], &config));
    let copy = room.configure("copy", "");
    let (export, manifest) = (backup.join("export.jsonl.zst"), backup.join("manifest.json"));
    let (packed, text) = (fs::read(&export).expect("read"), fs::read_to_string(&manifest).expect("read"));
    let mut flipped = packed.clone();
    flipped[packed.len() / 2] ^= 1;
    let edited = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        text.replacen(from, to, 1)
    };
    let cases = [
        ("a flipped bit", flipped, text.clone(), "SHA-256"),
        ("a cut file", packed[..packed.len() - 1].to_vec(), text.clone(), "bytes, the manifest says"),
        (
            "another manifest",
            packed.clone(),
            edited("\"entries\": 30", "\"entries\": 31"),
            "other things than its manifest",
        ),
        ("a later format", packed.clone(), edited("\"format\": 1", "\"format\": 2"), "has format 2"),
        ("half a manifest", packed.clone(), text[..text.len() / 2].to_owned(), "cannot be read"),
    ];
    for (what, packed, text, expected) in cases {
        fs::write(&export, packed).expect("written");
        fs::write(&manifest, text).expect("written");
        let refused = run(&["restore", &backup.display().to_string()], &copy);
        assert!(refused.code == Some(1) && refused.err.contains(expected), "{what}: {refused:?}");
        assert!(!room.path().join("copy/journal").exists(), "{what}");
    }
    fs::write(&export, &packed).expect("written");
    fs::write(&manifest, &text).expect("written");
    let refused = run(&["restore", &into.display().to_string()], &copy);
    assert!(refused.err.contains(&format!("such as the newest in it, {}", backup.display())), "{refused:?}");
    let refused = run(&["backup", &manifest.display().to_string()], &config);
    assert!(refused.code == Some(1) && refused.err.contains("cannot write the backup"), "{refused:?}");
    assert_eq!(run(&["restore", &backup.display().to_string()], &copy).code, Some(0));
}
