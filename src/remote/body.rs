//! The body of a request: bytes at hand, or a file that is streamed.
//!
//! The thread that called reads the file and hands over a piece at a time; at most two wait to be sent.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc;

use super::error::{RemoteError, Wait};
use super::transfer::Call;

/// One piece: small, so that a line slow enough to be given up shows it within its deadline.
const PIECE: usize = 64 * 1024;

/// What is sent with a request. Can be sent more than once.
#[derive(Clone, Debug)]
pub(super) enum Body<'a> {
    /// Nothing.
    Empty,
    /// Bytes at hand.
    Bytes(Vec<Bytes>),
    /// A file of so many bytes.
    File(&'a Path, u64),
}

impl Body<'_> {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(parts) => parts.iter().map(|part| part.len() as u64).sum(),
            Self::File(_, len) => *len,
        }
    }

    /// Hands everything over; ends early, without an error, when nobody takes any more.
    pub(super) async fn feed(&self, to: Feed, call: &Call) -> Result<(), RemoteError> {
        match self {
            Self::Empty => Ok(()),
            Self::Bytes(parts) => {
                for part in parts {
                    let mut rest = part.clone();
                    while !rest.is_empty() {
                        let piece = rest.split_to(rest.len().min(PIECE));
                        if !to.give(piece, call).await? {
                            return Ok(());
                        }
                    }
                }
                Ok(())
            }
            Self::File(path, len) => {
                let failed = |error: &std::io::Error| RemoteError::file(path, error);
                let mut file = File::open(path).map_err(|error| failed(&error))?;
                let mut left = *len;
                while left > 0 {
                    let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
                    file.read_exact(&mut piece).map_err(|error| failed(&error))?;
                    left -= piece.len() as u64;
                    if !to.give(Bytes::from(piece), call).await? {
                        return Ok(());
                    }
                }
                Ok(())
            }
        }
    }
}

/// The giving end of a body that is being sent.
pub(super) struct Feed(mpsc::Sender<Bytes>);

impl Feed {
    /// Waits until there is room for `piece`; whether it was taken.
    async fn give(&self, piece: Bytes, call: &Call) -> Result<bool, RemoteError> {
        let taking = call.deadlines.taking;
        let sent = tokio::time::timeout(taking, self.0.send(piece)).await;
        sent.map(|sent| sent.is_ok()).map_err(|_| call.timeout(Wait::Taking, taking))
    }
}

/// The taking end: what the HTTP client sends.
pub(super) struct Fed {
    pieces: mpsc::Receiver<Bytes>,
    left: u64,
}

/// Both ends of a body of `len` bytes.
pub(super) fn channel(len: u64) -> (Feed, Fed) {
    let (to, pieces) = mpsc::channel(2);
    (Feed(to), Fed { pieces, left: len })
}

impl http_body::Body for Fed {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(piece) => {
                self.left = self.left.saturating_sub(piece.len() as u64);
                Some(Ok(Frame::data(piece)))
            }
            None if self.left == 0 => None,
            None => Some(Err(std::io::Error::other("the body was not read to its end"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
