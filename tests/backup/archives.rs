//! Pages of archives are taken along by a backup.

use std::fs;

use crate::newsdesk::{Newsroom, run, start};

#[test]
fn a_restored_store_serves_the_same_pages_of_archives() {
    let room = Newsroom::open();
    let titles: Vec<String> = (0..60).map(|number| format!("AI number {number}")).collect();
    room.serve("/long", &titles);
    let more = format!("[sources.long]\nurl = \"{}\"\n", room.publisher.url("/long"));
    let config = room.configure("store", &more);
    let service = start(&config);
    let page = "/archives/ai/1.atom";
    service.until("a page of the archive", page, |status, _| status == 200);
    let into = room.path().join("backups");
    let made = run(&["backup", &into.display().to_string()], &config);
    assert_eq!(made.code, Some(0), "{made:?}");
    let (document, for_people) = (service.get(page).1, service.get("/archives/ai/1").1);
    service.stop();

    let backup = fs::read_dir(&into).expect("read").next().expect("a backup").expect("read").path();
    let file = "archives/ai/000001.atom.zst";
    assert_eq!(
        fs::read(backup.join(file)).expect("in the backup"),
        fs::read(room.path().join("store").join(file)).expect("in the store")
    );

    let copy = room.configure("copy", &more);
    assert_eq!(run(&["restore", &backup.display().to_string()], &copy).code, Some(0));
    assert_eq!(run(&["doctor"], &copy).code, Some(0));
    let service = start(&copy);
    service.until("the page", page, |status, _| status == 200);
    assert_eq!(service.get(page).1, document, "to the byte");
    assert_eq!(service.get("/archives/ai/1").1, for_people);
    service.until("the way there", "/topics/ai.atom", |_, body| body.contains("rel=\"prev-archive\""));
    service.stop();

    // A backup with a page that is not as it was written is none.
    let mut bytes = fs::read(backup.join(file)).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(backup.join(file), bytes).expect("written");
    let third = room.configure("third", &more);
    let refused = run(&["restore", &backup.display().to_string()], &third);
    assert!(refused.code != Some(0) && refused.err.contains("000001.atom.zst"), "{refused:?}");
}
