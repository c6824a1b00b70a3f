//! Real repositories in temporary directories, for tests that compare with `git`.
//!
//! Nothing of the machine's own git configuration takes part, neither in the `git` that is run here nor in the code
//! under test, which reads the same environment.

#![allow(dead_code, unreachable_pub, reason = "each test crate uses a part of it")]
#![allow(clippy::allow_attributes, reason = "dead code differs from one test crate to the next")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

/// Environment in which git reads no configuration but the repository's own.
const NEUTRAL: [(&str, &str); 6] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("HOME", "/nonexistent"),
    ("XDG_CONFIG_HOME", "/nonexistent"),
    ("GIT_OPTIONAL_LOCKS", "0"),
];

/// Makes the process itself, and with it the code under test, read the neutral configuration.
pub fn neutral_environment() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (name, value) in NEUTRAL {
            // SAFETY: every test calls this before it does anything else, and the others wait for the first.
            unsafe { std::env::set_var(name, value) };
        }
    });
}

/// A repository with a worktree.
pub struct Fixture {
    /// Holds the worktree, and what a test puts beside it.
    pub temp: tempfile::TempDir,
    /// The root of the worktree.
    pub root: PathBuf,
}

impl Fixture {
    /// An empty repository.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// An empty repository, made with further arguments of `git init`.
    pub fn with(init: &[&str]) -> Self {
        let plain = Self::without_git();
        init_at(&plain.root, init);
        plain
    }

    /// A directory that is in no repository.
    pub fn without_git() -> Self {
        neutral_environment();
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap().join("w");
        std::fs::create_dir(&root).unwrap();
        Self { temp, root }
    }

    /// Writes a file and the directories above it.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Runs git in the worktree and returns its output; it must succeed.
    pub fn git(&self, args: &[&str]) -> Vec<u8> {
        git(&self.root, args)
    }

    /// Adds and commits everything.
    pub fn commit_all(&self) {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "x"]);
    }

    /// Commits everything and lets the clock go on until git's index can be relied on: its files were all changed in
    /// an earlier second than the one in which it was written.
    pub fn settle(&self) {
        self.commit_all();
        wait_for_next_second(&self.root);
        self.rewrite_index();
    }

    /// Has git look at all files and write its index once more, even if nothing changed.
    pub fn rewrite_index(&self) {
        let _ = try_git(&self.root, &["update-index", "-q", "--refresh"]);
        self.git(&["update-index", "--force-write-index"]);
    }
}

/// Makes `dir` a repository.
pub fn init_at(dir: &Path, args: &[&str]) {
    std::fs::create_dir_all(dir).unwrap();
    git(dir, &[&["init", "--quiet", "--initial-branch=main"], args].concat());
    for (key, value) in [
        ("user.name", "t"),
        ("user.email", "t@example.invalid"),
        ("commit.gpgsign", "false"),
        ("core.autocrlf", "false"),
        ("gc.auto", "0"),
    ] {
        git(dir, &["config", key, value]);
    }
}

/// Runs git, which must succeed.
pub fn git(dir: &Path, args: &[&str]) -> Vec<u8> {
    try_git(dir, args).unwrap_or_else(|error| panic!("git {args:?}: {error}"))
}

/// Runs git.
pub fn try_git(dir: &Path, args: &[&str]) -> Result<Vec<u8>, String> {
    run(git_command(dir, args), &[])
}

/// Runs git with something to read.
pub fn git_with_input(dir: &Path, args: &[&str], input: &[u8]) -> Vec<u8> {
    run(git_command(dir, args), input).unwrap_or_else(|error| panic!("git {args:?}: {error}"))
}

fn git_command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(["-c", "protocol.file.allow=always"]).args(args).current_dir(dir).envs(NEUTRAL);
    command
}

fn run(mut command: Command, input: &[u8]) -> Result<Vec<u8>, String> {
    use std::io::Write;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().ok();
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The blob oid of each file's bytes as git computes it, filters aside.
pub fn hash_objects(dir: &Path, paths: &[String]) -> Vec<String> {
    let input = paths.iter().flat_map(|path| [path.as_bytes(), b"\n"].concat()).collect::<Vec<_>>();
    let output = git_with_input(dir, &["hash-object", "--no-filters", "--stdin-paths"], &input);
    String::from_utf8(output).unwrap().lines().map(ToOwned::to_owned).collect()
}

/// Returns when the file system's clock has reached another second than that of any file written so far.
pub fn wait_for_next_second(dir: &Path) {
    let probe = tempfile::NamedTempFile::new_in(dir.parent().unwrap()).unwrap();
    let second = || {
        use std::os::unix::fs::MetadataExt;
        std::fs::write(probe.path(), "x").unwrap();
        probe.path().metadata().unwrap().mtime()
    };
    let first = second();
    while second() == first {
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
}
