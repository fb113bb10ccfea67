//! The database under the store: sorted maps of many small items, packed into few rows of sled, which only this folder names.
//!
//! [`Work`] gathers what a commit changes and writes it in one transaction; [`Database`] reads. Every commit leaves its number
//! and a digest of all rows behind, so that [`Database::verify`] can tell whether they are what commits wrote.

mod database;
mod digest;
mod format_1;
mod row;
mod trees;
mod value;
mod work;

pub(super) use database::{Database, Write};
pub(super) use format_1::Format1;
pub(super) use trees::TreeName;
pub(super) use work::Work;
