//! Large bodies that many ask for, in memory that the kernel sends from as it is. Writing one to a socket copies it each time, which is
//! most of what a large answer costs, and more than that beside others who use the memory.

use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::{AsFd, BorrowedFd},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use bytes::Bytes;
use rustix::fs::{MemfdFlags, memfd_create};

/// Below this a copy costs less than what sending without one does besides.
const LEAST: usize = 32 << 10;

/// Sheets at once, of `MOST_BYTES` together: each is a second copy of a body, and an open file.
const MOST: usize = 32;
const MOST_BYTES: usize = 16 << 20;

/// Bodies asked for lately of which there is no sheet.
const REMEMBERED: usize = 32;

/// A body, and the same bytes in a file that is only in memory.
#[derive(Debug)]
pub(super) struct Sheet {
    body: Bytes,
    file: File,
}

impl Sheet {
    fn new(body: &Bytes) -> io::Result<Self> {
        let mut file = File::from(memfd_create("edition", MemfdFlags::CLOEXEC)?);
        file.write_all(body)?;
        Ok(Self { body: body.clone(), file })
    }

    fn is_of(&self, body: &Bytes) -> bool {
        self.body.as_ptr() == body.as_ptr() && self.body.len() == body.len()
    }

    /// Where in the file a part of the body is. `None` if it is no part of this very body: the same bytes elsewhere are not.
    pub(super) fn place(&self, part: &[u8]) -> Option<u64> {
        let start = part.as_ptr().addr().checked_sub(self.body.as_ptr().addr())?;
        let end = start.checked_add(part.len())?;
        (end <= self.body.len()).then_some(start as u64)
    }
}

impl AsFd for Sheet {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The sheet of what a connection is about to send, if it has one. It is not held: a slow reader keeps none open.
#[derive(Debug, Default)]
pub(super) struct Next(Mutex<Weak<Sheet>>);

impl Next {
    pub(super) fn is(&self, sheet: Option<Arc<Sheet>>) {
        let sheet = sheet.as_ref().map(Arc::downgrade).unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sheet;
    }

    pub(super) fn sheet(&self) -> Option<Arc<Sheet>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }
}

/// The sheets of the bodies that are asked for most lately.
#[derive(Debug, Default)]
pub(super) struct Sheets(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// What was asked for last comes last.
    sheets: Vec<Arc<Sheet>>,
    /// Where those begin that were asked for once. One that has gone may be mistaken for another: that one has its sheet early.
    seen: Vec<usize>,
}

impl Sheets {
    /// The sheet of a body that is about to be sent: made when it is asked for again, since most bodies are not.
    pub(super) fn of(&self, body: &Bytes) -> Option<Arc<Sheet>> {
        if body.len() < LEAST || body.len() > MOST_BYTES {
            return None;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.sheets.iter().rposition(|sheet| sheet.is_of(body)) {
            let sheet = kept.sheets[at].clone();
            if at + 1 < kept.sheets.len() {
                kept.sheets[at..].rotate_left(1);
            }
            return Some(sheet);
        }
        let place = body.as_ptr().addr();
        let Some(at) = kept.seen.iter().position(|seen| *seen == place) else {
            if kept.seen.len() == REMEMBERED {
                kept.seen.remove(0);
            }
            kept.seen.push(place);
            return None;
        };
        kept.seen.remove(at);
        // Where no such file can be had, bodies are sent as small ones are.
        let sheet = Arc::new(Sheet::new(body).ok()?);
        kept.sheets.push(sheet.clone());
        let bytes = |sheets: &[Arc<Sheet>]| sheets.iter().map(|sheet| sheet.body.len()).sum::<usize>();
        while kept.sheets.len() > MOST || bytes(&kept.sheets) > MOST_BYTES {
            kept.sheets.remove(0);
        }
        Some(sheet)
    }
}

#[cfg(test)]
impl Sheet {
    /// One whose file tells that it was sent.
    pub(super) fn told_apart(body: &Bytes, in_the_file: &[u8]) -> io::Result<Self> {
        assert_eq!(body.len(), in_the_file.len());
        Ok(Self { body: body.clone(), ..Self::new(&Bytes::copy_from_slice(in_the_file))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(length: usize) -> Bytes {
        Bytes::from((0..length).map(|at| at as u8).collect::<Vec<_>>())
    }

    #[test]
    fn a_sheet_is_made_for_what_is_large_and_asked_for_again() {
        let (sheets, small, large) = (Sheets::default(), body(LEAST - 1), body(LEAST));
        let of = |body: &Bytes| sheets.of(body).is_some();
        assert_eq!([of(&large), of(&large), of(&large)], [false, true, true]);
        assert_eq!([of(&small), of(&small)], [false, false]);
        let same_bytes_elsewhere = body(LEAST);
        assert!(!of(&same_bytes_elsewhere), "a part of it would have no place in the sheet");
        let start = large.slice(..LEAST - 1);
        assert!(!of(&start), "what is longer is not what is asked for");
    }

    #[test]
    fn sheets_go_when_others_are_asked_for_more() {
        let sheets = Sheets::default();
        let bodies: Vec<Bytes> = (0..=MOST).map(|_| body(LEAST)).collect();
        for body in &bodies[..MOST] {
            sheets.of(body);
            assert!(sheets.of(body).is_some());
        }
        let (next, first) = (Next::default(), sheets.of(&bodies[0]));
        let second = Next::default();
        second.is(sheets.0.lock().unwrap().sheets.iter().find(|sheet| sheet.is_of(&bodies[1])).cloned());
        next.is(first);
        sheets.of(&bodies[MOST]);
        sheets.of(&bodies[MOST]);
        assert!(next.sheet().is_some(), "it was asked for a moment ago");
        assert!(second.sheet().is_none(), "it was not, and who sends it does not hold it");
        let huge: Vec<Bytes> = (0..3).map(|_| body(MOST_BYTES / 2)).collect();
        for body in huge.iter().chain(&huge) {
            sheets.of(body);
        }
        let bytes: usize = sheets.0.lock().unwrap().sheets.iter().map(|sheet| sheet.body.len()).sum();
        assert_eq!(bytes, MOST_BYTES);
    }

    #[test]
    fn a_part_has_its_place_only_if_it_is_of_this_body() -> io::Result<()> {
        let whole = body(LEAST + 8);
        let sheet = Sheet::new(&whole.slice(4..LEAST + 4))?;
        let places =
            [(4..5, Some(0)), (4..LEAST + 4, Some(0)), (9..LEAST, Some(5)), (3..9, None), (9..LEAST + 5, None)];
        for (part, place) in places {
            assert_eq!(sheet.place(&whole[part.clone()]), place, "{part:?}");
        }
        assert_eq!(sheet.place(&body(16)), None);
        Ok(())
    }
}
