//! Whatever is changed, however little: what was signed is believed, and nothing else.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
struct Signed {
    key: String,
    team: String,
    body: Vec<u8>,
    provenance: Provenance,
}

fn text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[a-zA-Z0-9/.:é\"\\\\-]{1,40}")
}

fn signed() -> impl Strategy<Value = Signed> {
    let provenance = (text(), text(), text(), text())
        .prop_map(|(commit, reference, run, who)| Provenance { commit, reference, run, who });
    let body = proptest::collection::vec(any::<u8>(), 0..200);
    ("[0-9a-f]{32}", "[a-zA-Z0-9_ü-]{0,20}", body, provenance)
        .prop_map(|(key, team, body, provenance)| Signed { key, team, body, provenance })
}

impl Signed {
    fn stored(&self) -> Stored {
        Stored::new(&self.key, &self.team, &self.body)
    }
}

/// `text` with one bit of one byte turned, where that is text again.
fn turned(text: &str, at: prop::sample::Index, bit: u32) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len().max(1));
    *bytes.get_mut(at)? ^= 1 << bit;
    String::from_utf8(bytes).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_was_signed_is_believed(signed in signed()) {
        let ours = pair();
        let stored = signed.stored();
        let private = tag(&signer_of(&ours), &stored, &signed.provenance);
        prop_assert!(private.len() <= 4096 && private.is_ascii());
        let known = judged(&believing(&[&ours], None), &stored, &private);
        prop_assert_eq!(known, Ok(Some(signed.provenance.clone())));
        let shared = tag(&shared_signer(SHARED), &stored, &signed.provenance);
        prop_assert_eq!(judged(&sharing(SHARED), &stored, &shared), Ok(None));
    }

    #[test]
    fn another_tag_is_not(signed in signed(), at: prop::sample::Index, bit in 0..8_u32) {
        let ours = pair();
        let stored = signed.stored();
        let private = tag(&signer_of(&ours), &stored, &signed.provenance);
        if let Some(other) = turned(&private, at, bit) {
            prop_assert!(judged(&believing(&[&ours], None), &stored, &other).is_err(), "{}", other);
        }
        let shared = tag(&shared_signer(SHARED), &stored, &signed.provenance);
        if let Some(other) = turned(&shared, at, bit) {
            prop_assert!(judged(&sharing(SHARED), &stored, &other).is_err(), "{}", other);
        }
    }

    #[test]
    fn other_bytes_are_not(signed in signed(), at: prop::sample::Index, bit in 0..8_u32, more: u8) {
        let ours = pair();
        let private = tag(&signer_of(&ours), &signed.stored(), &signed.provenance);
        let shared = tag(&shared_signer(SHARED), &signed.stored(), &signed.provenance);
        let mut others = vec![[&signed.body[..], &[more]].concat(), [&[more], &signed.body[..]].concat()];
        if !signed.body.is_empty() {
            others.push(signed.body[1..].to_vec());
            let mut turned = signed.body.clone();
            turned[at.index(signed.body.len())] ^= 1 << bit;
            others.push(turned);
        }
        for body in others {
            let other = Stored::new(&signed.key, &signed.team, &body);
            prop_assert_eq!(judged(&believing(&[&ours], None), &other, &private), Err(Distrust::WrongSignature));
            prop_assert_eq!(judged(&sharing(SHARED), &other, &shared), Err(Distrust::WrongSignature));
        }
    }

    #[test]
    fn under_another_key_they_are_not(signed in signed(), other in "[0-9a-f]{32}") {
        prop_assume!(other != signed.key);
        let ours = pair();
        let private = tag(&signer_of(&ours), &signed.stored(), &signed.provenance);
        let shared = tag(&shared_signer(SHARED), &signed.stored(), &signed.provenance);
        let other = Stored::new(&other, &signed.team, &signed.body);
        prop_assert_eq!(judged(&believing(&[&ours], None), &other, &private), Err(Distrust::WrongSignature));
        prop_assert_eq!(judged(&sharing(SHARED), &other, &shared), Err(Distrust::WrongSignature));
    }

    #[test]
    fn another_team_does_not_share_a_shared_key(signed in signed(), other in "[a-zA-Z0-9_ü-]{0,20}") {
        prop_assume!(other != signed.team);
        let shared = tag(&shared_signer(SHARED), &signed.stored(), &signed.provenance);
        let other = Stored::new(&signed.key, &other, &signed.body);
        prop_assert_eq!(judged(&sharing(SHARED), &other, &shared), Err(Distrust::WrongSignature));
    }

    #[test]
    fn another_provenance_is_not_under_the_signature(signed in signed(), other in signed()) {
        prop_assume!(signed.provenance != other.provenance);
        let ours = pair();
        let signer = signer_of(&ours);
        let stored = signed.stored();
        let honest = tag(&signer, &stored, &signed.provenance);
        let claimed = tag(&signer, &stored, &other.provenance);
        // What one says of itself with the signature of the other.
        let head = claimed.rsplit_once('.').unwrap().0;
        let signature = honest.rsplit_once('.').unwrap().1;
        let mixed = format!("{head}.{signature}");
        prop_assert_eq!(judged(&believing(&[&ours], None), &stored, &mixed), Err(Distrust::WrongSignature));
    }

    #[test]
    fn the_name_of_a_key_does_not_make_its_signature(signed in signed()) {
        let (ours, theirs) = (pair(), pair());
        let stored = signed.stored();
        let honest = tag(&signer_of(&ours), &stored, &signed.provenance);
        let forged = tag(&signer_of(&theirs), &stored, &signed.provenance);
        let head = honest.rsplit_once('.').unwrap().0;
        let signature = forged.rsplit_once('.').unwrap().1;
        let mixed = format!("{head}.{signature}");
        prop_assert_eq!(judged(&believing(&[&ours], None), &stored, &mixed), Err(Distrust::WrongSignature));
    }

    #[test]
    fn any_text_is_judged_without_harm(tag in ".{0,200}|vx1\\..{0,200}|vx1\\.[A-Za-z0-9_.-]{0,200}") {
        let trust = believing(&[&pair()], None);
        let distrust = judged(&trust, &stored(), &tag).unwrap_err();
        prop_assert!(!distrust.to_string().contains('\n'));
        prop_assert!(judged(&sharing(SHARED), &stored(), &tag).is_err());
    }

    /// The largest texts that a run can bring along still fit into a header.
    #[test]
    fn a_tag_stays_within_its_bound(c in prop::sample::select(vec!['"', '\\', 'a', 'é', '\u{1f600}', '\u{1}'])) {
        let long = Some(c.to_string().repeat(5000));
        let provenance = Provenance { commit: long.clone(), reference: long.clone(), run: long.clone(), who: long };
        let ours = pair();
        let signed = tag(&signer_of(&ours), &stored(), &provenance);
        prop_assert!(signed.len() <= 4096, "{}", signed.len());
        prop_assert!(judged(&believing(&[&ours], None), &stored(), &signed).is_ok());
    }
}
