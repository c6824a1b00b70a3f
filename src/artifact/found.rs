//! An output that is about to be packed: judged before any work is done, and packed only if it stays as it
//! was.
//!
//! What was recorded of a file is what was packed: its stamp is taken again from the open file, before and
//! after its bytes were read.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::error::ArtifactError;
use super::head::{Head, Kind, padding};
use super::names::{Names, output_path};
use super::output::{Anchors, OutputPath};
use crate::stamp::Stamp;

/// An output as it was before anything was written.
pub(super) struct Found {
    pub(super) output: OutputPath,
    path: PathBuf,
    pub(super) stamp: Stamp,
    target: Option<String>,
}

/// Finds and judges every output, so that what cannot be stored is refused before any work is done.
pub(super) fn look_at(
    outputs: Vec<OutputPath>,
    anchors: &Anchors,
) -> Result<Vec<Found>, ArtifactError> {
    let mut names = Names::new();
    let mut all = Vec::with_capacity(outputs.len());
    for output in outputs {
        let path = anchors
            .locate(&output)
            .ok_or_else(|| ArtifactError::NoWorkspace { path: output.path.as_str().into() })?;
        let metadata = fs::symlink_metadata(&path).map_err(vanished(&path))?;
        let stamp = Stamp::of(&metadata);
        let target = if stamp.is_symlink() {
            Some(link_target(&output, &path, anchors)?)
        } else if stamp.is_file() || stamp.is_directory() {
            None
        } else {
            return Err(ArtifactError::Unsupported { path, kind: special(&metadata) });
        };
        let taken = output_path(output.path.as_str())
            .and_then(|_| names.take(&output, target.as_deref().unwrap_or_default()));
        if let Err(reason) = taken {
            return Err(ArtifactError::Name { path, reason });
        }
        all.push(Found { output, path, stamp, target });
    }
    Ok(all)
}

fn link_target(
    output: &OutputPath,
    path: &Path,
    anchors: &Anchors,
) -> Result<String, ArtifactError> {
    let target = fs::read_link(path).map_err(vanished(path))?;
    let target = target
        .into_os_string()
        .into_string()
        .map_err(|_| ArtifactError::NotUtf8 { path: path.to_owned() })?;
    if anchors.holds_link(output, &target) {
        Ok(target)
    } else {
        Err(ArtifactError::LinkEscapes { path: path.to_owned(), target })
    }
}

/// For `map_err`: an output that is gone has moved, anything else is the system's.
fn vanished(path: &Path) -> impl FnOnce(io::Error) -> ArtifactError {
    move |source| match source.kind() {
        io::ErrorKind::NotFound => moved(path, "vanished"),
        _ => ArtifactError::Io { action: "read the output", path: path.to_owned(), source },
    }
}

fn moved(path: &Path, how: &'static str) -> ArtifactError {
    ArtifactError::OutputMoved { path: path.to_owned(), how }
}

#[cfg(unix)]
fn special(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_block_device() || kind.is_char_device() {
        "a device"
    } else {
        "of an unknown kind"
    }
}

#[cfg(not(unix))]
fn special(_: &Metadata) -> &'static str {
    "of an unknown kind"
}

impl Found {
    /// Writes its entry.
    pub(super) fn pack(
        &self,
        out: &mut dyn Write,
        buffer: &mut [u8],
        writing: &dyn Fn(io::Error) -> ArtifactError,
    ) -> Result<(), ArtifactError> {
        let head = |kind| Head {
            name: self.output.entry_name(),
            kind,
            mode: mode(&self.stamp),
            mtime_ns: self.stamp.mtime_ns,
        };
        if let Some(target) = &self.target {
            self.still_the_same(&fs::symlink_metadata(&self.path).map_err(vanished(&self.path))?)?;
            return head(Kind::Symlink { target: target.clone() }).write(out).map_err(writing);
        }
        if self.stamp.is_directory() {
            let mut entries = fs::read_dir(&self.path).map_err(vanished(&self.path))?;
            if entries.next().is_some() {
                return Err(moved(&self.path, "is a directory that was filled"));
            }
            return head(Kind::Directory).write(out).map_err(writing);
        }
        let size = self.stamp.size;
        let mut file = open(&self.path).map_err(vanished(&self.path))?;
        let reading = ArtifactError::io("read the output", &self.path);
        let stat =
            |file: &File| file.metadata().map_err(ArtifactError::io("read the output", &self.path));
        self.still_the_same(&stat(&file)?)?;
        head(Kind::File { size }).write(out).map_err(writing)?;
        let mut left = size;
        while left > 0 {
            let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let read = match file.read(&mut buffer[..wanted]) {
                Ok(0) => return Err(moved(&self.path, "shrank")),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(reading(error)),
            };
            out.write_all(&buffer[..read]).map_err(writing)?;
            left -= read as u64;
        }
        self.still_the_same(&stat(&file)?)?;
        out.write_all(padding(size)).map_err(writing)
    }

