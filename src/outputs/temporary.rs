//! The name under which an output is made before it is renamed to its own: beside it, so that the rename stays
//! on one file system.
//!
//! A process that is killed in between leaves such a file. The name says whose it was, so that the next one
//! that cleans there can remove it; and nobody takes it for an input.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

/// `.vx-tmp-<process id>-<number>`.
const PREFIX: &str = ".vx-tmp-";

/// Whether a file of this name is an output in the making.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// A name beside the output's, removed unless it is renamed.
pub(super) struct Temporary<'a> {
    dir: &'a Dir,
    pub(super) name: String,
    renamed: bool,
}

impl<'a> Temporary<'a> {
    pub(super) fn create<T>(
        dir: &'a Dir,
        mut attempt: impl FnMut(&str) -> io::Result<T>,
    ) -> io::Result<(Self, T)> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!("{PREFIX}{}-{number}", std::process::id());
            match attempt(&name) {
                Ok(made) => return Ok((Self { dir, name, renamed: false }, made)),
                // Left behind by an earlier process with the same id.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn rename_to(mut self, name: &str) -> io::Result<()> {
        self.dir.rename(&self.name, self.dir, name)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = self.dir.remove_file_or_symlink(&self.name);
        }
    }
}

/// Removes `name` from `dir` if it was left there by a process that is no more. `true`: it is gone.
pub(super) fn remove_abandoned(dir: &Dir, name: &str) -> bool {
    let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-'));
    let Some(owner) = owner.and_then(|(id, _)| id.parse().ok()) else { return false };
    is_gone(owner) && dir.remove_file_or_symlink(name).is_ok()
}

#[cfg(unix)]
fn is_gone(process: i32) -> bool {
    // SAFETY: no memory is involved; signal 0 is not sent, only whether it could be is told.
    let told = unsafe { libc::kill(process, 0) };
    told != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
}

/// Elsewhere nobody can tell.
#[cfg(not(unix))]
const fn is_gone(_process: i32) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;
    use cap_std::fs::OpenOptions;

    use super::*;

    #[test]
    fn a_name_that_was_left_behind_is_no_obstacle_and_stays() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(temp.path(), ambient_authority()).unwrap();
        let mut taken = Vec::new();
        let (temporary, ()) = Temporary::create(&dir, |name| {
            if taken.len() < 2 {
                taken.push(name.to_owned());
                dir.write(name, "left behind")?;
            }
            dir.open_with(name, OpenOptions::new().write(true).create_new(true)).map(drop)
        })
        .unwrap();
        let name = temporary.name.clone();
        assert!(!taken.contains(&name) && dir.exists(&name));
        drop(temporary);
        assert!(!dir.exists(&name) && taken.iter().all(|name| dir.exists(name)));
    }

    #[test]
    #[cfg(unix)]
    fn only_what_a_dead_process_left_is_removed() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(temp.path(), ambient_authority()).unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let of = |process: u32| format!("{PREFIX}{process}-0");
        let (dead, own) = (of(child.id()), of(std::process::id()));
        let others = [own.as_str(), ".vx-tmp-", ".vx-tmp-x-1", ".vx-tmp-99999999999-1", "a"];
        for name in others.into_iter().chain([dead.as_str()]) {
            dir.write(name, "").unwrap();
        }
        assert!(remove_abandoned(&dir, &dead) && !dir.exists(&dead));
        for name in others {
            assert!(!remove_abandoned(&dir, name) && dir.exists(name), "{name}");
        }
    }
}
