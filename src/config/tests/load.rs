use std::{fs, path::PathBuf};

use crate::config::{Environment, find, load_in, store_path};

#[test]
fn the_file_is_found_in_four_places() {
    let folder = tempfile::tempdir().unwrap();
    let with = |config: Option<&str>| Environment {
        config: config.map(PathBuf::from),
        state_directory: None,
        folder: folder.path().to_owned(),
    };
    assert_eq!(find(None, &with(None)), PathBuf::from("/etc/newsdesk/newsdesk.toml"));
    fs::create_dir(folder.path().join("config")).unwrap();
    fs::write(folder.path().join("config/newsdesk.toml"), "").unwrap();
    assert_eq!(find(None, &with(None)), PathBuf::from("config/newsdesk.toml"));
    assert_eq!(find(None, &with(Some("/x/y.toml"))), PathBuf::from("/x/y.toml"));
    assert_eq!(find(Some("z.toml".into()), &with(Some("/x/y.toml"))), PathBuf::from("z.toml"));
}

#[test]
fn a_file_is_read_with_what_is_around_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("etc")).unwrap();
    let text = "\u{feff}[sources.a]\nurl = \"https://a.example/\"\nbasic_auth = { username = \"u\", password_file = \"pw\" }\n";
    fs::write(folder.path().join("etc/n.toml"), text).unwrap();
    fs::write(folder.path().join("etc/pw"), "p w\r\n").unwrap();
    let mut environment = Environment { config: None, state_directory: None, folder: folder.path().to_owned() };

    let problems = load_in("etc/n.toml".as_ref(), &environment).unwrap_err().to_string();
    assert!(problems.starts_with("etc/n.toml: nowhere to keep the news"), "{problems}");

    environment.state_directory = Some("/state".into());
    let (config, _) = load_in("etc/n.toml".as_ref(), &environment).unwrap();
    assert_eq!(config.store.path, Some("/state".into()));
    assert_eq!(config.sources["a"].basic_auth.as_ref().unwrap().password.expose(), "p w");

    fs::write(folder.path().join("etc/n.toml"), format!("[store]\npath = \"../var\"\n{}", &text[3..])).unwrap();
    let (config, _) = load_in("etc/n.toml".as_ref(), &environment).unwrap();
    assert_eq!(config.store.path, Some(folder.path().join("etc/../var")));
}

/// Mistakes elsewhere do not keep us from finding the newsdesk that runs.
#[test]
fn the_store_is_found_in_a_file_with_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let state = Some(PathBuf::from("/state"));
    let environment = Environment { config: None, state_directory: state.clone(), folder: folder.path().to_owned() };
    let beside = Some(folder.path().join("../var"));
    let cases = [
        ("a right file", "[store]\npath = \"../var\"\n", beside.clone()),
        ("dotted", "store.path = \"../var\"\n", beside.clone()),
        ("an absolute path", "store.path = \"/var/n\"\n", Some("/var/n".into())),
        ("a mistake", "\u{feff}[store]\npath = \"../var\"\nretention = 7\nkeep = 1\n", beside.clone()),
        ("no TOML any more", "[store]\npath = \"../var\"\n[sources.a\nurl = \n", beside),
        ("nothing of a store", "[topics.t]\n", state.clone()),
        ("a path that is none", "store.path = 7\n", None),
        ("a store that is none", "store = 7\n", state),
    ];
    for (what, text, expected) in cases {
        fs::write(folder.path().join("n.toml"), text).unwrap();
        assert_eq!(store_path("n.toml".as_ref(), &environment), expected, "{what}");
    }
    assert_eq!(store_path("absent.toml".as_ref(), &environment), None);
}

/// Topics alone are enough to tag texts.
#[test]
fn a_file_without_sources_needs_no_store() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.toml"), "[topics.t]\nterms.any = [\"x\"]\n").unwrap();
    let environment = Environment { config: None, state_directory: None, folder: folder.path().to_owned() };
    let (config, warnings) = load_in("t.toml".as_ref(), &environment).unwrap();
    assert_eq!((config.store.path, warnings), (None, vec![]));
}
