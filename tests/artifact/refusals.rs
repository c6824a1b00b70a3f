//! What cannot be stored is refused by name, and no artifact is left behind.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use vx::artifact::{Anchors, Meta, OutputPath, pack};
use vx::error::Coded;

use super::support::{Place, logs, meta, project, workspace};

fn refused(place: &Place, output: &OutputPath, code: &str) {
    let before = fs::read_dir(place.cache()).unwrap().count();
    let error = place.try_pack(&[project("fine"), output.clone()]).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    let name = output.path.file_name();
    assert!(error.to_string().contains(name), "{error} does not name {name}");
    assert_eq!(fs::read_dir(place.cache()).unwrap().count(), before);
}

fn place() -> Place {
    let place = Place::new();
    place.file(&project("fine"), b"x");
    fs::create_dir(place.path(&project("dist"))).unwrap();
    place
}

#[test]
fn a_link_out_of_the_workspace() {
    let place = place();
    let link = |output: &OutputPath, target: &OsStr| {
        let path = place.path(output);
        let _ = fs::remove_file(&path);
        symlink(target, path).unwrap();
    };
    let in_project = project("dist/link");
    let in_workspace = workspace("link");
    for target in ["/etc/passwd", "../../../../x", "../../../../workspace/x"] {
        link(&in_project, OsStr::new(target));
        refused(&place, &in_project, "VX_OUTPUT_LINK_ESCAPES");
        let error = place.try_pack(std::slice::from_ref(&in_project)).unwrap_err();
        assert!(error.to_string().contains(target), "{error}");
    }
    link(&in_workspace, OsStr::new("../x"));
    refused(&place, &in_workspace, "VX_OUTPUT_LINK_ESCAPES");
    let inside = place.anchors.project.join("fine");
    link(&in_project, inside.as_os_str());
    refused(&place, &in_project, "VX_OUTPUT_LINK_ESCAPES");
    link(&in_project, OsStr::new("../../../x"));
    place.pack(&[in_project]);
}

#[test]
#[cfg(target_os = "linux")] // Others refuse to make such a link.
fn a_link_whose_text_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let place = place();
    let output = project("dist/link");
    symlink(OsStr::from_bytes(b"\xff"), place.path(&output)).unwrap();
    refused(&place, &output, "VX_OUTPUT_NOT_UTF8");
}

#[test]
fn pipes_sockets_and_devices() {
    let place = place();
    let pipe = project("dist/pipe");
    assert!(Command::new("mkfifo").arg(place.path(&pipe)).status().unwrap().success());
    refused(&place, &pipe, "VX_OUTPUT_UNSUPPORTED");
    let socket = project("dist/socket");
    let _listener = UnixListener::bind(place.path(&socket)).unwrap();
    refused(&place, &socket, "VX_OUTPUT_UNSUPPORTED");
    let device = OutputPath { path: vx::path::RelPath::new("null").unwrap(), ..project("x") };
    let anchors = Anchors { project: "/dev".into(), workspace: None };
    let error = pack(&place.cache(), &meta(), &logs(b"", b""), &[device], &anchors).unwrap_err();
    assert!(error.to_string().contains("a device"), "{error}");
}

#[test]
fn what_is_gone_or_no_longer_empty() {
    let place = place();
    refused(&place, &project("dist/gone"), "VX_OUTPUT_MOVED");
    place.file(&project("dist/full/x"), b"x");
    refused(&place, &project("dist/full"), "VX_OUTPUT_MOVED");
}

#[test]
fn names_that_could_not_be_restored() {
    let place = place();
    let drive = project("c:x");
    place.file(&drive, b"x");
    refused(&place, &drive, "VX_OUTPUT_NAME");
    let below = [project("dist/d"), project("dist/d/x")];
    place.file(&below[1], b"x");
    assert_eq!(place.try_pack(&below).unwrap_err().code(), "VX_OUTPUT_NAME");
}

#[test]
fn outputs_of_the_workspace_without_a_workspace() {
    let place = place();
    let anchors = Anchors { workspace: None, ..place.anchors.clone() };
    let error =
        pack(&place.cache(), &meta(), &logs(b"", b""), &[workspace("x")], &anchors).unwrap_err();
    assert_eq!(error.code(), "VX_OUTPUT_NO_WORKSPACE");
}

#[test]
fn a_cache_directory_that_is_not_there() {
    let place = place();
    let missing = place.cache().join("missing");
    let error = pack(&missing, &meta(), &logs(b"", b""), &[], &place.anchors).unwrap_err();
    assert_eq!(error.code(), "VX_ARTIFACT_IO");
    assert!(error.to_string().contains("missing"), "{error}");
}

#[test]
fn metadata_that_does_not_fit() {
    let place = place();
    let meta = Meta { command: "x".repeat(2 << 20), ..meta() };
    let error = pack(&place.cache(), &meta, &logs(b"", b""), &[], &place.anchors).unwrap_err();
    assert_eq!(error.code(), "VX_ARTIFACT_META_TOO_LARGE");
}

#[test]
fn more_than_could_be_restored() {
    let place = place();
    let output = project("zeros");
    let file = fs::File::create(place.path(&output)).unwrap();
    file.set_len((1 << 30) + (1 << 20)).unwrap();
    let error = place.try_pack(&[output]).unwrap_err();
    assert_eq!(error.code(), "VX_ARTIFACT_TOO_LARGE", "{error}");
    assert!(error.to_string().contains("pkg#build"), "{error}");
    assert_eq!(fs::read_dir(place.cache()).unwrap().count(), 0);
}
