//! Directories that turn into links, and back, while outputs are removed and put: whatever comes of it, nothing
//! outside of the workspace is touched.

#![cfg(target_os = "linux")]

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vx::outputs::{clean, list, put};

use super::support::{Place, tree};

/// How long each kind of swap goes on.
const TIME: Duration = Duration::from_millis(700);

/// Lets two names change places, in one step.
fn exchange(one: &Path, other: &Path) {
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).unwrap();
    let (one, other) = (text(one), text(other));
    // SAFETY: both texts live until the call returns.
    unsafe {
        libc::renameat2(
            libc::AT_FDCWD,
            one.as_ptr(),
            libc::AT_FDCWD,
            other.as_ptr(),
            libc::RENAME_EXCHANGE,
        )
    };
}

#[test]
fn a_parent_that_is_swapped_for_a_link_leads_nowhere() {
    for swapped in ["dist", "dist/sub", "dist/sub/deep"] {
        let place = Place::new();
        place.files(&["dist/a", "dist/sub/a", "dist/sub/deep/a", "dist/sub/deep/b"]);
        place.dirs(&["dist/sub/deep/empty"]);
        place.set("dist/sub/deep/empty", 0o711, 1);
        place.link("dist/sub/deep/link", "a");
        let spec = place.spec(&["dist/**"]);
        place.pack(&spec);

        // The same names outside, so that every step would find something there.
        let outside = place.outside();
        for dir in ["sub/deep/empty", "deep/empty", "empty"] {
            fs::create_dir_all(outside.join(dir)).unwrap();
        }
        for file in ["a", "b", "sub/a", "sub/deep/a", "sub/deep/b", "deep/a", "deep/b"] {
            fs::write(outside.join(file), "precious").unwrap();
        }
        let before = tree(&outside);
        let (victim, link) = (place.project.join(swapped), place.project.join("link"));
        std::os::unix::fs::symlink(&outside, &link).unwrap();

        let over = AtomicBool::new(false);
        let (mut done, mut refused) = (0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    exchange(&victim, &link);
                }
            });
            let began = Instant::now();
            // On a busy machine it may take longer until the two have met.
            let met = |done, refused| done > 0 && refused > 0;
            while began.elapsed() < TIME || (!met(done, refused) && began.elapsed() < 30 * TIME) {
                let unpacked = place.unpack(&spec);
                let results =
                    [clean(&spec), put(unpacked, &spec.anchors).map(drop), list(&spec).map(drop)];
                for result in results {
                    if result.is_ok() { done += 1 } else { refused += 1 }
                }
            }
            over.store(true, Ordering::Relaxed);
        });
        assert_eq!(tree(&outside), before, "{swapped}");
        assert!(done > 0 && refused > 0, "{swapped}: {done} done, {refused} refused");
    }
}
