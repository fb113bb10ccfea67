//! Stores that older newsdesks wrote, brought to the present format.

use std::path::Path;

use super::{
    Progress, StoreError, Watch,
    apply::apply,
    commit::{Change, Commit, CommitNumber},
    engine::{Database, Format1},
    folder::{self, Present},
    journal::Journal,
    open::StoreSettings,
};

/// Whether the folder holds a store of format 1: the files of its database lay in the folder itself.
pub(super) fn is_format_1(store: &Path) -> bool {
    store.join("db").is_file()
}

/// Changes applied at once.
const BATCH: usize = 3_000;

/// Copies a store of format 1 into a journal and a database of the present format. The old files are moved aside once all is
/// copied; until then they are as they were.
pub(super) fn from_format_1(
    settings: &StoreSettings,
    journal: &Journal,
    progress: Watch<'_>,
) -> Result<Present, StoreError> {
    let store = &settings.path;
    let cannot = |cause| StoreError::Folder { path: store.clone(), cause };
    let unfinished = store.join("upgrade");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(cannot)?;
    }
    let old = Format1::open(store, settings.cache_bytes)?;
    let (database, _) = Database::open(&unfinished, settings.cache_bytes)?;
    let number = CommitNumber(1);
    let mut base = journal.write_base(number, settings.clock.now())?;
    let mut batch = Vec::new();
    let mut done = 0;
    old.each_record(&mut |change| {
        // What copies are found by was made otherwise then: it is made anew when the entries are next tagged, which is now.
        let change = if matches!(change, Change::TaggedWith(_)) { Change::TaggedWith(None) } else { change };
        base.write(&change)?;
        batch.push(change);
        done += 1;
        if batch.len() >= BATCH {
            Progress { doing: "bringing the store to the present format", done, all: 0 }.tell(progress)?;
            apply(&database, &[Commit { number, changes: std::mem::take(&mut batch) }])?;
        }
        Ok(())
    })?;
    apply(&database, &[Commit { number, changes: batch }])?;
    database.make_durable()?;
    drop(database);
    drop(old);
    base.finish()?;
    set_old_aside(store).map_err(cannot)?;
    std::fs::create_dir_all(store.join("db")).map_err(cannot)?;
    std::fs::rename(&unfinished, folder::database(store, 1)).map_err(cannot)?;
    let present = Present { format: folder::FORMAT, database: 1, instance: None, made: None };
    present.write(store)?;
    Ok(present)
}

/// The files of the old database, in a folder of their own.
fn set_old_aside(store: &Path) -> std::io::Result<()> {
    let aside = store.join("format-1");
    folder::create_private(&aside)?;
    for entry in std::fs::read_dir(store)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let is_old =
            ["conf", "blobs"].contains(&text.as_ref()) || text.starts_with("snap.") || text.starts_with("damaged-snap");
        if is_old {
            std::fs::rename(entry.path(), aside.join(&name))?;
        }
    }
    // The log last: as long as it is in its place, the upgrade begins again from the start.
    std::fs::rename(store.join("db"), aside.join("db"))?;
    folder::sync(store)
}
