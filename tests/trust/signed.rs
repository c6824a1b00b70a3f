//! What is signed is believed by those who should, and by nobody else.

use super::*;

/// The first pair of RFC 8032, section 7.1, and a tag of it that another implementation made.
const PRIVATE: &str = "vx-private-nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2CDbMGF";
const PUBLIC: &str = "vx-public-11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURrT2bBX";
const TAG: &str = "vx1.eyJrZXlJZCI6IjIxZmUzMWRmYTE1NGEyNjEiLCJwcm92ZW5hbmNlIjp7ImNvbW1pdCI6ImMwZmZlZSIsInJlZiI6InJlZnMvaGVhZHMvbWFpbiIsInJ1biI6Imh0dHBzOi8vY2kuZXhhbXBsZS83Iiwid2hvIjoiw6RubiJ9fQ.9NWhLUaMpnUUNxjd3tSb4XHywFJEw7zKPcQZJprBG29wdcV0sDyfV4PpQ8FWn-UFqZT4NVsj1sX9ZvxjX-MQCQ";

/// HMAC-SHA256 of the key, `acme` and the bytes, as another implementation made it.
const SHARED_TAG: &str = "DTOYpaz97X3sKDHadetewJGA6h5wZ1q8KhXGYQ6SK6k=";

#[test]
fn the_tags_are_what_they_were() {
    let signing = SigningKey::parse(PRIVATE).unwrap();
    assert_eq!(signing.public().text(), PUBLIC);
    let provenance = built_on("refs/heads/main");
    assert_eq!(tag(&signer_of(&signing), &stored(), &provenance), TAG);
    let trust = believing(&[&signing], Some(&["main"]));
    assert_eq!(judged(&trust, &stored(), TAG), Ok(Some(provenance.clone())));

    assert_eq!(tag(&shared_signer(SHARED), &stored(), &provenance), SHARED_TAG);
    assert_eq!(judged(&sharing(SHARED), &stored(), SHARED_TAG), Ok(None));
}

#[test]
fn a_private_key_is_believed_where_its_public_one_is_listed() {
    let (ours, old, theirs) = (pair(), pair(), pair());
    let provenance = built_on("refs/heads/feature/x");
    let tagged = tag(&signer_of(&ours), &stored(), &provenance);
    for keys in [&[&ours][..], &[&old, &ours], &[&ours, &old]] {
        assert_eq!(
            judged(&believing(keys, None), &stored(), &tagged),
            Ok(Some(provenance.clone()))
        );
    }
    let distrust = judged(&believing(&[&old, &theirs], None), &stored(), &tagged).unwrap_err();
    assert_eq!(distrust, Distrust::UnknownKey(ours.public().id().clone()));
    assert!(distrust.to_string().contains(&ours.public().id().to_string()));
}

#[test]
fn a_policy_looks_at_where_it_was_built() {
    let ours = pair();
    let signer = signer_of(&ours);
    let trust = believing(&[&ours], Some(&["main", "release/*"]));
    for reference in ["refs/heads/main", "refs/heads/release/2", "refs/tags/release/2"] {
        let tagged = tag(&signer, &stored(), &built_on(reference));
        assert!(judged(&trust, &stored(), &tagged).is_ok(), "{reference}");
    }
    for (reference, name) in
        [("refs/heads/feature/x", "feature/x"), ("refs/pull/7/merge", "refs/pull/7/merge")]
    {
        let tagged = tag(&signer, &stored(), &built_on(reference));
        assert_eq!(
            judged(&trust, &stored(), &tagged).unwrap_err().to_string(),
            format!("it was built on '{name}', and only main and release/* are accepted"),
        );
    }
    let nowhere = tag(&signer, &stored(), &Provenance::default());
    let distrust = judged(&trust, &stored(), &nowhere).unwrap_err();
    assert!(matches!(distrust, Distrust::OutOfPolicy { reference: None, .. }), "{distrust}");
    // A policy does not help whose key is not listed.
    let theirs = tag(&signer_of(&pair()), &stored(), &built_on("refs/heads/main"));
    assert!(matches!(judged(&trust, &stored(), &theirs), Err(Distrust::UnknownKey(_))));
}

