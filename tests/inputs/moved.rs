//! Whether anything changed between two looks.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// What a second look says after `change`, for a task that reads `p/**`; nothing if nothing moved.
fn after(change: impl FnOnce(&Fixture)) -> String {
    let fixture = Fixture::new();
    fixture.write("p/a", "aaaa");
    fixture.write("p/b", "bbbb");
    fixture.write("elsewhere", "cccc");
    symlink("../elsewhere", fixture.root.join("p/link")).unwrap();
    fixture.commit_all();
    let spec = task("p", &["**"]);
    let first = reap(&fixture, &spec);
    assert_eq!(first.moved(&reap(&fixture, &spec)), None);
    change(&fixture);
    first.moved(&reap(&fixture, &spec)).map(|moved| moved.to_string()).unwrap_or_default()
}

#[test]
fn every_kind_of_change_is_seen() {
    let path = |f: &Fixture, name: &str| f.root.join(name);
    assert_eq!(after(|_| ()), "");
    assert_eq!(after(|f| drop(f.write("other", "not an input"))), "");
    assert_eq!(after(|f| drop(f.write("p/a", "AAAA"))), "p/a changed");
    assert_eq!(after(|f| drop(f.write("p/a", "aaaa"))), "p/a changed", "written again");
    assert_eq!(after(|f| drop(f.write("p/aa", ""))), "p/aa appeared");
    let remove = |f: &Fixture| std::fs::remove_file(path(f, "p/b")).unwrap();
    assert_eq!(after(remove), "p/b vanished");
    let chmod = |f: &Fixture| {
        std::fs::set_permissions(path(f, "p/b"), PermissionsExt::from_mode(0o755)).unwrap();
    };
    assert_eq!(after(chmod), "p/b changed");
    // The target of a link, even where it lies outside of the project.
    assert_eq!(after(|f| drop(f.write("elsewhere", "dddd"))), "p/link changed");
    let rename = |f: &Fixture| std::fs::rename(path(f, "p/b"), path(f, "p/c")).unwrap();
    assert_eq!(after(rename), "p/b vanished", "the first by path");
}
