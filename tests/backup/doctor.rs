//! `newsdesk doctor` names what is wrong, and what to do.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::newsdesk::{Newsroom, Output, command, finished, run, start};
use crate::{assert_same, records};

/// What was found of a subject: its states and words.
fn found(doctor: &Output, about: &str) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(&doctor.out).unwrap_or_else(|error| panic!("{error}: {doctor:?}"));
    let findings = report["findings"].as_array().expect("findings");
    let is_well = findings.iter().all(|finding| finding["state"] != "to-do");
    assert_eq!((report["well"].as_bool(), doctor.code), (Some(is_well), Some(i32::from(!is_well))), "{doctor:?}");
    for finding in findings.iter().filter(|finding| finding["state"] == "to-do") {
        assert!(finding["to_do"].as_str().is_some_and(|to_do| to_do.len() > 10), "says what to do: {finding}");
    }
    let text = |finding: &Value, member: &str| finding[member].as_str().unwrap_or_default().to_owned();
    let about = findings.iter().filter(|finding| finding["about"] == about);
    about.map(|finding| (text(finding, "state"), text(finding, "what") + " " + &text(finding, "to_do"))).collect()
}

fn doctor(config: &Path) -> Output {
    run(&["doctor", "--json"], config)
}

#[test]
fn all_is_well_beside_a_daemon_and_without() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    let none = doctor(&config);
    assert_eq!(found(&none, "store")[0].0, "to-do");
    assert!(!room.path().join("store").exists(), "looking makes nothing");
    let service = start(&config);
    let beside = doctor(&config);
    for about in ["lock", "permissions", "room", "database", "journal", "size"] {
        let states: Vec<String> = found(&beside, about).into_iter().map(|(state, _)| state).collect();
        assert_eq!(states, ["well"], "{about} in {beside:?}");
    }
    let words = run(&["doctor"], &config);
    assert!(words.code == Some(0) && words.out.ends_with("\nnothing to do\n"), "{words:?}");
    service.stop();
    let alone = doctor(&config);
    assert_eq!(found(&alone, "database"), found(&beside, "database"));
    assert_eq!(alone.code, Some(0), "{alone:?}");
}

fn only_file(folder: &Path, begins: &str) -> PathBuf {
    let files = fs::read_dir(folder).expect("read").map(|file| file.expect("read").path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(begins))).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    let mut file = fs::OpenOptions::new().write(true).open(path).expect("opened");
    file.seek(SeekFrom::Start(middle as u64)).expect("sought");
    file.write_all(&bytes[middle..=middle]).expect("written");
}

#[test]
fn a_damaged_journal_is_mended_beside_the_daemon_and_without() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    let service = start(&config);
    let before = run(&["export"], &config);
    flip(&only_file(&room.path().join("store/journal"), "base-"));
    let mended = doctor(&config);
    let journal = found(&mended, "journal");
    assert!(
        journal[0].0 == "mended" && journal[0].1.contains("byte ") && journal[0].1.contains("written anew"),
        "{mended:?}"
    );
    assert_eq!(found(&mended, "repaired").len(), 1, "{mended:?}");
    assert_eq!(found(&doctor(&config), "journal")[0].0, "well");
    assert_same(&records(&run(&["export"], &config)), &records(&before));
    service.stop();

    flip(&only_file(&room.path().join("store/journal"), "base-"));
    assert_eq!(found(&doctor(&config), "journal")[0].0, "mended");
    assert_same(&records(&run(&["export"], &config)), &records(&before));
    // The third is no accident any more.
    flip(&only_file(&room.path().join("store/journal"), "base-"));
    let third = doctor(&config);
    let repaired = found(&third, "repaired");
    assert!(repaired.len() == 4 && repaired[3].0 == "to-do" && repaired[3].1.contains("no accident"), "{third:?}");
}