#[test]
fn one_kind_of_key_does_not_stand_for_the_other() {
    let ours = pair();
    let provenance = built_on("refs/heads/main");
    let shared = tag(&shared_signer(SHARED), &stored(), &provenance);
    let private = tag(&signer_of(&ours), &stored(), &provenance);
    // Both are set: the public keys decide.
    let config = TrustConfig { public_keys: vec![ours.public().text()], policy: None };
    let both = Trust::new(&config, &set(&[("VX_REMOTE_CACHE_SIGNATURE_KEY", SHARED)])).unwrap();
    assert_eq!(judged(&both, &stored(), &shared), Err(Distrust::NotByPrivateKey));
    assert!(judged(&both, &stored(), &private).is_ok());
    assert_eq!(judged(&sharing(SHARED), &stored(), &private), Err(Distrust::NotBySharedKey));
    assert_eq!(judged(&sharing(OTHER_SHARED), &stored(), &shared), Err(Distrust::WrongSignature));
}

#[test]
fn what_is_not_signed_is_not_believed() {
    for trust in [sharing(SHARED), believing(&[&pair()], None)] {
        assert!(trust.is_on());
        for tag in [None, Some(""), Some(" ")] {
            assert_eq!(trust.judge(&stored().artifact(), tag), Err(Distrust::Unsigned));
        }
    }
    let signer = Signer::from_variables(&set(&[])).unwrap();
    assert_eq!(signer.tag(&stored().artifact(), &Provenance::default()).unwrap(), None);
}

#[test]
fn where_nothing_is_demanded_tags_are_ignored() {
    let trust = Trust::new(&TrustConfig::default(), &set(&[])).unwrap();
    assert!(!trust.is_on());
    for tag in [None, Some(TAG), Some(SHARED_TAG), Some("nonsense"), Some("vx1.")] {
        assert_eq!(trust.judge(&stored().artifact(), tag), Ok(None));
    }
}

#[test]
fn what_would_not_be_believed_can_be_foreseen() {
    let (ours, theirs) = (pair(), pair());
    let main = built_on("refs/heads/main");
    let none = Signer::from_variables(&set(&[])).unwrap();
    let off = Trust::new(&TrustConfig::default(), &set(&[])).unwrap();
    let trusts = [
        off,
        sharing(SHARED),
        believing(&[&ours], None),
        believing(&[&ours], Some(&["release/*"])),
    ];
    let signers = [none, shared_signer(SHARED), signer_of(&ours), signer_of(&theirs)];
    for trust in &trusts {
        for signer in &signers {
            let foreseen = trust.foresee(signer, &main);
            let tagged = signer.tag(&stored().artifact(), &main).unwrap();
            let judged = trust.judge(&stored().artifact(), tagged.as_deref());
            assert_eq!(foreseen, judged.map(drop), "{trust:?} {signer:?}");
        }
    }
}

#[test]
fn bytes_that_are_not_there_are_neither_signed_nor_believed() {
    let gone = stored();
    std::fs::remove_file(&gone.path).unwrap();
    let signer = shared_signer(SHARED);
    let error = signer.tag(&gone.artifact(), &Provenance::default()).unwrap_err();
    assert_eq!(vx::error::Coded::code(&error), "VX_SIGN_READ");
    let distrust = judged(&sharing(SHARED), &gone, SHARED_TAG).unwrap_err();
    assert!(matches!(distrust, Distrust::Unreadable(_)), "{distrust}");

    for body in [&b"(\xb5/\xfdhell"[..], b"(\xb5/\xfdhello!"] {
        let moved = stored();
        std::fs::write(&moved.path, body).unwrap();
        assert!(signer.tag(&moved.artifact(), &Provenance::default()).is_err());
        assert!(judged(&sharing(SHARED), &moved, SHARED_TAG).is_err());
    }
}

#[test]
fn a_large_artifact_is_signed_piece_by_piece() {
    let body: Vec<u8> = (0..=u8::MAX).cycle().take(1_000_003).collect();
    let large = Stored::new(&"a".repeat(32), "", &body);
    let signer = shared_signer(SHARED);
    let tagged = tag(&signer, &large, &Provenance::default());
    assert_eq!(judged(&sharing(SHARED), &large, &tagged), Ok(None));
    let mut other = body;
    other[999_999] ^= 1;
    let other = Stored::new(&"a".repeat(32), "", &other);
    assert_eq!(judged(&sharing(SHARED), &other, &tagged), Err(Distrust::WrongSignature));
}