    fn still_the_same(&self, metadata: &Metadata) -> Result<(), ArtifactError> {
        if Stamp::of(metadata) == self.stamp { Ok(()) } else { Err(moved(&self.path, "changed")) }
    }
}

/// Never through a link that took the file's place, and never waiting for a pipe that did.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    match options.open(path) {
        // What the flag gives for a link: the file that was seen is no longer there.
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            Err(io::ErrorKind::NotFound.into())
        }
        result => result,
    }
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Permission bits; where the system has none, the usual ones. A link's are never looked at.
fn mode(stamp: &Stamp) -> u32 {
    match stamp.mode & 0o777 {
        _ if stamp.is_symlink() => 0o777,
        0 if !cfg!(unix) => {
            if stamp.is_directory() {
                0o755
            } else {
                0o644
            }
        }
        bits => bits,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::artifact::Anchor;
    use crate::error::Coded;
    use crate::path::RelPath;

    /// Looks at one file, lets something happen to it, and packs it.
    fn pack_after(happens: impl FnOnce(&Path)) -> Result<(), ArtifactError> {
        let temp = tempfile::tempdir().unwrap();
        let anchors = Anchors { project: temp.path().to_owned(), workspace: None };
        let path = temp.path().join("file");
        fs::write(&path, "0123456789").unwrap();
        let output = OutputPath { anchor: Anchor::Project, path: RelPath::new("file").unwrap() };
        let found = look_at(vec![output], &anchors).unwrap();
        happens(&path);
        let writing = |source| ArtifactError::Io { action: "write", path: "sink".into(), source };
        found[0].pack(&mut io::sink(), &mut [0; 4], &writing)
    }

    #[test]
    fn a_file_that_moves_after_it_was_found_is_not_packed() {
        assert!(pack_after(|_| {}).is_ok());
        let append = |path: &Path| File::options().append(true).open(path).unwrap().write_all(b"x");
        let moves: [&dyn Fn(&Path); 7] = [
            &|path| append(path).unwrap(),
            &|path| fs::write(path, "012345678").unwrap(),
            &|path| fs::write(path, "").unwrap(),
            &|path| fs::remove_file(path).unwrap(),
            &|path| {
                let other = path.with_extension("other");
                fs::write(&other, "0123456789").unwrap();
                fs::rename(other, path).unwrap();
            },
            &|path| {
                fs::rename(path, path.with_extension("old")).unwrap();
                std::os::unix::fs::symlink("file.old", path).unwrap();
            },
            &|path| {
                let file = File::options().write(true).open(path).unwrap();
                file.set_times(fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH)).unwrap();
            },
        ];
        for (index, happens) in moves.iter().enumerate() {
            let error = pack_after(happens).unwrap_err();
            assert_eq!(error.code(), "VX_OUTPUT_MOVED", "{index}: {error}");
        }
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_is_not_packed() {
        struct Shrinking<'a>(&'a Path);
        impl Write for Shrinking<'_> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                fs::write(self.0, "")?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let temp = tempfile::tempdir().unwrap();
        let anchors = Anchors { project: temp.path().to_owned(), workspace: None };
        let path = temp.path().join("file");
        fs::write(&path, vec![7; 1 << 20]).unwrap();
        let output = OutputPath { anchor: Anchor::Project, path: RelPath::new("file").unwrap() };
        let found = look_at(vec![output], &anchors).unwrap();
        let writing = |source| ArtifactError::Io { action: "write", path: "sink".into(), source };
        let error = found[0].pack(&mut Shrinking(&path), &mut [0; 4], &writing).unwrap_err();
        assert_eq!(error.code(), "VX_OUTPUT_MOVED", "{error}");
    }
}
