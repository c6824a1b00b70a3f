//! Signing an artifact and judging one, as the cache does it.

mod hostile;
mod laws;
mod settings;
mod signed;

use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use vx::key::Key;
use vx::trust::{Artifact, Distrust, Policy, Provenance, Signer, SigningKey, Trust, TrustConfig};

/// 32 bytes, and as many others.
const SHARED: &str = "0123456789abcdef0123456789abcdef";
const OTHER_SHARED: &str = "0123456789abcdef0123456789abcdeF";

/// The bytes of an artifact on disk, and its names.
struct Stored {
    _dir: TempDir,
    path: PathBuf,
    key: Key,
    team: String,
    body: Vec<u8>,
}

impl Stored {
    fn new(key: &str, team: &str, body: &[u8]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("artifact");
        std::fs::write(&path, body).expect("an artifact");
        let key = Key::parse(key).expect("a key");
        Self { _dir: dir, path, key, team: team.to_owned(), body: body.to_vec() }
    }

    /// What the bytes are, counted and hashed as whoever fetched them would.
    fn artifact(&self) -> Artifact<'_> {
        Artifact {
            key: &self.key,
            team: &self.team,
            sha256: Sha256::digest(&self.body).into(),
            bytes: self.body.len() as u64,
            path: &self.path,
        }
    }
}

fn stored() -> Stored {
    Stored::new("0123456789abcdef0123456789abcdef", "acme", b"(\xb5/\xfdhello")
}

/// A new pair.
fn pair() -> SigningKey {
    SigningKey::generate().expect("randomness")
}

fn signer_of(key: &SigningKey) -> Signer {
    Signer::from_variables(&set(&[("VX_REMOTE_CACHE_SIGNING_KEY", &key.secret_text())]))
        .expect("a signer")
}

fn shared_signer(key: &str) -> Signer {
    Signer::from_variables(&set(&[("VX_REMOTE_CACHE_SIGNATURE_KEY", key)])).expect("a signer")
}

fn believing(keys: &[&SigningKey], refs: Option<&[&str]>) -> Trust {
    let config = TrustConfig {
        public_keys: keys.iter().map(|key| key.public().text()).collect(),
        policy: refs
            .map(|refs| Policy { refs: refs.iter().map(|text| (*text).to_owned()).collect() }),
    };
    Trust::new(&config, &set(&[])).expect("sound settings")
}

fn sharing(key: &str) -> Trust {
    Trust::new(&TrustConfig::default(), &set(&[("VX_REMOTE_CACHE_SIGNATURE_KEY", key)]))
        .expect("sound settings")
}

/// These variables and no others.
fn set(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let variables: Vec<(String, String)> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    move |name| variables.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone())
}

fn built_on(reference: &str) -> Provenance {
    Provenance {
        commit: Some("c0ffee".to_owned()),
        reference: Some(reference.to_owned()),
        run: Some("https://ci.example/7".to_owned()),
        who: Some("änn".to_owned()),
    }
}

fn tag(signer: &Signer, stored: &Stored, provenance: &Provenance) -> String {
    signer.tag(&stored.artifact(), provenance).expect("a signature").expect("a signer")
}

fn judged(trust: &Trust, stored: &Stored, tag: &str) -> Result<Option<Provenance>, Distrust> {
    trust.judge(&stored.artifact(), Some(tag))
}
