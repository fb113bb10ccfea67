//! Backups: an export in a folder of its own, packed, with a manifest of what it must be, read back before it counts.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::{
    Watch, folder,
    import::{Contents, ImportError, check_export, import_expected},
    open::StoreSettings,
};

const MANIFEST: &str = "manifest.json";
const EXPORT: &str = "export.jsonl.zst";

/// The folder of archives, in a store and in a backup, and how the names of their pages end.
pub(super) const ARCHIVES: &str = "archives";
const PAGE: &str = ".atom.zst";

/// The format of a backup; raised when an older newsdesk could not read what this one writes.
const FORMAT: u32 = 1;

/// The compression: somebody waits for it, and it is kept for long.
const LEVEL: i32 = 3;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `backup`.
    pub newsdesk: String,
    pub format: u32,
    /// The newsdesk that made it.
    pub version: String,
    pub contents: Contents,
    pub files: Vec<ManifestFile>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    pub name: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// Why there is no backup, or it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("cannot write the backup {path}: {cause}; is there room, and may this user write there?")]
    Write { path: PathBuf, cause: io::Error },
    #[error("cannot read the backup {path}: {cause}")]
    Read { path: PathBuf, cause: io::Error },
    #[error("{path} is no backup: it has no {MANIFEST}; name a folder that `newsdesk backup` made{}", among(backups))]
    NoBackup { path: PathBuf, backups: Vec<PathBuf> },
    #[error("the manifest {path} cannot be read: {cause}; use another backup")]
    Manifest { path: PathBuf, cause: String },
    #[error(
        "the backup {path} has format {found}, and this newsdesk knows formats up to {FORMAT}; restore it with the newer newsdesk"
    )]
    NewerFormat { path: PathBuf, found: u32 },
    #[error("{path} is not what it was when the backup was made ({cause}); use another backup")]
    Differs { path: PathBuf, cause: String },
    #[error("what was written to {path} does not read back: {cause}; check the disk")]
    NotReadBack { path: PathBuf, cause: ImportError },
    #[error("{cause} ({path})")]
    Import { path: PathBuf, cause: ImportError },
}

fn among(backups: &[PathBuf]) -> String {
    match backups {
        [] => String::new(),
        [.., newest] => format!(", such as the newest in it, {}", newest.display()),
    }
}

/// A backup that is being written. Dropped before [`BackupWriter::finish`] it leaves nothing behind.
pub struct BackupWriter {
    /// Where it will be.
    place: PathBuf,
    unfinished: PathBuf,
    packer: Option<zstd::stream::write::Encoder<'static, File>>,
    /// What was copied beside the export.
    copied: Vec<ManifestFile>,
}

impl BackupWriter {
    /// Begins a backup in a folder, under a name with the time, which no other has.
    pub fn create(into: &Path, at: DateTime<Utc>) -> Result<Self, BackupError> {
        folder::create_private(into).map_err(|cause| BackupError::Write { path: into.to_path_buf(), cause })?;
        let (place, unfinished) = claim_name(into, at)?;
        let mut writer = Self { place, unfinished, packer: None, copied: Vec::new() };
        let path = writer.unfinished.join(EXPORT);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let packer = file.and_then(|file| {
            let mut packer = zstd::stream::write::Encoder::new(file, LEVEL)?;
            packer.include_checksum(true)?;
            Ok(packer)
        });
        writer.packer = Some(packer.map_err(|cause| BackupError::Write { path, cause })?);
        Ok(writer)
    }

