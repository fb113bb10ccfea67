//! What is done to files, so that tests can make each of it fail.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::Path,
};

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    #[cfg(test)]
    pub(super) faults: std::sync::Arc<std::sync::Mutex<super::faults::Faults>>,
}

impl Disk {
    pub(super) fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// An empty file that only this user may read.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        self.may("create")?;
        OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(path)
    }

    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(path)
    }

    pub(super) fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        #[cfg(test)]
        {
            let (part, result) = self.faults().write(bytes);
            file.write_all_at(part, offset)?;
            result
        }
        #[cfg(not(test))]
        file.write_all_at(bytes, offset)
    }

    pub(super) fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        self.may("truncate")?;
        file.set_len(length)
    }

    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        self.may("sync")?;
        file.sync_data()
    }

    pub(super) fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.may("sync folder")?;
        File::open(path)?.sync_all()
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.may("rename")?;
        fs::rename(from, to)
    }

    /// What is gone already is as good as removed.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        self.may("remove")?;
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    #[cfg(not(test))]
    fn may(&self, _what: &str) -> io::Result<()> {
        Ok(())
    }

    #[cfg(test)]
    fn may(&self, what: &'static str) -> io::Result<()> {
        self.faults().may(what)
    }

    #[cfg(test)]
    pub(super) fn faults(&self) -> std::sync::MutexGuard<'_, super::faults::Faults> {
        self.faults.lock().expect("no test panicked with it")
    }
}
