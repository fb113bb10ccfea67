//! What happens to files while nobody looks.

use std::{
    fs,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use crate::random::Random;

const PAGE: u64 = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    Truncated,
    ZeroedPages,
    FlippedBits,
    RemovedFile,
    RemovedSnapshots,
    RemovedFolder,
}

/// The part of the store that is damaged; the other one is left alone until all is well again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Database,
    Journal,
}

impl Part {
    /// Damages it somehow; tells what was done to which file.
    pub fn damage(self, store: &Path, random: &mut Random) -> (Damage, String) {
        let folder = match self {
            Part::Database => present_database(store),
            Part::Journal => store.join("journal"),
        };
        let kinds = match self {
            Part::Database => [
                Damage::Truncated,
                Damage::ZeroedPages,
                Damage::FlippedBits,
                Damage::RemovedSnapshots,
                Damage::RemovedFolder,
            ],
            Part::Journal => [
                Damage::Truncated,
                Damage::ZeroedPages,
                Damage::FlippedBits,
                Damage::RemovedFile,
                Damage::RemovedFolder,
            ],
        };
        let mut kind = *random.one_of(&kinds);
        if kind == Damage::RemovedFolder && !random.one_in(3) {
            kind = Damage::FlippedBits;
        }
        let files = files(&folder);
        let snapshots: Vec<_> = files.iter().filter(|path| is_snapshot(path)).cloned().collect();
        if kind == Damage::RemovedSnapshots && snapshots.is_empty() {
            kind = Damage::ZeroedPages;
        }
        // Large files are hit oftener.
        let sizes: Vec<u64> = files.iter().map(|path| size(path).max(PAGE)).collect();
        let mut at = random.below(sizes.iter().sum());
        let hit = sizes.iter().position(|size| {
            let is_here = at < *size;
            at = at.saturating_sub(*size);
            is_here
        });
        let path = hit.map(|hit| files[hit].clone()).unwrap_or_default();
        match kind {
            Damage::Truncated => truncate(&path, random),
            Damage::ZeroedPages => zero_pages(&path, random),
            Damage::FlippedBits => flip_bits(&path, random),
            Damage::RemovedFile => fs::remove_file(&path).expect("removed"),
            Damage::RemovedSnapshots => snapshots.iter().for_each(|path| fs::remove_file(path).expect("removed")),
            Damage::RemovedFolder => fs::remove_dir_all(&folder).expect("removed"),
        }
        (kind, format!("{kind:?} {}", path.strip_prefix(store).unwrap_or(&path).display()))
    }
}

/// The folder that `store.toml` names.
pub fn present_database(store: &Path) -> PathBuf {
    let text = fs::read_to_string(store.join("store.toml")).expect("read");
    let number = text.lines().find_map(|line| line.strip_prefix("database = ")).expect("a number");
    store.join("db").join(number.trim())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn is_snapshot(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap."))
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map(|file| file.len()).unwrap_or_default()
}

/// Somewhere in a file: its end, where the newest is, oftener than elsewhere.
fn somewhere(length: u64, random: &mut Random) -> u64 {
    if random.one_in(3) { length - 1 - random.below(length.min(4 * PAGE)) } else { random.below(length) }
}

fn truncate(path: &Path, random: &mut Random) {
    let length = size(path);
    let file = fs::OpenOptions::new().write(true).open(path).expect("opened");
    file.set_len(if length == 0 { 0 } else { somewhere(length, random) }).expect("truncated");
}

fn zero_pages(path: &Path, random: &mut Random) {
    let length = size(path);
    let file = fs::OpenOptions::new().write(true).open(path).expect("opened");
    for _ in 0..1 + random.below(4) {
        if length > 0 {
            let from = somewhere(length, random) / PAGE * PAGE;
            let zeros = vec![0; PAGE.min(length - from) as usize];
            file.write_all_at(&zeros, from).expect("written");
        }
    }
}

fn flip_bits(path: &Path, random: &mut Random) {
    let length = size(path);
    let file = fs::OpenOptions::new().read(true).write(true).open(path).expect("opened");
    for _ in 0..1 + random.below(8) {
        if length > 0 {
            let at = somewhere(length, random);
            let mut octet = [0];
            file.read_exact_at(&mut octet, at).expect("read");
            octet[0] ^= 1 << random.below(8);
            file.write_all_at(&octet, at).expect("written");
        }
    }
}
