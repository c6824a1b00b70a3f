//! The system's own `tar` unpacks an artifact.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use vx::stamp::Stamp;

use super::support::{Place, key, project, set_mtime, workspace};

fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn tar_with_zstd_unpacks_it() {
    if !installed("tar") || !installed("zstd") {
        eprintln!("SKIPPED: tar or zstd is not installed");
        return;
    }
    let place = Place::new();
    let mut outputs = vec![
        project("dist/plain"),
        project("dist/odd \n'\"\\$[x] -é日🦀"),
        project(&format!("{}/{}", "d".repeat(200), "f".repeat(255))),
        workspace(&vec!["deep"; 100].join("/")),
    ];
    for (index, output) in outputs.iter().enumerate() {
        let path = place.file(output, output.path.as_str().as_bytes());
        fs::set_permissions(&path, PermissionsExt::from_mode([0o644, 0o755, 0o600, 0o444][index]))
            .unwrap();
        set_mtime(&path, 1_500_000_000_000_000_001 + i64::try_from(index).unwrap());
    }
    let link = project("dist/link");
    symlink("odd target/é/".repeat(20), place.path(&link)).unwrap();
    let empty = project("dist/empty");
    fs::create_dir(place.path(&empty)).unwrap();
    outputs.extend([link, empty]);
    let artifact = place.pack(&outputs);

    let dest = place.cache().join("dest");
    fs::create_dir(&dest).unwrap();
    let tar =
        Command::new("tar").arg("--zstd").arg("-xpf").arg(&artifact).arg("-C").arg(&dest).output();
    let tar = tar.unwrap();
    assert!(tar.status.success(), "{}", String::from_utf8_lossy(&tar.stderr));
    assert_eq!(String::from_utf8_lossy(&tar.stderr), "");
    let json = fs::read_to_string(dest.join("meta.json")).unwrap();
    assert!(json.contains(key().as_str()), "{json}");
    assert_eq!(fs::read(dest.join("stdout")).unwrap(), b"out\n");
    assert_eq!(fs::read(dest.join("stderr")).unwrap(), b"err\n");
    for output in outputs {
        let (ours, theirs) = (place.path(&output), dest.join(output.entry_name()));
        let (a, b) = (ours.symlink_metadata().unwrap(), theirs.symlink_metadata().unwrap());
        assert_eq!(a.mode(), b.mode(), "{theirs:?}");
        assert_eq!(Stamp::of(&a).mtime_ns, Stamp::of(&b).mtime_ns, "{theirs:?}");
        if a.is_symlink() {
            assert_eq!(fs::read_link(ours).unwrap(), fs::read_link(theirs).unwrap());
        } else if a.is_file() {
            assert_eq!(fs::read(ours).unwrap(), fs::read(theirs).unwrap());
        }
    }
}
