//! What every test of a remote cache needs: settings, short deadlines, files, and a watch.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vx::key::Key;
use vx::remote::{Configured, Deadlines, Limits, Pushed, Remote, RemoteSettings};

pub const MIB: u64 = 1024 * 1024;

pub fn key(number: u32) -> Key {
    Key::parse(&format!("{number:032x}")).unwrap()
}

/// Deadlines that a test can wait for.
pub fn short() -> Deadlines {
    Deadlines {
        connect: Duration::from_millis(300),
        first_byte: Duration::from_millis(300),
        stall: Duration::from_millis(300),
        slowest: 16 * 1024,
        pace_over: Duration::from_millis(500),
        taking: Duration::from_millis(500),
        verdict: Duration::from_millis(500),
        call: Duration::from_secs(20),
        pause: Duration::from_millis(10),
        ..Deadlines::default()
    }
}

/// The settings that these variables make.
pub fn settings(variables: &[(&str, &str)]) -> RemoteSettings {
    let read = |name: &str| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    RemoteSettings::read(&read, &Configured::default()).unwrap().unwrap()
}

/// A remote cache that these variables mean, which waits as long as it does for everybody.
pub fn remote(variables: &[(&str, &str)]) -> Remote {
    Remote::open(&settings(variables), "vx/test").unwrap()
}

/// The same with short deadlines, where one of them is to pass.
pub fn hurried(variables: &[(&str, &str)]) -> Remote {
    Remote::open(&settings(variables).with_deadlines(short()), "vx/test").unwrap()
}

/// One at `url`, with a token and a team.
pub fn remote_at(url: &str) -> Remote {
    remote(&with_access(url))
}

/// The same with short deadlines.
pub fn hurried_at(url: &str) -> Remote {
    hurried(&with_access(url))
}

fn with_access(url: &str) -> [(&'static str, &str); 3] {
    [
        ("VX_REMOTE_CACHE_URL", url),
        ("VX_REMOTE_CACHE_TOKEN", "s3cret-token"),
        ("VX_REMOTE_CACHE_TEAM", "acme"),
    ]
}

pub fn up_to(max_bytes: u64) -> Limits {
    Limits { max_bytes }
}

pub fn about() -> Pushed<'static> {
    Pushed { duration_ms: 1234, tag: None, commit: None }
}

/// Bytes that no compression makes smaller.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(len)
    .collect()
}

/// A directory for one test.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.at(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The result of `work`, which has to be there within `most`.
pub fn within<T>(most: Duration, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    let took = began.elapsed();
    assert!(took < most, "took {took:?}, and was to take less than {most:?}");
    result
}

/// Waits for so long, unless the peer hangs up or sends something; whether it still listens.
pub fn pause(stream: &TcpStream, long: Duration) -> bool {
    stream.set_read_timeout(Some(long)).unwrap();
    let read = stream.peek(&mut [0; 1]);
    stream.set_read_timeout(None).unwrap();
    matches!(&read, Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}
