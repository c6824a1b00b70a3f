//! A long random history: after every few steps the listing is what git sees, and every trusted oid names the bytes.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use vx::git::{Listing, Look, Walked};

use super::*;
use crate::git_fixture::{init_at, try_git};

/// Marsaglia's xorshift64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % limit
    }

    fn pick<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }
}

const DIRS: [&str; 8] =
    ["", "a", "a/b", "a-b", "packages/x", "packages/x/src", "packages/xy", "ünï code/[d]"];
const NAMES: [&str; 9] =
    ["f1", "f2.ts", "f3.js", "keep.log", "x.log", "-dash", "with space", "b", "src"];

struct History {
    fixture: Fixture,
    random: Random,
    made: usize,
}

impl History {
    fn path(&mut self) -> String {
        let (dir, name) = (self.random.pick(&DIRS), self.random.pick(&NAMES));
        if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
    }

    fn content(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| b"abcdefgh\n"[self.random.below(9)]).collect()
    }

    fn existing(&mut self) -> Option<PathBuf> {
        let seen: Vec<String> = seen_by_git(&self.fixture.root).into_iter().collect();
        let files: Vec<&str> = seen.iter().map(String::as_str).collect();
        let path = (!files.is_empty()).then(|| self.random.pick(&files).to_owned())?;
        Some(self.fixture.root.join(path)).filter(|path| path.metadata().is_ok_and(|m| m.is_file()))
    }

    fn try_git(&self, args: &[&str]) {
        let _ = try_git(&self.fixture.root, args);
    }

    fn clear(path: &Path) {
        let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir_all(path));
    }

    fn create(&mut self) {
        let path = self.path();
        let path = self.fixture.root.join(path);
        let len = self.random.below(40);
        let content = self.content(len);
        if std::fs::create_dir_all(path.parent().unwrap()).is_ok() {
            let _ = std::fs::write(path, content);
        }
    }

    fn edit(&mut self, same_size: bool, keep_mtime: bool) {
        let Some(path) = self.existing() else { return };
        let before = path.metadata().unwrap();
        let len =
            if same_size { usize::try_from(before.len()).unwrap() } else { self.random.below(60) };
        let content = self.content(len);
        let file = std::fs::File::create(&path).unwrap();
        std::io::Write::write_all(&mut &file, &content).unwrap();
        if keep_mtime {
            file.set_modified(before.modified().unwrap()).unwrap();
        }
    }

    fn touch(&mut self) {
        let Some(path) = self.existing() else { return };
        let back = std::time::Duration::from_secs(self.random.below(1000) as u64);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::now() - back).unwrap();
    }

    fn chmod(&mut self) {
        let Some(path) = self.existing() else { return };
        let mode = path.metadata().unwrap().permissions().mode() ^ 0o111;
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    fn rename(&mut self) {
        let (Some(from), to) = (self.existing(), self.path()) else { return };
        let to = self.fixture.root.join(to);
        if std::fs::create_dir_all(to.parent().unwrap()).is_ok() {
            let _ = std::fs::rename(from, to);
        }
    }

    fn replace(&mut self) {
        let path = self.path();
        let path = self.fixture.root.join(path);
        let target = self.random.pick(&["f1", "nowhere", "..", "../a", "/", "src"]);
        if path.parent().unwrap() == self.fixture.root && self.random.below(4) != 0 {
            return;
        }
        Self::clear(&path);
        if std::fs::create_dir_all(path.parent().unwrap()).is_ok() {
            let _ = symlink(target, path);
        }
    }

    fn ignore(&mut self) {
        let dir = self.random.pick(&DIRS);
        let rule = self.random.pick(&[
            "*.log\n!keep.log\n",
            "/b\n",
            "src/\n",
            "f?.*\n",
            "",
            "*\n!*.ts\n!*/\n",
            "x*/src\n",
        ]);
        let file = match self.random.below(6) {
            0 => self.fixture.root.join(".git/info/exclude"),
            _ => self.fixture.root.join(dir).join(".gitignore"),
        };
        if std::fs::create_dir_all(file.parent().unwrap()).is_ok() {
            let _ = std::fs::write(file, rule);
        }
    }

    fn nest(&mut self) {
        let dir = self.fixture.root.join(self.random.pick(&["nest", "a/nest", "packages/nest"]));
        if dir.join(".git").exists() {
            std::fs::remove_dir_all(dir).unwrap();
            return;
        }
        if std::fs::create_dir_all(&dir).is_err() {
            return;
        }
        init_at(&dir, &[]);
        std::fs::write(dir.join("in.txt"), "in").unwrap();
        std::fs::write(dir.join("loose.log"), "loose").unwrap();
        std::fs::write(dir.join(".gitignore"), "loose.*\n").unwrap();
        git(&dir, &["add", "in.txt"]);
        if self.random.below(2) == 0 {
            git(&dir, &["commit", "-qm", "x"]);
        }
    }

    fn step(&mut self) {
        let path = self.path();
        match self.random.below(40) {
            0..=6 => self.create(),
            7..=9 => self.edit(true, false),
            10 => self.edit(true, true),
            11..=12 => self.edit(false, false),
            13 => self.chmod(),
            14..=15 => self.rename(),
            16 => Self::clear(&self.fixture.root.join(path)),
            17 => self.replace(),
            18..=19 => self.ignore(),
            20..=21 => self.touch(),
            22..=23 => self.try_git(&["add", "--", &path]),
            24 => self.try_git(&["add", "--force", "--", &path]),
            25..=26 => self.try_git(&["add", "--all"]),
            27 => self.try_git(&["add", "--intent-to-add", "--", &path]),
            28..=29 => self.try_git(&["commit", "--quiet", "--message", "x"]),
            30 => self.try_git(&["rm", "--cached", "--quiet", "--", &path]),
            31 => {
                let flag = self.random.pick(&["assume-unchanged", "skip-worktree"]);
                let no = self.random.pick(&["", "no-", "no-"]);
                self.try_git(&["update-index", &format!("--{no}{flag}"), "--", &path]);
            }
            32..=33 => {
                let branch = format!("b{}", self.random.below(4));
                self.try_git(&["checkout", "--quiet", "--force", "-B", &branch]);
            }
            34 => {
                let branch = format!("b{}", self.random.below(4));
                self.try_git(&["checkout", "--quiet", "--force", &branch]);
            }
            35 => {
                let branch = format!("b{}", self.random.below(4));
                self.try_git(&["merge", "--quiet", "--no-edit", &branch]);
            }
            36 => self.try_git(&["reset", "--hard", "--quiet"]),
            37 => self.try_git(&["stash", "--include-untracked", "--quiet"]),
            38 => self.nest(),
            _ => self.fixture.rewrite_index(),
        }
        self.made += 1;
    }

    /// The part below some paths is what the whole has there.
    fn check_part(&mut self) {
        let under: Vec<RelPath> = (0..=self.random.below(3))
            .map(|_| match self.random.below(3) {
                0 => rel(&self.path()),
                1 => rel(self.random.pick(&["nest/in.txt", "a/nest", "packages", "none/such"])),
                _ => rel(self.random.pick(&DIRS[1..])),
            })
            .collect();
        let repo = Repo::discover(&self.fixture.root).unwrap().unwrap();
        let part = repo.list(&under).unwrap();
        let whole = repo.list(&[]).unwrap();
        let asked = |path: &RelPath| under.iter().any(|dir| path.is_within(dir));
        let on_the_way = |path: &RelPath| under.iter().any(|dir| dir.is_within(path));
        let expected: Vec<_> = whole
            .files
            .iter()
            .filter(|file| asked(&file.path) || file.stamp.is_symlink() && on_the_way(&file.path))
            .map(|file| (&file.path, file.stamp, &file.trusted))
            .collect();
        let got: Vec<_> =
            part.files.iter().map(|file| (&file.path, file.stamp, &file.trusted)).collect();
        assert_eq!(got, expected, "below {under:?}");
    }
}

