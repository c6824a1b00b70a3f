//! `WebDAV` against a server that makes no collections by itself.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use vx::error::Coded as _;
use vx::remote::{Pushed, Remote};

use super::server::{Request, Response, Server};
use super::support::{MIB, Place, about, key, noise, remote, up_to};

#[derive(Default)]
struct Stored {
    collections: HashSet<String>,
    files: HashMap<String, Vec<u8>>,
}

fn server() -> Server {
    let stored = Mutex::new(Stored::default());
    Server::answering(move |request| serve(request, &mut stored.lock().unwrap()))
}

fn serve(request: &Request, stored: &mut Stored) -> Response {
    if request.header("authorization") != Some("Basic bWU6cHc=") {
        return Response::new(401);
    }
    let path = request.path().trim_end_matches('/').to_owned();
    let (parent, _) = path.rsplit_once('/').unwrap();
    let has_parent = parent.is_empty() || stored.collections.contains(parent);
    match request.method.as_str() {
        "MKCOL" | "PUT" if !has_parent => Response::new(409),
        "MKCOL" => Response::new(if stored.collections.insert(path) { 201 } else { 405 }),
        "PUT" => {
            stored.files.insert(path, request.body.clone());
            Response::new(201)
        }
        _ => {
            let found = stored.files.get(&path);
            found.map_or_else(|| Response::new(404), |body| Response::new(200).body(body.clone()))
        }
    }
}

fn at(server: &Server, password: &str) -> Remote {
    let url = format!("webdav://{}/dav/team?insecure=true", server.address);
    remote(&[
        ("VX_REMOTE_CACHE_URL", &url),
        ("VX_REMOTE_CACHE_USER", "me"),
        ("VX_REMOTE_CACHE_PASSWORD", password),
    ])
}

#[test]
fn what_is_pushed_comes_back() {
    let (server, place) = (server(), Place::new());
    let remote = at(&server, "pw");
    assert_eq!(remote.fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap(), None);
    let bytes = noise(500_000);
    let from = place.file("from", &bytes);
    remote.push(&key(1), &from, &Pushed { tag: Some("a tag"), ..about() }).unwrap();
    let fetched = remote.fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap().unwrap();
    assert_eq!(fetched.tag.as_deref(), Some("a tag"));
    assert_eq!(std::fs::read(place.at("into")).unwrap(), bytes);
    assert_eq!(remote.has(&[key(1), key(2)]).unwrap(), [key(1)].into());
    assert_eq!(remote.check().problem, None);
    let made = server.requests().iter().filter(|request| request.method == "MKCOL").count();
    assert_eq!(made, 2);
    remote.push(&key(2), &from, &about()).unwrap();
    assert_eq!(server.requests().iter().filter(|request| request.method == "MKCOL").count(), made);
}

#[test]
fn a_wrong_password_is_named() {
    let server = server();
    let health = at(&server, "hunter2").check();
    let problem = health.problem.unwrap();
    assert_eq!(health.code, Some("VX_REMOTE_UNAUTHORIZED"));
    assert!(
        problem.contains("VX_REMOTE_CACHE_PASSWORD") && !problem.contains("hunter2"),
        "{problem}"
    );
    let error = at(&server, "hunter2").has(&[key(1)]).unwrap_err();
    assert_eq!(error.code(), "VX_REMOTE_UNAUTHORIZED");
}
