//! A store that a former newsdesk wrote, opened by this one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::newsdesk::{Newsroom, Output, command, finished, run};
use crate::support::signal;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores/format-1")
}

/// The sample's files as they lay in the store's folder.
fn unpack(store: &Path) {
    fs::create_dir(store).expect("made");
    fs::set_permissions(store, fs::Permissions::from_mode(0o700)).expect("set");
    fs::create_dir(store.join("blobs")).expect("made");
    let unpacked =
        |name: &str| zstd::stream::decode_all(fs::File::open(sample().join(name)).expect("opened")).expect("unpacked");
    fs::write(store.join("db"), unpacked("db.zst")).expect("written");
    for name in ["conf", "snap.000000000003F750"] {
        fs::copy(sample().join(name), store.join(name)).expect("copied");
    }
    fs::write(store.join("newsdesk.lock"), "").expect("written");
}

/// By what a record is known, and the record: fields that are null are as if they were not there.
fn by_subject<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, Value> {
    let mut records = BTreeMap::new();
    for line in lines {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let (kind, record) = line.as_object().and_then(|line| line.iter().next()).expect("a member");
        let subject = match kind.as_str() {
            "source" | "poll" => record["id"].clone(),
            "entry" | "story" => record["number"].clone(),
            "identity" => json!([record["source"], record["key"]]),
            _ => Value::Null,
        };
        assert!(records.insert(format!("{kind} {subject}"), without_nulls(record)).is_none(), "{kind} {subject} twice");
    }
    records
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(values) => values.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// What the former newsdesk read from the sample is what this one exports.
fn assert_upgraded(export: &Output) {
    assert_eq!(export.code, Some(0), "{}", export.err);
    let contents = zstd::stream::decode_all(fs::File::open(sample().join("contents.jsonl.zst")).expect("opened"));
    let contents = String::from_utf8(contents.expect("unpacked")).expect("UTF-8");
    let expected = by_subject(contents.lines());
    let lines: Vec<&str> = export.out.lines().collect();
    let mut found = by_subject(lines[1..lines.len() - 1].iter().copied());
    assert_eq!(found.remove("next null"), Some(json!({"entry": 77, "story": 75})));
    let keys = |records: &BTreeMap<String, Value>| records.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&found), keys(&expected));
    // By what copies are found is made otherwise now, with the next tagging of all entries, which is therefore due.
    assert_eq!(found.insert("tagged_with null".into(), expected["tagged_with null"].clone()), Some(Value::Null));
    for (subject, record) in &expected {
        assert_eq!(&found[subject], record, "{subject}");
    }
    let count = |kind: &str| expected.keys().filter(|subject| subject.starts_with(kind)).count();
    assert_eq!(["source ", "poll ", "entry ", "identity ", "story "].map(count), [9, 11, 76, 76, 74]);
}

#[test]
fn a_store_of_format_1_is_brought_to_the_present_format_whole() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    let store = room.path().join("store");
    unpack(&store);
    let doctor = run(&["doctor"], &config);
    assert!(doctor.code == Some(1) && doctor.out.contains("in format 1"), "{doctor:?}");
    assert!(store.join("db").is_file(), "the doctor leaves that to the start");
    assert_upgraded(&run(&["export"], &config));

    let aside = store.join("format-1");
    let mut kept: Vec<_> = fs::read_dir(&aside).expect("kept").map(|entry| entry.expect("read").file_name()).collect();
    kept.sort();
    let kept: Vec<_> = kept.iter().map(|name| name.to_string_lossy()).collect();
    assert!(
        kept.starts_with(&["blobs".into(), "conf".into(), "db".into()]) && kept[3].starts_with("snap."),
        "{kept:?}"
    );
    let doctor = run(&["doctor"], &config);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    assert!(doctor.out.contains(&format!("rm -r {}", aside.display())), "{doctor:?}");
    assert!(fs::read_to_string(store.join("store.toml")).expect("read").contains("format = 2"));
    // Its polls go on where they were, and it is upgraded once.
    fs::remove_dir_all(aside).expect("removed");
    assert_upgraded(&run(&["export"], &config));
    // As long as they are there, the old files are a store of the former newsdesk.
}

