//! TLS: whose certificates are trusted, and what is said of those that are not.

use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use vx::error::Coded as _;
use vx::remote::RemoteError;

use super::server::{Response, Server, read_request};
use super::support::{MIB, Place, key, remote, up_to, within};

/// A server with a certificate for `name`, and the certificate of the authority that signed it.
pub struct TlsServer {
    pub server: Server,
    pub place: Place,
    pub authority: PathBuf,
}

pub fn tls_server(name: &str) -> TlsServer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let own = KeyPair::generate().unwrap();
    let signed =
        CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&own, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], PrivateKeyDer::from(own))
        .unwrap();
    let config = Arc::new(config);
    let server = Server::raw(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut reader = BufReader::new(StreamOwned::new(connection, stream));
        while let Some(request) = read_request(&mut reader) {
            let response = Response::new(200).body("abc");
            if response.write(reader.get_mut(), request.method == "HEAD").is_err() {
                return;
            }
        }
    });
    let place = Place::new();
    let authority = place.file("authority.pem", authority.pem().as_bytes());
    TlsServer { server, place, authority }
}

fn fetch(variables: &[(&str, &str)]) -> Result<u64, RemoteError> {
    let place = Place::new();
    let remote = remote(variables);
    let fetched =
        within(Duration::from_secs(10), || remote.fetch(&key(1), &place.at("into"), up_to(MIB)))?;
    Ok(fetched.unwrap().bytes)
}

#[test]
fn an_authority_of_ones_own() {
    let tls = tls_server("127.0.0.1");
    let url = format!("https://{}", tls.server.address);
    let url = ("VX_REMOTE_CACHE_URL", url.as_str());
    let authority = tls.authority.to_str().unwrap();
    for variable in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] {
        assert_eq!(fetch(&[url, (variable, authority)]).unwrap(), 3, "{variable}");
    }
    assert_eq!(fetch(&[url, ("SSL_CERT_DIR", tls.place.path().to_str().unwrap())]).unwrap(), 3);
}

#[test]
fn a_certificate_that_nobody_vouches_for() {
    let (tls, other) = (tls_server("127.0.0.1"), tls_server("127.0.0.1"));
    let url = format!("https://{}", tls.server.address);
    let url = ("VX_REMOTE_CACHE_URL", url.as_str());
    let error = fetch(&[url, ("SSL_CERT_FILE", other.authority.to_str().unwrap())]).unwrap_err();
    assert_eq!(error.code(), "VX_REMOTE_TLS");
    assert!(error.to_string().contains("NODE_EXTRA_CA_CERTS"), "{error}");
}

#[test]
fn a_certificate_for_somebody_else() {
    let tls = tls_server("cache.example.com");
    let url = format!("https://{}", tls.server.address);
    let authority = tls.authority.to_str().unwrap();
    let error = fetch(&[("VX_REMOTE_CACHE_URL", &url), ("SSL_CERT_FILE", authority)]).unwrap_err();
    assert_eq!(error.code(), "VX_REMOTE_TLS");
}

#[test]
fn a_server_without_tls_and_a_client_without() {
    let plain = Server::answering(|_| Response::new(200).body("abc"));
    let tls = tls_server("127.0.0.1");
    let authority = tls.authority.to_str().unwrap();
    for url in [format!("https://{}", plain.address), tls.server.url()] {
        let error =
            fetch(&[("VX_REMOTE_CACHE_URL", &url), ("SSL_CERT_FILE", authority)]).unwrap_err();
        assert!(error.code().starts_with("VX_REMOTE_"), "{error}");
        assert_ne!(error.code(), "VX_REMOTE_UNAUTHORIZED");
    }
}

#[test]
fn a_file_of_certificates_that_is_none() {
    let tls = tls_server("127.0.0.1");
    let url = format!("https://{}", tls.server.address);
    let url = ("VX_REMOTE_CACHE_URL", url.as_str());
    let missing = tls.place.at("missing.pem");
    let empty = tls.place.file("empty.pem", b"");
    let junk =
        tls.place.file("junk.pem", b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n");
    for path in [&missing, &empty, &junk] {
        let error = fetch(&[url, ("SSL_CERT_FILE", path.to_str().unwrap())]).unwrap_err();
        assert_eq!(error.code(), "VX_REMOTE_CONFIG", "{error}");
        assert!(error.to_string().contains("SSL_CERT_FILE"), "{error}");
    }
    // As in Node: what should be trusted besides and is not there is not trusted, and no more than that.
    let authority = tls.authority.to_str().unwrap();
    let both =
        [url, ("SSL_CERT_FILE", authority), ("NODE_EXTRA_CA_CERTS", missing.to_str().unwrap())];
    assert_eq!(fetch(&both).unwrap(), 3);
}

#[test]
fn without_tls_no_certificates_are_needed() {
    let plain = Server::answering(|_| Response::new(200).body("abc"));
    let variables = [("VX_REMOTE_CACHE_URL", &*plain.url()), ("SSL_CERT_FILE", "/nonexistent")];
    assert_eq!(fetch(&variables).unwrap(), 3);
}
