//! The bytes of a connection, on their way in and out.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use rustix::net::SendFlags;
use tokio::{io::Interest, net::TcpStream};

use super::{
    pace::Pace,
    sheet::{Next, Sheet},
};

/// The body of a frame of HTTP/2 at most, as we send them. Parts of a body that are no larger are written.
const FRAME: usize = 16 << 10;

/// A connection's stream. What passes is counted, and a body that has a sheet is sent from it.
pub(super) struct Line {
    stream: TokioIo<TcpStream>,
    pace: Arc<Pace>,
    next: Arc<Next>,
}

impl Line {
    pub(super) fn new(stream: TcpStream, pace: Arc<Pace>, next: Arc<Next>) -> Self {
        Self { stream: TokioIo::new(stream), pace, next }
    }

    fn count(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending => self.pace.wrote(None),
            Poll::Ready(Ok(bytes)) => self.pace.wrote(Some(*bytes)),
            Poll::Ready(Err(_)) => self.pace.wrote(Some(0)),
        }
        written
    }

    /// The sheet that the bytes are of, and where in it.
    fn sheet_of(&self, bytes: &[u8]) -> Option<(Arc<Sheet>, u64)> {
        if bytes.len() <= FRAME {
            return None;
        }
        let sheet = self.next.sheet()?;
        let place = sheet.place(bytes)?;
        Some((sheet, place))
    }
}

impl Read for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, room: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, room);
        if read.is_ready() {
            self.pace.heard();
        }
        read
    }
}

impl Write for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = match self.sheet_of(bytes) {
            Some((sheet, place)) => send(self.stream.inner(), cx, &[], &sheet, place, bytes.len()),
            None => Pin::new(&mut self.stream).poll_write(cx, bytes),
        };
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut slices_with_bytes = slices.iter().filter(|slice| !slice.is_empty());
        match [slices_with_bytes.next(), slices_with_bytes.next(), slices_with_bytes.next()] {
            // Most answers without a body are one slice; one is cheaper to send by itself.
            [Some(only), None, None] => self.poll_write(cx, only),
            [Some(head), Some(body), None] if let Some((sheet, place)) = self.sheet_of(body) => {
                let written = send(self.stream.inner(), cx, head, &sheet, place, body.len());
                self.count(written)
            }
            _ => {
                let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
                self.count(written)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Sends `head`, then `length` bytes of the sheet from `place` on: as much as the kernel takes now, which it tells.
fn send(
    stream: &TcpStream,
    cx: &mut Context<'_>,
    head: &[u8],
    sheet: &Sheet,
    place: u64,
    length: usize,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_write_ready(cx))?;
        let sent = stream.try_io(Interest::WRITABLE, || {
            let mut sent = 0;
            if !head.is_empty() {
                // More comes at once: both leave in one segment.
                sent = rustix::net::send(stream, head, SendFlags::MORE | SendFlags::NOSIGNAL)?;
                if sent < head.len() {
                    return Ok(sent);
                }
            }
            let mut place = place;
            match rustix::fs::sendfile(stream, sheet, Some(&mut place), length) {
                Ok(of_sheet) => Ok(sent + of_sheet),
                // What went wrong will again, and is told then.
                Err(_) if sent > 0 => Ok(sent),
                Err(error) => Err(error.into()),
            }
        });
        match sent {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            sent => return Poll::Ready(sent),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::{io::AsyncReadExt as _, net::TcpListener};

    use super::*;

    /// Writes slices to the end as hyper does, through a line that is about to send the sheet's body.
    async fn arrives(sheet: Sheet, slices: &[&[u8]]) -> io::Result<Vec<u8>> {
        let (sheet, next) = (Arc::new(sheet), Arc::new(Next::default()));
        next.is(Some(sheet.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut reader = TcpStream::connect(listener.local_addr()?).await?;
        let (stream, _) = listener.accept().await?;
        // Less than the body: it is taken in several parts.
        rustix::net::sockopt::set_socket_send_buffer_size(&stream, 16 << 10)?;
        let pace = Arc::new(Pace::default());
        let mut line = Line::new(stream, pace, next);
        let read = tokio::spawn(async move {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).await.map(|_| all)
        });
        let mut left: Vec<&[u8]> = slices.to_vec();
        while !left.is_empty() {
            let io_slices: Vec<IoSlice<'_>> = left.iter().map(|slice| IoSlice::new(slice)).collect();
            let mut sent = std::future::poll_fn(|cx| Pin::new(&mut line).poll_write_vectored(cx, &io_slices)).await?;
            while let Some(first) = left.first_mut() {
                let of_this = sent.min(first.len());
                (*first, sent) = (&first[of_this..], sent - of_this);
                if !first.is_empty() {
                    break;
                }
                left.remove(0);
            }
        }
        drop((line, sheet));
        read.await?
    }

    #[tokio::test]
    async fn a_body_is_sent_from_its_sheet_in_as_many_parts_as_it_takes() -> io::Result<()> {
        let body = Bytes::from(vec![b'b'; 300_000]);
        let in_the_file: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
        let head = b"HTTP/1.1 200 OK\r\n\r\n";
        let came = arrives(Sheet::told_apart(&body, &in_the_file)?, &[head, &body]).await?;
        assert_eq!(came.len(), head.len() + body.len());
        let (came_head, came_body) = came.split_at(head.len());
        assert_eq!(came_head, head);
        // The last bytes are written, if they happen to be fewer than a frame.
        let differs =
            came_body.iter().zip(&in_the_file).position(|(came, told)| came != told).unwrap_or(came_body.len());
        assert!(differs >= in_the_file.len() - FRAME, "from byte {differs} on it is not the sheet's");
        assert!(came_body[differs..].iter().all(|byte| *byte == b'b'));
        Ok(())
    }

    #[tokio::test]
    async fn what_is_not_of_the_sheet_is_written_as_it_is() -> io::Result<()> {
        let body = Bytes::from(vec![b'b'; 100_000]);
        let other = vec![b'o'; 100_000];
        let file = vec![b'f'; 100_000];
        let cases: [(&str, Vec<&[u8]>); 3] = [
            ("another body", vec![b"head", &other]),
            ("a frame of it", vec![b"head", &body[..FRAME]]),
            ("it beside others", vec![b"head", &body[..50_000], &other]),
        ];
        for (what, slices) in cases {
            let came = arrives(Sheet::told_apart(&body, &file)?, &slices).await?;
            assert!(came == slices.concat(), "{what}: {} bytes came", came.len());
        }
        Ok(())
    }
}
