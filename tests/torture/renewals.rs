//! A process that makes the database of a store anew, over and over, while commits go on.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use newsdesk::{
    model::{PollState, SourceId},
    store::{Store, StoreSettings},
};

use crate::running::STORE_TO_RENEW;

/// So many are enough for every kill to come in time.
const RENEWALS: usize = 50;

#[test]
fn renewals_until_killed() {
    let Some(path) = std::env::var_os(STORE_TO_RENEW) else { return };
    tracing_subscriber::fmt().with_env_filter("newsdesk=debug").with_writer(std::io::stderr).init();
    let settings = StoreSettings { cache_bytes: 4 << 20, ..StoreSettings::new(path) };
    let opened = Store::open(&settings).unwrap_or_else(|error| panic!("the store does not open: {error}"));
    for repair in &opened.repairs {
        eprintln!("{repair}");
    }
    let store = &opened.store;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for failures in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let _writing = store.while_writing();
                let mut refresh = store.refresh();
                refresh.put_poll_state(&SourceId::new("nobody"), PollState { failures, ..PollState::default() });
                refresh.apply().map(drop).unwrap_or_else(|error| panic!("no commit: {error}"));
                store.make_durable().unwrap_or_else(|error| panic!("not durable: {error}"));
            }
        });
        for _ in 0..RENEWALS {
            store.renew(&|_| true).unwrap_or_else(|error| panic!("no renewal: {error}"));
            eprintln!("renewed");
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
