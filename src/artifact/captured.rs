//! The bytes of one output stream of a task: in memory while they are few, then in a temporary file that has
//! no name and goes away with its holder.

use std::fs::File;
use std::io::{self, Read, Write};

/// Up to here a stream stays in memory: 1 MiB.
const IN_MEMORY: usize = 1 << 20;

/// What a task wrote to its two streams.
#[derive(Debug, Default)]
pub struct Logs {
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
}

/// The bytes of one stream, appended through [`Write`] and read as often as needed.
#[derive(Debug, Default)]
pub struct Captured(Kept);

#[derive(Debug)]
enum Kept {
    Memory(Vec<u8>),
    File { file: File, len: u64 },
}

impl Default for Kept {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

impl Captured {
    /// How many bytes there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        match &self.0 {
            Kept::Memory(bytes) => bytes.len() as u64,
            Kept::File { len, .. } => *len,
        }
    }

    /// Whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads from the start; several readers do not disturb each other.
    ///
    /// # Errors
    /// When the stream cannot be opened; reading reports its own errors.
    pub fn reader(&self) -> io::Result<impl Read + '_> {
        Ok(Reader { kept: &self.0, at: 0 })
    }

    /// All of it, in memory.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.len()).unwrap_or(0));
        self.reader()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl From<Vec<u8>> for Captured {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Kept::Memory(bytes))
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Kept::Memory(kept) = &mut self.0 {
            if kept.len() + bytes.len() <= IN_MEMORY {
                kept.extend_from_slice(bytes);
                return Ok(bytes.len());
            }
            let mut file = tempfile::tempfile()?;
            file.write_all(kept)?;
            self.0 = Kept::File { len: kept.len() as u64, file };
        }
        let Kept::File { file, len } = &mut self.0 else { return Ok(0) };
        let written = write_at(file, bytes, *len)?;
        *len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Reader<'a> {
    kept: &'a Kept,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.kept {
            Kept::Memory(bytes) => {
                let at = usize::try_from(self.at).unwrap_or(usize::MAX).min(bytes.len());
                (&bytes[at..]).read(buffer)?
            }
            Kept::File { file, len } => {
                let left = usize::try_from(len - self.at).unwrap_or(usize::MAX);
                let wanted = buffer.len().min(left);
                read_at(file, &mut buffer[..wanted], self.at)?
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}

// Every access names its offset: a shared position would let readers and the writer disturb each other.
#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, at)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_on_both_sides_of_the_limit() {
        for len in [0, 1, IN_MEMORY - 1, IN_MEMORY, IN_MEMORY + 1, 3 * IN_MEMORY + 7] {
            let bytes: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let mut captured = Captured::default();
            for chunk in bytes.chunks(7919) {
                captured.write_all(chunk).unwrap();
            }
            assert_eq!(captured.len(), len as u64);
            assert_eq!(captured.is_empty(), len == 0);
            assert_eq!(matches!(captured.0, Kept::File { .. }), len > IN_MEMORY);
            assert!(captured.bytes().unwrap() == bytes, "{len}");
        }
    }

    #[test]
    fn readers_do_not_disturb_each_other_or_the_writer() {
        let mut captured = Captured::default();
        captured.write_all(&vec![1; IN_MEMORY]).unwrap();
        captured.write_all(&[2; 10]).unwrap();
        let mut start = [0; 4];
        captured.reader().unwrap().read_exact(&mut start).unwrap();
        captured.write_all(&[3; 10]).unwrap();
        let bytes = captured.bytes().unwrap();
        assert_eq!(start, [1; 4]);
        assert_eq!(bytes[IN_MEMORY..], [[2; 10], [3; 10]].concat());
    }
}
