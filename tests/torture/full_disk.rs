//! Full disks.

use crate::{house::House, random::Random};

pub struct FullDisks {
    pub wanted: usize,
    pub skipped: Option<String>,
}

impl FullDisks {
    pub fn new(wanted: usize) -> Self {
        let _ = wanted;
        Self { wanted: 0, skipped: None }
    }
}

pub fn full_disk(_disks: &FullDisks, _house: &mut House, _random: &mut Random) {}
