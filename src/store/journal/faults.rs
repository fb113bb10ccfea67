//! Faults that tests put into the disk.

use std::{collections::BTreeMap, io};

/// What goes wrong from now on.
#[derive(Debug, Default)]
pub(in crate::store) struct Faults {
    /// Bytes that still fit; a write beyond them is cut short.
    pub(in crate::store) room: Option<u64>,
    /// Kinds of step (`sync`, `rename`, …) that fail, each with an errno.
    pub(in crate::store) failing: BTreeMap<&'static str, i32>,
    /// After so many more steps everything fails, as if the process were killed. A write that is due then is half done.
    pub(in crate::store) steps_left: Option<u64>,
    /// The process is dead: nothing it still does reaches the disk.
    pub(in crate::store) killed: bool,
    /// Every step that was taken.
    pub(in crate::store) taken: Vec<&'static str>,
}

pub(in crate::store) const EIO: i32 = 5;
pub(in crate::store) const ENOSPC: i32 = 28;

impl Faults {
    pub(super) fn may(&mut self, what: &'static str) -> io::Result<()> {
        match &mut self.steps_left {
            Some(0) => self.killed = true,
            Some(left) => *left -= 1,
            None => {}
        }
        if self.killed {
            return Err(io::Error::other("the process has been killed"));
        }
        self.taken.push(what);
        match self.failing.get(what) {
            Some(errno) => Err(io::Error::from_raw_os_error(*errno)),
            None => Ok(()),
        }
    }

    /// How much of it reaches the file, and how the write ends.
    pub(super) fn write<'a>(&mut self, bytes: &'a [u8]) -> (&'a [u8], io::Result<()>) {
        let last = self.steps_left == Some(0) && !self.killed;
        if let Err(error) = self.may("write") {
            return (if last { &bytes[..bytes.len() / 2] } else { &[] }, Err(error));
        }
        let Some(room) = &mut self.room else { return (bytes, Ok(())) };
        let fits = bytes.len().min(*room as usize);
        *room -= fits as u64;
        let full = (fits < bytes.len()).then(|| io::Error::from_raw_os_error(ENOSPC));
        (&bytes[..fits], full.map_or(Ok(()), Err))
    }
}