/// What a record of the last walk says is what a walk meets. Gives the newest record, and whether the one before held.
fn check_record(root: &Path, last: Option<Walked>) -> (Option<Walked>, bool) {
    let repo = Repo::discover(root).unwrap().unwrap();
    let look = Look { settled: Duration::ZERO, ..Look::default() };
    let again = repo.look(&Look { walked: last.as_ref(), ..look }).unwrap();
    let anew = repo.list(&[]).unwrap();
    let files = |listing: &Listing| -> Vec<_> {
        let files = listing.files.iter();
        files.map(|file| (file.path.clone(), file.stamp, file.trusted.clone())).collect()
    };
    assert_eq!(files(&again), files(&anew));
    assert_eq!(again.not_utf8, anew.not_utf8);
    for dir in DIRS.iter().map(|dir| rel(dir)) {
        assert_eq!(again.ignores(&dir), anew.ignores(&dir), "{dir}");
        assert_eq!(again.holds_ignored(&dir), anew.holds_ignored(&dir), "{dir}");
    }
    let held = last.is_some() && again.walked.is_none();
    let record = again.walked.map(|walked| Walked::from_bytes(&walked.to_bytes()).unwrap());
    (record.or(last), held)
}

/// Waits until the file system's clock has moved on, so that a change from now on shows.
fn wait_for_a_tick(dir: &Path) {
    let now = || {
        let file = tempfile::NamedTempFile::new_in(dir).unwrap();
        file.as_file().metadata().unwrap().modified().unwrap()
    };
    let began = now();
    while now() == began {
        std::thread::yield_now();
    }
}

#[test]
fn a_long_random_history_is_seen_as_git_sees_it() {
    let seed = std::env::var("VX_TEST_SEED").map_or(0x9e37_79b9_7f4a_7c15, |s| s.parse().unwrap());
    let fixture = Fixture::new();
    let mut history = History { fixture, random: Random(seed), made: 0 };
    for _ in 0..30 {
        history.create();
    }
    history.fixture.commit_all();
    let (mut checked, mut trusted) = (0, 0);
    let (mut record, mut held) = (None, 0);
    let aside = tempfile::tempdir().unwrap();
    while history.made < 3000 {
        for _ in 0..5 {
            history.step();
        }
        trusted += check(&history.fixture.root);
        checked += 1;
        wait_for_a_tick(aside.path());
        let (newest, last_held) = check_record(&history.fixture.root, record);
        record = newest;
        held += u32::from(last_held);
        wait_for_a_tick(aside.path());
        if checked % 4 == 0 {
            history.check_part();
        }
    }
    assert!(held > 100, "a record of a walk hardly ever held: {held}");
    assert!(trusted > 500, "the history hardly ever let an index entry be trusted: {trusted}");
}
