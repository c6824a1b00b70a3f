//! Object stores against stand-ins on this machine. What their libraries read from the environment is set in a
//! process of its own, in which the tests below run that are otherwise ignored.

use std::process::Command;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use vx::error::Coded as _;
use vx::remote::{Pushed, Remote};

use super::bucket_server::{bucket, github};
use super::server::{Response, Server};
use super::support::{MIB, Place, about, hurried, key, noise, remote, up_to, within};

/// Runs what is ignored here in a process with these variables and no others.
fn in_a_process(filter: &[&str], variables: &[(&str, &str)], count: usize) {
    let place = Place::new();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(filter)
        .args(["--ignored", "--test-threads=2"])
        .env_clear()
        .env("HOME", place.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(&format!("{count} passed")), "{said}");
}

#[test]
fn in_a_process_with_credentials() {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "access"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AZBLOB_ACCOUNT_NAME", "acme"),
        ("AZBLOB_ACCOUNT_KEY", "aHVudGVyMg=="),
        ("ACTIONS_CACHE_SERVICE_V2", "on"),
    ];
    in_a_process(&["buckets::", "--skip", "without_credentials"], &variables, 5);
}

#[test]
fn in_a_process_with_nothing() {
    in_a_process(&["buckets::without_credentials"], &[], 1);
}

#[test]
#[ignore = "runs in a process with nothing"]
fn without_credentials() {
    let (server, place) = (bucket(), Place::new());
    let remote = s3(&server);
    let error = remote.fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap_err();
    assert_eq!(error.code(), "VX_REMOTE_CONFIG");
    assert!(error.to_string().contains("credentials"), "{error}");
    assert!(server.requests().is_empty());
}

fn s3_url(server: &Server) -> String {
    format!("s3://store/a/b?region=eu-central-1&endpoint={}", server.url())
}

fn s3(server: &Server) -> Remote {
    remote(&[("VX_REMOTE_CACHE_URL", &s3_url(server))])
}

fn round_trip(remote: &Remote) {
    let place = Place::new();
    assert_eq!(remote.fetch(&key(1), &place.at("into-0"), up_to(MIB)).unwrap(), None);
    assert!(place.names().is_empty());
    for (number, len) in [(1, 1), (2, 300_000), (3, 9_000_000)] {
        let bytes = noise(len);
        let from = place.file("from", &bytes);
        let pushed = Pushed { tag: (number < 3).then_some("a tag"), ..about() };
        assert_eq!(remote.push(&key(number), &from, &pushed).unwrap(), len as u64);
        let into = place.at(&format!("into-{number}"));
        let fetched = remote.fetch(&key(number), &into, up_to(32 * MIB)).unwrap().unwrap();
        assert_eq!(fetched.bytes, len as u64);
        assert_eq!(fetched.sha256.as_slice(), Sha256::digest(&bytes).as_slice());
        assert_eq!(fetched.tag.as_deref(), pushed.tag);
    }
    let small = remote.fetch(&key(2), &place.at("small"), up_to(299_999)).unwrap_err();
    assert_eq!(small.code(), "VX_REMOTE_TOO_LARGE", "{small}");
    assert!(!place.at("small").exists());
    assert_eq!(remote.has(&[key(1), key(3), key(9)]).unwrap(), [key(1), key(3)].into());
    let health = remote.check();
    assert_eq!(health.problem, None);
    assert!(!format!("{health:?} {remote:?}").contains("hunter2"));
}

#[test]
#[ignore = "runs in a process with credentials"]
fn s3_round_trip() {
    let server = bucket();
    round_trip(&s3(&server));
    let requests = server.requests();
    let signed = requests[0].header("authorization").unwrap();
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=access/"), "{signed}");
    assert!(requests.iter().all(|request| request.path().starts_with("/store/a/b/")));
}

#[test]
#[ignore = "runs in a process with credentials"]
fn azure_round_trip() {
    let server = bucket();
    let url = format!("azblob://store/azure?endpoint={}", server.url());
    round_trip(&remote(&[("VX_REMOTE_CACHE_URL", &url)]));
    assert!(server.requests()[0].header("authorization").unwrap().starts_with("SharedKey acme:"));
}

#[test]
#[ignore = "runs in a process with credentials"]
fn github_round_trip() {
    let server = github();
    let variables = [
        ("VX_REMOTE_CACHE_URL", "ghac://"),
        ("ACTIONS_CACHE_SERVICE_V2", "on"),
        ("ACTIONS_RESULTS_URL", &*format!("{}/", server.url())),
        ("ACTIONS_RUNTIME_TOKEN", "runtime-token"),
    ];
    round_trip(&remote(&variables));
}

#[test]
#[ignore = "runs in a process with credentials"]
fn what_a_provider_refuses() {
    for (status, said, code, part) in [
        (403, "SignatureDoesNotMatch", "VX_REMOTE_UNAUTHORIZED", "check the secret key"),
        (403, "RequestTimeTooSkewed", "VX_REMOTE_UNAUTHORIZED", "set the clock"),
        (403, "AccessDenied", "VX_REMOTE_UNAUTHORIZED", "list the bucket"),
        (404, "NoSuchBucket", "VX_REMOTE_REFUSED", "NoSuchBucket"),
        (503, "SlowDown", "VX_REMOTE_SERVER", "SlowDown"),
    ] {
        let server = Server::answering(move |_| {
            Response::new(status).body(format!("<Error><Code>{said}</Code></Error>"))
        });
        let place = Place::new();
        let result = within(Duration::from_secs(5), || {
            s3(&server).fetch(&key(1), &place.at("into"), up_to(MIB))
        });
        let error = result.unwrap_err();
        assert!(error.code() == code && error.to_string().contains(part), "{error}");
        assert_eq!(s3(&server).check().code, Some(code));
        let from = place.file("from", b"x");
        let error = s3(&server).push(&key(1), &from, &about()).unwrap_err();
        assert!(error.code() == code && error.to_string().contains(said), "{error}");
    }
}

#[test]
#[ignore = "runs in a process with credentials"]
fn faults_below_a_provider() {
    let place = Place::new();
    let hole =
        Server::raw(
            |mut stream| {
                while matches!(std::io::Read::read(&mut stream, &mut [0; 4096]), Ok(1..)) {}
            },
        );
    let error = within(Duration::from_secs(5), || {
        hurried(&[("VX_REMOTE_CACHE_URL", &s3_url(&hole))])
            .fetch(&key(1), &place.at("into"), up_to(MIB))
            .unwrap_err()
    });
    assert_eq!(error.code(), "VX_REMOTE_TIMEOUT", "{error}");

    let other = Server::answering(|_| Response::new(200).body("abc"));
    let to = other.url();
    let server = Server::answering(move |_| Response::new(307).with("location", &to));
    s3(&server).fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap();
    for request in other.requests() {
        assert!(request.headers.iter().all(|(name, _)| !name.starts_with("x-amz")), "{request:?}");
        assert!(request.header("authorization").is_none());
    }

    let cut = Server::scripted(|_, stream| {
        let _ =
            std::io::Write::write_all(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
        false
    });
    let error = s3(&cut).fetch(&key(1), &place.at("cut"), up_to(MIB)).unwrap_err();
    assert_eq!(error.code(), "VX_REMOTE_UNREACHABLE", "{error}");
    assert!(!place.at("cut").exists());
    // Artifact and tag are asked for together, and whichever is cut first ends the try.
    assert!((3..=6).contains(&cut.requests().len()), "{}", cut.requests().len());
}
