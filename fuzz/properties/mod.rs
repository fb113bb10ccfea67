//! What must hold whatever the bytes: plain functions that panic when it does not. The fuzz targets call them with what libFuzzer
//! invents, `tests/properties.rs` with what proptest does.
#![allow(dead_code, unused_imports, reason = "each target uses one of them")]

mod config;
mod edition;
mod formats;
mod markup;
mod newsroom;
mod parse;
mod sanitize;
mod terms;

// How a strict reader sees what we publish; the daemon's tests use the same.
#[path = "../../tests/support/edition.rs"]
mod strict;
#[path = "../../tests/support/xml.rs"]
pub mod xml;

pub use self::{
    config::config,
    edition::{NEXT_DOCUMENT, edition},
    parse::parse,
    sanitize::sanitize,
    terms::terms,
};
