//! `vx cache keygen`: a pair of keys, and where each belongs. The only place that prints a private key.

use serde_json::json;
use zeroize::Zeroizing;

use super::entry::print_json;
use crate::error::Result;
use crate::run::console::Console;
use crate::trust::{SIGNING_KEY, SigningKey};

/// Prints a new pair. Nothing is kept of it.
pub(super) fn keygen(as_json: bool, console: &Console) -> Result<i32> {
    let key = SigningKey::generate()?;
    let (private, public) = (key.secret_text(), key.public().text());
    if as_json {
        let json = json!({
            "privateKey": &*private, "publicKey": public, "keyId": key.public().id().to_string(),
        });
        print_json(&json, console);
        return Ok(0);
    }
    let text = Zeroizing::new(format!(
        "Private key: {}
  A secret of the CI that builds trusted refs, and of nobody else, as {SIGNING_KEY}.
  Whoever has it can put anything into the cache. It is stored nowhere and shown this once.

Public key:  {public}
  For everybody who reads the cache, in vx.workspace.ts:
  remote: {{ publicKeys: ['{public}'] }}",
        *private
    ));
    console.line(&text);
    Ok(0)
}
