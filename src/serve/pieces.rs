use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body of parts that are there already. They are shared with the edition that they are of, so that a slow reader holds no
/// memory of its own.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    first: Option<Bytes>,
    others: std::vec::IntoIter<Bytes>,
    left: u64,
}

impl Pieces {
    /// The body, where it is one piece that is yet to be sent.
    pub(super) fn first(&self) -> Option<&Bytes> {
        self.first.as_ref()
    }
}

impl From<Bytes> for Pieces {
    fn from(bytes: Bytes) -> Self {
        Self { left: bytes.len() as u64, first: Some(bytes), others: Vec::new().into_iter() }
    }
}

impl FromIterator<Bytes> for Pieces {
    fn from_iter<I: IntoIterator<Item = Bytes>>(pieces: I) -> Self {
        let others: Vec<Bytes> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        Self { first: None, left: others.iter().map(|piece| piece.len() as u64).sum(), others: others.into_iter() }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.first.take().or_else(|| self.others.next());
        self.left -= next.as_ref().map_or(0, |piece| piece.len() as u64);
        Poll::Ready(next.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
