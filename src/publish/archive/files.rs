//! Where the pages of archives are: `<folder>/<name of the feed>/000001.atom.zst`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    model::TopicId,
    store::{create_private, replace_file, sync_folder},
};

const SUFFIX: &str = ".atom.zst";

/// The file of a page.
pub(super) fn file(folder: &Path, topic: &TopicId, page: u64) -> PathBuf {
    folder.join(topic.as_str()).join(format!("{page:06}{SUFFIX}"))
}

/// Writes a page's file, whole or not at all, and returns once it is on the disk under its name.
pub(super) fn write(folder: &Path, topic: &TopicId, page: u64, bytes: &[u8]) -> io::Result<()> {
    let own = folder.join(topic.as_str());
    if !own.is_dir() {
        create_private(&own)?;
        sync_folder(folder)?;
        sync_folder(folder.parent().unwrap_or(Path::new(".")))?;
    }
    replace_file(&file(folder, topic, page), bytes)
}

/// Every topic that has pages, with their numbers in order. What else lies there is passed over.
pub(super) fn pages(folder: &Path) -> io::Result<Vec<(TopicId, Vec<u64>)>> {
    let mut topics = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(topics),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !entry.file_type()?.is_dir() || !is_name(&name) {
            continue;
        }
        let mut numbers = Vec::new();
        for file in fs::read_dir(entry.path())? {
            let name = file?.file_name();
            let digits = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            numbers.extend(digits.and_then(|digits| digits.parse::<u64>().ok()).filter(|number| *number > 0));
        }
        numbers.sort_unstable();
        topics.push((TopicId::new(name), numbers));
    }
    topics.sort();
    Ok(topics)
}

/// The topic and the page that an address names: `/archives/NAME/NUMBER.atom`.
pub(super) fn address(path: &str) -> Option<(TopicId, u64)> {
    page_address(path.strip_suffix(".atom")?)
}

/// The topic and the page that the address of a page for people names: `/archives/NAME/NUMBER`.
pub(in crate::publish) fn page_address(path: &str) -> Option<(TopicId, u64)> {
    let (name, page) = path.strip_prefix("/archives/")?.split_once('/')?;
    // One address for each page: no leading zeros, no sign.
    let is_number = !page.starts_with('0') && page.bytes().all(|byte| byte.is_ascii_digit());
    (is_name(name) && is_number).then_some(())?;
    Some((TopicId::new(name), page.parse().ok()?))
}

/// The address of a page.
pub(super) fn path(topic: &TopicId, page: u64) -> String {
    format!("/archives/{topic}/{page}.atom")
}

/// What the configuration takes for a topic's name, so that nothing else can be named by an address.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