    /// Adds a line of an export, with its line feed.
    pub fn line(&mut self, line: &[u8]) -> io::Result<()> {
        match &mut self.packer {
            Some(packer) => packer.write_all(line),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Copies the pages of archives that are in a store's folder. To be called after the last line, so that no page is missing
    /// that the export knows of.
    pub fn archives(&mut self, store: &Path) -> Result<(), BackupError> {
        let from = store.join(ARCHIVES);
        let read = |path: &Path| {
            let path = path.to_path_buf();
            move |cause| BackupError::Read { path, cause }
        };
        for (name, path) in pages(&from).map_err(read(&from))? {
            let to = self.unfinished.join(&name);
            let cannot = |cause| BackupError::Write { path: to.clone(), cause };
            copy(&path, &to).map_err(cannot)?;
            let (bytes, sha256) = digest(&to).map_err(read(&to))?;
            self.copied.push(ManifestFile { name, bytes, sha256 });
        }
        Ok(())
    }

    /// Makes it durable, reads it back as a restore would, and gives it its name.
    pub fn finish(mut self, watch: Watch<'_>) -> Result<(PathBuf, Manifest), BackupError> {
        let path = self.unfinished.join(EXPORT);
        let cannot = |cause| BackupError::Write { path: path.clone(), cause };
        if let Some(packer) = self.packer.take() {
            packer.finish().and_then(|file| file.sync_all()).map_err(cannot)?;
        }
        let not_read = |cause| BackupError::NotReadBack { path: path.clone(), cause };
        let mut lines = unpack(&path).map_err(|cause| not_read(cause.into()))?;
        let contents = check_export(&mut lines, watch).map_err(not_read)?;
        let (bytes, sha256) = digest(&path).map_err(|cause| not_read(cause.into()))?;
        let manifest = Manifest {
            newsdesk: "backup".into(),
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            contents,
            files: std::iter::once(ManifestFile { name: EXPORT.into(), bytes, sha256 })
                .chain(std::mem::take(&mut self.copied))
                .collect(),
        };
        let text = serde_json::to_string_pretty(&manifest).map_err(|error| cannot(error.into()))?;
        folder::replace(&self.unfinished.join(MANIFEST), (text + "\n").as_bytes()).map_err(cannot)?;
        fs::rename(&self.unfinished, &self.place).map_err(cannot)?;
        folder::sync(self.place.parent().unwrap_or(Path::new("."))).map_err(cannot)?;
        Ok((self.place.clone(), manifest))
    }
}

impl Drop for BackupWriter {
    fn drop(&mut self) {
        // After it was renamed there is nothing of that name.
        let _ = fs::remove_dir_all(&self.unfinished);
    }
}

/// Makes the folder of a backup that is not finished, under a name that leads to one nobody has.
fn claim_name(into: &Path, at: DateTime<Utc>) -> Result<(PathBuf, PathBuf), BackupError> {
    let name = format!("newsdesk-{}", at.format("%Y-%m-%dT%H-%M-%SZ"));
    let mut number = 1;
    loop {
        let name = if number == 1 { name.clone() } else { format!("{name}-{number}") };
        let (place, unfinished) = (into.join(&name), into.join(format!(".unfinished-{name}")));
        number += 1;
        if place.exists() {
            continue;
        }
        match fs::create_dir(&unfinished) {
            Ok(()) => {
                use std::os::unix::fs::PermissionsExt as _;
                let private = fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o700));
                private.map_err(|cause| BackupError::Write { path: unfinished.clone(), cause })?;
                return Ok((place, unfinished));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(BackupError::Write { path: unfinished, cause }),
        }
    }
}

/// Makes a store of a backup, in a folder where there is none, or one without news.
///
/// # Errors
/// A backup that is not what it was, a store that has news or is in use. Nothing is changed then.
pub fn restore(settings: &StoreSettings, backup: &Path, watch: Watch<'_>) -> Result<Manifest, BackupError> {
    let manifest = read_manifest(backup)?;
    for file in &manifest.files {
        if file.name != EXPORT && !is_page(&file.name) {
            let cause = format!("it names {}, which is in no backup", file.name);
            return Err(BackupError::Manifest { path: backup.join(MANIFEST), cause });
        }
        let path = backup.join(&file.name);
        let (bytes, sha256) = digest(&path).map_err(|cause| BackupError::Read { path: path.clone(), cause })?;
        if bytes != file.bytes {
            return Err(BackupError::Differs {
                path,
                cause: format!("{bytes} bytes, the manifest says {}", file.bytes),
            });
        }
        if sha256 != file.sha256 {
            return Err(BackupError::Differs { path, cause: "its SHA-256 is not the manifest's".into() });
        }
    }
    let path = backup.join(EXPORT);
    let failed = |cause| BackupError::Import { path: backup.to_path_buf(), cause };
    let mut lines = unpack(&path).map_err(|cause| BackupError::Read { path: path.clone(), cause })?;
    let has_archives = manifest.files.iter().any(|file| file.name != EXPORT);
    let archives = has_archives.then(|| backup.join(ARCHIVES));
    import_expected(settings, &mut lines, Some(&manifest.contents), archives.as_deref(), watch).map_err(failed)?;
    Ok(manifest)
}

fn read_manifest(backup: &Path) -> Result<Manifest, BackupError> {
    let path = backup.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(BackupError::NoBackup { path: backup.to_path_buf(), backups: backups_in(backup) });
        }
        Err(cause) => return Err(BackupError::Read { path, cause }),
    };
    #[derive(Deserialize)]
    struct Format {
        newsdesk: String,
        format: u32,
    }
    let broken = |cause: String| BackupError::Manifest { path: path.clone(), cause };
    let format: Format = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
    if format.newsdesk != "backup" {
        return Err(broken(format!("it is one of a {}", format.newsdesk)));
    }
    if format.format > FORMAT {
        return Err(BackupError::NewerFormat { path: backup.to_path_buf(), found: format.format });
    }
    serde_json::from_str(&text).map_err(|error| broken(error.to_string()))
}

