//! `newsdesk takedown` where no daemon runs, and what the next start finds.

#[path = "backup/newsdesk.rs"]
mod newsdesk;
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use newsdesk::{Newsroom, Output, run, start};
use support::PATIENCE;

const LINK: &str = "https://g.example/AI-number-7";
const TITLE: &str = "AI number 7<";

/// Enough for three full pages of the archive with what the others have, under another entity tag each time.
fn serve(room: &Newsroom, more: usize) {
    let titles: Vec<String> = (0..120 + more).map(|number| format!("AI number {number}")).collect();
    room.serve("/long", &titles);
}

fn done(output: &Output) -> &str {
    assert_eq!(output.code, Some(0), "{output:?}");
    &output.out
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

/// The files of editions that have the article.
fn files_with_it(www: &Path) -> Vec<PathBuf> {
    let mut files = files_in(www);
    files.retain(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(TITLE)));
    files
}

fn until(what: &str, wanted: impl Fn() -> bool) {
    let begun = Instant::now();
    while !wanted() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_taken_down_while_nothing_runs_is_nowhere_at_the_next_start_until_it_is_lifted() {
    let room = Newsroom::open();
    serve(&room, 0);
    let more = format!(
        "[sources.long]\nurl = \"{}\"\n[publish]\nentries = 200\ndirectory = \"www\"\n",
        room.publisher.url("/long")
    );
    let config = room.configure("store", &more);
    let (store, www) = (room.path().join("store"), room.path().join("www"));
    let service = start(&config);
    service.until("a page of the archive", "/archives/ai/3", |status, _| status == 200);
    // The archive takes stories in the order in which they came.
    let pages: Vec<String> = (1..=3).map(|page| format!("/archives/ai/{page}.atom")).collect();
    let page_of_it = pages.iter().find(|page| service.get(page).1.contains(TITLE)).expect("it is archived").clone();
    let for_people = page_of_it.trim_end_matches(".atom").to_owned();
    until("the files", || {
        let files = files_with_it(&www);
        [format!("{}/index.html", &for_people[1..]), page_of_it[1..].to_owned(), "topics/ai.atom".into()]
            .iter()
            .all(|file| files.contains(&www.join(file)))
    });
    let archived = service.get(&page_of_it).1;
    service.stop();

    // Looked at first: nothing changes.
    let kept =
        || files_in(&store.join("archives")).into_iter().map(|file| fs::read(file).expect("read")).collect::<Vec<_>>();
    let before = kept();
    let dry = run(&["takedown", LINK, "--dry-run"], &config);
    assert!(done(&dry).contains("entry ") && dry.out.contains(LINK), "{dry:?}");
    assert!(
        dry.out.contains("would be taken down: 1 entry of 1 story, from 2 editions and 1 page of archives"),
        "{dry:?}"
    );
    assert_eq!(done(&run(&["takedown", "--list"], &config)), "nothing was taken down so far\n");
    assert!(kept() == before, "nothing was written");

    for (arguments, says) in [
        (&["takedown", LINK][..], "--reason"),
        (&["takedown", LINK, "--reason", " "], "--reason"),
        (&["takedown"], "--list"),
        (&["takedown", "--list", LINK], "cannot be used with"),
        (&["takedown", "--lift"], "required"),
        (&["takedown", LINK, "--lift", "--reason", "x"], "cannot be used with"),
    ] {
        let refused = run(arguments, &config);
        assert!(refused.code == Some(2) && refused.err.contains(says), "{arguments:?}: {refused:?}");
    }
    let unknown = run(&["takedown", LINK, "--lift"], &config);
    assert!(unknown.code == Some(1) && unknown.out.is_empty(), "{unknown:?}");

    let taken = run(&["takedown", LINK, "--reason", "its author asked for it"], &config);
    assert!(
        done(&taken).contains("\ntaken down: 1 entry of 1 story, from 2 editions and 1 page of archives"),
        "{taken:?}"
    );
    let list = run(&["takedown", "--list"], &config);
    assert!(
        done(&list).starts_with("1 20") && list.out.ends_with(&format!(" {LINK} (1 entry): its author asked for it\n")),
        "{list:?}"
    );
    assert_eq!(files_in(&store.join("editions")), Vec::<PathBuf>::new(), "the next start would serve them");
    let again = run(&["takedown", LINK, "--dry-run"], &config);
    assert!(done(&again).contains("nothing of it is kept"), "{again:?}");

    // The publisher lists it still, and the folder of editions is as the last run left it.
    serve(&room, 1);
    assert!(!files_with_it(&www).is_empty());
    let service = start(&config);
    assert_eq!(run(&["poll", "long"], &config).code, Some(0));
    service.until("what is new", "/all.atom", |_, body| body.contains("AI number 120<"));
    for path in [&*page_of_it, &*for_people, "/all.atom", "/topics/ai.rss", "/topics/ai.json", "/topics/ai", "/"] {
        let (status, body) = service.get(path);
        assert!(status == 200 && !body.contains(TITLE) && !body.contains(&format!("{LINK}\"")), "{path}");
    }
    let cut = service.get(&page_of_it).1;
    let entries = |document: &str| document.matches("<entry").count();
    assert_eq!(entries(&cut), entries(&archived) - 1, "one entry, and no other");
    until("the folder to follow", || files_with_it(&www).is_empty());
    service.stop();

    // By the number that the list shows.
    assert_eq!(
        done(&run(&["takedown", "1", "--lift"], &config)),
        "lifted 1 takedown; it comes again when a source lists it\n"
    );
    assert_eq!(done(&run(&["takedown", "--list"], &config)), "nothing was taken down so far\n");
    serve(&room, 2);
    let service = start(&config);
    assert_eq!(run(&["poll", "long"], &config).code, Some(0));
    service.until("it is back", "/all.atom", |_, body| body.contains(TITLE));
    assert_eq!(service.get(&page_of_it).1, cut, "but not in the archive");
    service.stop();
}
