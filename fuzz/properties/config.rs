use newsdesk::config::{Environment, load_in};

/// Any file is a configuration ready to use, or is refused with every problem told in words. Secrets are not among them.
pub fn config(bytes: &[u8]) {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
    }
    FOLDER.with(|folder| {
        let path = folder.path().join("newsdesk.toml");
        std::fs::write(&path, bytes).expect("written");
        let environment = Environment { folder: folder.path().to_owned(), ..Environment::default() };
        match load_in(&path, &environment) {
            Ok((config, warnings)) => {
                assert!(
                    config.sources.is_empty() || config.store.path.is_some(),
                    "sources, and nowhere to keep their news"
                );
                warnings.iter().for_each(|warning| assert!(!warning.to_string().is_empty()));
            }
            Err(problems) => {
                let report = problems.to_string();
                assert!(report.contains("newsdesk.toml"), "{report}");
            }
        }
    });
}