/// The backups in a folder, oldest first.
fn backups_in(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut backups: Vec<PathBuf> = found.filter(|path| path.join(MANIFEST).is_file()).collect();
    backups.sort();
    backups
}

fn unpack(path: &Path) -> io::Result<impl BufRead + use<>> {
    Ok(BufReader::with_capacity(128 << 10, zstd::stream::read::Decoder::new(File::open(path)?)?))
}

/// The pages of archives in a folder, each with its name in a backup.
pub(super) fn pages(archives: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let folders = match fs::read_dir(archives) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        folders => folders?,
    };
    let mut pages = Vec::new();
    for folder in folders {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(&folder)? {
            let path = file?.path();
            let part = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
            if let (Some(topic), Some(page)) = (part(&folder), part(&path)) {
                let name = format!("{ARCHIVES}/{topic}/{page}");
                pages.extend(is_page(&name).then_some((name, path)));
            }
        }
    }
    pages.sort();
    Ok(pages)
}

/// Whether it names a page of an archive, and nothing else.
fn is_page(name: &str) -> bool {
    let mut parts = name.split('/');
    let is_plain = |part: &str| {
        !part.starts_with('.') && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(ARCHIVES), Some(topic), Some(page), None) => is_plain(topic) && is_plain(page) && page.ends_with(PAGE),
        _ => false,
    }
}

/// Copies a file into a folder that may not be there yet, durably.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    folder::create_private(folder)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(from)?, &mut file)?;
    file.sync_all()?;
    folder::sync(folder)
}

/// The size of a file and the SHA-256 of what is in it.
fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 128 << 10];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        digest.update(part);
        bytes += read as u64;
    }
    let sum = digest.finish();
    Ok((bytes, sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// An export to read: plain, or packed with zstd.
pub fn plain_lines(mut from: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
    let mut first = Vec::new();
    from.by_ref().take(ZSTD.len() as u64).read_to_end(&mut first)?;
    let is_packed = first == ZSTD;
    let whole = io::Cursor::new(first).chain(from);
    if is_packed {
        return Ok(Box::new(BufReader::with_capacity(128 << 10, zstd::stream::read::Decoder::new(whole)?)));
    }
    Ok(Box::new(BufReader::with_capacity(128 << 10, whole)))
}
