//! Full disks: the store, or a part of it, on a disk that is as small as a mounted one can be.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    house::House,
    press::MOST_UNTAKEN,
    random::Random,
    running::{Poll, Running},
};

/// How many disks can be filled.
pub struct FullDisks {
    pub wanted: usize,
    /// Why none can, for the report.
    pub skipped: Option<String>,
}

impl FullDisks {
    pub fn new(wanted: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if wanted == 0 || mount(folder.path(), 1 << 20).is_ok_and(|()| unmount(folder.path()).is_ok()) {
            return Self { wanted, skipped: None };
        }
        Self { wanted: 0, skipped: Some(" (skipped: this user may not mount any)".into()) }
    }
}

/// The disk that is filled has this on it.
const PARTS: [&str; 3] = ["", "journal", "db"];

/// One disk is filled while feeds are polled, then there is room again. Tells what had it.
pub fn full_disk(house: &mut House, random: &mut Random) -> &'static str {
    house.check();
    let part = *random.one_of(&PARTS);
    let disk = SmallDisk::put_under(&house.store.join(part));
    disk.leave(random.below(400 << 10));
    house.note(format!("a full disk under the store's {part:?}"));

    let mut newsdesk = house.start();
    let begun = newsdesk.wait_for(&["newsdesk is up", "the store cannot be opened"], 1);
    if begun && newsdesk.has_said("newsdesk is up") {
        fill(house, &mut newsdesk, &disk, random);
        assert_eq!(newsdesk.get("/all.atom").map(|(status, _)| status), Some(200), "it serves:\n{}", newsdesk.log);
        let log = newsdesk.log.clone();
        newsdesk.until("trouble", "/healthz", |_, body| body.contains("failing"));
        if random.one_in(3) {
            newsdesk.kill();
            house.check_journal(false);
            newsdesk = house.start();
            if random.one_in(2) {
                newsdesk.wait_for(&["newsdesk is up", "the store cannot be opened"], 1);
            }
        }
        house.note(log);
    }
    disk.give_room();
    if newsdesk.runs() {
        newsdesk.until("recovery", "/healthz", |status, body| status == 200 && body.contains("\"ok\""));
        house.take_everything(&mut newsdesk);
        newsdesk.kill();
    } else {
        // It said so and ended: whoever starts it again finds all in order.
        assert!(newsdesk.has_said("is the disk full") || newsdesk.has_said("there is room"), "{}", newsdesk.log);
    }
    house.check_journal(false);
    drop(disk);
    house.check();
    if part.is_empty() { "store" } else { part }
}

/// Goes on publishing and polling until nothing can be kept any more.
fn fill(house: &mut House, newsdesk: &mut Running, disk: &SmallDisk, random: &mut Random) {
    for round in 0.. {
        if house.press.most_untaken() + 3 <= MOST_UNTAKEN {
            house.press.go_on(random, 3);
        }
        let polled = Poll::begin(&house.config).end();
        house.press.read_log();
        if polled.is_err() {
            return;
        }
        // What sled has in hand may hold out for long.
        if round % 8 == 7 {
            disk.leave(0);
        }
        assert!(round < 200, "the disk does not fill:\n{}", newsdesk.log);
    }
}

/// A folder on a small disk of its own, until this is dropped.
struct SmallDisk {
    at: PathBuf,
}

const FILLER: &str = "filler";

impl SmallDisk {
    fn put_under(at: &Path) -> Self {
        let aside = at.with_extension("aside");
        fs::rename(at, &aside).expect("moved");
        fs::create_dir(at).expect("a folder");
        mount(at, 512 << 20).expect("mounted");
        let disk = Self { at: at.to_owned() };
        copy(&aside, at);
        fs::remove_dir_all(&aside).expect("removed");
        disk
    }

    /// Makes the disk so small that this much room is left, octets.
    fn leave(&self, room: u64) {
        let mut filler = fs::OpenOptions::new().create(true).append(true).open(self.at.join(FILLER)).expect("opened");
        remount(&self.at, used(&self.at) + room);
        // Whole pages only: what is left over is used up here.
        if room == 0 {
            while filler.write_all(&[1; 1024]).is_ok() {}
        }
    }

    fn give_room(&self) {
        let _ = fs::remove_file(self.at.join(FILLER));
        remount(&self.at, 512 << 20);
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.give_room();
        let aside = self.at.with_extension("aside");
        copy(&self.at, &aside);
        let unmounted = unmount(&self.at);
        let _ = fs::remove_dir_all(&self.at);
        let _ = fs::rename(&aside, &self.at);
        if !std::thread::panicking() {
            unmounted.expect("unmounted");
        }
    }
}

fn used(folder: &Path) -> u64 {
    let disk = rustix::fs::statvfs(folder).expect("a disk");
    (disk.f_blocks - disk.f_bfree) * disk.f_frsize
}

fn mount(at: &Path, octets: u64) -> Result<(), String> {
    run(Command::new("mount")
        .args(["-t", "tmpfs", "-o", &format!("size={octets},mode=700"), "newsdesk-torture"])
        .arg(at))
}

fn remount(at: &Path, octets: u64) {
    let size = format!("remount,size={}", octets.max(4096).next_multiple_of(4096));
    run(Command::new("mount").args(["-o", &size]).arg(at)).expect("mounted again");
}

fn unmount(at: &Path) -> Result<(), String> {
    run(Command::new("umount").arg(at)).or_else(|_| run(Command::new("umount").arg("-l").arg(at)))
}

fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-a").arg("-T").arg(from).arg(to)).expect("copied");
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
