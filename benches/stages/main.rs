//! How long each stage takes, over invented feeds.
//!
//! ```text
//! cargo bench --bench stages              # all of them
//! cargo bench --bench stages -- parse     # one
//! ```
//!
//! Topics are those of the shipped configuration. Tagging with a thousand topics is in `benches/tag.rs`, everything together
//! in `benches/round.sh`.

mod desk;
mod feeds;
mod fetch;
mod publish;
mod reading;
mod serve;
mod store;

fn main() {
    divan::main();
    store::print_percentiles();
}