#[test]
fn a_kill_in_the_middle_of_the_upgrade_does_no_harm() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    let store = room.path().join("store");
    let (mut before, mut amid, mut after) = (0, 0, 0);
    for turn in 0..36 {
        unpack(&store);
        let upgrading = command(&["status"], &config).spawn().expect("started");
        thread::sleep(Duration::from_millis(5 + turn * 7));
        signal(&upgrading, "KILL");
        finished(upgrading);
        match (store.join("journal").exists(), store.join("store.toml").exists()) {
            (false, _) => before += 1,
            (true, false) => amid += 1,
            (true, true) => after += 1,
        }
        assert_upgraded(&run(&["export"], &config));
        assert!(store.join("format-1/db").is_file(), "the old files are kept");
        fs::remove_dir_all(&store).expect("removed");
    }
    println!("killed {before} times before the upgrade, {amid} times amid it, {after} times after it");
    assert!(before > 0 && amid > 0 && after > 0, "{before} {amid} {after}");
}

/// Each state that a kill can leave behind between two of the upgrade's last steps, which are too close to be met by chance.
#[test]
fn an_upgrade_goes_on_from_each_of_its_steps() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    let store = room.path().join("store");
    let moved = |from: &str, to: &str| fs::rename(store.join(from), store.join(to)).expect(from);
    type Step<'a> = (&'a str, &'a dyn Fn());
    let steps: [Step; 4] = [
        ("the store's file is not written", &|| fs::remove_file(store.join("store.toml")).expect("removed")),
        ("the new database is not in its place", &|| {
            moved("db/1", "upgrade");
            fs::remove_dir(store.join("db")).expect("removed");
        }),
        ("the old log is not aside", &|| moved("format-1/db", "db")),
        ("nothing is aside", &|| {
            for name in ["conf", "blobs"] {
                moved(&format!("format-1/{name}"), name);
            }
        }),
    ];
    for undone in 1..=steps.len() {
        unpack(&store);
        assert_upgraded(&run(&["export"], &config));
        for (_, undo) in &steps[..undone] {
            undo();
        }
        let export = run(&["export"], &config);
        println!("{}", steps[undone - 1].0);
        assert_upgraded(&export);
        assert!(store.join("format-1/db").is_file(), "{}", steps[undone - 1].0);
        fs::remove_dir_all(&store).expect("removed");
    }
}

#[test]
fn what_a_later_newsdesk_wrote_is_refused_and_left_alone() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    assert_eq!(run(&["poll"], &config).code, Some(0));
    let store = room.path().join("store");
    let files = || -> BTreeMap<PathBuf, Vec<u8>> {
        let folders = [store.clone(), store.join("journal")];
        let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("read"));
        let files = files.map(|file| file.expect("read").path()).filter(|path| path.is_file());
        files.map(|path| (path.clone(), fs::read(path).expect("read"))).collect()
    };
    let present = fs::read_to_string(store.join("store.toml")).expect("read");
    fs::write(store.join("store.toml"), present.replace("format = 2", "format = 3")).expect("written");
    assert_refused(&config, &["has format 3", "knows formats up to 2", "run the newer newsdesk"], &files);
    fs::write(store.join("store.toml"), &present).expect("written");
    assert_eq!(run(&["export"], &config).code, Some(0));

    // A later journal: the newest file's header says so.
    let newest = files().into_keys().filter(|path| path.starts_with(store.join("journal"))).max().expect("a file");
    let plain = zstd::stream::decode_all(fs::File::open(&newest).expect("opened")).expect("unpacked");
    let later = String::from_utf8(plain).expect("UTF-8").replacen("\"format\":1", "\"format\":2", 1);
    let (header, rest) = later.split_at(later.find('\n').expect("a line") + 1);
    let frames: Vec<u8> = [header, rest].iter().flat_map(|text| frame(text)).collect();
    fs::write(&newest, frames).expect("written");
    assert_refused(&config, &["has format 2", "knows formats up to 1", "run the newer newsdesk"], &files);
}

fn assert_refused(config: &Path, words: &[&str], files: &dyn Fn() -> BTreeMap<PathBuf, Vec<u8>>) {
    let before = files();
    for arguments in [&["run"][..], &["poll"], &["export"], &["status"], &["import"]] {
        let refused = run(arguments, config);
        assert_eq!(refused.code, Some(3), "{arguments:?}: {refused:?}");
        for word in words {
            assert!(refused.err.contains(word), "{arguments:?}: {word} in {}", refused.err);
        }
    }
    let doctor = run(&["doctor"], config);
    assert!(doctor.code == Some(1) && words.iter().all(|word| doctor.out.contains(word)), "{doctor:?}");
    assert_eq!(files(), before, "nothing is changed");
}

/// A frame as the journal's are: with its length and a checksum.
fn frame(text: &str) -> Vec<u8> {
    let mut packer = zstd::bulk::Compressor::new(1).expect("made");
    packer.set_parameter(zstd::zstd_safe::CParameter::ChecksumFlag(true)).expect("set");
    packer.compress(text.as_bytes()).expect("packed")
}
