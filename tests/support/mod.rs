//! What the daemon-level tests share: a publisher on loopback, and time that stands still.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

mod desk;
mod edition;
mod programs;
mod publisher;
mod secure;
mod service;
mod time;
pub mod xml;

pub use desk::{Desk, OpenDesk, SetClock};
pub use edition::{AtomEdition, AtomEntry, read_atom};
pub use programs::{example, signal, wait_for_end};
pub use publisher::{LoggedRequest, Publisher, Resource};
pub use secure::{AUTHORITY, SecurePublisher};
pub use service::{PATIENCE, Service, feed, newsdesk, source};
pub use time::{StoppedTime, eventually};

/// Runs one test of this test binary again, in a process with other environment variables; `true` in that process. Variables
/// are read when a client is made, and setting them here would disturb the tests beside this one.
pub fn in_process_with(test: &str, variables: &[(&str, &str)]) -> bool {
    const MARK: &str = "NEWSDESK_TEST_CHILD";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(MARK, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    false
}
