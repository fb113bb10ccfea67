use super::{Check, Surroundings, number};
use crate::config::{PublishSettings, file::Publish, quantity};

/// The least that editions need in memory to be served as fast as they can.
const LEAST_MEMORY: u64 = 8 << 20;

impl Check<'_> {
    pub(super) fn publish(&mut self, publish: Option<&Publish>, surroundings: &Surroundings<'_>) -> PublishSettings {
        let mut settings = PublishSettings::default();
        let Some(publish) = publish else { return settings };
        settings.entries = number(&publish.entries).unwrap_or(settings.entries);
        let stories = publish.stories.as_ref();
        let stories = stories.and_then(|text| self.read(&text.span(), quantity::shown_as(text)));
        settings.stories = stories.unwrap_or_default();
        settings.fair = publish.fair.as_ref().is_some_and(|fair| **fair);
        if let Some(memory) = &publish.memory
            && let Some(octets) = self.read(&memory.span(), quantity::size(memory))
        {
            if octets < LEAST_MEMORY {
                self.problem(&memory.span(), "this is too little for editions", "the smallest is 8MiB");
            }
            settings.memory = usize::try_from(octets).unwrap_or(usize::MAX);
        }
        if let Some(directory) = &publish.directory {
            if directory.trim().is_empty() {
                let hint = "name a folder that holds nothing else, or leave it out";
                self.problem(&directory.span(), "`directory` is empty", hint);
            } else if directory.starts_with('~') {
                self.problem(&directory.span(), "`~` is not followed", "write the path in full");
            }
            settings.directory = Some(surroundings.folder.join(directory.as_str()));
        }
        settings
    }
}
