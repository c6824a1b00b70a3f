//! Tags that nobody honest writes.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::*;

fn coded(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

#[test]
fn each_is_refused_for_what_it_is() {
    let ours = pair();
    let trust = believing(&[&ours], None);
    let id = ours.public().id().to_string();
    let honest = tag(&signer_of(&ours), &stored(), &built_on("refs/heads/main"));
    let (head, signature) = honest.rsplit_once('.').unwrap();
    let signature = signature.to_owned();
    let with_head = |head: &str| format!("vx1.{}.{signature}", coded(head));
    let deep = format!(r#"{{"keyId":"{id}","provenance":{}"#, "[".repeat(2000));

    let malformed = [
        ("a beginning alone", "vx1.".to_owned()),
        ("no signature", head.to_owned()),
        ("an empty signature", format!("{head}.")),
        ("an empty middle", format!("vx1..{signature}")),
        ("four parts", format!("{honest}.x")),
        ("a short signature", honest[..honest.len() - 1].to_owned()),
        ("a long signature", format!("{honest}A")),
        ("padding", format!("{honest}==")),
        ("standard base64", format!("{head}.{}", "/".repeat(86))),
        ("white space inside", honest.replacen('.', ". ", 1)),
        ("other characters", format!("{head}.{}", "é".repeat(43))),
        ("a NUL", format!("{head}.{}\0", &signature[1..])),
        ("more than 4 KiB", format!("vx1.{}.{signature}", "A".repeat(4096))),
        ("a lot more", format!("vx1.{}", "A".repeat(1 << 20))),
        ("no JSON", with_head("{")),
        ("not UTF-8", format!("vx1.{}.{signature}", coded([0xff, 0xfe]))),
        ("an array", with_head("[]")),
        ("null", with_head("null")),
        ("nothing in it", with_head("{}")),
        ("no provenance", with_head(&format!(r#"{{"keyId":"{id}"}}"#))),
        ("no key", with_head(r#"{"provenance":{}}"#)),
        (
            "something else beside",
            with_head(&format!(r#"{{"a":1,"keyId":"{id}","provenance":{{}}}}"#)),
        ),
        (
            "something else inside",
            with_head(&format!(r#"{{"keyId":"{id}","provenance":{{"a":"b"}}}}"#)),
        ),
        ("twice", with_head(&format!(r#"{{"keyId":"{id}","keyId":"{id}","provenance":{{}}}}"#))),
        ("a number for a key", with_head(r#"{"keyId":1,"provenance":{}}"#)),
        ("a long key", with_head(&format!(r#"{{"keyId":"{id}0","provenance":{{}}}}"#))),
        ("capitals", with_head(r#"{"keyId":"ABCDEFABCDEFABCD","provenance":{}}"#)),
        (
            "a key that is printed",
            with_head(r#"{"keyId":"\u001b[2J\u001b[2J\u001b[2","provenance":{}}"#),
        ),
        ("deep", with_head(&deep)),
        ("another order", with_head(&format!(r#"{{"provenance":{{}},"keyId":"{id}"}}"#))),
        ("white space in it", with_head(&format!(r#"{{"keyId": "{id}","provenance":{{}}}}"#))),
        ("more behind it", with_head(&format!(r#"{{"keyId":"{id}","provenance":{{}}}} "#))),
        ("a null in it", with_head(&format!(r#"{{"keyId":"{id}","provenance":{{"ref":null}}}}"#))),
        (
            "escapes",
            with_head(&format!(r#"{{"keyId":"{id}","provenance":{{"ref":"m\u0061in"}}}}"#)),
        ),
        (
            "control characters",
            with_head(&format!(r#"{{"keyId":"{id}","provenance":{{"who":"\u001b[2J"}}}}"#)),
        ),
        (
            "a turned direction of writing",
            with_head(&format!("{{\"keyId\":\"{id}\",\"provenance\":{{\"who\":\"\u{202e}x\"}}}}")),
        ),
        ("an empty text", with_head(&format!(r#"{{"keyId":"{id}","provenance":{{"who":""}}}}"#))),
        (
            "a long text",
            with_head(&format!(
                r#"{{"keyId":"{id}","provenance":{{"who":"{}"}}}}"#,
                "x".repeat(257)
            )),
        ),
    ];
    for (name, tag) in malformed {
        let distrust = judged(&trust, &stored(), &tag).unwrap_err();
        assert!(matches!(distrust, Distrust::Malformed(_)), "{name}: {distrust}");
    }

    for (name, tag) in [
        ("nothing signed", format!("{head}.{}", coded([0; 64]))),
        ("all ones", format!("{head}.{}", coded([0xff; 64]))),
        ("another head", with_head(&format!(r#"{{"keyId":"{id}","provenance":{{}}}}"#))),
    ] {
        assert_eq!(judged(&trust, &stored(), &tag), Err(Distrust::WrongSignature), "{name}");
    }
    for tag in ["x", "vx2.a.b", "VX1.a.b", ".", "vx1", &stored_tag()] {
        assert_eq!(judged(&trust, &stored(), tag), Err(Distrust::NotByPrivateKey), "{tag}");
    }
    // White space around a header's value does not count.
    assert!(judged(&trust, &stored(), &format!(" {honest}\n")).is_ok());
}

fn stored_tag() -> String {
    tag(&shared_signer(SHARED), &stored(), &Provenance::default())
}

#[test]
fn so_is_what_is_no_tag_of_a_shared_key() {
    let honest = stored_tag();
    assert!(honest.starts_with('D') && honest.ends_with("k="), "{honest}");
    let trust = sharing(SHARED);
    for tag in [
        "x",
        "=",
        &honest[..honest.len() - 1],
        &format!("{honest}="),
        &format!("{honest}{honest}"),
        // The last character has bits that are not used, and have one value only.
        &honest.replace("k=", "l="),
        &honest.replace('=', ""),
        &honest.replacen('D', "-", 1),
        &"A".repeat(1 << 20),
        "é",
    ] {
        let distrust = judged(&trust, &stored(), tag).unwrap_err();
        assert!(matches!(distrust, Distrust::Malformed(_)), "{tag}: {distrust}");
    }
    let zero = "A".repeat(43) + "=";
    assert_eq!(judged(&trust, &stored(), &zero), Err(Distrust::WrongSignature));
}

#[test]
fn a_team_cannot_pretend_to_be_the_beginning_of_an_artifact() {
    // A zstd frame may be preceded by one that is skipped, which begins with `P*M` and a control character.
    let skipped = "P*M\u{18}\u{4}\0\0\0skip";
    let honest = Stored::new(&"a".repeat(32), &format!("acme{skipped}"), b"(\xb5/\xfd");
    let forged = Stored::new(&"a".repeat(32), "acme", format!("{skipped}x").as_bytes());
    let signer = shared_signer(SHARED);
    let error = signer.tag(&honest.artifact(), &Provenance::default()).unwrap_err();
    assert_eq!(vx::error::Coded::code(&error), "VX_SIGN_TEAM");
    let tagged = tag(&signer, &forged, &Provenance::default());
    assert_eq!(judged(&sharing(SHARED), &honest, &tagged), Err(Distrust::WrongSignature));
}