#[test]
fn a_damaged_database_is_rebuilt_and_the_old_one_named() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    assert_eq!(run(&["poll"], &config).code, Some(0));
    let before = run(&["export"], &config);
    let log = room.path().join("store/db/1/db");
    let length = fs::metadata(&log).expect("there").len();
    fs::write(&log, vec![0xAA; length as usize]).expect("written");
    let mended = doctor(&config);
    let repaired = found(&mended, "repaired");
    let rebuilt = repaired.last().is_some_and(|(_, what)| what.contains("rebuilt from the journal, complete"));
    assert!(rebuilt && repaired[0].0 == "note", "{mended:?}");
    let aside = found(&doctor(&config), "kept aside");
    let kept = only_file(&room.path().join("store"), "damaged-");
    assert!(aside[0].0 == "note" && aside[0].1.contains(&format!("rm -r {}", kept.display())), "{aside:?}");
    assert_same(&records(&run(&["export"], &config)), &records(&before));

    // Both at once cannot be mended, and are not made worse.
    fs::write(only_file(&room.path().join("store/db"), "").join("db"), vec![0xAA; length as usize]).expect("written");
    flip(&only_file(&room.path().join("store/journal"), "base-"));
    let lost = doctor(&config);
    assert!(lost.code == Some(1) && found(&lost, "store")[0].1.contains("restore"), "{lost:?}");
    let words = run(&["doctor"], &config);
    assert!(
        words.out.contains("TO DO   store: ") && words.out.ends_with("things to do\n")
            || words.out.ends_with("1 thing to do\n"),
        "{words:?}"
    );
}

#[test]
fn what_stands_in_newsdesks_way_is_named() {
    let room = Newsroom::open();
    let config = room.configure("store", "");
    assert_eq!(run(&["poll"], &config).code, Some(0));
    let store = room.path().join("store");
    fs::set_permissions(&store, fs::Permissions::from_mode(0o755)).expect("set");
    fs::create_dir(store.join("import")).expect("made");
    let report = doctor(&config);
    let permissions = found(&report, "permissions");
    assert!(permissions[0].0 == "to-do" && permissions[0].1.contains("chmod 700"), "{report:?}");
    assert!(found(&report, "kept aside")[0].1.contains("interrupted"), "{report:?}");
    fs::set_permissions(&store, fs::Permissions::from_mode(0o700)).expect("set");

    // Somebody who does not answer has the store.
    let lock = fs::OpenOptions::new().write(true).open(store.join("newsdesk.lock")).expect("opened");
    lock.lock().expect("locked");
    let report = doctor(&config);
    let lock_found = found(&report, "lock");
    assert!(lock_found[0].0 == "to-do" && lock_found[0].1.contains("in use by another newsdesk"), "{report:?}");
    drop(lock);

    // A configuration with mistakes is no reason not to look as long as newsdesk runs.
    let service = start(&config);
    let text = fs::read_to_string(&config).expect("read");
    fs::write(&config, text + "[sources.x]\nurl = \"not a URL\"\n").expect("written");
    assert_eq!(doctor(&config).code, Some(0));
    service.stop();
    assert_eq!(doctor(&config).code, Some(2));
}

/// Files that root left in a store of somebody else's are given to whoever has the folder.
#[test]
fn what_root_leaves_behind_belongs_to_the_folders_owner() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let room = Newsroom::open();
    let config = room.configure("store", "");
    assert_eq!(run(&["poll"], &config).code, Some(0));
    let store = room.path().join("store");
    if fs::metadata(&store).expect("there").uid() != 0 {
        println!("skipped: only root may give files away");
        return;
    }
    chown(&store, Some(12_345), Some(12_345)).expect("given");
    let report = doctor(&config);
    let permissions = found(&report, "permissions");
    assert!(permissions[0].0 == "mended" && permissions[1].0 == "well", "{report:?}");
    for arguments in [&["poll"][..], &["export"], &["doctor"]] {
        let child = command(arguments, &config).spawn().expect("started");
        assert_eq!(finished(child).code, Some(0), "{arguments:?}");
        let mut folders = vec![store.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("read").map(|entry| entry.expect("read").path()) {
                let found = fs::symlink_metadata(&entry).expect("there");
                assert_eq!(found.uid(), 12_345, "{arguments:?}: {}", entry.display());
                if found.is_dir() {
                    folders.push(entry);
                }
            }
        }
    }
}
