//! What can be seen of a store's folder without opening the store.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown},
    path::{Path, PathBuf},
};

use super::{folder::Present, import, open::StoreSettings, read::Store, upgrade};

/// A store's folder, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    pub state: FolderState,
    /// Others than its owner may look into it.
    pub is_open_to_others: bool,
    /// Files below it that belong to somebody else than the folder.
    pub foreign: Vec<PathBuf>,
    /// What newsdesk has put aside or left behind, and needs no more.
    pub aside: Vec<Aside>,
    pub room: Option<Room>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderState {
    Missing,
    /// There is no store in it yet.
    Empty,
    /// A store that an older newsdesk wrote, which the next start brings to the present format.
    Former,
    /// A store, or what is left of one.
    Store,
}

/// Something that may be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    pub path: PathBuf,
    /// What it takes on the disk.
    pub bytes: u64,
    pub what: AsideKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsideKind {
    /// A database that was damaged and has been replaced.
    Damaged,
    /// The files of a store that was brought to the present format.
    Former,
    /// What an import, a restore or an upgrade that was interrupted left behind.
    Unfinished,
}

/// Room on the disk, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub free: u64,
    /// With less nothing more is kept.
    pub floor: u64,
}

/// Looks at a store's folder and changes nothing.
///
/// # Errors
/// The folder cannot be read.
pub fn examine(settings: &StoreSettings) -> io::Result<Examined> {
    let store = &settings.path;
    let nothing =
        |state| Examined { state, is_open_to_others: false, foreign: Vec::new(), aside: Vec::new(), room: None };
    let found = match fs::metadata(store) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(nothing(FolderState::Missing)),
        Err(error) => return Err(error),
    };
    let has = |name: &str| store.join(name).exists();
    let state = match () {
        () if upgrade::is_format_1(store) && !matches!(Present::read(store), Ok(Some(_))) => FolderState::Former,
        () if has("store.toml") || has("db") || has("journal") => FolderState::Store,
        () => FolderState::Empty,
    };
    Ok(Examined {
        is_open_to_others: found.permissions().mode() & 0o077 != 0,
        foreign: foreign(store)?,
        aside: aside(store)?,
        room: Room::of(settings),
        ..nothing(state)
    })
}

impl Room {
    fn of(settings: &StoreSettings) -> Option<Self> {
        let disk = rustix::fs::statvfs(&settings.path).ok()?;
        Some(Self { free: disk.f_bavail.saturating_mul(disk.f_frsize), floor: settings.free_space })
    }
}

impl Store {
    /// The store's folder.
    pub fn path(&self) -> &Path {
        &self.0.settings.path
    }

    /// Looks at the store's folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn examine(&self) -> io::Result<Examined> {
        examine(&self.0.settings)
    }
}

/// Gives every file below a store's folder to the folder's owner, if this process is root's: made by root, they could not be
/// used by the service. Returns those that it gave away.
///
/// # Errors
/// The folder cannot be read, or files cannot be given away.
pub fn give_to_owner(store: &Path) -> io::Result<Vec<PathBuf>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Vec::new());
    }
    let owner = fs::metadata(store)?;
    let foreign = foreign(store)?;
    for path in &foreign {
        lchown(path, Some(owner.uid()), Some(owner.gid())).or_else(import::ignore_missing)?;
    }
    Ok(foreign)
}

/// The files below a folder that belong to others than the folder.
fn foreign(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let owner = fs::metadata(folder)?.uid();
    let mut foreign = Vec::new();
    each_below(folder, &mut |path, found| {
        if found.uid() != owner {
            foreign.push(path.to_path_buf());
        }
    })?;
    Ok(foreign)
}

fn aside(store: &Path) -> io::Result<Vec<Aside>> {
    let mut aside = Vec::new();
    for entry in fs::read_dir(store)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let what = match name {
            "format-1" => AsideKind::Former,
            import::ASIDE | "upgrade" => AsideKind::Unfinished,
            _ if name.starts_with("damaged-") && path.is_dir() => AsideKind::Damaged,
            _ => continue,
        };
        aside.push(Aside { bytes: allocated(&path)?, path, what });
    }
    aside.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(aside)
}

/// What the files below a folder take on the disk, bytes.
fn allocated(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    each_below(folder, &mut |_, found| bytes += found.blocks() * 512)?;
    Ok(bytes)
}

/// Every file and folder below one. What vanishes meanwhile is passed over.
fn each_below(folder: &Path, each: &mut dyn FnMut(&Path, &fs::Metadata)) -> io::Result<()> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            let Ok(found) = fs::symlink_metadata(&path) else { continue };
            each(&path, &found);
            if found.is_dir() {
                folders.push(path);
            }
        }
    }
    Ok(())
}
