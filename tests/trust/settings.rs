//! Settings that are refused, and that no message shows a secret.

use vx::error::Coded;
use vx::trust::TrustError;

use super::*;

fn config(keys: &[&str], refs: Option<&[&str]>) -> TrustConfig {
    TrustConfig {
        public_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        policy: refs
            .map(|refs| Policy { refs: refs.iter().map(|text| (*text).to_owned()).collect() }),
    }
}

fn refused(config: &TrustConfig) -> TrustError {
    Trust::new(config, &set(&[])).expect_err("a mistake")
}

#[test]
fn keys_that_are_none_are_refused_by_their_place() {
    let ours = pair();
    let public = ours.public().text();
    let private = ours.secret_text();
    for (given, said) in [
        ("", "is no public key: one starts with `vx-public-`"),
        ("ssh-ed25519 AAAA", "is no public key"),
        (&public[..20], "is not the whole text of a key"),
        (private.as_str(), "is a private key, which everybody"),
        (&private[..30], "is a private key, which everybody"),
    ] {
        let error = refused(&config(&[&public, given], None));
        assert_eq!(error.code(), "VX_PUBLIC_KEY");
        assert!(error.to_string().starts_with(&format!("remote.publicKeys[1] {said}")), "{error}");
        assert!(!format!("{error} {error:?}").contains(&private[11..25]), "{error:?}");
    }
}

#[test]
fn a_private_key_that_is_none_is_refused_unseen() {
    let ours = pair();
    let text = ours.secret_text().to_string();
    let mistyped = if text.ends_with('A') { 'B' } else { 'A' };
    let mistyped = format!("{}{mistyped}", &text[..text.len() - 1]);
    for (given, said) in [
        ("hunter2", "is no private key: one starts with `vx-private-`"),
        (&text[11..], "is no private key"),
        (&mistyped, "is not the whole text of a key"),
        (&text[..40], "is not the whole text of a key"),
        (&ours.public().text(), "is a public key, which cannot sign"),
    ] {
        let variables = set(&[("VX_REMOTE_CACHE_SIGNING_KEY", given)]);
        let error = Signer::from_variables(&variables).unwrap_err();
        assert_eq!(error.code(), "VX_SIGNING_KEY");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(&format!("VX_REMOTE_CACHE_SIGNING_KEY {said}")), "{error}");
        assert!(!shown.contains("hunter2") && !shown.contains(&text[11..25]), "{shown}");
    }
}

#[test]
fn a_shared_key_of_ours_is_long_and_turbo_s_may_be_short() {
    let short = set(&[("VX_REMOTE_CACHE_SIGNATURE_KEY", "hunter2")]);
    let error = Trust::new(&TrustConfig::default(), &short).unwrap_err();
    assert_eq!(error.code(), "VX_SIGNATURE_KEY");
    assert!(error.to_string().contains("7 bytes, and takes 32"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert!(Signer::from_variables(&short).is_err());

    let turbo = set(&[("TURBO_REMOTE_CACHE_SIGNATURE_KEY", "hunter2")]);
    let signer = Signer::from_variables(&turbo).unwrap();
    let trust = Trust::new(&TrustConfig::default(), &turbo).unwrap();
    let tagged = tag(&signer, &stored(), &Provenance::default());
    assert_eq!(judged(&trust, &stored(), &tagged), Ok(None));

    // Ours goes first.
    let both = set(&[
        ("TURBO_REMOTE_CACHE_SIGNATURE_KEY", "hunter2"),
        ("VX_REMOTE_CACHE_SIGNATURE_KEY", SHARED),
    ]);
    let trust = Trust::new(&TrustConfig::default(), &both).unwrap();
    assert_eq!(judged(&trust, &stored(), &tagged), Err(Distrust::WrongSignature));
}

#[test]
fn what_is_empty_is_not_set() {
    let empty = set(&[
        ("VX_REMOTE_CACHE_SIGNING_KEY", ""),
        ("VX_REMOTE_CACHE_SIGNATURE_KEY", ""),
        ("TURBO_REMOTE_CACHE_SIGNATURE_KEY", ""),
    ]);
    assert!(matches!(Signer::from_variables(&empty), Ok(Signer::None)));
    assert!(!Trust::new(&TrustConfig::default(), &empty).unwrap().is_on());
}

#[test]
fn the_private_key_signs_where_both_are_set() {
    let ours = pair();
    let both = set(&[
        ("VX_REMOTE_CACHE_SIGNING_KEY", &format!("{}\n", *ours.secret_text())),
        ("VX_REMOTE_CACHE_SIGNATURE_KEY", "short"),
    ]);
    assert!(matches!(Signer::from_variables(&both), Ok(Signer::Ed25519(_))));
}

#[test]
fn a_policy_needs_keys_and_patterns() {
    let ours = pair().public().text();
    for (keys, refs) in [
        (&[][..], &["main"][..]),
        (&[ours.as_str()], &[]),
        (&[ours.as_str()], &["!main"]),
        (&[ours.as_str()], &[""]),
        (&[ours.as_str()], &["a{b"]),
        (&[ours.as_str()], &["main", "../x"]),
    ] {
        let error = refused(&config(keys, Some(refs)));
        assert_eq!(error.code(), "VX_TRUST_POLICY", "{refs:?}");
        assert!(error.to_string().starts_with("remote.policy"), "{error}");
    }
}

#[test]
fn nothing_shows_a_key() {
    let ours = pair();
    let signer = signer_of(&ours);
    let trust = believing(&[&ours], Some(&["main"]));
    let shown =
        format!("{signer:?} {trust:?} {ours:?} {:?} {:?}", sharing(SHARED), shared_signer(SHARED));
    assert!(!shown.contains("vx-private-") && !shown.contains(SHARED), "{shown}");
    assert!(!shown.contains(&ours.secret_text()[11..25]), "{shown}");
    assert!(shown.contains(&ours.public().text()), "{shown}");
}
